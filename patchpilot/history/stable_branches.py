# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the mainline and stable branches in a repository, and stable branches missing from it.

Mainline is the configured ref, a remote branch, or the local branch master or main. All other local
branches are assumed to contain work in progress.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.model.bounded import clamp_time
from patchpilot.model.json_form import json_form
from patchpilot.projects.loading import default_project, projects
from patchpilot.projects.project import StableTrees, version_key
from patchpilot.read_file import read_regular_file

if TYPE_CHECKING:
    from patchpilot.history.fix_in_branch import History

SETTING = "patchpilot.mainline"
_BRANCHES = ("master", "main")
_UPSTREAM = ("origin", "upstream", "mainline", "master")
_IS_NEXT = lazy_pattern(r"next|queue")


class Mainline(NamedTuple):
    """The ref used as mainline, its tip, and the reason why it was chosen."""

    name: str
    tip: str
    reason: str

    def explain(self) -> tuple[str, ...]:
        """Return lines that name the ref and the reason for choosing it."""
        return f"mainline: {self.name} ({self.tip[:12]})", f"  why: {self.reason}"


def find_mainline_tip(repository: Repository) -> str | None:
    """Return the tip of mainline, or None if it is not in the repository."""
    mainline = find_mainline(repository)
    return mainline.tip if mainline else None


def find_mainline(repository: Repository) -> Mainline | None:
    """Return the mainline branch of a repository, or None.

    Raise UsageError if the configured ref is not a commit. Of several remotes, prefer those with a
    usual name, then the latest tip. Ignore -next trees, queues and release candidates.
    """
    if setting := _read_mainline_setting(repository):
        return Mainline(setting, repository.resolve(setting), f"set by {SETTING}")
    remote = list_branch_refs(repository, "refs/remotes")
    remote_names = [name for name in remote if _is_master_branch(name)]
    usual_names = [
        name for name in remote_names if name.partition("/")[0] in _list_mainline_remotes()
    ]
    if candidates := usual_names or remote_names:
        newest = _find_newest_ref(repository, {name: remote[name] for name in candidates})
        only_reason = "the only branch called master or main of a remote"
        reason = f"the latest of {', '.join(candidates)}" if len(candidates) > 1 else only_reason
        return Mainline(newest, remote[newest], reason)
    local = list_branch_refs(repository, *(f"refs/heads/{name}" for name in _BRANCHES))
    if not local:
        return None
    newest = _find_newest_ref(repository, local)
    reason = "local branch, as no remote has a branch called master or main"
    return Mainline(newest, local[newest], reason)


def list_mainline_tips(repository: Repository) -> frozenset[str]:
    """Return the tips of all refs that may contain mainline commits.

    These are the configured ref or, without one, the branches of remotes with a usual name.
    """
    if setting := _read_mainline_setting(repository):
        return frozenset((repository.resolve(setting),))
    remote = list_branch_refs(repository, "refs/remotes")
    names = {f"{name}/{branch}" for name in _list_mainline_remotes() for branch in _BRANCHES}
    default = repository.find("refs/remotes/origin/HEAD")
    tips = {tip for name, tip in remote.items() if name in names}
    return frozenset(tips | ({default} if default else set()))


def is_candidate_remote(name: str) -> bool:
    """Return whether a ref belongs to a remote for release candidates (`stable-rc/linux-6.1.y`).

    Such a branch is often rewritten, and does not count as the stable branch.
    """
    remote = name.partition("/")[0] if "/" in name else ""
    return remote.endswith("rc") and not remote.endswith("src")


def list_branch_refs(repository: Repository, *prefixes: str) -> dict[str, str]:
    """Map the short names of branches to their tips.

    Each prefix is the full name of a branch, or of a directory of branches. The HEAD of a remote is
    omitted.
    """
    directories = tuple(f"{location}/" for location in prefixes)
    return {
        ref.short: ref.object_id
        for ref in repository.all_refs
        if ref.kind == "commit"
        and not ref.name.endswith("/HEAD")
        and (ref.name in prefixes or ref.name.startswith(directories))
    }


