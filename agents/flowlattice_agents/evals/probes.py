"""Probes: using a flow that was built, and keeping what it answered. Nothing is judged here."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import httpx
from pydantic import JsonValue

from flowlattice.errors import EngineUnavailable
from flowlattice.hosts.process import ServedFlow
from flowlattice_agents.evals.brief import Fields, Probe, Request
from flowlattice_agents.evals.evidence import Built, FeedAnswer, HttpAnswer, Told
from flowlattice_agents.evals.processes import environment
from flowlattice_agents.evals.solver import Solver, last_object, sources_below

READY_S = 30.0
_ANSWER_S = 20.0
_STREAM_S = 60.0
_MAX_BODY = 1_000_000
_MAX_HOPS = 10
_REDIRECTS = range(300, 400)


def use(flow: Path, probes: Sequence[Probe], solver: Solver) -> Built:
    """Check a flow, read its IR, serve it and feed it.

    Args:
        flow: Its file or folder.
        probes: What to ask of it.
        solver: The sample's, for its home and its limits.

    Raises:
        Stopped: The eval was stopped.
    """
    folder = flow if flow.is_dir() else flow.parent
    check = _flows(solver, "check", str(flow), "--format", "json")
    built = Built(sources=sources_below(folder), certificate=_certificate(folder), check=check)
    if check.code != 0:
        return built
    ir = last_object(_flows(solver, "ir", str(flow), "--json", whole_out=True).out)
    served, http = _ask(flow, [p for p in probes if p.request is not None], solver)
    fed = tuple(_feed(flow, p.feed, solver) for p in probes if p.feed is not None)
    return built.model_copy(update={"ir": ir, "served": served, "http": http, "fed": fed})


def _flows(solver: Solver, *arguments: str, whole_out: bool = False) -> Told:
    return solver.children.flows(
        *arguments,
        cwd=solver.work,
        env=environment(solver.home),
        timeout_s=solver.settings.timeout_s,
        whole_out=whole_out,
    )


def _certificate(folder: Path) -> JsonValue:
    try:
        found: JsonValue = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _ask(flow: Path, probes: Sequence[Probe], solver: Solver) -> tuple[str, tuple[HttpAnswer, ...]]:
    """Serve the flow and send the requests in order."""
    if not probes:
        return "", ()
    try:
        with ServedFlow(flow, ready_s=READY_S, env=environment(solver.home)) as served:
            answers = []
            for probe in probes:
                assert probe.request is not None
                solver.children.check()
                wanted = probe.response.status if probe.response is not None else None
                answers.append(_exchange(served.url, probe.request, follow=wanted not in _REDIRECTS))
            return "", tuple(answers)
    except EngineUnavailable as error:
        return str(error), ()


def _exchange(url: str, request: Request, *, follow: bool) -> HttpAnswer:
    """Send a request; a redirection to the same flow is followed, as a browser does, unless it is what is wanted."""
    body, headers = _body(request)
    query = "" if not request.query else f"?{urlencode(request.query, doseq=True)}"
    try:
        # No proxy of the environment stands between a probe and its flow.
        with httpx.Client(trust_env=False, timeout=_ANSWER_S, follow_redirects=False) as client:
            sent = client.build_request(request.method, f"{url}{request.path}{query}", content=body, headers=headers)
            for _ in range(_MAX_HOPS):
                with closing(client.send(sent, stream=True)) as response:
                    answer = HttpAnswer(request=request, status=response.status_code, body=_read(response))
                    after = response.next_request
                if not follow or after is None or after.url.netloc != sent.url.netloc:
                    return answer
                sent = after
            return HttpAnswer(request=request, error=f"redirected more than {_MAX_HOPS} times")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return HttpAnswer(request=request, error=f"{type(error).__name__}: {error}")


def _read(response: httpx.Response) -> str:
    """The body, as far as it comes in time and size: a stream may be endless."""
    until = time.monotonic() + _STREAM_S
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > _MAX_BODY or time.monotonic() > until:
            break
    return body[:_MAX_BODY].decode("utf-8", "replace")


def _body(request: Request) -> tuple[bytes | None, dict[str, str]]:
    headers = dict(request.headers)
    if request.has_json:
        return json.dumps(request.json_body).encode(), {**headers, "content-type": "application/json"}
    if request.form is not None:
        content = urlencode(request.form, doseq=True).encode()
        return content, {**headers, "content-type": "application/x-www-form-urlencoded"}
    if request.body is not None:
        if "content-type" not in {name.lower() for name in headers}:
            headers["content-type"] = "application/json"
        return request.body.encode(), headers
    return None, headers


def _feed(flow: Path, records: tuple[JsonValue, ...], solver: Solver) -> FeedAnswer:
    file = solver.work / "feed.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    told = _flows(solver, "run", str(flow), "--input", str(file), "--json", whole_out=True)
    result: Fields | None = last_object(told.out)
    return FeedAnswer(feed=records, told=told if result is None else told.model_copy(update={"out": ""}), result=result)
