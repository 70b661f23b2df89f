"""Benchmarks: what is measured here is measured, never asserted in tests.

A benchmark is a command below `flows bench`. The kernel's is `web`; other packages add theirs by entry point (group
`flowlattice.benchmarks`, `name = "package.module:command"`).
"""