def _read_mainline_setting(repository: Repository) -> str:
    return (repository.config(SETTING) or ("",))[-1]


def _list_mainline_remotes() -> frozenset[str]:
    usual = (name for project in projects().values() for name in project.mainline_remotes)
    return frozenset((*_UPSTREAM, *usual))


def _is_master_branch(name: str) -> bool:
    """Return whether a remote branch is named master or main and may be mainline."""
    remote, _, branch = name.partition("/")
    return branch in _BRANCHES and not is_candidate_remote(name) and not _IS_NEXT.search(remote)


def _find_newest_ref(repository: Repository, refs: Mapping[str, str]) -> str:
    return max(refs, key=lambda name: repository.commit(refs[name]).committed)


_IS_NEXT_TAG = lazy_pattern(r"next-20\d{6}")
_IS_NEXT_BRANCH = lazy_pattern(r"(?:linux-)?next/(?:master|main)")
_STALE = timedelta(days=45)


class StableBranch(NamedTuple):
    """A stable branch with its short ref name, version, tip, and end of support.

    The end of support is a month, or None if the branch is not long-term. `stale` is set if its
    remote probably has newer commits; `as_of` is then the date of the last fetch, or of the tip if
    it was not fetched. `is_over` is set if its support has ended.
    """

    name: str
    version: str
    tip: str
    ends: str | None
    stale: bool = False
    is_over: bool = False
    as_of: str = ""


def describe_stale_copy(as_of: str) -> str:
    """Describe an outdated local copy of a branch, or return "" if it is current."""
    return f"the local copy is of {as_of}: fetch it again" if as_of else ""


@json_form()
class SkippedBranch(NamedTuple):
    """A branch that is named as a stable branch but is not judged, and the reason."""

    branch: str
    version: str
    reason: str


@json_form()
class MissingSeries(NamedTuple):
    """A maintained stable series without a ref, and the command that fetches it."""

    version: str
    command: str


class StableBranches(NamedTuple):
    """The stable branches in a repository, and the stable trees of its project.

    `missing` contains the maintained series that were not fetched, and `skipped` the branches that
    are not among `branches`, in the order of their versions.
    """

    stable: StableTrees
    branches: tuple[StableBranch, ...]
    missing: tuple[MissingSeries, ...]
    skipped: tuple[SkippedBranch, ...] = ()


def find_stable_branches(
    repository: Repository,
    *,
    profile: str | None = None,
    remote: str = "",
    include_ended: bool = False,
    today: date | None = None,
) -> StableBranches:
    """Return the maintained long-term branches among the refs, oldest first.

    Also return the latest stable branch if it is newer, and with `include_ended`, series whose
    support has ended. If a version has several refs, prefer the refs of `remote`. Without it,
    prefer the branch of a remote that contains the others, then a remote named stable, and then the
    latest tip. A local branch counts if no remote has the version. Its whole name must be that of a
    stable branch: `distro/linux-6.1.y` is a separate branch.
    """
    today = today or datetime.now(UTC).date()
    remote_refs = list_branch_refs(repository, "refs/remotes")
    refs = {**list_branch_refs(repository, "refs/heads"), **remote_refs}
    stable = find_stable_trees(list(refs), profile)
    skipped: list[SkippedBranch] = []
    best = _choose_best_refs(repository, refs, remote_refs, stable, remote, skipped)
    maintained = {row.version for row in stable.find_maintained(today)}
    versions = [
        version
        for version in best
        if version in maintained or (include_ended and stable.ends(version))
    ]
    short_term = [version for version in best if not stable.ends(version)]
    newest = max(short_term, key=version_key, default=None)
    if newest and all(version_key(newest) > version_key(row) for row in versions):
        versions.append(newest)
    ended_versions = {version for version in best if stable.is_over(version, today)}
    branches = tuple(
        _make_branch(
            repository,
            StableBranch(
                best[version],
                version,
                refs[best[version]],
                stable.ends(version),
                is_over=version in ended_versions,
            ),
            today,
        )
        for version in sorted(versions, key=version_key)
    )
    missing = tuple(
        MissingSeries(version, make_fetch_command(repository, stable, version))
        for version in sorted(maintained - set(versions), key=version_key)
    )
    for version in set(best) - set(versions):
        reason = ENDED if version in ended_versions else "not long-term"
        skipped.append(SkippedBranch(best[version], version, reason))
    skipped.sort(key=lambda row: (version_key(row.version), row.branch))
    return StableBranches(stable, branches, missing, tuple(skipped))


