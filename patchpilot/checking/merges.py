# SPDX-License-Identifier: GPL-2.0-or-later
"""Find what the merges among the checked commits change themselves."""

from collections.abc import Sequence

from patchpilot.commits.range import read_commits_series, read_merges
from patchpilot.commits.repository import Repository
from patchpilot.history.stable_branches import SETTING, find_mainline
from patchpilot.model.patch import Series


def list_upstream_tips(repository: Repository) -> tuple[str, ...]:
    """Return the commits whose ancestors are not an author's own when a merge brings them.

    This is the tip of mainline, if it is a branch of a remote or configured: the author of a
    request can create local branches.
    """
    mainline = find_mainline(repository)
    if mainline is None:
        return ()
    is_remote = repository.find(f"refs/remotes/{mainline.name}") == mainline.tip
    return (mainline.tip,) if is_remote or repository.config(SETTING) else ()


def add_topic_merges(
    repository: Repository, every_series: tuple[Series, ...], excluded: Sequence[str] = ()
) -> tuple[Series, ...]:
    """Add what the merges of a topic change themselves, and drop what they took from upstream and
    what the `excluded` commits contain.
    """
    (series,) = every_series
    if series.base is None:
        return every_series
    known, merges = read_merges(
        repository, series.base, "HEAD", list_upstream_tips(repository), excluded
    )
    if known:
        own = repository.rev_list(f"{series.base}..HEAD", *(f"^{commit_id}" for commit_id in known))
        ids = [patch.commit for patch in series.patches if patch.commit in own]
        own_series = read_commits_series(repository, [id_ for id_ in ids if id_], series.base)
        series = own_series._replace(tip=series.tip)
    return (series._replace(merges=merges),)
