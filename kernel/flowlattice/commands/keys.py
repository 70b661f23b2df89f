"""Make signing keys, and say which keys are trusted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from pydantic import JsonValue

from flowlattice.console import Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.signing import Keys, PublicKey

command = click.Group(
    "keys", help="Make keys that sign what is published, and say which keys are trusted.", no_args_is_help=True
)


@verb(
    name="generate",
    examples="""
    flows keys generate
    flows keys generate release --json
    """,
)
@click.argument("name", required=False)
def generate(console: Console, name: str | None) -> Exit:
    """Make an Ed25519 key that signs, and trust it here.

    The private half stays in $FLOWS_HOME/keys, readable by its owner alone, and is never shown; NAME is `default`
    where none is given. A home makes its own key when it first has to sign something.
    """
    from flowlattice.signing import DEFAULT

    key = _keys().generate(name or DEFAULT).public
    _say(console, key, f"{key.name} {key.fingerprint}", sign=True, trusted=True)
    if not console.json:
        console.progress(f"others trust it with what flows keys export {key.name} prints")
    return Exit.OK


@verb(
    name="list",
    examples="""
    flows keys list
    flows keys list --json
    """,
)
def list_(console: Console) -> Exit:
    """List the keys that sign here and those that are trusted, by name and fingerprint."""
    keys = _keys()
    own, trusted = ({key.fingerprint: key for key in found} for found in (keys.own(), keys.trusted()))
    listed = sorted([*keys.trusted(), *(key for print_, key in own.items() if print_ not in trusted)], key=_name)
    rows = [(key, key.fingerprint in own, key.fingerprint in trusted) for key in listed]
    if console.json:
        console.emit([_as_json(key, sign=sign, trusted=is_trusted) for key, sign, is_trusted in rows])
        return Exit.OK
    for key, sign, is_trusted in rows:
        what = [word for word, holds in (("signs", sign), ("trusted", is_trusted)) if holds]
        console.result(f"{key.name}  {key.fingerprint}  {', '.join(what)}")
    if not rows:
        console.progress("there are no keys; flows keys generate makes one")
    return Exit.OK


@verb(
    name="trust",
    examples="""
    flows keys trust partner.pem
    flows keys trust partner.pem --name partner
    flows keys trust - --name partner < partner.pem
    """,
)
@click.argument("key", metavar="FILE|TEXT|-")
@click.option("--name", help="What the key is called here; by default as its file, or the start of its fingerprint.")
def trust(console: Console, key: str, name: str | None) -> Exit:
    """Trust a public key: what it signed is accepted here from now on.

    The key is PEM as flows keys export prints it: a file, the text itself, or - for what stands on stdin. Compare its
    fingerprint with the one that its owner reads to you.
    """
    from flowlattice.signing import read_key

    suggested, text = read_key(sys.stdin.read() if key == "-" else key)
    found = _keys().trust(name or suggested, text)
    _say(console, found, f"{found.name} {found.fingerprint} is trusted", sign=False, trusted=True)
    return Exit.OK


@verb(
    name="untrust",
    examples="""
    flows keys untrust partner
    flows keys untrust sha256:2f1c...
    """,
)
@click.argument("key", metavar="NAME|FINGERPRINT")
def untrust(console: Console, key: str) -> Exit:
    """Trust a public key no more: nothing that it signed is accepted here from now on, whenever it was signed."""
    found = _keys().untrust(key)
    if console.json:
        console.emit([_as_json(one, sign=False, trusted=False) for one in found])
        return Exit.OK
    for one in found:
        console.result(f"{one.name} {one.fingerprint} is no longer trusted")
    return Exit.OK


@verb(
    name="export",
    examples="""
    flows keys export > release.pem
    flows keys export release
    """,
)
@click.argument("key", required=False, metavar="[NAME|FINGERPRINT]")
def export(console: Console, key: str | None) -> Exit:
    """Print a public key in PEM, for others to trust; without a name, that of the key that signs here."""
    found = _keys().public(key)
    if console.json:
        console.emit({"name": found.name, "fingerprint": found.fingerprint, "pem": found.pem})
    else:
        console.result(found.pem.rstrip("\n"))
    return Exit.OK


trust.context_settings["ignore_unknown_options"] = True  # PEM begins with dashes
for _verb in (generate, list_, trust, untrust, export):
    command.add_command(_verb)


def _keys() -> Keys:
    from flowlattice.home import flows_home
    from flowlattice.signing import Keys

    return Keys(flows_home())


def _name(key: PublicKey) -> str:
    return key.name


def _as_json(key: PublicKey, *, sign: bool, trusted: bool) -> dict[str, JsonValue]:
    return {"name": key.name, "fingerprint": key.fingerprint, "signs": sign, "trusted": trusted}


def _say(console: Console, key: PublicKey, text: str, *, sign: bool, trusted: bool) -> None:
    if console.json:
        console.emit(_as_json(key, sign=sign, trusted=trusted))
    else:
        console.result(text)
