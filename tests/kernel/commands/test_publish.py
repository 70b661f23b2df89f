"""`flows publish` and `flows registry`: what is said, and which exit code it has. Certificates stand in for runs."""

from __future__ import annotations

import json
import subprocess

import pytest

from flowlattice.certify import Certificate
from flowlattice.cli import run
from flowlattice.deployments.verification import required_checks
from flowlattice.registry.revision import revision_of
from tests.support.certified import passed
from tests.support.flows import write_flow

ECHO = """
class In(Record, data="public"):
    v: str

class Out(Record, data="public"):
    v: str

@node
def tidy(req: In) -> Out:
    return Out(v=req.v.strip().lower())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=In, deadline=seconds(1)))
flow.connect(hook, tidy)
flow.connect(tidy, flow.respond())
flow.rate_limit(qps=100, burst=100)
"""


STRIPE = """
from flowlattice import Connector, HttpWrite, Record, by, node


class Row(Record, data="internal"):
    v: str


@node(idempotency=by("v"), honours_key=True)
async def charge(row: Row, stripe: HttpWrite) -> Row:
    answer = await stripe.post("https://api.stripe.com/v1/charges", json={"v": row.v})
    answer.raise_for_status()
    return row


connector = Connector("stripe", version="1.2.0", nodes=[charge], egress={"stripe": ["api.stripe.com"]})
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FLOWS_REGISTRY", raising=False)
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def verdicts(monkeypatch):
    """What certification finds, by check, and of the one line of its checklist, by `line`; all else is well."""
    found: dict[str, str] = {}

    def certify(*given, **more):
        whole = passed(*given, **more)
        checks = [each.model_copy(update={"verdict": found.get(each.name, "passed")}) for each in whole.checks]
        line = {
            "title": "Retry owner singular",
            "state": found.get("line", "ticked"),
            "evidence": "charge: two of them",
        }
        lists = [{"title": "Flow readiness", "lines": [line]}]
        return Certificate.model_validate(whole.model_dump() | {"checks": checks, "checklists": lists})

    monkeypatch.setattr("flowlattice.certify.certify", certify)
    return found


def said(capsys, *arguments, code=0):
    capsys.readouterr()
    assert run(list(arguments)) == code
    caught = capsys.readouterr()
    return caught.out if code == 0 else caught.out + caught.err


def publish(folder, capsys, source=ECHO, *more, code=0):
    write_flow(folder, source)
    return said(capsys, "publish", str(folder), *more, code=code)


def test_from_publishing_to_yanking(tmp_path, capsys, home):
    flow = tmp_path / "flow"
    assert publish(flow, capsys) == f"echo@1.0.0 is published: 8 files in {home}/registry\n"
    assert "was published before, of the same sources" in publish(flow, capsys)
    assert "already with other sources" in publish(flow, capsys, ECHO + "# more\n", code=1)

    narrower = ECHO.replace(
        'class In(Record, data="public"):\n    v: str', 'class In(Record, data="public"):\n    v: int'
    )
    narrower = narrower.replace("req.v.strip().lower()", "str(req.v)")
    low = publish(flow, capsys, narrower.replace("1.0.0", "1.1.0"), code=1)
    assert "echo@1.1.0 needs a major version after 1.0.0, 2.0.0 or higher: In.v" in low
    assert low.count("\n") == 1
    new = json.loads(publish(flow, capsys, narrower.replace("1.0.0", "2.0.0"), "--json"))
    assert (new["name"], new["version"], new["new"]) == ("echo", "2.0.0", True)

    assert said(capsys, "registry", "list") == "echo@1.0.0  published\necho@2.0.0  published\n"
    assert said(capsys, "registry", "verify", "echo").count(" holds, signed by sha256:") == 2
    changes = json.loads(said(capsys, "registry", "diff", "echo@1.0.0", "echo", "--json"))
    assert {change["level"] for change in changes["changes"]} == {"major", "patch"}
    assert changes["files"] == ["flow.py"]
    assert "major  In.v" in said(capsys, "registry", "diff", "echo@1.0.0", "echo")

    assert (
        said(capsys, "registry", "deprecate", "echo@1.0.0", "--reason", "use 2") == "echo@1.0.0 is deprecated: use 2\n"
    )
    yanked = json.loads(said(capsys, "registry", "yank", "echo@2.0.0", "--reason", "it loses", "--json"))
    assert (yanked["kind"], yanked["number"]) == ("yank", 1)
    verdicts = json.loads(said(capsys, "registry", "verify", "echo", "--json", code=1))
    assert [(one["version"], one["holds"], one["status"]) for one in verdicts] == [
        ("1.0.0", True, "deprecated"),
        ("2.0.0", False, "yanked"),
    ]
    assert "echo@2.0.0 does not hold\n  it was yanked: it loses\n" in said(capsys, "registry", "verify", "echo", code=1)
    assert said(capsys, "registry", "show", "echo").startswith("echo@1.0.0  web  deprecated\n")


def test_a_version_between_two_promises_no_more_than_the_one_above_keeps(tmp_path, capsys):
    flow = tmp_path / "flow"
    more = (
        ECHO
        + """
