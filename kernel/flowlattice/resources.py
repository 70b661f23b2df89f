"""Where the data folders are: prompts, policies and evals, which are edited beside the code and packaged inside it.

They are top-level folders of the repository. The wheel carries each one inside the package that reads it (under
`_data/`, see pyproject.toml); in a checkout, also one that is installed as editable, the folder itself is read, so
that an edit counts at once. What the files mean is up to their readers.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flowlattice.errors import EngineUnavailable


def data_folder(package: str, name: str) -> Path:
    """The folder `name` of data that `package` reads.

    Args:
        package: Import name of the package that carries the folder in a wheel, such as `flowlattice_agents`.
        name: The folder's name at the top of the repository, such as `prompts`.

    Raises:
        EngineUnavailable: The package is not installed, or the installation has lost the folder.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineUnavailable(f"the data folder {name} belongs to the package {package}, which is not installed")
    home = Path(spec.origin).parent
    checkout = home.parents[1]
    # site-packages may have neighbours of any name; only a checkout has this project's pyproject.toml there.
    folder = checkout / name if (checkout / "pyproject.toml").is_file() else home / "_data" / name
    if not folder.is_dir():
        raise EngineUnavailable(f"the data folder {name} is missing from {folder.parent}; install {package} again")
    return folder
