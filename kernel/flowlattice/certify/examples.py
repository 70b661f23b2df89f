"""The file of examples: requests, and what must be answered."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from flowlattice.certify.model import Example
from flowlattice.errors import UsageError

_EXAMPLES: TypeAdapter[list[Example]] = TypeAdapter(list[Example])


def read_examples(file: Path) -> tuple[Example, ...]:
    """The examples in a YAML file.

        - request: {method: POST, path: /echo, json_body: {text: hello}}
          status: 200
          json_body: {text: hello}

    Raises:
        UsageError: It is not there, or no list of examples.
    """
    import yaml

    try:
        return tuple(_EXAMPLES.validate_python(yaml.safe_load(file.read_text(encoding="utf-8"))))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"{file}: no such file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not YAML ({str(error).splitlines()[0]})") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        why = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
        said = "each has a request with method and path, and status, json_body, text or headers"
        raise UsageError(f"{file}: no list of examples ({why}); {said}") from error
