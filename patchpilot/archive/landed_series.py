# SPDX-License-Identifier: GPL-2.0-or-later
"""Find a series' commits in a repository.

They may be in mainline (with the first release), linux-next, maintainers' trees and all stable
branches. Commits that fix or revert the series are also found.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import GitError
from patchpilot.history.branch_verdict import judge_whether_affected
from patchpilot.history.fix_in_branch import History, LandedHow, Landing
from patchpilot.history.patch_similarity import are_alike, count_changed_lines
from patchpilot.history.releases import Releases, find_release_of_series
from patchpilot.history.stable_branches import (
    StableBranch,
    find_linux_next_tip,
    find_mainline_tip,
    find_stable_branches,
    list_next_tags,
    list_tree_branches,
)
from patchpilot.model.bounded import clamp_time
from patchpilot.model.commit import Commit
from patchpilot.model.mail import find_linked_ids
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.loading import detect
from patchpilot.projects.project import Project
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.thread_values import (
    LINUX_NEXT,
    FollowUp,
    LandedCommit,
    SeriesState,
    StableNeeds,
)
from patchpilot.series.patch_pairing import title_key

_SEARCHED = CacheKind("searched", (__file__,), keep=2000)
"""For each patch without a commit, the branch tip up to which it was searched for."""
_MAX_CANDIDATES = 200
_SEARCH_SECONDS = 20.0
"""Timeout of the search for commits that change the same files. It takes 0.1 s for half a year of
100,000 commits, and 0.5 s for eight years.
"""
_DATE_TOLERANCE = timedelta(days=2)
"""A commit can be dated before its message: clocks differ, and rebasing keeps the date."""


class RepositoryCommits(NamedTuple):
    """A series' commits in a repository, grouped by tree, mainline first.

    `follow_ups` contains later mainline commits that fix the series. `needs` contains the stable
    branches that need the series; it is None if the series is not in mainline.
    """

    commits: tuple[LandedCommit, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    needs: StableNeeds | None = None


class _LocatedCommit(NamedTuple):
    number: int | None
    title: str
    how: str
    landing: Landing


def find_commits_in_repository(
    posted: PostedSeries,
    repository: Repository,
    *,
    progress: Progress = ignore_progress,
) -> RepositoryCommits:
    """Return a series' commits in a repository, or no commits if the mainline branch is unknown."""
    tip = find_mainline_tip(repository)
    if tip is None:
        return RepositoryCommits()
    with History(repository, progress) as history:
        history.add([tip])
        branches = [
            branch
            for branch in find_stable_branches(repository, include_ended=True).branches
            if posted.concerns(branch.version)
        ]
        project = detect(CommitTree(repository, tip))
        releases = Releases(repository)
        commits: list[LandedCommit] = []
        follow_ups: list[FollowUp] = []
        merged = _find_commits(posted, history, tip)
        for commit in merged:
            release = releases.first(commit.landing.commit)
            landed = _describe_landing(
                project.mainline,
                commit,
                commit.landing,
                release.name if release else None,
                repository,
            )
            released = clamp_time(release.date) if release else None
            landed = landed._replace(how=f"in the repository{commit.how}", released=released)
            if not posted.targets:
                commits.append(landed)
            landings = [
                (branch, landing)
                for branch in branches
                if (landing := history.landed(commit.landing.commit, branch.tip))
            ]
            for branch, landing in landings:
                is_inherited = landing.holds and landing.commit == commit.landing.commit
                if is_inherited and not posted.targets:
                    continue  # the branch started after the merge
                point_release = find_release_of_series(
                    repository, landing.commit, branch.tip, branch.version
                )
                commits.append(
                    _describe_landing(
                        f"stable/linux-{branch.version}.y",
                        commit,
                        landing,
                        point_release or None,
                        repository,
                    )
                )
            branches_with_commit = [branch for branch, landing in landings if landing.holds]
            follow_ups += _find_fixes(
                commit.landing.commit,
                history,
                tip,
                branches_with_commit,
                project.mainline,
            )
        if posted.targets:
            return RepositoryCommits(tuple(commits), tuple(dict.fromkeys(follow_ups)))
        next_tip = find_linux_next_tip(repository)
        merged_titles = {title_key(commit.title) for commit in merged}
        if next_tip:
            tags = list_next_tags(repository)
            commits += [
                _describe_landing(
                    LINUX_NEXT,
                    commit,
                    commit.landing,
                    _find_first_tag(repository, tags, commit.landing.commit),
                    repository,
                )
                for commit in _find_commits(posted, history, next_tip, merged_titles)
            ]
        if (first_sent := posted.revisions[0].sent) and (
            remaining := [post for post in posted.latest.patches if post.key not in merged_titles]
        ):
            authors = {
                author
                for post in remaining
                for author in list_possible_authors(posted, post.mail.body)
            }
            known = (tip, *([next_tip] if next_tip else ()))
            commits += find_commits_in_trees(
                remaining,
                authors,
                repository,
                (first_sent - _DATE_TOLERANCE).isoformat(),
                known,
            )
        fixes = [commit.landing.commit for commit in merged if commit.landing.holds]
        needs = find_stable_needs(fixes, history, branches, project)
    return RepositoryCommits(tuple(commits), tuple(dict.fromkeys(follow_ups)), needs)


