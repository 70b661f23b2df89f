"""Each lie fails on its check and on no other; its honest twin, which differs in the lie alone, passes all of them."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowlattice.certify import Certificate, Example, Laboratory, certify
from flowlattice.check import check
from flowlattice.ir.build import Built, build
from flowlattice.policy import Ruleset, decide
from tests.sabotage.cases import HERE, Case, all_cases
from tests.support.distributions import install
from tests.support.docblocks import ROOT

POLICIES = Ruleset.load(ROOT / "policies")
HOSTS = ("bank.example", "hooks.example", "shop.example")
LIARS = "[flowlattice.capabilities]\nliars = liar_tools.reach\n"
CASES = {case.name: case for case in all_cases()}
CHANGED = ("hidden_clock", "file_write", "no_dedupe_store", "swallowed_429", "pii_in_output")


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """One for all cases; the library that some flows call is installed where its processes see it."""
    text = (HERE / "liar_tools.py").read_text(encoding="utf-8")
    libraries = install(tmp_path_factory.mktemp("installed"), "liar-tools", {"liar_tools/reach.py": text}, LIARS)
    sys.path.insert(0, str(libraries))
    try:
        with Laboratory() as made:
            yield made
    finally:
        sys.path.remove(str(libraries))


@pytest.mark.parametrize("name", CASES)
def test_lie(name: str, laboratory: Laboratory, tmp_path: Path) -> None:
    case = CASES[name]
    built = _built(case, laboratory, tmp_path, lie=True)
    if case.is_refused:
        assert _errors(built) == {*case.fails.split()}, case.why
    else:
        assert not _errors(built), "the checker refuses what is to get past it"
        assert _bad(_certified(case, built, laboratory)) == {case.fails: "failed"}, case.why


@pytest.mark.parametrize("name", CASES)
def test_honest(name: str, laboratory: Laboratory, tmp_path: Path) -> None:
    case = CASES[name]
    built = _built(case, laboratory, tmp_path, lie=False)
    assert not _errors(built)
    assert _bad(_certified(case, built, laboratory)) == case.options.get("twin", {})


@pytest.mark.parametrize("name", CHANGED)
def test_a_lie_that_comes_with_a_change_is_not_covered_by_what_was_certified(
    name: str, laboratory: Laboratory, tmp_path: Path
) -> None:
    case = CASES[name]
    honest = _certified(case, _built(case, laboratory, tmp_path / "before", lie=False), laboratory)
    lying = _built(case, laboratory, tmp_path / "after", lie=True)
    assert _bad(_certified(case, lying, laboratory, base=honest)) == {case.fails: "failed"}


def test_the_page_counts_the_cases() -> None:
    page = (ROOT / "docs" / "sabotage.md").read_text(encoding="utf-8")
    counted = {name: int(number) for name, number in re.findall(r"^\| `(\w+)` \| (\d+) \|", page, re.MULTILINE)}
    certified = Counter(case.fails for case in CASES.values() if not case.is_refused)
    assert counted == {**certified, "check": len(CASES) - certified.total()}
    assert f"{len(CASES)} flows and connectors that lie" in page


def _built(case: Case, laboratory: Laboratory, folder: Path, *, lie: bool) -> Built:
    return build(case.write(folder / case.name, lie=lie), sandbox=laboratory.work)


def _errors(built: Built) -> set[str]:
    """The codes of what the checker refuses."""
    found = [*built.diagnostics, *(() if built.ir is None else check(built.ir))]
    return {one.code for one in found if one.severity == "error"}


def _certified(case: Case, built: Built, laboratory: Laboratory, base: Certificate | None = None) -> Certificate:
    assert built.ir is not None
    return certify(
        built.file,
        built.ir,
        source_digest="of a case",
        examples=[Example.model_validate(entry) for entry in case.options.get("examples", ())],
        laboratory=laboratory,
        base=base,
        decision=decide(POLICIES, built.ir, allowed_hosts=HOSTS, at=datetime(2026, 1, 31, tzinfo=UTC)),
    )


def _bad(certificate: Certificate) -> dict[str, str]:
    """What did not pass, by check; what does not apply is no fault."""
    return {one.name: one.verdict for one in certificate.checks if one.verdict not in {"passed", "not_applicable"}}