ENDED = "support has ended"
"""The reason for skipping most branches of a clone with all branches."""


def find_release_revision(repository: Repository, release: str) -> str:
    """Return the revision of a release such as `6.1.3` or `6.8-rc3`, or "".

    It is the release's tag. Without a tag, it is the commit of a stable release in its branch.
    """
    tag = f"v{release}"
    if repository.find(tag):
        return tag
    if release.count(".") != 2:
        return ""
    subject = f"^Linux {re.escape(release)}$"
    for branch in find_stable_branches(repository, include_ended=True).branches:
        if release.startswith(f"{branch.version}."):
            log = repository.git("log", "-1", "--format=%H", "--grep", subject, branch.tip)
            if found := log.text.strip():
                return found
    return ""


def _make_branch(repository: Repository, branch: StableBranch, today: date) -> StableBranch:
    """Return the branch, with the date of the last fetch if it is stale."""
    as_of = None if branch.is_over else _find_stale_date(repository, branch, today)
    return branch._replace(stale=as_of is not None, as_of=f"{as_of}" if as_of else "")


def find_stable_trees(refs: Sequence[str], profile: str | None = None) -> StableTrees:
    """Return the stable trees of a repository's project.

    Use the project of the profile. Without a profile, use the project whose branch names match the
    most refs, or the default project if no ref matches.
    """
    chosen = projects().get(profile or "")
    if chosen and chosen.stable.branch:
        return chosen.stable
    stable_trees = dict.fromkeys(
        [
            default_project().stable,
            *(project.stable for project in projects().values() if project.stable.branch),
        ]
    )
    return max(
        stable_trees,
        key=lambda stable: len({stable.version_of(ref) for ref in refs} - {None}),
    )


def find_version(
    repository: Repository, stable: StableTrees, commit_id: str, name: str
) -> str | None:
    """Return the version of a commit named by the user.

    It is taken from the name of a stable ref or from the Makefile. Return None if neither has a
    version.
    """
    version = stable.version_of(name)
    if version:
        return version
    from patchpilot.commits.tree_readers import CommitTree

    makefile = CommitTree(repository, commit_id).version
    return f"{makefile[0]}.{makefile[1]}" if makefile else None


def find_linux_next_tip(repository: Repository) -> str | None:
    """Return the tip of linux-next, or None if it was not fetched.

    It is the latest tag (such as `next-20261120`) or, without tags, the branch of a linux-next
    remote.
    """
    if tags := list_next_tags(repository):
        return repository.find(repository.refs[tags[-1]])
    refs = list_branch_refs(repository, "refs/remotes")
    return next((tip for name, tip in refs.items() if _IS_NEXT_BRANCH.fullmatch(name)), None)


def list_next_tags(repository: Repository) -> list[str]:
    """Return the tags of linux-next, oldest first."""
    return sorted(name for name in repository.refs if _IS_NEXT_TAG.fullmatch(name))


def list_queue_refs(repository: Repository) -> dict[str, str]:
    """Map the names of refs that may contain queued commits to their tips.

    These are branches for release candidates and patch queues.
    """
    return {
        name: tip
        for name, tip in list_branch_refs(repository, "refs/heads", "refs/remotes").items()
        if is_candidate_remote(name) or "queue" in name.partition("/")[0]
    }


