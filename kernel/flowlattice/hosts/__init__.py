"""Hosts: each turns an `ExecPlan` into something that serves. Here are the web host and the dev host."""
