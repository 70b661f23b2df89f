"""What vulture cannot see is used: each name with the reason. Nothing here is ever run.

What is in nobody's use is deleted, not listed. Lines read `_.name`, whatever the class.
"""

# Methods that a dispatcher finds by the kind of syntax node (`getattr(self, f"_{kind}")`).
_._attribute
_._binop
_._boolop
_._compare
_._constant
_._dict
_._generatorexp
_._ifexp
_._joinedstr
_._list
_._subscript
_._unaryop

# click calls these of a group or a command.
_.get_command
_.format_commands
_.format_epilog
