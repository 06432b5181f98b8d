# SPDX-License-Identifier: GPL-2.0-or-later
"""What was built of a commit, in which configurations, and what was not."""

from dataclasses import dataclass

from patchpilot.model.json_form import json_form


@json_form()
@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was not built in a configuration, and why."""

    path: str
    why: str


@json_form()
@dataclass(frozen=True, slots=True)
class BuiltConfiguration:
    """A configuration: ARCH of make, the compiler (gcc or clang), where its symbols are from
    (.config, smallest or allmodconfig), and the files that were built and not built in it.
    """

    arch: str
    toolchain: str
    source: str
    built: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True, slots=True)
class BuiltCommit:
    """Whether a commit builds by itself, and the configurations in which it was tried."""

    commit: str
    builds: bool
    configurations: tuple[BuiltConfiguration, ...]
