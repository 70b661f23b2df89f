"""Reading YAML that somebody else wrote: no aliases (a small file could mean a huge value), and one kind of error."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from flowlattice.errors import UsageError

_HALF = re.compile("[\ud800-\udfff]")
MAX_BYTES = 1_000_000


class NotYaml(ValueError):
    """Text that is no YAML, or uses what is not read here; its text says what and where."""


class _NoAliases(yaml.SafeLoader):
    """Refuses aliases: what a text means is never larger than the text."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise NotYaml(f"line {self.line + 1}: aliases (*name) are not read here")
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        """Refuses halves of characters, which YAML can say and no file can hold."""
        text: str = super().construct_scalar(node)
        if _HALF.search(text):
            raise NotYaml(f"line {node.start_mark.line + 1}: half of a surrogate pair")
        return text


class _Texts(_NoAliases):
    """Every scalar stays the text it is: `yes` is no boolean, `1.0` no number."""


_Texts.yaml_implicit_resolvers = {}


def parse_yaml(text: str, *, texts: bool = False) -> object:
    """The value of a YAML text.

    Args:
        text: The text.
        texts: Leave every scalar as the text it is.

    Raises:
        NotYaml: It is none, it uses aliases, or it is nested too deeply.
    """
    try:
        return yaml.load(text, Loader=_Texts if texts else _NoAliases)
    except yaml.YAMLError as error:
        raise NotYaml(" ".join(str(error).split())) from error
    except (ValueError, RecursionError) as error:
        raise NotYaml(str(error) if isinstance(error, NotYaml) else f"not readable ({error})") from error


def read_yaml_list(path: Path | None, what: str) -> list[object]:
    """The list in a YAML file, every scalar as text; nothing for no file.

    Raises:
        UsageError: The file is not there, or holds something else.
    """
    if path is None:
        return []
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES).decode("utf-8")
        found = parse_yaml(text, texts=True)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except (NotYaml, UnicodeDecodeError, IsADirectoryError) as error:
        raise UsageError(f"{path}: not {what}: {error}") from error
    if not isinstance(found, list):
        raise UsageError(f"{path}: not {what}")
    return found
