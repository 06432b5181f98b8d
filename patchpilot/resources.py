# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the data that ships with patchpilot is: in a wheel, an editable install or a checkout."""

from functools import cache
from pathlib import Path

from patchpilot.errors import MissingError


@cache
def data_dir(name: str) -> Path:
    """The folder `name` ("checks" or "templates") of the shipped data; MissingError when the installation lacks it."""
    package = Path(__file__).parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise MissingError(f"the data folder {name!r} is not installed with patchpilot", hint="reinstall patchpilot")
