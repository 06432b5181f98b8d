# SPDX-License-Identifier: GPL-2.0-or-later
"""Import GitPython, which makes the repositories of the sandbox and writes its settings.

It is imported when it is used, because importing it takes longer than most commands.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from patchpilot.commits.run import LOCAL_GIT_VARIABLES

_TEMPLATE = "GIT_TEMPLATE_DIR"


@contextmanager
def use_git_python() -> Iterator[ModuleType]:
    """Return GitPython, with an environment that names no repository and no template.

    In a hook, git sets variables that would redirect its calls to the user's repository. The hooks
    of the user's template do not belong in the sandbox.
    """
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    import git

    names = (*LOCAL_GIT_VARIABLES, _TEMPLATE)
    outer = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ[_TEMPLATE] = ""
    try:
        yield git
    finally:
        del os.environ[_TEMPLATE]
        os.environ.update(outer)


def write_settings(file: Path, values: Mapping[str, str]) -> None:
    """Set keys (`section.name`) in a configuration file.

    Values that need quoting are not supported.
    """
    with use_git_python() as git, git.GitConfigParser(str(file), read_only=False) as writer:
        for key, value in values.items():
            section, _, name = key.partition(".")
            writer.set_value(section, name, value)
