"""Diagnostics as SARIF 2.1.0, for code scanning: rules with their pages, results with regions and fixes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from flowlattice.check.registry import Rule, rules
from flowlattice.diagnostics import Diagnostic, TextEdit

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_sarif(found: Sequence[Diagnostic], *, version: str, folder: str = "") -> str:
    """One SARIF log.

    Args:
        found: What to report; fixes are carried where their edits are known.
        version: The version of the tool.
        folder: The flow's folder with `/` at its end, a path or a file URI, to put before file names.
    """
    known = rules()
    order = {rule.code: number for number, rule in enumerate(known)}
    driver: JsonValue = {"name": "flows", "semanticVersion": version, "rules": [_rule(rule) for rule in known]}
    run: JsonValue = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, order.get(diagnostic.code, -1), folder) for diagnostic in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> JsonValue:
    why = rule.page.partition("\n\n")[2].partition("\n\n## Bad")[0]
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(why.split())},
        "help": {"text": f"flows explain {rule.code}", "markdown": f"# {rule.code}: {rule.page}"},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(found: Diagnostic, rule: int, folder: str) -> JsonValue:
    message = found.message if found.help is None else f"{found.message}; {found.help}"
    artifact: JsonValue = {"uri": quote(f"{folder}{found.file}", safe="/:")}
    region: dict[str, JsonValue] = {"startLine": found.line, "startColumn": found.column}
    if found.end_line is not None and found.end_column is not None:
        region |= {"endLine": found.end_line, "endColumn": found.end_column}
    location: dict[str, JsonValue] = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    named = [("function", found.node), ("member", found.edge)]
    logical: list[JsonValue] = [{"name": name, "kind": kind} for kind, name in named if name is not None]
    if logical:
        location["logicalLocations"] = logical
    result: dict[str, JsonValue] = {
        "ruleId": found.code,
        "level": found.severity,
        "message": {"text": message},
        "locations": [location],
        "suppressions": [],
    }
    if rule >= 0:
        result["ruleIndex"] = rule
    if found.fix is not None and found.fix.edits:
        change: JsonValue = {
            "artifactLocation": artifact,
            "replacements": [_replacement(edit) for edit in found.fix.edits],
        }
        text = f"{found.fix.title} ({found.fix.applicability})"
        result["fixes"] = [{"description": {"text": text}, "artifactChanges": [change]}]
    return result


def _replacement(edit: TextEdit) -> JsonValue:
    deleted: JsonValue = {
        "startLine": edit.line,
        "startColumn": edit.column,
        "endLine": edit.end_line,
        "endColumn": edit.end_column,
    }
    return {"deletedRegion": deleted, "insertedContent": {"text": edit.text}}
