# SPDX-License-Identifier: GPL-2.0-or-later
"""Define build problems in a patch, which rules report."""

from typing import NamedTuple


class BuildProblem(NamedTuple):
    """A new warning or error in the build of a patch.

    `kind` selects the rule that reports it. `line` is the line in the new file, and `patch_line`
    the line in the message of the patch; if `patch_line` is None, the problem concerns the whole
    patch.
    """

    kind: str
    message: str
    path: str | None = None
    line: int | None = None
    patch_line: int | None = None
    column: int | None = None
