# SPDX-License-Identifier: GPL-2.0-or-later
"""Records of what was built for each commit, by commit id, so that a changed commit has no
record.
"""

from pathlib import Path

from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.model.built_commit import BuiltCommit, BuiltConfiguration, SkippedFile

_KIND = Kind("built-commit", (str(Path(__file__)),), 500)


def keep_built(built: BuiltCommit) -> None:
    """Stores what was built for a commit, replacing any earlier record."""
    rows = [
        (one.arch, one.toolchain, one.source, one.built, _pairs(one), one.sparse)
        for one in built.configurations
    ]
    remember(_KIND, _key(built.commit), (built.commit, built.builds, rows))


def built_of(commit: str) -> BuiltCommit | None:
    """Returns the record of what was last built for a commit, or None."""
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
