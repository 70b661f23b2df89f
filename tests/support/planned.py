"""A brief with the answer that a model gives to it, as tests of planners and runs need them."""

from __future__ import annotations

from typing import Any

BRIEF = "GET /double takes n, a whole number, and gives {doubled: n * 2}."

SPEC: dict[str, Any] = {
    "name": "double",
    "records": [{"name": "Number", "fields": [{"name": "n", "type": "integer"}], "data": "public"}],
    "routes": [{"method": "GET", "path": "/double", "accepts": "Number", "reply": {"body": '{"doubled": n * 2}'}}],
    "examples": [
        {"request": {"method": "GET", "path": "/double?n=4"}, "status": 200, "json_body": {"doubled": 8}},
    ],
}


def drafted(
    *,
    spec: dict[str, Any] | None = SPEC,
    account: list[dict[str, str]] | None = None,
    body: str | None = None,
    path: str | None = None,
    checks: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """The answer to `pm-draft` for `BRIEF`; the parts of its route may be others."""
    if spec is not None:
        route = dict(spec["routes"][0])
        route |= {"reply": {"body": body}} if body else {}
        route |= {"path": path} if path else {}
        route |= {"checks": checks} if checks else {}
        spec = {**spec, "records": [{**record, "data": None} for record in spec["records"]], "routes": [route]}
    whole = [
        {"clause": "GET /double takes n, a whole number,", "became": "the route and its record"},
        {"clause": "and gives {doubled: n * 2}.", "became": "the reply"},
    ]
    return {"reasons": "It doubles.", "account": account or whole, "outcome": "spec", "spec": spec}


def edit(search: str, replace: str, file: str = "") -> dict[str, str]:
    """A search/replace edit as a model writes it."""
    return {"file": file, "search": search, "replace": replace}
