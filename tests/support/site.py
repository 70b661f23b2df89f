"""The site of the examples in a folder of its own, whose mail goes to a server of the test."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.support.docblocks import ROOT


def site(folder: Path, mail: Any) -> Path:
    """The folder of the flow, with an environment `production` that sends to a server of `tests.support.smtp`."""
    made = folder / "s02_site"
    shutil.copytree(ROOT / "examples" / "s02_site", made, ignore=shutil.ignore_patterns("__pycache__"))
    (made / "bindings.toml").write_text(
        f"""
[production.releases]
backend = "sqlite"
path = "site.sqlite"

[production.seen]
backend = "sqlite"
path = "site.sqlite"

[production.mail]
backend = "smtp"
host = "127.0.0.1"
port = {mail.server_address[1]}
sender = "site@example.com"
tls = "none"
"""
    )
    return made
