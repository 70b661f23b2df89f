"""The rules that hold for a decision: the organisation's baseline, its profile of the environment, a team's overlay."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from pydantic import Field, StrictInt

from flowlattice.errors import UsageError
from flowlattice.home import flows_home
from flowlattice.policy.layers import Layer, laid_over, read_layer, read_policies, read_yaml, together
from flowlattice.policy.model import LOCAL, Policy, PolicyModel
from flowlattice.policy.waivers import WAIVERS_FILE, Waivers, read_waivers
from flowlattice.resources import data_folder

VARIABLE: Final = "FLOWS_POLICIES"
TEAM_VARIABLE: Final = "FLOWS_TEAM"
SETTINGS_FILE: Final = "organisation.yaml"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class WaiverSettings(PolicyModel):
    """What waivers may be: for how many days at most, counted from the day on which they are used."""

    longest_days: StrictInt = Field(default=90, gt=0, le=3660)


class Settings(PolicyModel):
    """`organisation.yaml`."""

    waivers: WaiverSettings = WaiverSettings()


class Ruleset(PolicyModel):
    """What a decision is made by.

    Attributes:
        policies: The rules, with what the layers make of them.
        base: The rules without the overlays.
        overlays: The overlays of all teams, by name.
        waivers: The organisation's.
        settings: What waivers may be.
        environment: Whose profile is laid over the baseline.
        team: Whose overlay is; none for no team's.
        layers: The layers that there were, as `profile production`.
    """

    policies: tuple[Policy, ...]
    base: tuple[Policy, ...]
    overlays: dict[str, Layer] = Field(default_factory=dict)
    waivers: Waivers = Waivers()
    settings: Settings = Settings()
    environment: str = LOCAL
    team: str | None = None
    layers: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path | None = None, *, environment: str = LOCAL, team: str | None = None) -> Self:
        """The rules of an organisation's folder (see `organisation_folder`); `team` is by default `$FLOWS_TEAM`.

        A folder without rules of its own takes the packaged baseline, with the packaged profile of an environment
        where it has none.

        Raises:
            UsageError: A file is wrong, an overlay loosens something, or the team has none.
        """
        folder = organisation_folder(folder)
        packaged = data_folder("flowlattice", "policies")
        has_rules = bool(rule_files(folder))
        policies, layers = load_policies(folder if has_rules else packaged), list[str]()
        profile = _named("an environment", environment)
        for home in dict.fromkeys((folder, *(() if has_rules else (packaged,)))):
            file = home / "profiles" / f"{profile}.yaml"
            if (layer := read_layer(file)) is not None:
                policies = laid_over(policies, layer, file, only_tighter=False)
                layers.append(f"profile {environment}")
                break
        overlays = {file.stem: layer for file in _overlays(folder) if (layer := read_layer(file)) is not None}
        team = team or os.environ.get(TEAM_VARIABLE) or None
        if team is not None and _named("a team", team) not in overlays:
            file = folder / "overlays" / f"{team}.yaml"
            raise UsageError(f"{file}: not there, and team {team} takes its overlay from it")
        settings = folder / SETTINGS_FILE
        return cls(
            policies=policies,
            base=policies,
            overlays=overlays,
            waivers=read_waivers(folder),
            settings=read_yaml(settings, Settings, "file of settings") if settings.is_file() else Settings(),
            environment=environment,
            team=team,
            layers=tuple(layers),
        ).with_overlays([team] if team is not None else [])

    def of(self, flow: str) -> Self:
        """The rules for one flow: with the overlays that count for it whoever asks.

        Raises:
            UsageError: One of them loosens something, or two add a rule of one id.
        """
        names = [team for team, layer in self.overlays.items() if any(fnmatchcase(flow, name) for name in layer.flows)]
        teams = [self.team, *names] if self.team is not None else names
        return self.with_overlays(list(dict.fromkeys(teams)))

    def with_overlays(self, teams: Sequence[str]) -> Self:
        """The rules with some overlays, each laid over the rules without any; of two the stricter counts."""
        policies = self.base
        for team in teams:
            file = Path("overlays") / f"{team}.yaml"
            policies = together(policies, laid_over(self.base, self.overlays[team], file, only_tighter=True), file)
        profile = tuple(layer for layer in self.layers if not layer.startswith("overlay "))
        layers = (*profile, *(f"overlay {team}" for team in teams))
        return self.model_copy(update={"policies": policies, "layers": layers})

    @property
    def digest(self) -> str:
        """SHA-256 of what the policies and settings say, hex; waivers are not counted: the decision names them."""
        content = [policy.model_dump(mode="json") for policy in self.policies]
        text = json.dumps([content, self.settings.model_dump(mode="json")], sort_keys=True)
        return sha256(text.encode()).hexdigest()

    @property
    def longest(self) -> timedelta:
        """For how long a waiver may run from when it is used."""
        return timedelta(days=self.settings.waivers.longest_days)

    def policy(self, policy_id: str) -> Policy | None:
        """The policy of that id."""
        return next((policy for policy in self.policies if policy.id == policy_id), None)


def organisation_folder(given: Path | None = None) -> Path:
    """Where an organisation's policies and waivers are: what is given, `$FLOWS_POLICIES`, `$FLOWS_HOME/policies` if it
    is there, else the packaged baseline.

    Raises:
        UsageError: What is given is no folder.
    """
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        if not named.is_dir():
            where = "" if given is not None else f" ({VARIABLE})"
            raise UsageError(f"{named}: no folder of policies{where}")
        return named
    own = flows_home() / "policies"
    return own if own.is_dir() else data_folder("flowlattice", "policies")


def writable_folder(given: Path | None = None) -> Path:
    """Where waivers are written: as `organisation_folder`, but never into the package."""
    folder = organisation_folder(given)
    is_named = given is not None or os.environ.get(VARIABLE)
    return folder if is_named else flows_home() / "policies"


def load_policies(folder: Path | None = None) -> tuple[Policy, ...]:
    """The policies of a folder (by default those that come with the package), by file and position.

    Raises:
        UsageError: A file is not YAML or not a list of policies, or an id stands twice.
    """
    folder = folder or data_folder("flowlattice", "policies")
    files = rule_files(folder)
    policies = [policy for file in files for policy in read_policies(file)]
    if files and not policies:
        raise UsageError(f"{folder}: its files hold no rule; write some, or take the files away for the packaged ones")
    ids = [policy.id for policy in policies]
    twice = sorted({policy for policy in ids if ids.count(policy) > 1})
    if twice:
        raise UsageError(f"{folder}: {', '.join(twice)} stands twice; an id names one policy")
    return tuple(policies)


def _overlays(folder: Path) -> list[Path]:
    return sorted((folder / "overlays").glob("*.yaml"))


def rule_files(folder: Path) -> list[Path]:
    """The files of a folder that hold rules."""
    return [file for file in sorted(folder.glob("*.yaml")) if file.name not in (WAIVERS_FILE, SETTINGS_FILE)]


def _named(what: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of {what}; letters, digits, - and _ make one")
    return name