def find_stable_needs(
    commits: Sequence[str],
    history: History,
    branches: Sequence[StableBranch],
    project: Project,
) -> StableNeeds | None:
    """Return the maintained stable branches that need mainline commits, or None if there are no
    commits.

    A branch needs a commit if it has the bug, as `backport` judges it, but not the fix.
    """
    if not commits:
        return None
    merged = history.repository.commits(commits)
    tags = (trailer for commit in merged for trailer in commit.trailers)
    is_tagged = project.lists.has_stable_tag(tags)
    culprits = {commit: history.culprits(commit) for commit in commits}
    maintained = [branch for branch in branches if not branch.is_over]
    if not maintained or not any(it.commit for row in culprits.values() for it in row):
        return StableNeeds(is_tagged, None)
    affected = {
        branch.version: [
            judge_whether_affected(history, culprits[commit], branch.tip)[0]
            for commit in commits
            if not _is_commit_in_effect(commit, branch, history)
        ]
        for branch in maintained
    }
    return StableNeeds(
        is_tagged,
        tuple(version for version, states in affected.items() if True in states),
        tuple(version for version, states in affected.items() if {*states} == {False}),
    )


def _is_commit_in_effect(commit: str, branch: StableBranch, history: History) -> bool:
    landing = history.landed(commit, branch.tip)
    return landing is not None and landing.holds


def _describe_landing(
    tree: str,
    commit: _LocatedCommit,
    landing: Landing,
    release: str | None,
    repository: Repository,
) -> LandedCommit:
    date = repository.commit(landing.reverted_by or landing.commit).committed
    parents = repository.commit(landing.commit).parents
    return LandedCommit(
        tree,
        landing.commit,
        release,
        f"by {landing.how}",
        None,
        commit.number,
        commit.title,
        date,
        landing.reverted_by,
        parent=parents[0] if parents else "",
    )


def _find_fixes(
    commit: str, history: History, tip: str, branches: Sequence[StableBranch], tree: str
) -> Iterator[FollowUp]:
    """Yield the mainline commits that fix a commit, each with the branches that lack it."""
    for fix in history.repository.commits(history.fixers(commit, tip)):
        lacking = []
        for branch in branches:
            landing = history.landed(fix.id, branch.tip, content=False)
            if not (landing and landing.holds):
                lacking.append(branch.version)
        yield FollowUp(
            "fixes",
            fix.subject,
            fix.author,
            "",
            1,
            SeriesState.IN_MAINLINE,
            fix.id,
            tree,
            tuple(lacking),
        )


def _find_commits(
    posted: PostedSeries,
    history: History,
    tip: str,
    excluded_titles: frozenset[str] | set[str] = frozenset(),
) -> list[_LocatedCommit]:
    """Return a series' commits in a branch, except those whose title is in `excluded_titles`.

    Find each commit by an id reported in a message or, if there is none, by subject and author.
    Return a reverted commit only if there is no other.
    """
    repository = history.repository
    commits: dict[str, _LocatedCommit] = {}
    matched_titles: set[str] = set(excluded_titles)
    reverted: dict[str, str] = {}
    numbers = {post.key: post.number or 1 for post in posted.latest.patches}
    for landed in posted.reported_commits:
        commit = repository.find(landed.commit) if landed.commit else None
        if commit is None or commit in commits or not history.has(tip, commit):
            continue
        subject = repository.commit(commit).subject
        if title_key(subject) in excluded_titles:
            continue
        title = landed.title or subject
        located = commits[commit] = _LocatedCommit(
            landed.patch or numbers.get(title_key(title)),
            title,
            "",
            _find_landing(commit, history, tip),
        )
        if located.landing.holds:
            matched_titles |= {title_key(located.title), title_key(subject)}
        else:
            reverted[title_key(located.title)] = commit
    for post in posted.latest.patches:
        key = post.key
        if key in matched_titles:
            continue
        landing, evidence = _find_by_subject(posted, post, history, tip), ""
        if landing is None and (
            commit_and_evidence := _find_by_content(posted, post, history, tip)
        ):
            landing, evidence = (
                _find_landing(commit_and_evidence[0], history, tip),
                commit_and_evidence[1],
            )
        if landing and landing.commit not in commits:
            commits.pop(reverted.get(key, ""), None)
            commits[landing.commit] = _LocatedCommit(
                post.number or 1, post.title, evidence, landing
            )
    return list(commits.values())


