"""All codes as one reference page; `docs/reference/diagnostics.md` is this."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flowlattice.check.at_run_time import RunTimeCode
from flowlattice.check.registry import Rule

_HEAD: Final = """# Diagnostics

Everything that `flows check` reports, by code, and at the end what only shows [at run time](#at-run-time). Codes keep
their number and meaning for ever. `flows explain CODE` prints one of these pages. A *safe* fix keeps the meaning or
promises less (`flows check --fix`); an *unsafe* one makes a choice for you (`--unsafe-fixes`).
"""

_AT_RUN_TIME: Final = """# At run time

Codes of what no check can find before a flow runs. Those that are reserved are given by no host of this version; their
pages say how the same shows now.
"""


def render_reference(rules: Sequence[Rule], at_run_time: Sequence[RunTimeCode]) -> str:
    """One Markdown page: a table of all rules, then each rule's own page one level deeper; then what runs give."""
    rows = [
        f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} | {_fixes(rule)} |" for rule in rules
    ]
    table = ["| code | severity | finds | fix |", "|---|---|---|---|", *rows, ""]
    pages = [_page(rule.code, rule.page) for rule in rules]
    given = [f"| [{code.code}](#{code.code.lower()}) | {code.severity} | {code.title} |" for code in at_run_time]
    running = ["| code | severity | says |", "|---|---|---|", *given, ""]
    return "\n".join(
        [_HEAD, *table, *pages, _AT_RUN_TIME, *running, *(_page(code.code, code.page) for code in at_run_time)]
    )


def _fixes(rule: Rule) -> str:
    """How safe its fixes are, as its page says."""
    text = rule.page.partition("## Fix\n\n")[2].lower()
    return ", ".join(kind for kind in ("safe", "unsafe") if re.search(rf"\b{kind}\b", text) and rule.fix is not None)


def _page(code: str, page: str) -> str:
    title, _, body = page.strip().partition("\n\n")
    # The blocks are run by the tests of the rules, not by those of the documentation.
    text = body.replace("\n## ", "\n### ").replace("```python\n", "```python rule\n")
    return f"## {code}\n\n**{title}**\n\n{text}\n"
