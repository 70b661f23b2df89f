"""The agents' verbs of `flows`, added to the kernel's by entry point (group `flowlattice.commands`)."""
