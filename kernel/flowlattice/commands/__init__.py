"""The kernel's verbs: one module, one verb. The module's name is the verb and `command` in it is what runs.

The first line of a verb's module docstring is its line in `flows --help`, which is read without importing the module.
"""
