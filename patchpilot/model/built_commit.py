# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the result of building a commit: its configurations, and the files that were not built."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.model.json_form import json_form
from patchpilot.model.printable import format_count, join_words


@json_form()
@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was not built in a configuration, and the reason."""

    path: str
    why: str


@json_form()
@dataclass(frozen=True, slots=True)
class BuiltConfiguration:
    """A build configuration, with its result.

    `arch` is the value of ARCH for make, and `toolchain` is gcc or clang. `source` is where the
    symbols come from: .config or smallest. `sparse` is set if sparse checked the built files.
    """

    arch: str
    toolchain: str
    source: str
    built: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class BuiltCommit:
    """The result of building a commit.

    `new` is the number of new problems. `unbuilt_reason` states why no file was built, or is "".
    """

    commit: str
    builds: bool
    configurations: tuple[BuiltConfiguration, ...]
    new: int = 0
    unbuilt_reason: str = ""

    @property
    def unbuilt_files(self) -> set[str]:
        """Return the files that were built in no configuration."""
        skipped = {file.path for row in self.configurations for file in row.skipped}
        return skipped - {path for row in self.configurations for path in row.built}


def summarize_builds(commits: Sequence[BuiltCommit | None]) -> str:
    """Summarize the build of a series, for example "built in 3 configurations, nothing new".

    Return "" unless an object file of every commit was built.
    """
    built = [
        commit for commit in commits if commit and any(row.built for row in commit.configurations)
    ]
    if not built or len(built) < len(commits):
        return ""
    max_configurations = max(len(commit.configurations) for commit in built)
    new_findings = sum(commit.new for commit in built)
    findings = format_count(new_findings, "new finding") if new_findings else "nothing new"
    failed = "" if all(commit.builds for commit in built) else ", does not build"
    skipped = sum(len(commit.unbuilt_files) for commit in built)
    unbuilt = f", {format_count(skipped, 'file')} not built" if skipped else ""
    return (
        f"built in {format_count(max_configurations, 'configuration')}, {findings}{failed}{unbuilt}"
    )


def explain_missing_build(commits: Sequence[BuiltCommit | None]) -> str:
    """Return why a commit of a series could not be built.

    Return "" if all were built, or if the build of one was not tried.
    """
    reasons = [commit.unbuilt_reason for commit in commits if commit]
    return next(filter(None, reasons), "") if len(reasons) == len(commits) else ""


def list_tested_architectures(commits: Sequence[BuiltCommit | None]) -> str:
    """List the architectures on which all commits of a series build.

    An example is "arm64 and x86-64, W=1, sparse". Return "" if a commit does not build, was not
    built, or has no object file.
    """
    built = [
        [
            configuration
            for configuration in commit.configurations
            if configuration.built and not configuration.skipped
        ]
        for commit in commits
        if commit and commit.builds
    ]
    if not commits or len(built) != len(commits) or not all(built):
        return ""
    common = set.intersection(
        *({configuration.arch for configuration in configurations} for configurations in built)
    )
    names = sorted(arch.replace("x86_64", "x86-64") for arch in common)
    if not names:
        return ""
    sparse = all(
        any(configuration.sparse for configuration in configurations) for configurations in built
    )
    return f"{join_words(names)}, W=1{', sparse' if sparse else ''}"
