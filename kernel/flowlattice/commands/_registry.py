"""What the verbs of the registry share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

import click

from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.registry import Registry
    from flowlattice.signing import SigningKey

P = ParamSpec("P")
T = TypeVar("T")

VARIABLE: Final = "FLOWS_REGISTRY"


def registry_option(function: Callable[P, T]) -> Callable[P, T]:
    """`--registry`, where a verb looks for or puts what is published."""
    return click.option(
        "--registry",
        "place",
        metavar="PLACE",
        envvar=VARIABLE,
        help=f"Folder, or s3://BUCKET/PREFIX; by default ${VARIABLE}, or else registry in $FLOWS_HOME.",
    )(function)


def key_option(function: Callable[P, T]) -> Callable[P, T]:
    """`--key`, which of several keys signs."""
    return click.option("--key", "key", metavar="NAME", help="The key that signs, where there are several.")(function)


def registry_at(place: str | None) -> Registry:
    """The registry at a place, with the keys that this home trusts and the checks that this version asks for."""
    from flowlattice.deployments.verification import required_checks
    from flowlattice.home import flows_home
    from flowlattice.registry import Registry, store_at
    from flowlattice.signing import Keyring

    home = flows_home()
    store = store_at(place or str(home / "registry"))
    return Registry(store, keyring=Keyring.of(home), required=required_checks())


def signing_key(name: str | None) -> SigningKey:
    """The key that signs here; made, and trusted, when it is first needed.

    Raises:
        UsageError: It is not trusted here, so that nothing that it signs would hold.
    """
    from flowlattice.home import flows_home
    from flowlattice.signing import Keys

    keys = Keys(flows_home())
    key = keys.signing_key(name)
    if key.public.fingerprint not in {trusted.fingerprint for trusted in keys.trusted()}:
        raise UsageError(
            f"the key {key.public.name} is not trusted here, and nothing that it signs would hold;"
            " trust it with flows keys trust, or sign with another (--key)"
        )
    return key
