# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a series is in a repository: mainline and its first release, every stable branch and its first release there."""

import re
from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.history.fix_in_branch import History
from patchpilot.history.releases import Releases
from patchpilot.history.stable_branches import mainline, stable_branches
from patchpilot.model.progress import Progress, silent
from patchpilot.projects.loading import find_project
from patchpilot.series.patch_pairing import title_key
from patchpilot.threads.status import LandedCommit, Status


def in_repository(status: Status, repository: Repository, *, progress: Progress = silent, remote: str = "") -> tuple[LandedCommit, ...]:
    """Where the repository has the commits of a series, mainline first; empty when it has none of them."""
    tip = mainline(repository)
    with History(repository, progress) as history:
        if tip is None:
            return ()
        history.add([tip])
        landings: list[LandedCommit] = []
        branches = stable_branches(repository, remote=remote, ended=True)
        project = find_project(branches.stable.project)
        releases = Releases(repository)
        for commit, number in _commits(status, repository, history, tip):
            release = releases.first(commit)
            subject = repository.commit(commit).subject
            landings.append(
                LandedCommit(project.mainline, commit, release.name if release else None, "in the repository", None, number, subject)
            )
            for branch in branches.branches:
                landing = history.landed(commit, branch.tip)
                if landing and landing.holds:
                    released = _first_point_release(repository, branch.version, landing.commit)
                    landings.append(
                        LandedCommit(
                            f"stable/linux-{branch.version}.y", landing.commit, released, f"by {landing.how}", None, number, subject
                        )
                    )
    return tuple(landings)


def _commits(status: Status, repository: Repository, history: History, tip: str) -> list[tuple[str, int | None]]:
    """The mainline commits of a series: by the ids reported in mails, else by subject and author."""
    commits: dict[str, int | None] = {}
    for landed in status.landed:
        commit = repository.find(landed.commit) if landed.commit else None
        if commit and history.has(tip, commit):
            commits.setdefault(commit, landed.patch)
    have = {title_key(repository.commit(commit).subject) for commit in commits}
    for post in status.topic.latest.patches:
        if title_key(post.title) in have:
            continue
        for ordinal in history.index.by_subject(post.title):
            commit = history.index.id(ordinal)
            if history.has(tip, commit) and repository.commit(commit).author.key in authors_of(status, post.mail.mail.body):
                commits.setdefault(commit, post.number or 1)
                break
    return list(commits.items())


def authors_of(status: Status, body: str) -> set[str]:
    """Who may be the author of the commit: the sender, or the From: line in the patch."""
    inner = re.match(r"\s*From: .*<([^<>\s]+)>", body)
    return {status.topic.author.key, *([inner[1].lower()] if inner else [])}


def _first_point_release(repository: Repository, version: str, commit: str) -> str | None:
    """The first `vX.Y.Z` of a stable series that contains the commit, by binary search; None when none does yet."""
    tags = [name for name in repository.refs if re.fullmatch(rf"v?{re.escape(version)}\.\d{{1,18}}", name)]
    tags.sort(key=lambda name: int(name.rpartition(".")[2]))
    return _bisect(repository, tags, commit)


def _bisect(repository: Repository, tags: Sequence[str], commit: str) -> str | None:
    low, high = 0, len(tags)
    while low < high:
        middle = (low + high) // 2
        if repository.is_ancestor(commit, repository.refs[tags[middle]]):
            high = middle
        else:
            low = middle + 1
    return tags[low] if low < len(tags) else None