def _find_landing(commit: str, history: History, tip: str) -> Landing:
    """Return how the branch contains a commit, and whether it was reverted there."""
    return history.landed(commit, tip, content=False) or Landing(commit, LandedHow.ANCESTRY)


def _find_by_subject(
    posted: PostedSeries, post: Classified, history: History, tip: str
) -> Landing | None:
    """Return the commit with the patch's title and author, or None.

    Prefer a commit that has not been reverted.
    """
    authors = list_possible_authors(posted, post.mail.body)
    reach = history.index.reach(tip)
    ids = [
        history.index.id(number)
        for number in history.index.by_subject(post.title)
        if number in reach
    ]
    landings = [
        _find_landing(commit.id, history, tip)
        for commit in history.repository.commits(ids)
        if commit.author.key in authors
    ]
    return next(
        (landing for landing in landings if landing.holds),
        landings[-1] if landings else None,
    )


def _find_by_content(
    posted: PostedSeries, post: Classified, history: History, tip: str
) -> tuple[str, str] | None:
    """Return the commit that links to the message, or the author's commit with the same changes.

    Titles are not compared, because maintainers may edit them.
    """
    repository, first_sent = history.repository, posted.revisions[0].sent
    patch = post.patch
    if patch is None or not patch.files or first_sent is None:
        return None
    same_title = {
        other_post.message_id for other_post in posted.posts if other_post.key == post.key
    }
    authors = list_possible_authors(posted, post.mail.body)
    since = f"--since={(first_sent - _DATE_TOLERANCE).isoformat()}"
    folder = str(repository.common_dir.resolve())
    key = make_cache_key(
        _SEARCHED,
        (
            part.encode("utf-8", "surrogateescape")
            for part in (
                folder,
                post.message_id,
                since,
                *sorted(same_title),
                *sorted(authors),
            )
        ),
    )
    last_tip = read_cached_value(_SEARCHED, key)
    if last_tip == tip:
        return None
    exclusions = [f"^{last_tip}"] if isinstance(last_tip, str) and repository.find(last_tip) else []
    arguments = (
        since,
        f"--max-count={_MAX_CANDIDATES}",
        "--no-merges",
        tip,
        *exclusions,
        "--",
        *(change.path for change in patch.files),
    )
    try:
        ids = repository.git("rev-list", *arguments, timeout=_SEARCH_SECONDS).text.split()
    except GitError:
        return None
    candidates = tuple(repository.commits(ids))
    linked_commit = next(
        (commit.id for commit in candidates if same_title & list_message_links(commit)),
        None,
    )
    if linked_commit:
        return linked_commit, ", by its link"
    lines = count_changed_lines(patch.files)
    similar_commit = next(
        (
            commit.id
            for commit in candidates
            if commit.author.key in authors and are_alike(repository, lines, commit.id)
        ),
        None,
    )
    if similar_commit:
        return similar_commit, ", by its changes"
    cache_value(_SEARCHED, key, tip)
    return None


def list_possible_authors(posted: PostedSeries, body: str) -> set[str]:
    """Return the addresses of a commit's possible authors: the sender, and the From: line in the
    body.
    """
    from_line = re.match(r"\s*From: .*<([^<>\s]+)>", body)
    return {posted.author.key, *([from_line[1].lower()] if from_line else [])}


def _find_first_tag(repository: Repository, tags: Sequence[str], commit: str) -> str | None:
    low, high = 0, len(tags)
    while low < high:
        middle = (low + high) // 2
        if repository.is_ancestor(commit, repository.refs[tags[middle]]):
            high = middle
        else:
            low = middle + 1
    return tags[low] if low < len(tags) else None


_MAX_COMMITS = 200
_PREFERRED = ("for-next", "next", "main", "master", "fixes")
"""Preferred branches of a tree, best first."""


