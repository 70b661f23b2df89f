"""The registry: published flows and connectors, each version once and for ever, with the evidence for it."""
