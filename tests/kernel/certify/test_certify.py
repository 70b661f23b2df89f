"""Certification finds what is wrong by running it: each lying flow fails on its own check, its honest twin passes."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

import flowlattice
from flowlattice.certify import Certificate, Example, ExampleRequest, certify
from flowlattice.certify.harness import LIMITS, harness
from flowlattice.certify.probes import valid_inputs
from flowlattice.certify.routes import subject_of
from flowlattice.ir.build import build
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice.sandbox import Limits
from tests.support.docblocks import ROOT

HONEST = '''
from typing import Annotated

from flowlattice import Flow, Record, field, http, ms, node, require
from flowlattice.operators import text


class In(Record, data="public"):
    word: Annotated[str, field(max_length=20)]
    times: Annotated[int, field(ge=1, le=5)]


class Out(Record, data="public"):
    result: str


@node
def repeat(req: In) -> Out:
    """Repeat the word."""
    BODY
    return Out(result=text.repeat(req.word, req.times))


flow = Flow("repeat", version="1.0.0")
post = flow.trigger(http.post("/repeat", accepts=In, deadline=ms(500)))
flow.connect(post, repeat)
flow.connect(repeat, flow.respond())
flow.rate_limit(qps=50, burst=20)
flow.slo(percentile=95, latency=ms(200), at_qps=100)
'''


def certified(folder: Path, source: str, *examples: Example, limits: Limits = LIMITS) -> Certificate:
    file = folder / "flow.py"
    file.write_text(source, encoding="utf-8")
    built = build(file)
    assert built.ir is not None, built.diagnostics
    return certify(file, built.ir, source_digest="digest", examples=examples, limits=limits)


def verdicts(certificate: Certificate) -> dict[str, str]:
    return {check.name: check.verdict for check in certificate.checks}


def example(word: str, result: str) -> Example:
    request = ExampleRequest(method="POST", path="/repeat", json_body={"word": word, "times": 2})
    return Example(request=request, status=200, json_body={"result": result})


def test_an_honest_flow_passes_every_check(tmp_path: Path) -> None:
    certificate = certified(tmp_path, HONEST.replace("BODY", "pass"), example("ha", "haha"))
    found = verdicts(certificate)
    assert set(found.values()) == {"passed", "not_applicable"}
    asked = {"host", "examples", "valid_inputs", "invalid_inputs", "limits", "latency", "effects", "replay"}
    assert {name for name in asked if found.get(name) == "passed"} == asked
    assert found["idempotency"] == "not_applicable"
    assert certificate.passed
    assert [(s.method, s.target, s.status, s.answer) for s in certificate.samples] == [
        ("POST", "/repeat", 200, '{"result":"haha"}')
    ]


def test_an_example_that_is_answered_otherwise_fails(tmp_path: Path) -> None:
    certificate = certified(tmp_path, HONEST.replace("BODY", "pass"), example("ha", "HAHA"))
    assert verdicts(certificate)["examples"] == "failed"
    assert not certificate.passed
    (failure,) = [f for check in certificate.checks for f in check.failures]
    assert failure == 'example 1: POST /repeat answers {"result":"haha"}, the brief says {"result": "HAHA"}'


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("assert req.times != 5", "valid_inputs"),
        ("1 / (req.times - 1)", "valid_inputs"),
    ],
)
def test_a_node_that_fails_for_some_valid_input_is_found(tmp_path: Path, body: str, check: str) -> None:
    certificate = certified(tmp_path, HONEST.replace("BODY", body))
    assert [c.name for c in certificate.checks if c.verdict == "failed"] == [check]


def test_a_route_that_refuses_everything_is_not_certified(tmp_path: Path) -> None:
    certificate = certified(tmp_path, HONEST.replace("BODY", "require(False, 'times', 'never')"))
    check = certificate.check("valid_inputs")
    assert check is not None
    assert check.verdict == "could_not_run"
    assert "POST /repeat: all" in check.failures[0]
    assert not certificate.passed


def test_a_route_whose_rules_are_hard_to_meet_is_certified_by_an_example(tmp_path: Path) -> None:
    source = HONEST.replace("BODY", "require(req.word == 'open sesame', 'word', 'is not the word')")
    certificate = certified(tmp_path, source, example("open sesame", "open sesameopen sesame"))
    assert certificate.passed, certificate.checks
    assert [sample.status for sample in certificate.samples] == [200]
    assert not certified(tmp_path, source).passed


def test_the_sample_is_answered_with_a_reply_where_anything_is(tmp_path: Path) -> None:
    source = HONEST.replace("BODY", "require(req.times != 3, 'times', 'is three')")
    certificate = certified(tmp_path, source)
    assert certificate.passed, certificate.checks
    assert [sample.status for sample in certificate.samples] == [200]


def test_a_route_without_input_that_refuses_every_request_fails(tmp_path: Path) -> None:
    source = HONEST.replace("BODY", "require(False, 'it', 'never')").replace("http.post", "http.get")
    fields = source[source.index("    word:") : source.index("class Out")]
    source = source.replace(fields, "    pass\n\n\n").replace("text.repeat(req.word, req.times)", "text.upper('a')")
    check = certified(tmp_path, source).check("valid_inputs")
    assert check is not None
    assert (check.verdict, check.failures) == ("failed", ("GET /repeat takes no input and refuses every request",))


def test_the_burst_is_let_in_exactly_however_fast_tokens_come_back(tmp_path: Path) -> None:
    fast = HONEST.replace("BODY", "pass").replace("qps=50, burst=20", "qps=100000, burst=7")
    check = certified(tmp_path, fast).check("limits")
    assert check is not None
    assert (check.verdict, check.summary.partition(" got ")[0]) == ("passed", "request 8 of a burst")


def test_a_pattern_that_cannot_be_generated_is_said_with_route_and_field(tmp_path: Path) -> None:
    source = HONEST.replace("BODY", "pass").replace("max_length=20", r'pattern=r"^\pL+$"')
    check = certified(tmp_path, source).check("valid_inputs")
    assert check is not None
    assert check.verdict == "could_not_run"
    assert check.failures[0].startswith("POST /repeat: no value of field word can be generated")


EFFECT = """
from typing import Annotated

