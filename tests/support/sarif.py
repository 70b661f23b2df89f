"""The parts of SARIF 2.1.0 that are written here, as a JSON Schema: names, required members and enumerations."""

from __future__ import annotations

from jsonschema import Draft202012Validator

_MESSAGE = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}, "markdown": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_INDEX = {"type": "integer", "minimum": 1}
_SUPPRESSION = {
    "type": "object",
    "properties": {
        "guid": {"type": "string"},
        "kind": {"enum": ["inSource", "external"]},
        "status": {"enum": ["accepted", "underReview", "rejected"]},
        "justification": {"type": "string", "minLength": 1},
        "location": {"type": "object"},
        "properties": {"type": "object"},
    },
    "required": ["kind"],
    "additionalProperties": False,
}
_LOCATION = {
    "type": "object",
    "properties": {
        "physicalLocation": {
            "type": "object",
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {"uri": {"type": "string", "format": "uri-reference"}},
                    "required": ["uri"],
                    "additionalProperties": False,
                },
                "region": {
                    "type": "object",
                    "properties": dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), _INDEX),
                    "required": ["startLine"],
                    "additionalProperties": False,
                },
            },
            "required": ["artifactLocation"],
            "additionalProperties": False,
        },
        "logicalLocations": {"type": "array", "items": {"type": "object", "required": ["name"]}},
    },
    "additionalProperties": False,
}
_RESULT = {
    "type": "object",
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": -1},
        "level": _LEVEL,
        "kind": {"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
        "message": _MESSAGE,
        "locations": {"type": "array", "items": _LOCATION},
        "suppressions": {"type": "array", "items": _SUPPRESSION, "uniqueItems": True},
        "fixes": {"type": "array"},
        "properties": {"type": "object"},
    },
    "required": ["message"],
    "additionalProperties": False,
}
_RULE = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "shortDescription": _MESSAGE,
        "fullDescription": _MESSAGE,
        "help": _MESSAGE,
        "defaultConfiguration": {"type": "object", "properties": {"level": _LEVEL}, "additionalProperties": False},
        "properties": {"type": "object"},
    },
    "required": ["id"],
    "additionalProperties": False,
}
_DRIVER = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "semanticVersion": {"type": "string"},
        "rules": {"type": "array", "items": _RULE, "uniqueItems": True},
    },
    "required": ["name"],
    "additionalProperties": False,
}
_RUN = {
    "type": "object",
    "properties": {
        "tool": {"type": "object", "properties": {"driver": _DRIVER}, "required": ["driver"]},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": _RESULT},
        "properties": {"type": "object"},
    },
    "required": ["tool"],
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": _RUN},
    },
    "required": ["version", "runs"],
    "additionalProperties": False,
}


def assert_sarif(log: object) -> None:
    """Fail with what is wrong if a log is no SARIF as code scanning reads it."""
    problems = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in Draft202012Validator(SARIF).iter_errors(log)
    ]
    assert not problems, problems
