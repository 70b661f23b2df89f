"""An eval as JUnit XML, which continuous integration shows: a suite for each arm and family, a case for each sample."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from flowlattice_agents.evals.results import Result
from flowlattice_agents.evals.summary import Summary

# What XML 1.0 has no way to write, also not escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KINDS = {"scored": "failure", "error": "error", "unscored": "skipped"}


def junit(summary: Summary, results: Sequence[Result]) -> bytes:
    """The document, UTF-8."""
    root = Xml.Element("testsuites", name=_text(f"flows eval {summary.manifest.suite}"))
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.arm, result.brief.family), []).append(result)
    for (arm, family), members in groups.items():
        suite = Xml.SubElement(root, "testsuite", name=f"{arm}.{family}")
        properties = Xml.SubElement(suite, "properties")
        for name, value in (("model", summary.manifest.model), ("flowlattice", summary.manifest.version)):
            Xml.SubElement(properties, "property", name=name, value=_text(value))
        _count(suite, members)
        for result in members:
            _case(suite, result)
    _count(root, results)
    Xml.indent(root)
    found: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def _count(element: Xml.Element, results: Sequence[Result]) -> None:
    scores = [result.score for result in results]
    element.set("tests", str(len(scores)))
    element.set("failures", str(sum(score.status == "scored" and not score.passed for score in scores)))
    element.set("errors", str(sum(score.status == "error" for score in scores)))
    element.set("skipped", str(sum(score.status == "unscored" for score in scores)))
    element.set("time", f"{sum(map(_seconds, results)):.3f}")


def _case(suite: Xml.Element, result: Result) -> None:
    name = result.brief.id + (f" #{result.epoch + 1}" if result.epoch else "")
    place = f"{result.arm}.{result.brief.family}"
    case = Xml.SubElement(suite, "testcase", classname=place, name=name, time=f"{_seconds(result):.3f}")
    score = result.score
    if score.passed:
        return
    where = f"{score.failed_at}: " if score.failed_at else ""
    problem = Xml.SubElement(case, _KINDS[score.status], message=_text(f"{where}{score.category}"))
    if score.status != "unscored":
        problem.set("type", str(score.category))
    problem.text = _text(score.why)


def _seconds(result: Result) -> float:
    return sum(run.seconds for run in result.evidence.runs)


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