from flowlattice import DedupeStore, Flow, HttpWrite, Record, by, field, http, node, require, seconds


class In(Record, data="internal"):
    name: Annotated[str, field(max_length=20)]


class Out(Record, data="public"):
    status: str = "received"


@node(idempotency=by("name"))
async def send(req: In, mail: HttpWrite, seen: DedupeStore) -> Out:
    BODY
    await mail.post("https://mail.example/send", json={"name": req.name})
    return Out()


flow = Flow("contact", version="1.0.0")
hook = flow.trigger(http.post("/contact", accepts=In, deadline=seconds(5)))
flow.connect(hook, send)
flow.connect(send, flow.respond())
flow.egress("mail", "mail.example")
flow.rate_limit(qps=50, burst=20)
"""


def test_effects_that_are_seen_are_counted_and_effects_that_are_not_are_no_pass(tmp_path: Path) -> None:
    assert verdicts(certified(tmp_path, EFFECT.replace("BODY", "pass")))["idempotency"] == "passed"
    source = EFFECT.replace("BODY", "require(req.name == 'open sesame', 'name', 'is not the word')")
    check = certified(tmp_path, source).check("idempotency")
    assert check is not None
    assert check.verdict == "could_not_run"
    assert "no effect was seen of send" in check.summary
    request = ExampleRequest(method="POST", path="/contact", json_body={"name": "open sesame"})
    stated = certified(tmp_path, source, Example(request=request, status=200)).check("idempotency")
    assert stated is not None
    assert stated.verdict == "passed", stated
    assert [part.name for part in stated.parts] == ["node:send", "route:POST /contact"]


def test_an_answer_that_depends_on_the_process_fails_the_replay(tmp_path: Path) -> None:
    body = 'return Out(result="".join(x for x in {req.word, "alpha", "beta", "gamma", "delta", "epsilon"}))'
    source = HONEST.replace("    BODY\n", f"    {body}\n")
    file = tmp_path / "flow.py"
    file.write_text(source, encoding="utf-8")
    built = build(file)
    assert built.ir is not None
    # The reader of bodies sees the set; the replay must find it even when the reader is told that all is strict.
    trusted = built.ir.model_copy(
        update={"nodes": tuple(n.model_copy(update={"determinism": "strict"}) for n in built.ir.nodes)}
    )
    assert trusted != built.ir
    certificate = certify(file, built.ir, source_digest="digest")
    assert verdicts(certificate)["replay"] == "not_applicable"


def test_a_flow_that_kills_its_process_is_not_certified(tmp_path: Path) -> None:
    loop = "while req.times == 5:\n        pass"
    short = Limits(wall_clock=timedelta(seconds=5), cpu=timedelta(seconds=5))
    certificate = certified(tmp_path, HONEST.replace("BODY", loop), limits=short)
    assert not certificate.passed
    assert verdicts(certificate)["valid_inputs"] == "could_not_run"


def test_the_certificate_is_data_with_a_digest_that_every_change_changes(tmp_path: Path) -> None:
    certificate = certified(tmp_path, HONEST.replace("BODY", "pass"))
    again = Certificate.model_validate_json(certificate.model_dump_json())
    assert again.digest == certificate.digest
    assert (certificate.flowlattice, certificate.harness) == (flowlattice.__version__, harness())
    assert certificate.model_copy(update={"source_digest": "other"}).digest != certificate.digest


EVERYWHERE = """
from typing import Annotated