def list_tree_branches(repository: Repository, known_tips: Sequence[str]) -> dict[str, str]:
    """Map the names of remote branches that may be maintainers' trees to their tips.

    Stable branches, release candidates, queues, linux-next, and branches with one of the
    `known_tips` are omitted.
    """
    refs = list_branch_refs(repository, "refs/remotes")
    stable = find_stable_trees(list(refs))
    queued = list_queue_refs(repository)
    return {
        name: tip
        for name, tip in refs.items()
        if not (
            name in queued
            or tip in known_tips
            or stable.version_of(name)
            or _IS_NEXT_BRANCH.fullmatch(name)
        )
    }


def is_commit_queued(
    history: "History",
    commit: str,
    version: str,
    stable: StableTrees,
    queue_refs: Mapping[str, str],
) -> bool:
    """Return whether a commit is queued for the next release of a stable version.

    `queue_refs` is the result of `list_queue_refs`.
    """
    for name, tip in queue_refs.items():
        if is_candidate_remote(name):
            landing = (
                history.landed(commit, tip, content=False)
                if stable.version_of(name) == version
                else None
            )
            if landing and landing.holds:
                return True
        elif history.repository.objects.get(f"{tip}:queue-{version}"):
            result = history.repository.git(
                "grep",
                "-q",
                "-F",
                "-e",
                commit,
                tip,
                "--",
                f"queue-{version}",
                ok=(0, 1),
            )
            if result.code == 0:
                return True
    return False


def find_stable_remote(repository: Repository, stable: StableTrees) -> tuple[str, bool]:
    """Return the remote to fetch stable branches from, and whether it must be added first.

    Prefer the remote with the usual name, then one that has a stable branch. Without a URL, nothing
    can be fetched from a remote.
    """
    names = (
        name.partition("/")[0]
        for name in list_branch_refs(repository, "refs/remotes")
        if stable.version_of(name) and not is_candidate_remote(name)
    )
    remote = next(filter(repository.remote_urls, (stable.remote_name, *names)), "")
    return remote or stable.remote_name, not remote


def make_fetch_command(repository: Repository, stable: StableTrees, version: str) -> str:
    """Return the `git fetch` command that stores a stable branch as a remote-tracking branch."""
    remote, is_new = find_stable_remote(repository, stable)
    branch = stable.branch_name.format(version=version)
    add = f"git remote add {quote(remote)} {quote(stable.remote)} && " if is_new else ""
    is_stored = is_new or any(
        map(partial(_fetches, f"refs/heads/{branch}"), repository.config(f"remote.{remote}.fetch"))
    )
    source = branch if is_stored else f"{branch}:refs/remotes/{remote}/{branch}"
    return f"{add}git fetch {quote(remote)} {quote(source)}"


def _fetches(ref: str, refspec: str) -> bool:
    """Return whether a remote's refspec stores a ref of the remote."""
    source, _, stored = refspec.removeprefix("+").partition(":")
    start, star, end = source.partition("*")
    is_match = ref.startswith(start) and ref.endswith(end) if star else ref == source
    return is_match and bool(stored)


def _choose_best_refs(
    repository: Repository,
    refs: Mapping[str, str],
    remote_refs: Mapping[str, str],
    stable: StableTrees,
    remote: str,
    skipped: list[SkippedBranch],
) -> dict[str, str]:
    """Map each version to its best branch, and add the others to `skipped`."""
    refs_of: dict[str, list[str]] = {}
    for name in refs:
        version = stable.version_of(name)
        if version is None or is_candidate_remote(name):
            continue
        is_named = name in remote_refs or "/" not in name or stable.has_branch_name(name)
        if is_named or name.startswith(f"{stable.remote_name}/"):
            refs_of.setdefault(version, []).append(name)
        else:
            skipped.append(SkippedBranch(name, version, "a local branch of another name"))
    best = {}
    for version, names in refs_of.items():
        best[version] = _choose_best_ref(repository, refs, remote_refs, stable, remote, names)
        for name in names:
            if refs[name] != refs[best[version]]:
                is_older = repository.is_ancestor(refs[name], refs[best[version]])
                reason = f"{'older than' if is_older else 'differs from'} {best[version]}"
                skipped.append(SkippedBranch(name, version, reason))
    return best


