"""The agents: PM, Builder, Policy, Test, Optimizer and Deploy on one LangGraph, from a brief to a deployed flow."""
