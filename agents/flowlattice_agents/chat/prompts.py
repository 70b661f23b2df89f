"""Prompts: versioned Markdown files in `prompts/`, read anew for each run. Which one is used for what is not said here.

A file is YAML front matter between two lines of `---`, then the body. A line `{{> name}}` stands for the text of
`parts/name.md`, which several prompts share. In the body `{{name}}` is a placeholder; all of them must be filled in,
and nothing else given, so that no prompt goes out with a hole and no fact is lost.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flowlattice.resources import data_folder
from flowlattice_agents.chat.base import PromptRef
from flowlattice_agents.errors import PromptError
from flowlattice_agents.yaml_text import NotYaml, parse_yaml

_PLACEHOLDER = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_INCLUDE = re.compile(r"^\{\{> ([a-z][a-z0-9-]*)\}\}$", re.MULTILINE)
_FRONT = re.compile(r"\A---\n(?P<front>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)


class FrontMatter(BaseModel):
    """What a prompt file says about itself.

    Attributes:
        id: The file's name without `.md`.
        version: Raised with each change of meaning; a record made for another version is stale.
        schema_name: Name of the answer's schema (`schema` in the file); None for free text.
        model_class: What kind of model it is written for ("capable", "small").
        token_ceiling: The most tokens that an answer may have.
        agent: Which agent asks it.
        task: What it asks for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    schema_name: str | None = Field(alias="schema")
    model_class: str
    token_ceiling: int = Field(ge=1)
    agent: str
    task: str


@dataclass(frozen=True)
class Prompt:
    """One prompt file, read, with the parts it shares with others; `digest` is the SHA-256 (hex) of all that text."""

    front: FrontMatter
    body: str
    digest: str

    @property
    def ref(self) -> PromptRef:
        """How requests and records name it."""
        return PromptRef(id=self.front.id, version=self.front.version, digest=self.digest)

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that must be filled in."""
        return frozenset(_PLACEHOLDER.findall(self.body))

    def render(self, **values: str) -> str:
        """The body with every placeholder filled in; what looks like a placeholder in a value stays as it is.

        Raises:
            PromptError: A placeholder is left open, or a value has no place.
        """
        missing, surplus = self.placeholders - values.keys(), values.keys() - self.placeholders
        if missing or surplus:
            what = [f"{{{{{name}}}}} is not filled in" for name in sorted(missing)]
            what += [f"there is no {{{{{name}}}}}" for name in sorted(surplus)]
            raise PromptError(f"prompt {self.front.id}: {'; '.join(what)}")
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.body)


def load_prompt(name: str, folder: Path | None = None) -> Prompt:
    """The prompt in `NAME.md`.

    Args:
        name: The prompt's id.
        folder: Where prompts are; the packaged ones by default.

    Raises:
        PromptError: There is no such file, or it does not hold together.
    """
    path = (folder or data_folder("flowlattice_agents", "prompts")) / f"{name}.md"
    parts = path.parent / "parts"
    text = _INCLUDE.sub(lambda found: _text(parts / f"{found[1]}.md").strip(), _text(path))
    found = _FRONT.match(text)
    if found is None:
        raise PromptError(f"{path}: a prompt begins with front matter between two lines of ---")
    front = _front_matter(path, found["front"])
    if front.id != name:
        raise PromptError(f"{path}: its id is {front.id}; it must be the file's name")
    return Prompt(front, found["body"].strip() + "\n", hashlib.sha256(text.encode()).hexdigest())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"prompt {path.stem} cannot be read from {path}: {error}") from error


def _front_matter(path: Path, text: str) -> FrontMatter:
    try:
        return FrontMatter.model_validate(parse_yaml(text))
    except NotYaml as error:
        raise PromptError(f"{path}: front matter is no YAML: {error}") from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'front matter'}: {one['msg']}" for one in error.errors()]
        raise PromptError(f"{path}: {'; '.join(problems)}") from error
