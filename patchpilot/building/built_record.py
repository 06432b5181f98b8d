# SPDX-License-Identifier: GPL-2.0-or-later
"""What was built of each commit, kept by its id: a changed commit has no record."""

from pathlib import Path

from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.model.built_commit import BuiltCommit, BuiltConfiguration, SkippedFile

_KIND = Kind("built-commit", (str(Path(__file__)),), 500)


def keep_built(built: BuiltCommit) -> None:
    """Keep what was built of a commit, instead of what was known of it."""
    rows = [
        (one.arch, one.toolchain, one.source, one.built, _pairs(one), one.sparse)
        for one in built.configurations
    ]
    remember(_KIND, _key(built.commit), (built.commit, built.builds, rows))


def built_of(commit: str) -> BuiltCommit | None:
    """What was built of a commit last; None where nothing is known."""
    known = recall(_KIND, _key(commit))
    if not known:
        return None
    name, builds, rows = known
    return BuiltCommit(
        name,
        builds,
        tuple(
            BuiltConfiguration(
                arch,
                toolchain,
                source,
                tuple(built),
                tuple(SkippedFile(*pair) for pair in skipped),
                sparse,
            )
            for arch, toolchain, source, built, skipped, sparse in rows
        ),
    )


def _pairs(configuration: BuiltConfiguration) -> list[tuple[str, str]]:
    return [(one.path, one.why) for one in configuration.skipped]


def _key(commit: str) -> str:
    return key_of(_KIND, (commit.encode(),))
