# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the mainline branch in a repository.

It is the ref that the setting names, a branch of a remote, or the local branch master or main.
Any other local branch is considered development work, whatever its name ends in.
"""

from collections.abc import Mapping
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.commits.repository import Repository
from patchpilot.projects.loading import projects

SETTING = "patchpilot.mainline"
_BRANCHES = ("master", "main")
_UPSTREAM = ("origin", "upstream", "mainline", "master")
_IS_NEXT = compile_late(r"next|queue")


class Mainline(NamedTuple):
    """The ref used as mainline, its tip, and the reason for the choice."""

    name: str
    tip: str
    reason: str

    def explain(self) -> tuple[str, ...]:
        """Return the ref and the reason, as lines."""
        return f"mainline: {self.name} ({self.tip[:12]})", f"  why: {self.reason}"


def mainline(repository: Repository) -> str | None:
    """Return the tip of mainline, or None if the repository does not have it."""
    mainline = find_mainline(repository)
    return mainline.tip if mainline else None


def find_mainline(repository: Repository) -> Mainline | None:
    """Return the mainline branch of a repository, or None if there is none.

    Raise UsageError if the setting does not name a commit. Of several remotes, those with a usual
    name are preferred, and then the latest tip. The -next trees, queues and release candidates are
    ignored.
    """
    if named := _setting(repository):
        return Mainline(named, repository.resolve(named), f"set by {SETTING}")
    remote = branch_refs(repository, "refs/remotes")
    theirs = [name for name in remote if _is_master(name)]
    known = [name for name in theirs if name.partition("/")[0] in _remotes()]
    if chosen := known or theirs:
        newest = _newest(repository, {name: remote[name] for name in chosen})
        only = "the only branch called master or main of a remote"
        reason = f"the latest of {', '.join(chosen)}" if len(chosen) > 1 else only
        return Mainline(newest, remote[newest], reason)
    local = branch_refs(repository, *(f"refs/heads/{name}" for name in _BRANCHES))
    if not local:
        return None
    newest = _newest(repository, local)
    reason = "local branch, as no remote has a branch called master or main"
    return Mainline(newest, local[newest], reason)


def mainline_tips(repository: Repository) -> frozenset[str]:
    """Return the tips of all refs that may contain mainline commits.

    They are the ref that the setting names or, without the setting, the refs of remotes with a
    usual name.
    """
    if named := _setting(repository):
        return frozenset((repository.resolve(named),))
    remote = branch_refs(repository, "refs/remotes")
    names = {f"{name}/{branch}" for name in _remotes() for branch in _BRANCHES}
    default = repository.find("refs/remotes/origin/HEAD")
    tips = {tip for name, tip in remote.items() if name in names}
    return frozenset(tips | ({default} if default else set()))


def is_candidate(name: str) -> bool:
    """Return whether a ref belongs to a remote for release candidates (`stable-rc/linux-6.1.y`).

    Such a branch is rewritten, so it is not the stable branch itself.
    """
    remote = name.partition("/")[0] if "/" in name else ""
    return remote.endswith("rc") and not remote.endswith("src")


def branch_refs(repository: Repository, *places: str) -> dict[str, str]:
    """Return the branches with these full names or below them, as short name → tip.

    The HEAD of a remote is not included.
    """
    below = tuple(f"{location}/" for location in places)
    return {
        ref.short: ref.object_id
        for ref in repository.all_refs
        if ref.kind == "commit"
        and not ref.name.endswith("/HEAD")
        and (ref.name in places or ref.name.startswith(below))
    }


def _setting(repository: Repository) -> str:
    return (repository.config(SETTING) or ("",))[-1]


def _remotes() -> frozenset[str]:
    """Return the usual names of remotes with mainline."""
    usual = (
        name for project in projects().values() for name in project.mainline_remotes
    )
    return frozenset((*_UPSTREAM, *usual))


def _is_master(name: str) -> bool:
    """Return whether a remote branch is named master or main and may be mainline."""
    remote, _, branch = name.partition("/")
    return (
        branch in _BRANCHES and not is_candidate(name) and not _IS_NEXT.search(remote)
    )


def _newest(repository: Repository, refs: Mapping[str, str]) -> str:
    return max(refs, key=lambda name: repository.commit(refs[name]).committed)
