# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the git configuration of the sandbox's clone in one step, with GitPython."""

import os
from collections.abc import Mapping
from pathlib import Path


def configure_clone(work: Path, values: Mapping[str, str]) -> None:
    """Set keys (`section.name`) in the clone's repository configuration.

    The values must not need quoting in a configuration file.
    """
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    import git as gitpython

    with gitpython.Repo(work) as repository, repository.config_writer() as writer:
        for key, value in values.items():
            section, _, name = key.partition(".")
            writer.set_value(section, name, value)
