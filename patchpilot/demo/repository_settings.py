# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the sandbox's git configuration in one step, with GitPython."""

import os
from collections.abc import Mapping
from pathlib import Path


def write_settings(file: Path, values: Mapping[str, str]) -> None:
    """Set keys (`section.name`) in a configuration file.

    Values that need quoting are not supported.
    """
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    import git as gitpython

    with gitpython.GitConfigParser(str(file), read_only=False) as writer:
        for key, value in values.items():
            section, _, name = key.partition(".")
            writer.set_value(section, name, value)
