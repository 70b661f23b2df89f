"""Keys as files: under the home folder, `keys/NAME.pem` is a private key (0600), `keys/trusted/NAME.pem` trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from flowlattice.errors import UsageError
from flowlattice.files import create_file
from flowlattice.signing.envelope import Envelope, NotTrusted, decoded, pae
from flowlattice.signing.keys import KeyText, PublicKey, SigningKey

DEFAULT: Final = "default"
"""The name of the key that a home makes for itself."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_END = ".pem"


class Keyring:
    """The public keys that are trusted."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys = {key.fingerprint: key for key in keys}

    @classmethod
    def of(cls, home: Path) -> Keyring:
        """The keys that a home folder trusts.

        Raises:
            KeyText: A file in `keys/trusted` is no public key.
            OSError: A file cannot be read.
        """
        return cls(Keys(home).trusted())

    def opened(self, envelope: Envelope, payload_type: str) -> tuple[bytes, PublicKey]:
        """What was signed, and the trusted key that signed it.

        Raises:
            NotTrusted: It is of another type, no trusted key signed it, or a signature does not fit.
        """
        if envelope.payload_type != payload_type:
            raise NotTrusted(f"what was signed is {envelope.payload_type!r}, not {payload_type!r}")
        payload = decoded(envelope.payload)
        message = pae(payload_type, payload)
        known = [(self._keys[one.keyid], decoded(one.sig)) for one in envelope.signatures if one.keyid in self._keys]
        if not known:
            names = ", ".join(one.keyid for one in envelope.signatures)
            raise NotTrusted(
                f"signed with the key {names}, which is not trusted here; flows keys trust FILE trusts a public key"
            )
        for key, signature in known:
            if not key.verifies(signature, message):
                raise NotTrusted(f"the signature of the key {key.name} does not fit: what was signed has been changed")
        return payload, known[0][0]


class Keys:
    """The keys of one home folder: its own, which sign, and those that it trusts."""

    def __init__(self, home: Path) -> None:
        self._own = home / "keys"
        self._trusted = self._own / "trusted"

    def generate(self, name: str = DEFAULT) -> SigningKey:
        """Make a key and trust it.

        Raises:
            UsageError: There is one of that name already, or it is no name.
        """
        file = self._file(self._own, name)
        self._own.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._file(self._trusted, name).exists():
            raise UsageError(f"another key is trusted as {name}; choose another name, or flows keys untrust {name}")
        key = SigningKey.generate(name)
        if not create_file(file, key.pem(), mode=0o600):
            raise UsageError(f"there is a key {name} already; choose another name")
        self.trust(name, key.public.pem)
        return key

    def signing_key(self, name: str | None = None) -> SigningKey:
        """The key that signs: the one named, or the only one, or `default`, which is made when it is first needed.

        Raises:
            UsageError: There is none of that name, or several and none is `default`.
            KeyText: The file is no private key.
        """
        own = _names(self._own)
        if name is None and not own:
            try:
                return self.generate()
            except UsageError:
                own = _names(self._own)  # another process was faster
                if not own:
                    raise
        if name is None and len(own) > 1 and DEFAULT not in own:
            raise UsageError(f"several keys can sign: {', '.join(own)}; say which with --key NAME")
        wanted = name or (own[0] if len(own) == 1 else DEFAULT)
        file = self._file(self._own, wanted)
        if not file.exists():
            raise UsageError(f"there is no private key {wanted}; flows keys list lists what is there")
        if file.stat().st_mode & 0o077:
            raise UsageError(f"{file}: others can read this private key; chmod 600 it, or make another one")
        return SigningKey.of(wanted, file.read_bytes())

    def own(self) -> list[PublicKey]:
        """The public halves of the keys that can sign here."""
        return [self.signing_key(name).public for name in _names(self._own)]

    def trusted(self) -> list[PublicKey]:
        """The keys that are trusted, by name."""
        return [PublicKey.of(name, (self._trusted / f"{name}{_END}").read_bytes()) for name in _names(self._trusted)]

    def trust(self, name: str, text: str | bytes) -> PublicKey:
        """Trust a public key under a name; doing it again changes nothing.

        Raises:
            KeyText: It is none.
            UsageError: The name stands for another key, or is none.
        """
        file = self._file(self._trusted, name)
        key = PublicKey.of(name, text)
        if not create_file(file, key.pem.encode(), mode=0o644) and PublicKey.of(name, file.read_bytes()) != key:
            raise UsageError(f"another key is trusted as {name}; choose another name, or flows keys untrust {name}")
        return key

    def untrust(self, wanted: str) -> list[PublicKey]:
        """Trust a key no more, by its name or its fingerprint; nothing that it signed is accepted from now on.

        Raises:
            UsageError: No such key is trusted.
        """
        named = [key for key in self.trusted() if wanted in {key.name, key.fingerprint}]
        prints = {key.fingerprint for key in named}
        found = [key for key in self.trusted() if key.fingerprint in prints]  # whatever else it is called
        if not found:
            raise UsageError(f"no key {wanted} is trusted; flows keys list lists those that are")
        for key in found:
            (self._trusted / f"{key.name}{_END}").unlink(missing_ok=True)
        return found

    def public(self, wanted: str | None = None) -> PublicKey:
        """A public key to hand on: the one named, own or trusted, or else the one that signs.

        Raises:
            UsageError: There is none of that name.
        """
        if wanted is None:
            return self.signing_key().public
        known = [*self.own(), *self.trusted()]
        found = next((key for key in known if wanted in {key.name, key.fingerprint}), None)
        if found is None:
            raise UsageError(f"there is no key {wanted}; flows keys list lists what is there")
        return found

    def _file(self, folder: Path, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} names no key; use letters, digits, dots, dashes and underscores")
        return folder / f"{name}{_END}"


def read_key(given: str) -> tuple[str, bytes]:
    """A public key given as a file's name or as text, after a name for it: the file's, or else its fingerprint's start.

    Raises:
        KeyText: It is neither.
        OSError: The file cannot be read.
    """
    if given.lstrip().startswith("-----BEGIN"):
        return PublicKey.of("the text", given).fingerprint.removeprefix("sha256:")[:12], given.encode()
    file = Path(given)
    if not file.is_file():
        raise KeyText(f"{given}: no such file, and no public key in PEM")
    return file.stem, file.read_bytes()


def _names(folder: Path) -> list[str]:
    return sorted(file.name.removesuffix(_END) for file in folder.glob(f"*{_END}") if not file.name.startswith("."))