from flowlattice import Flow, Record, field, http, node


class Asked(Record, data="public"):
    trace: Annotated[str, field(header="X-Trace", pattern="^[a-z]+$")]
    level: Annotated[int, field(header="X-Level", ge=1, le=3)]
    tags: Annotated[list[str], field(min_length=1, max_length=2)]


class Numbers(Record, data="public"):
    numbers: Annotated[list[int], field(body=True, min_length=1)]
    by: int = 1


@node
def told(asked: Asked) -> str:
    return f"{asked.trace} {asked.level} {len(asked.tags)}"


@node
def scaled(given: Numbers) -> list[int]:
    return [number * given.by for number in given.numbers]


flow = Flow("everywhere", version="1.0.0")
asking = flow.trigger(http.get("/asked", accepts=Asked), name="asking")
flow.connect(asking, told)
flow.connect(told, flow.respond(body="text", name="answer"))
scaling = flow.trigger(http.post("/scaled", accepts=Numbers), name="scaling")
flow.connect(scaling, scaled)
flow.connect(scaled, flow.respond(body="events", name="stream"))
flow.rate_limit(qps=50, burst=60)
"""


def test_input_from_headers_lists_and_whole_bodies(tmp_path: Path) -> None:
    request = ExampleRequest(method="POST", path="/scaled?by=2", json_body=[1, 2])
    streamed = Example(request=request, status=200, json_body=[2, 4], headers={"Cache-Control": "no-store"})
    named = ExampleRequest(method="GET", path="/asked?tags=a", headers={"X-Trace": "t", "X-Level": "2"})
    certificate = certified(tmp_path, EVERYWHERE, streamed, Example(request=named, text="t 2 1"))
    assert certificate.passed, certificate.checks
    sample = next(sample for sample in certificate.samples if sample.route == "GET /asked")
    assert sample.headers == {"X-Trace": "t", "X-Level": "2"}


def test_an_example_whose_header_is_another(tmp_path: Path) -> None:
    request = ExampleRequest(method="POST", path="/scaled", json_body=[1])
    wrong = Example(request=request, headers={"Cache-Control": "private"})
    certificate = certified(tmp_path, EVERYWHERE, wrong)
    check = certificate.check("examples")
    assert check is not None
    assert check.failures == (
        "example 1: POST /scaled answers with the header Cache-Control 'no-store', the brief says 'private'",
    )


def test_a_flow_that_no_host_here_runs_is_not_certified_and_is_told_so_in_one_line(tmp_path: Path) -> None:
    elsewhere = HONEST.replace("BODY", "pass").replace('version="1.0.0")', 'version="1.0.0", profile=Profile.TEMPORAL)')
    elsewhere = elsewhere.replace("deadline=ms(500)", 'respond="immediate"').replace(
        "flow.connect(repeat, flow.respond())\n", ""
    )
    certificate = certified(tmp_path, elsewhere.replace("Flow, Record", "Flow, Profile, Record"))
    check, *others = certificate.checks
    assert (check.name, check.verdict) == ("host", "could_not_run")
    assert {other.verdict for other in others} <= {"not_applicable", "passed"}
    assert check.summary == (
        "this version plans flows with the temporal profile and does not run them yet; flows plan shows the plan"
    )
    assert not certificate.passed


@pytest.mark.parametrize("story", ["s02_site", "s09_doc_summarize"])
def test_a_flow_that_streams_is_asked_like_any_other(story: str) -> None:
    program = load(ROOT / "examples" / story / "flow.py")
    subject = subject_of(program, lower(program), ())
    check = asyncio.run(valid_inputs.run(subject))
    assert check.verdict == "passed", check.failures
