# SPDX-License-Identifier: GPL-2.0-or-later
"""Find out whether mainline or the tree of a maintainer already contains the fix in a topic.

This does not use the network. The result also names the stable branch on which a topic is based.
`check`, `send`, `backport`, `fixes`, `stable` and the TUI all use this result.
"""

import re
from collections.abc import Sequence

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.b4_prep import skip_cover_commit
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.history.earlier_fixes import (
    EarlierFix,
    PatchToFind,
    StableBase,
    TreeTip,
    UpstreamState,
    find_earlier_fixes,
)
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.releases import Releases
from patchpilot.history.stable_branches import (
    Mainline,
    find_linux_next_tip,
    find_mainline,
    find_stable_trees,
    list_branch_refs,
    list_mainline_tips,
)
from patchpilot.model.draft import find_prefix_version
from patchpilot.model.patch import Patch, Series, parse_subject
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import find_upstream_commits, is_backport
from patchpilot.topic.read_series import find_subject_prefix, set_series_prefix

MAX_PATCHES = 200
_BASE = lazy_pattern(r"^base-commit: (?P<id>[0-9a-f]{12,40})\s*$")
_SUBLEVEL = lazy_pattern(rb"^SUBLEVEL *= *([1-9]\d{0,4})\s*$", re.MULTILINE)
_VERSION = lazy_pattern(rb"^(?:VERSION|PATCHLEVEL) *= *(\d{1,4})\s*$", re.MULTILINE)
_NOTHING = UpstreamState()


def find_upstream_state(
    repository: Repository,
    patches: Sequence[Patch],
    *,
    mark: str | None = None,
    progress: Progress = ignore_progress,
) -> UpstreamState:
    """Find which patches of a series are already in mainline or another fetched tree.

    The patches are commits, or files that name their `base-commit:`. The state is empty for other
    patches, commits already in mainline, backports, and series for stable. `mark` is the subject
    prefix, by default the prefix in the topic's draft.
    """
    start = _find_start(repository, patches)
    if start is None or not 0 < len(patches) <= MAX_PATCHES:
        return _NOTHING
    key = start, tuple(patch.commit or patch.lines for patch in patches)
    cache: dict[object, UpstreamState] = repository.cached_values.setdefault("upstream", {})
    if key not in cache:
        try:
            cache[key] = _search_trees(repository, patches, start, progress)
        except PatchpilotError:
            # the search fails if the clone is partial or damaged, or if the history is too long
            cache[key] = _NOTHING
    state = cache[key]
    if state.stable and _is_for_stable(repository, patches, mark):
        return _NOTHING
    return state


def find_commit_state(
    repository: Repository, commit: str, progress: Progress = ignore_progress
) -> UpstreamState:
    """Return in which of mainline and the other fetched trees a commit already is."""
    try:
        patch = format_commit_patch(repository, commit)
    except PatchpilotError:
        # merges and empty commits have no patch to search for
        return _NOTHING
    return find_upstream_state(repository, (patch,), progress=progress)


def find_merged_series(repository: Repository, patches: Sequence[Patch]) -> UpstreamState | None:
    """Return the state of a series whose last commit is in mainline, or None for other series."""
    last = patches[-1] if patches else None
    if not (last and last.commit and is_in_mainline(repository, last.commit)):
        return None
    release = Releases(repository).first(last.commit)
    release_name = release.name if release else "mainline"
    fix = EarlierFix(last.commit, last.subject.title, release_name, True, True)
    return UpstreamState((fix,))


def is_in_mainline(repository: Repository, commit: str) -> bool:
    """Return whether a commit is in mainline, not only in a local branch."""
    tip = _find_public_mainline(repository)
    return bool(tip) and repository.is_ancestor(commit, tip)


def _find_public_mainline(repository: Repository) -> str:
    """Return the tip of mainline.

    If it is a local branch, return "", because it may contain the user's work.
    """
    main = find_mainline(repository)
    return main.tip if main and main.tip in list_mainline_tips(repository) else ""


def find_merged_equivalent(
    repository: Repository, patches: Sequence[Patch], other: PatchToFind
) -> EarlierFix | None:
    """Return the commit that another patch with the same base became in mainline, or None."""
    start = _find_start(repository, patches)
    if start is None:
        return None
    trees = _trees_to_search(repository, find_mainline(repository), start, patches)
    try:
        return find_earlier_fixes(repository, [other], start, trees)[0]
    except PatchpilotError:
        return None


def list_upstream_notes(repository: Repository, commit: str, progress: Progress) -> tuple[str, ...]:
    """Return the notes that the `fixes` and `stable` commands print if a bug may already be
    fixed.
    """
    return tuple(fix.words for fix in find_commit_state(repository, commit, progress).known)


def _find_start(repository: Repository, patches: Sequence[Patch]) -> str | None:
    if not patches or any(map(is_backport, patches)):
        return None
    first = patches[0].commit
    if first:
        parent = next(iter(repository.commit(first).parents), None)
        return skip_cover_commit(repository, parent) if parent else None
    matches = (_BASE.match(line) for patch in patches for line in patch.lines[-60:])
    return next((repository.find(base["id"]) for base in matches if base), None)


