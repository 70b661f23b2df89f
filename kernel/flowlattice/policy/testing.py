"""The tests of all rules of an organisation's folder, and whether its layers can be laid over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowlattice.errors import UsageError
from flowlattice.policy.judging import run_tests
from flowlattice.policy.layers import read_layer
from flowlattice.policy.model import LOCAL, Policy, PolicyModel
from flowlattice.policy.ruleset import Ruleset, load_policies, organisation_folder, rule_files
from flowlattice.resources import data_folder


class Tested(PolicyModel):
    """One test of one policy.

    Attributes:
        policy: The policy's id.
        layer: Where it stands: `baseline`, `profile production`, `overlay payments`.
        test: The test's name.
        passes: Whether the policy should let it pass.
        as_said: Whether it judged so.
    """

    policy: str
    layer: str
    test: str
    passes: bool
    as_said: bool


def known_policies(folder: Path | None = None) -> Iterator[tuple[str, Policy]]:
    """All rules of a folder (see `organisation_folder`) with the layer in which each stands.

    Raises:
        UsageError: A file is wrong.
    """
    folder = organisation_folder(folder)
    own = folder if rule_files(folder) else data_folder("flowlattice", "policies")
    yield from (("baseline", policy) for policy in load_policies(own))
    for kind, words in (("profiles", "profile"), ("overlays", "overlay")):
        for file in layer_files(folder, own, kind):
            layer = read_layer(file)
            yield from ((f"{words} {file.stem}", policy) for policy in (() if layer is None else layer.rules))


def layer_files(folder: Path, rules: Path, kind: str) -> list[Path]:
    """The files of a kind of layer: those of the organisation, and the packaged ones that it has none instead of."""
    found = {file.name: file for home in (rules, folder) for file in sorted((home / kind).glob("*.yaml"))}
    return sorted(found.values(), key=lambda file: file.name)


def run_all(folder: Path | None = None) -> tuple[tuple[Tested, ...], tuple[str, ...]]:
    """Run the tests of all rules, and lay each layer over them; what was tested, and what is wrong besides.

    Raises:
        UsageError: A file is wrong.
    """
    tested: list[Tested] = []
    wrong: list[str] = []
    for layer, policy in known_policies(folder):
        if {test.passes for test in policy.tests} != {True, False}:
            wrong.append(f"{policy.id}: needs a test that passes and one that does not")
        try:
            cases = [
                Tested(policy=policy.id, layer=layer, test=test.name, passes=test.passes, as_said=as_said)
                for test, as_said in run_tests(policy)
            ]
        except ValueError as error:
            wrong.append(f"{policy.id}: {error}")
            continue
        tested += cases
    return tuple(tested), (*wrong, *_layers(folder))


def _layers(folder: Path | None) -> Iterator[str]:
    """What is wrong with laying the overlays over the rules of each environment."""
    home = organisation_folder(folder)
    rules = home if rule_files(home) else data_folder("flowlattice", "policies")
    environments = [LOCAL, *(file.stem for file in layer_files(home, rules, "profiles"))]
    teams = [None, *(file.stem for file in layer_files(home, home, "overlays"))]
    said: dict[str, None] = {}
    for environment in dict.fromkeys(environments):
        for team in teams:
            try:
                Ruleset.load(folder, environment=environment, team=team)
            except UsageError as error:
                said[str(error)] = None
    yield from said
