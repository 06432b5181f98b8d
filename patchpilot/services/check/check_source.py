# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a check reads the settings of the tree."""

from collections.abc import Sequence

from patchpilot.settings.read_settings import Source, base_revision, revision_source, user_settings
from patchpilot.topic.workplace import Workplace


def check_source(place: Workplace, revision: str | None, targets: Sequence[str], base: str | None, *, in_ci: bool) -> Source | None:
    """Where a check reads the settings of the tree: the `revision` that was named, in a CI job the base, else the working tree."""
    if revision is not None:
        return revision_source(place.repository, revision, trusted=True)
    repository = place.repository_if_any()
    if repository is None or place.tree or not in_ci:
        return place.source()
    # the tree's own setting of its base does not count
    named = base or user_settings(repository, problems=[]).get("base") or None
    start = base_revision(repository, targets, named)
    return revision_source(repository, start) if start else place.source()
