"""All rules as one reference page; `docs/reference/diagnostics.md` is this."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flowlattice.check.registry import Rule

_HEAD: Final = """# Diagnostics

Everything that `flows check` reports, by code. Codes keep their number and meaning for ever. `flows explain CODE`
prints one of these pages. A *safe* fix keeps the meaning or promises less (`flows check --fix`); an *unsafe* one makes
a choice for you (`--unsafe-fixes`).
"""


def render_reference(rules: Sequence[Rule]) -> str:
    """One Markdown page: a table of all rules, then each rule's own page one level deeper."""
    rows = [
        f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} | {_fixes(rule)} |" for rule in rules
    ]
    table = "\n".join(["| code | severity | finds | fix |", "|---|---|---|---|", *rows])
    return "\n".join([_HEAD, table, "", *(_page(rule) for rule in rules)])


def _fixes(rule: Rule) -> str:
    """How safe its fixes are, as its page says."""
    text = rule.page.partition("## Fix\n\n")[2].lower()
    return ", ".join(kind for kind in ("safe", "unsafe") if re.search(rf"\b{kind}\b", text) and rule.fix is not None)


def _page(rule: Rule) -> str:
    title, _, body = rule.page.partition("\n\n")
    # The blocks are run by the tests of the rules, not by those of the documentation.
    text = body.replace("\n## ", "\n### ").replace("```python\n", "```python rule\n")
    return f"## {rule.code}\n\n**{title}**\n\n{text}\n"