def find_commits_in_trees(
    posts: Sequence[Classified],
    authors: Collection[str],
    repository: Repository,
    since: str,
    known_tips: Sequence[str],
) -> Iterator[LandedCommit]:
    """Yield the patches' commits in fetched branches of maintainers, one per patch and tree.

    Commits reachable from `known_tips` are ignored. A commit matches a patch if it has the same
    author and the same title or changes, or links to the message. Without a link, the committer
    must not be the patch's author, because then the branch would be the author's.
    """
    branches = list_tree_branches(repository, known_tips)
    if not branches or not posts:
        return
    by_tip: dict[str, list[str]] = {}
    for name, tip in branches.items():
        by_tip.setdefault(tip, []).append(name)
    range_arguments = (f"--since={since}", *by_tip, "--not", *known_tips)
    arguments = (
        f"--max-count={_MAX_COMMITS}",
        "--no-merges",
        "-F",
        "-i",
        *(f"--author=<{author}>" for author in authors),
        *range_arguments,
    )
    commits = repository.commits(repository.rev_list(*arguments))
    matches = list(_match_commits(commits, posts, authors))
    if commits:
        matched = {post.key for _, post in matches}
        remaining = [post for post in posts if post.key not in matched]
        matches += _match_changes(repository, arguments, remaining, authors)
    if not matches:
        return
    children: dict[str, list[str]] = {}
    for line in repository.git("rev-list", "--parents", *range_arguments).text.splitlines():
        commit_id, *parents = line.split()
        for parent in parents:
            children.setdefault(parent, []).append(commit_id)
    for commit, post in matches:
        names = [
            name
            for descendant in _find_descendants(commit.id, children)
            for name in by_tip.get(descendant, ())
        ]
        for tree in _list_tree_names(repository, names):
            yield LandedCommit(
                tree,
                commit.id,
                how="in the repository",
                patch=post.number or 1,
                title=post.title,
                date=commit.committed,
            )


def _match_commits(
    commits: Iterable[Commit], posts: Sequence[Classified], authors: Collection[str]
) -> Iterator[tuple[Commit, Classified]]:
    titles = {post.key: post for post in posts}
    mails = {post.message_id: post for post in posts}
    for commit in commits:
        linked_post = next(
            (mails[message_id] for message_id in list_message_links(commit) if message_id in mails),
            None,
        )
        post = linked_post or titles.get(title_key(commit.subject))
        if post and (linked_post or commit.committer.key not in authors):
            yield commit, post


def _match_changes(
    repository: Repository,
    arguments: Sequence[str],
    posts: Sequence[Classified],
    authors: Collection[str],
) -> Iterator[tuple[Commit, Classified]]:
    """Yield the commits with the changes of a patch: maintainers may edit its title.

    `arguments` selects the authors' commits for `git rev-list`.
    """
    for post in posts:
        files = post.patch.files if post.patch else ()
        lines = count_changed_lines(files)
        ids = repository.rev_list(*arguments, "--", *(it.path for it in files)) if files else ()
        for commit in repository.commits(ids):
            if commit.committer.key not in authors and are_alike(repository, lines, commit.id):
                yield commit, post


def _find_descendants(commit: str, children: Mapping[str, Sequence[str]]) -> set[str]:
    descendants, pending = {commit}, [commit]
    while pending:
        new_children = [
            child for child in children.get(pending.pop(), ()) if child not in descendants
        ]
        descendants.update(new_children)
        pending += new_children
    return descendants


def list_message_links(commit: Commit) -> set[str]:
    return {
        message_id for tag in commit.tags("Link") for message_id, _ in find_linked_ids(str(tag))
    }


def _list_tree_names(repository: Repository, names: Iterable[str]) -> list[str]:
    """Return the tree names of remote branches in the form used in messages, such as
    `netdev/net.git (main)`.
    """
    by_remote: dict[str, list[str]] = {}
    for name in sorted(names):
        remote, _, branch = name.partition("/")
        by_remote.setdefault(remote, []).append(branch)
    return [
        _tree_name(repository, remote, min(names, key=_rank_branch))
        for remote, names in by_remote.items()
    ]


def _rank_branch(branch: str) -> tuple[int, str]:
    last = branch.rpartition("/")[2]
    return (_PREFERRED.index(last) if last in _PREFERRED else len(_PREFERRED)), branch


def _tree_name(repository: Repository, remote: str, branch: str) -> str:
    urls = repository.remote_urls(remote)
    path = "/".join(urls[-1].rstrip("/").split("/")[-2:]) if urls and ":" in urls[-1] else remote
    return f"{path} ({branch})"
