# SPDX-License-Identifier: GPL-2.0-or-later
"""What a build says of a patch: values that rules report."""

from typing import NamedTuple


class BuildProblem(NamedTuple):
    """A new warning or error of a build: its kind is what a rule asks for, `line` is in the new
    file, `patch_line` in the patch as a mail (None: the whole patch).
    """

    kind: str
    message: str
    path: str | None = None
    line: int | None = None
    patch_line: int | None = None
    column: int | None = None
