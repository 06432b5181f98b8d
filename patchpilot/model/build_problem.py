# SPDX-License-Identifier: GPL-2.0-or-later
"""A patch's build problems, as values for rules to report."""

from typing import NamedTuple


class BuildProblem(NamedTuple):
    """A new warning or error in a build.

    `kind` selects the rule to report it. `line` refers to the new file, and `patch_line` to the
    patch as a message (None: the whole patch).
    """

    kind: str
    message: str
    path: str | None = None
    line: int | None = None
    patch_line: int | None = None
    column: int | None = None
