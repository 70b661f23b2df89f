"""Flow IR: its models, the lowering from the language, and the sandboxed build."""