def _choose_best_ref(
    repository: Repository,
    refs: Mapping[str, str],
    remote_refs: Mapping[str, str],
    stable: StableTrees,
    remote: str,
    names: Sequence[str],
) -> str:
    preferred = remote or stable.remote_name

    def rank(name: str) -> tuple[bool, bool, float]:
        is_single = len(names) == 1
        tip = 0.0 if is_single else repository.commit(refs[name]).committed.timestamp()
        return name.startswith(f"{preferred}/"), name in remote_refs, tip

    best = max(names, key=rank)
    for name in names if not remote else ():
        is_other = name in remote_refs and refs[name] != refs[best]
        if is_other and repository.is_ancestor(refs[best], refs[name]):
            best = name
    return best


def _find_stale_date(repository: Repository, branch: StableBranch, today: date) -> date | None:
    """Return when a branch was last fetched if its remote probably has newer commits, or None.

    An old tip alone is not enough, because there may be no new commits. In addition, the branch
    must not have been fetched recently, or must lack a known release. If the time of the last fetch
    is unknown, return the date of the tip.
    """
    committed = repository.commit(branch.tip).committed
    if committed.date() >= today - _STALE:
        return None
    tracked = repository.find(f"refs/remotes/{branch.name}") is not None
    fetched = _read_fetch_time(repository, branch.name) if tracked else None
    if tracked and (fetched is None or fetched.date() < today - _STALE):
        return (fetched or committed).date()
    if _find_newest_release_time(repository, branch.version) > committed.timestamp():
        return committed.date()
    return None


def _read_fetch_time(repository: Repository, name: str) -> datetime | None:
    """Return the time at which a remote-tracking ref was last fetched, according to git's files, or
    None.
    """
    times = []
    for file in (
        repository.common_dir / "logs" / "refs" / "remotes" / name,
        # after `git clone`, only this one of the files exists
        repository.common_dir / "logs/refs/remotes" / name.partition("/")[0] / "HEAD",
        repository.common_dir / "FETCH_HEAD",
        repository.git_dir / "FETCH_HEAD",
    ):
        try:
            if file.name != "FETCH_HEAD" or _is_fetch_of(file, repository, name):
                times.append(file.stat().st_mtime)
        except OSError:
            continue
    return clamp_time(max(times)) if times else None


def _is_fetch_of(file: Path, repository: Repository, name: str) -> bool:
    """Return whether the fetch that wrote FETCH_HEAD was from the ref's remote."""
    urls = [
        address.removesuffix("/").removesuffix(".git")
        for address in repository.remote_urls(name.partition("/")[0])
    ]
    lines = (read_regular_file(file) or b"").decode("utf-8", "replace").splitlines()
    return any(line.endswith((f" of {url}", f"\t{url}")) for url in urls for line in lines)


def list_untagged_branches(
    repository: Repository, branches: Sequence[StableBranch]
) -> tuple[StableBranch, ...]:
    """Return the branches of series without the tag of any release."""
    return tuple(
        branch for branch in branches if not _find_newest_release_time(repository, branch.version)
    )


def _find_newest_release_time(repository: Repository, version: str) -> float:
    """Return the commit time of the latest tag of a series (v6.1.150), or 0."""
    names = re.compile(rf"refs/tags/v?{re.escape(version)}([.-].*)?")
    tags = (ref for ref in repository.all_refs if names.fullmatch(ref.name))
    return float(max((ref.date for ref in tags), default=0))
