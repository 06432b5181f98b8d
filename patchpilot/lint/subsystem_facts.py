# SPDX-License-Identifier: GPL-2.0-or-later
"""The conventions of the subsystem that a patch or a file belongs to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.errors import MissingError
from patchpilot.lint.lint_context import Context, once
from patchpilot.projects.subsystems import subsystem_of, subsystem_of_path

if TYPE_CHECKING:
    from patchpilot.maintainers import SectionMatch
    from patchpilot.projects.project import Subsystem


@once
def subsystem(context: Context) -> "Subsystem | None":
    """Return the subsystem that the patch is for.

    Return None if there are several, none is known, or the project is not the kernel.
    """
    if not context.project.kernel:
        return None
    return subsystem_of(context.patch, lambda paths: _sections(context, paths))


@once
def file_subsystem(context: Context, path: str) -> "Subsystem | None":
    """Return the subsystem that a file belongs to.

    Return None if none is known or the project is not the kernel.
    """
    return subsystem_of_path(path) if context.project.kernel else None


def subsystem_has(context: Context, condition: str) -> bool:
    """Return whether the patch's subsystem meets a condition "key=value"."""
    key, _, value = condition.partition("=")
    found = subsystem(context)
    return found is not None and str(getattr(found, key)) == value


@once
def sections_of(context: Context) -> "tuple[SectionMatch, ...]":
    """Return the MAINTAINERS sections of the changed files, except the catch-all THE REST."""
    if context.tree is None:
        return ()
    from patchpilot.maintainers import load
    from patchpilot.maintainers.match import match_texts

    try:
        file = load(context.tree)
    except MissingError:
        return ()
    paths = [path for path in context.patch.paths if path != "MAINTAINERS"]
    return tuple(
        match_text for match_text in match_texts(file, paths) if not match_text.is_rest
    )


def _sections(context: Context, paths: Sequence[str]) -> Sequence[str]:
    """Return the sections of MAINTAINERS that contain these files of the patch."""
    return [
        match.section.name
        for match in sections_of(context)
        if set(paths).intersection(match.paths)
    ]
