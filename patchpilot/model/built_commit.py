# SPDX-License-Identifier: GPL-2.0-or-later
"""What was built of a commit, in which configurations, and what was not."""

from collections.abc import Sequence
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
    (.config, smallest or allmodconfig), the files that were built and not built in it, and whether
    sparse read them.
    """

    arch: str
    toolchain: str
    source: str
    built: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class BuiltCommit:
    """Whether a commit builds by itself, and the configurations in which it was tried."""

    commit: str
    builds: bool
    configurations: tuple[BuiltConfiguration, ...]


def compile_tested(commits: Sequence[BuiltCommit | None]) -> str:
    """Returns in which configurations all commits of a series build, such as "arm64 and x86-64,
    W=1, sparse"; "" where one does not, was not built, or has no object.
    """
    built = [
        [one for one in commit.configurations if one.built and not one.skipped]
        for commit in commits
        if commit and commit.builds
    ]
    if not commits or len(built) != len(commits) or not all(built):
        return ""
    common = set.intersection(*({one.arch for one in some} for some in built))
    names = sorted(arch.replace("x86_64", "x86-64") for arch in common)
    if not names:
        return ""
    listed = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
    sparse = all(any(one.sparse for one in some) for some in built)
    return f"{listed}, W=1{', sparse' if sparse else ''}"