other = flow.trigger(http.post("/other", accepts=In, deadline=seconds(1)), name="other")
flow.connect(other, flow.respond(name="told"))
"""
    )
    publish(flow, capsys)
    publish(flow, capsys, ECHO.replace("1.0.0", "1.2.0"))
    between = publish(flow, capsys, more.replace("1.0.0", "1.1.0"), code=1)
    assert "echo@1.1.0 does not fit below 1.2.0, which is there" in between
    publish(flow, capsys, ECHO.replace("1.0.0", "1.1.0"))


def test_what_holds_no_more_is_not_published_before_and_well(tmp_path, capsys):
    flow = tmp_path / "flow"
    publish(flow, capsys)
    said(capsys, "registry", "yank", "echo@1.0.0", "--reason", "it shouts")
    assert "does not hold any more: it was yanked: it shouts" in publish(flow, capsys, code=1)


def test_a_key_that_is_not_trusted_signs_nothing(tmp_path, capsys):
    said(capsys, "keys", "generate")
    said(capsys, "keys", "untrust", "default")
    assert "is not trusted here" in publish(tmp_path / "flow", capsys, code=2)
    assert said(capsys, "registry", "list") == ""


def test_what_a_version_consists_of(tmp_path, capsys):
    publish(tmp_path / "flow", capsys)
    shown = json.loads(said(capsys, "registry", "show", "echo", "--json"))
    assert shown["attestation"]["certificate"]["checks"].keys() == required_checks()
    assert shown["files"].keys() == {
        "certificate.json", "decision.json", "goldens.jsonl", "ir.json", "provenance.json", "sbom.cdx.json",
        "schemas.json", "sources/flow.py",
    }  # fmt: skip
    bom = json.loads(said(capsys, "registry", "show", "echo@1.0.0", "--file", "sbom.cdx.json"))
    assert (bom["bomFormat"], bom["metadata"]["component"]["name"]) == ("CycloneDX", "echo")
    for line in ("  web  published", "  signed by sha256:", "    replay: passed\n", "  sources/flow.py\n"):
        assert line in said(capsys, "registry", "show", "echo")
    assert "has no file x; it has certificate.json" in said(capsys, "registry", "show", "echo", "--file", "x", code=2)


def test_a_changed_byte_and_a_key_that_is_not_trusted_end_with_1(tmp_path, capsys, home):
    publish(tmp_path / "flow", capsys)
    said(capsys, "keys", "untrust", "default")
    assert "which is not trusted here" in said(capsys, "registry", "verify", "echo", code=1)
    assert said(capsys, "registry", "list") == "echo@1.0.0  untrusted\n"
    said(capsys, "keys", "trust", said(capsys, "keys", "export"))
    assert "holds" in said(capsys, "registry", "verify", "echo")
    shown = json.loads(said(capsys, "registry", "show", "echo", "--json"))
    digest = shown["files"]["sources/flow.py"]
    blob = home / "registry" / "blobs" / digest[:2] / digest
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes().replace(b"lower", b"upper"))
    assert "sources/flow.py has been changed" in said(capsys, "registry", "verify", "echo", code=1)
    assert "sources/flow.py has been changed" in said(capsys, "registry", "show", "echo", code=1)


def test_a_connector_is_published_by_itself(tmp_path, capsys):
    folder = tmp_path / "connectors"
    folder.mkdir()
    file, hosts = folder / "stripe.py", tmp_path / "hosts.yaml"
    file.write_text(STRIPE)
    hosts.write_text("- api.stripe.com\n")
    assert said(capsys, "publish", str(file), "--allow-hosts", str(hosts)).startswith("stripe@1.2.0 is published: 8 ")
    said(capsys, "registry", "verify", "stripe")
    file.write_text(STRIPE.replace('by("v")', 'by("v", "w")').replace("    v: str", "    v: str\n    w: str = ''"))
    low = said(capsys, "publish", str(file), "--allow-hosts", str(hosts), code=1)
    assert "published already with other sources" in low
    file.write_text(file.read_text().replace("1.2.0", "1.3.0"))
    low = said(capsys, "publish", str(file), "--allow-hosts", str(hosts), code=1)
    assert "stripe@1.3.0 needs a major version after 1.2.0, 2.0.0 or higher: node charge acts once per v, w" in low


@pytest.mark.parametrize("verdict", ["failed", "could_not_run"])
def test_what_is_not_certified_is_not_published(tmp_path, capsys, verdicts, verdict):
    verdicts["replay"] = verdict
    words = publish(tmp_path / "flow", capsys, code=1)
    assert f"echo: not published: the check replay {verdict.replace('_', ' ')}" in words
    assert said(capsys, "registry", "list", "--json") == "[]\n"


def test_an_open_line_of_a_checklist_is_not_published(tmp_path, capsys, verdicts):
    verdicts["line"] = "open"
    words = publish(tmp_path / "flow", capsys, code=1)
    assert "echo: open: Retry owner singular: charge: two of them\nnot published" in words
    told = json.loads(publish(tmp_path / "flow", capsys, ECHO, "--json", code=1).splitlines()[0])
    assert [line["title"] for line in told["open"]] == ["Retry owner singular"]


def test_what_the_policies_deny_is_not_published(tmp_path, capsys):
    words = publish(tmp_path / "flow", capsys, ECHO.replace("flow.rate_limit(qps=100, burst=100)", ""), code=1)
    assert "not published" in words
    assert json.loads(said(capsys, "registry", "list", "--json")) == []


def test_another_registry_and_another_key(tmp_path, capsys, monkeypatch):
    place = tmp_path / "shared"
    said(capsys, "keys", "generate")
    release = json.loads(said(capsys, "keys", "generate", "release", "--json"))
    publish(tmp_path / "flow", capsys, ECHO, "--registry", str(place), "--key", "release")
    assert release["fingerprint"] in said(capsys, "registry", "verify", "echo", "--registry", str(place))
    monkeypatch.setenv("FLOWS_REGISTRY", str(place))
    assert said(capsys, "registry", "list") == "echo@1.0.0  published\n"


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("list", "nothing"), 2, "nothing is not published in"),
        (("show", "nothing"), 1, "nothing is not published in"),
        (("verify", "nothing"), 1, "nothing is not published in"),
        (("verify", "echo@1.0.0"), 1, "echo@1.0.0 is not published in"),
        (("verify", "../x"), 2, "names no flow"),
        (("yank", "echo", "--reason", "x"), 2, "name the version, echo@VERSION"),
        (("yank", "echo@1.0.0", "--reason", " "), 2, "say why, on one line"),
        (("list", "--registry", "ftp://x"), 2, "no registry can be kept at ftp://"),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys, arguments, code, why):
    words = said(capsys, "registry", *arguments, code=code)
    assert why in words
    assert words.count("\n") == 1


def test_the_commit_is_named_where_every_file_is_of_it(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=i", "-c", "user.email=i@x", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "flow.py").write_bytes(b"x = 1\n")
    files = {"flow.py": b"x = 1\n"}
    git("init")
    assert revision_of(folder, files) is None  # nothing is committed
    git("add", ".")
    git("commit", "-m", "first")
    commit = revision_of(folder, files)
    assert commit is not None
    assert len(commit) in (40, 64)
    assert revision_of(folder, {"flow.py": b"x = 2\n"}) is None
    assert revision_of(folder, {**files, "more.py": b""}) is None
    assert revision_of(tmp_path / "elsewhere", files) is None
