"""The rewritings that fixes are made of. Only this package, `imports` and `_sequence` import LibCST; rules import this
when they fix.

Each takes a parsed file and a place in it and gives the file as it should be, or nothing where the source is not
written in a way that it knows. Everything that is not changed stays as it was, comments and layout included. Where a
rewriting takes code as text, it also takes the names of flowlattice in it: they are imported, and written as the file
calls them (`fl.by`, `key` after `import by as key`).
"""

from flowlattice.check.codemods.expressions import place_of, replace_clock, sort_at
from flowlattice.check.codemods.maps import insert_map
from flowlattice.check.codemods.nodes import (
    add_parameter,
    annotate_parameter,
    annotate_return,
    remove_node_option,
    set_annotation,
    set_key,
    set_node_claim,
    set_node_option,
    set_option_keyword,
    with_annotated,
)
from flowlattice.check.codemods.records import classify, classify_field
from flowlattice.check.codemods.wiring import (
    add_statement_after,
    connect_to_respond,
    declare_egress,
    govern,
    remove_statement,
    set_call_keyword,
    set_call_keywords,
    set_inner_keyword,
    set_name,
    set_trigger_keyword,
)

__all__ = [
    "add_parameter",
    "add_statement_after",
    "annotate_parameter",
    "annotate_return",
    "classify",
    "classify_field",
    "connect_to_respond",
    "declare_egress",
    "govern",
    "insert_map",
    "place_of",
    "remove_node_option",
    "remove_statement",
    "replace_clock",
    "set_annotation",
    "set_call_keyword",
    "set_call_keywords",
    "set_inner_keyword",
    "set_key",
    "set_name",
    "set_node_claim",
    "set_node_option",
    "set_option_keyword",
    "set_trigger_keyword",
    "sort_at",
    "with_annotated",
]
