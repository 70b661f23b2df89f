"""The report as SARIF 2.1.0, for code scanning: a rule for each check, a result for what is wrong of each part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from pydantic import JsonValue

from flowlattice.certify.checks import CHECKS
from flowlattice.certify.model import Certificate, Check, Part
from flowlattice.certify.parts import title
from flowlattice.check.render.sarif import SCHEMA
from flowlattice.ir.model import FlowIR, Source

CHECKLIST = "checklist"


def sarif_of(certificate: Certificate, ir: FlowIR, *, folder: str = "") -> str:
    """One SARIF log.

    Args:
        certificate: What is reported: its checks that did not pass, and the open lines of its checklists.
        ir: The flow, for where its parts are written.
        folder: The flow's folder with `/` at its end, a path or a file URI, to put before file names.
    """
    driver: JsonValue = {
        "name": "flows certify",
        "semanticVersion": certificate.flowlattice,
        "rules": [
            *(_rule(check.NAME, check.TITLE, "error") for check in CHECKS),
            _rule(CHECKLIST, "Every line of the checklists is ticked before it is published", "warning"),
        ],
    }
    run: JsonValue = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [*_results(certificate, ir, folder)],
        "properties": {"certificate": certificate.digest, "source": certificate.source_digest},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(name: str, said: str, level: str) -> JsonValue:
    return {
        "id": f"certify/{name}",
        "shortDescription": {"text": said},
        "help": {"text": f"flows certify PATH --only {name}" if name != CHECKLIST else "flows certify PATH"},
        "defaultConfiguration": {"level": level},
    }


def _results(certificate: Certificate, ir: FlowIR, folder: str) -> Iterator[JsonValue]:
    for check in certificate.checks:
        if check.verdict in {"failed", "could_not_run"}:
            bad = [part for part in check.parts if part.verdict in {"failed", "could_not_run"}]
            yield from (_result(check, part, ir, folder) for part in bad)
            if not bad:
                yield _result(check, None, ir, folder)
    for line in certificate.open_lines:
        yield {
            "ruleId": f"certify/{CHECKLIST}",
            "level": "warning",
            "message": {"text": f"{line.title}: {line.evidence}"},
            "locations": [_location(ir.source, folder)],
        }


def _result(check: Check, part: Part | None, ir: FlowIR, folder: str) -> JsonValue:
    said = [check.summary, *check.failures[:3]] if part is None or not part.summary else [part.summary]
    named = "" if part is None else f" ({part.name})"
    return {
        "ruleId": f"certify/{check.name}",
        "level": "error" if check.verdict == "failed" else "warning",
        "message": {"text": f"{check.name}{named}: {'; '.join(said)}"},
        "locations": [_location(ir.source if part is None else _place(part.name, ir), folder)],
    }


def _place(part: str, ir: FlowIR) -> Source:
    """Where a part is written: a node's function, a route's trigger."""
    for node in ir.nodes:
        if part == f"node:{node.name}":
            return node.definition or node.source
        if part == f"route:{title(node)}":
            return node.source
    return ir.source


def _location(source: Source, folder: str) -> JsonValue:
    region: dict[str, JsonValue] = {"startLine": source.line, "startColumn": source.column}
    if source.end_line is not None and source.end_column is not None:
        region |= {"endLine": source.end_line, "endColumn": source.end_column}
    artifact: JsonValue = {"uri": quote(f"{folder}{source.file}", safe="/:")}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