def _search_trees(
    repository: Repository,
    patches: Sequence[Patch],
    start: str,
    progress: Progress,
) -> UpstreamState:
    main = find_mainline(repository)
    last = patches[-1].commit
    trees = _trees_to_search(repository, main, start, patches)
    if all(tree.tip == start for tree in trees):
        trees = ()
    elif main and last and repository.is_ancestor(last, main.tip):
        return _NOTHING
    stable = _find_stable_base(repository, main, start)
    to_find = [
        PatchToFind(patch.subject.title, "\n".join(patch.message), patch.files, patch.commit)
        for patch in patches
    ]
    fixes = find_earlier_fixes(repository, to_find, start, trees, progress)
    return UpstreamState(fixes, stable)


def _trees_to_search(
    repository: Repository,
    main: Mainline | None,
    start: str,
    patches: Sequence[Patch],
) -> tuple[TreeTip, ...]:
    """Return the trees in which a fix may be, mainline first.

    MAINTAINERS lists mainline for all files, so only the first tree with a tip counts.
    """
    trees = [TreeTip(main.name, main.tip, is_mainline=True)] if main else []
    if repository.config_regexp(r"^remote\..*\.url$"):
        from patchpilot.outgoing.target_tree import find_listed_trees

        paths = [path for patch in patches for path in patch.paths]
        trees += [
            TreeTip(tree.label, tree.tip) for tree in find_listed_trees(repository, start, paths)
        ]
    if tip := find_linux_next_tip(repository):
        trees.append(TreeTip("linux-next", tip))
    first: dict[str, TreeTip] = {}
    for tree in trees:
        first.setdefault(tree.tip, tree)
    return tuple(first.values())


def _find_stable_base(
    repository: Repository, main: Mainline | None, start: str
) -> StableBase | None:
    """Return the base of a series if it is in a stable branch and not in mainline, or None."""
    if main and (start == main.tip or repository.is_ancestor(start, main.tip)):
        return None
    name = main.name if main else ""
    refs = list_branch_refs(repository, "refs/heads", "refs/remotes")
    stable = find_stable_trees(list(refs))
    versions = {
        ref.name: version
        for ref in repository.all_refs
        if ref.short in refs and (version := stable.version_of(ref.short))
    }
    for ref in sorted(repository.refs_containing(start, versions)):
        return StableBase(versions[ref], start, name)
    makefile = (repository.blob(start, "Makefile") or b"")[:2000]
    if not _SUBLEVEL.search(makefile):
        return None
    version = b".".join(_VERSION.findall(makefile)).decode("ascii")
    return StableBase(version, start, name) if "." in version else None


def find_backport_prefix(repository: Repository, ids: Sequence[str]) -> str:
    """Return the subject prefix for backports to a stable branch, such as "PATCH 6.1.y".

    Return "" unless every commit is the backport of a mainline commit.
    """
    commits = tuple(repository.commits(ids))
    claims = [find_upstream_commits(commit.message) for commit in commits]
    # do not look for mainline if a commit names no upstream commit, which is true of most topics
    if not (commits and all(claims)):
        return ""
    if not _find_public_mainline(repository):
        return ""
    # a message may name any commit, so check that it leads to mainline
    if not all(find_named_mainline_commit(repository, commit.id) for commit in commits):
        return ""
    start = next((skip_cover_commit(repository, parent) for parent in commits[0].parents), "")
    base = start and _find_stable_base(repository, find_mainline(repository), start)
    return f"PATCH {base.version}.y" if base else ""


def add_topic_prefix(repository: Repository | None, series: Series) -> Series:
    """Add the subject prefix that `send` would use to the commits of a topic.

    It is the draft's, or that of backports to a stable branch. Other commits are unchanged, and so
    are line numbers within the patches.
    """
    ids = [patch.commit for patch in series.patches if patch.commit]
    if repository is None or not 0 < len(ids) <= MAX_PATCHES or len(ids) < len(series.patches):
        return series
    return set_series_prefix(series, _find_topic_prefix(repository, ids))


def _find_topic_prefix(repository: Repository, ids: Sequence[str]) -> str:
    """Return the subject prefix in the draft of these commits, or that of a backport, or ""."""
    backport_prefix = find_backport_prefix(repository, ids)
    stable = find_prefix_version(backport_prefix)
    return find_subject_prefix(repository, ids, stable) or backport_prefix


def _is_for_stable(repository: Repository, patches: Sequence[Patch], mark: str | None) -> bool:
    if mark is None and all(patch.commit for patch in patches):
        ids = [patch.commit for patch in patches if patch.commit]
        mark = (
            _find_topic_prefix(repository, ids)
            or (repository.config("format.subjectprefix") or ("",))[-1]
        )
    return parse_subject(f"[{mark}] x").is_for_stable
