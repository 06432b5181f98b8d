# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the data that ships with patchpilot is (in a wheel, an editable install or a checkout), and
the user's state directory.
"""

from functools import cache
from pathlib import Path

from patchpilot.errors import InputError, MissingError


@cache
def data_dir(name: str) -> Path:
    """The folder `name` ("checks" or "templates") of the shipped data.

    MissingError when the installation lacks it.
    """
    package = Path(__file__).parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise MissingError(
        f"the data folder {name!r} is not installed with patchpilot", hint="reinstall patchpilot"
    )


def state_folder() -> Path:
    """The user's state directory for patchpilot, created when missing, readable by its owner only."""  # noqa: E501
    import platformdirs

    folder = Path(platformdirs.user_state_path("patchpilot"))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputError(
            f"cannot create {folder}: {error.strerror or error}",
            hint="set XDG_STATE_HOME to a writable directory",
        ) from error
    return folder
