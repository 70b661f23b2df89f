"""Flow IR: its models, the lowering from the language, and the sandboxed build."""

TASK = "flowlattice.ir.task:load_and_lower"
"""What a sandbox has to be made for so that flows can be built in it; here, so that it can be started early."""
