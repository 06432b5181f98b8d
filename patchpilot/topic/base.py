# SPDX-License-Identifier: GPL-2.0-or-later
"""Find a topic's base and the commits on top of it, in the same way for every command.

The first source that has a base is used; see `BaseSource`.
"""

import os
import shlex
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.b4_prep import (
    drop_cover_commits,
    is_cover_commit,
    prep_branch,
    read_branch_config,
    skip_cover_commit,
)
from patchpilot.commits.git_reading import GitRef
from patchpilot.commits.range import (
    NAME_TARGET,
    find_head_commit,
    only_cover_error,
    resolve_commits,
)
from patchpilot.errors import PatchpilotError, UnclearBaseError, UncommittedError, UsageError
from patchpilot.model.action import Action, Hint
from patchpilot.model.printable import format_count

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

MAX_WALK = 20_000
"""Maximum number of commits listed on top of a base."""

_INTEGRATION = lazy_pattern(
    r"(?:.*/)?(?:master|main|trunk|devel|next|for-next|for-linus|linux-next|linux-\d+\.\d+\.y|v\d+\.\d+[-.\w]*)"
)
_REBUILT = lazy_pattern(
    r"(?:linux-next|next)/(?:master|stable)|(?:.*/)?linux-(?:next|rolling-\w+)|(?:.*/)?pending-fixes"
)
_RELEASE_TAG = lazy_pattern(r"v\d+\.\d+\S*|next-\d{8}\S*|RELEASE-\d\S*")
"""Tags of public history. Other tags may be private: b4 tags sent series, users tag their
versions.
"""
MANY = 30
"""A topic with more commits on a guessed base is probably unintended."""
MAX_OWN = 1000
MAX_CHOICES = 3


class BaseSource(StrEnum):
    """The sources of a base, in the order in which they are tried."""

    NAMED = "named"
    B4 = "b4"
    UPSTREAM = "upstream"
    REMOTE = "remote"
    LOCAL = "local"


class Base(NamedTuple):
    """The base of a topic, and the commits on top of it.

    `name` is displayed and is valid for --base. `start` is the latest commit that is in both the
    base and the topic's history. `commits` contains the commits without merges, oldest first.
    `reason` explains the choice, and `notes` lists rejected alternatives. `branch` is the branch on
    which the base was found, or "" if the base is only a commit; the tip of the branch may have
    moved since.
    """

    name: str
    source: BaseSource
    start: str
    commits: tuple[str, ...]
    reason: str
    notes: tuple[str, ...] = ()
    branch: str = ""

    @property
    def is_guessed(self) -> bool:
        """Return whether the base was guessed, because neither the user nor b4 named it."""
        return self.source not in (BaseSource.NAMED, BaseSource.B4)

    @property
    def is_unclear(self) -> bool:
        """Return whether to ask the user, because a guessed base has unusually many commits on
        top.
        """
        return self.is_guessed and len(self.commits) > MANY

    @property
    def counted_commits(self) -> str:
        """Return the number of the topic's commits as text, such as "3 commits"."""
        prefix = "more than " if len(self.commits) >= MAX_WALK else ""
        return prefix + format_count(len(self.commits), "commit")

    def explain(self) -> tuple[str, ...]:
        """Explain the chosen base and the reasons for the choice."""
        return (
            f"base: {self.name} ({self.start[:12]}), {self.counted_commits}",
            f"  why: {self.reason}",
            *(f"  note: {note}" for note in self.notes),
        )


def is_rebuilt_branch(ref: GitRef) -> bool:
    """Return whether a branch is rebuilt for each release, like linux-next.

    Patches are not applied to such a branch.
    """
    return bool(_REBUILT.fullmatch(ref.short))


class BaseSearch:
    """Search the branches near a commit of a repository, usually HEAD, for a base."""

    def __init__(self, repository: "Repository", head: str) -> None:
        self.repository, self.head = repository, head
        refs = [ref for ref in repository.all_refs if ref.kind == "commit"]
        self._refs = refs
        self._heads = {ref.symref for ref in refs if ref.symref}
        if not any(name.startswith("refs/remotes/origin/") for name in self._heads):
            self._heads |= {"refs/remotes/origin/main", "refs/remotes/origin/master"}

    @cached_property
    def branch(self) -> str | None:
        """Return the branch that contains the commit.

        Prefer the checked-out branch, then a branch that ends with the commit, then a b4 branch.
        Return None if there is none or if HEAD is detached.
        """
        if self.head == self.repository.find("HEAD"):
            return self.repository.topic_branch
        likely = [
            ref
            for ref in self._refs
            if ref.is_local
            and (ref.is_head or ref.object_id == self.head or ref.short.startswith("b4/"))
        ]
        holders = self.find_holders(self.head, likely)
        holders.sort(key=lambda ref: (not ref.is_head, ref.object_id != self.head))
        return holders[0].short if holders else None

    @cached_property
    def public(self) -> list[GitRef]:
        """Return the remote branches and, if there are any, the release tags."""
        remote = [
            ref for ref in self._refs if ref.name.startswith("refs/remotes/") and not ref.symref
        ]
        tags = [
            ref for ref in self._refs if not ref.is_branch and _RELEASE_TAG.fullmatch(ref.short)
        ]
        return remote + tags if remote else []

    @cached_property
    def local(self) -> list[GitRef]:
        """Return the local main branches.

        Include the commit's own branch only if there is no other.
        """
        names = {"main", "master", *self.repository.config("init.defaultBranch")}
        refs = [ref for ref in self._refs if ref.is_local and ref.short in names]
        return [ref for ref in refs if ref.short != self.branch] or refs

    @property
    def upstream(self) -> GitRef | None:
        """Return the branch's upstream, or None if there is none or it is gone."""
        branch = self.repository.ref(f"refs/heads/{self.branch}")
        return self.repository.ref(branch.upstream) if branch else None

    def search_upstream(self, upstream: GitRef) -> tuple[str, tuple[str, ...], bool]:
        """Return the result of `find_start` for the upstream branch, and whether that branch was
        rebased.

        If it was rebased, its reflog shows the commit on which the topic was started. If the
        upstream is a local branch, its upstream is searched too, because a local master is seldom
        newer.
        """
        tips = [upstream.object_id]
        next_upstream = self.repository.ref(upstream.upstream)
        while next_upstream and next_upstream.object_id not in tips:
            tips.append(next_upstream.object_id)
            next_upstream = self.repository.ref(next_upstream.upstream)
        start, commits = self.find_start(tips)
        if start in tips:
            return start, commits, False
        result = self.repository.git(
            "merge-base", "--fork-point", upstream.name, self.head, ok=(0, 1)
        )
        if result.text.split() in ([], [start]):
            return start, commits, False
        old_start, own_commits = self.find_start([*tips, *result.text.split()])
        return old_start, own_commits, len(own_commits) < len(commits)

    def find_start(self, tips: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Return the start of a topic on top of some commits, and the topic's commits.

        The start is the latest commit of the first-parent history that is reachable from `tips`, or
        "" if there is none within MAX_WALK commits. The topic's commits are the unreachable ones,
        as ids, oldest first, without merges.
        """
        result = self.repository.git(
            "rev-list",
            "--topo-order",
            "--reverse",
            "--parents",
            f"--max-count={MAX_WALK}",
            "--stdin",
            stdin="\n".join((self.head, *(f"^{tip}" for tip in tips), "")).encode(),
        )
        rows = [line.split() for line in result.text.splitlines()]
        parents = {row[0]: row[1:] for row in rows}
        start = self.head if len(parents) < MAX_WALK else ""
        while start in parents:
            start = next(iter(parents[start]), "")
        # remember the result, so that git does not have to run for each commit
        self.repository.not_below.update(dict.fromkeys((*tips, start), parents))
        if len(tips) == 1:
            self.repository.descendants.setdefault(start, set()).update(tips)
        return start, tuple(id_ for id_, *others in rows if len(others) < 2)

    def find_holders(self, commit: str, candidates: Iterable[GitRef]) -> list[GitRef]:
        """Return the branches that contain the commit, or the tags if no branch does.

        Skip refs older than the commit: git would walk all history in between, which takes seconds
        without a commit-graph. Checking hundreds of tags would take as long.
        """
        since = int(self.repository.commit(commit).committed.timestamp())
        recent = [ref for ref in candidates if ref.object_id == commit or ref.date >= since]
        for kind in (True, False):
            refs = [ref for ref in recent if ref.is_branch is kind]
            holders = self.repository.refs_containing(commit, [ref.name for ref in refs])
            if holders:
                return [ref for ref in refs if ref.name in holders]
        return []

    def is_default(self, ref: GitRef) -> bool:
        """Return whether the branch is the default branch (HEAD) of its remote."""
        return ref.name in self._heads

    def is_integration(self, ref: GitRef) -> bool:
        """Return whether a branch counts as a main branch.

        Main branches are local branches, the default branches of remotes, and branches named like
        the main branches of git or the kernel.
        """
        return (
            ref.is_local
            or self.is_default(ref)
            or (
                ref.is_branch
                and bool(_INTEGRATION.fullmatch(ref.short) or _REBUILT.fullmatch(ref.short))
            )
        )

    def is_pushed_copy(self, ref: GitRef) -> bool:
        """Return whether a remote branch is a copy of the topic that the user pushed.

        A copy has the same name as the topic's branch, its latest commit is the user's, and it is
        not a main branch.
        """
        return (
            bool(self.branch)
            and f"/{ref.short}".endswith(f"/{self.branch}")
            and not self.is_integration(ref)
            and self.is_mine(ref.object_id)
        )

    def is_mine(self, commit: str) -> bool:
        """Return whether the user is the author and the committer of a commit."""
        details = self.repository.commit(commit)
        return {
            details.author.email.lower(),
            details.committer.email.lower(),
        } <= self._own_emails

    @cached_property
    def _own_emails(self) -> frozenset[str]:
        """Return the addresses with which the user commits.

        If git has none configured, return the addresses in HEAD.
        """
        identity = self.repository.identity
        if identity is None:
            last = self.repository.commit(self.head)
            return frozenset((last.author.email.lower(), last.committer.email.lower()))
        emails = (
            identity.email,
            os.environ.get("GIT_COMMITTER_EMAIL", ""),
            os.environ.get("GIT_AUTHOR_EMAIL", ""),
        )
        return frozenset(email.lower() for email in emails if email)

    def rank_refs(self, refs: Sequence[GitRef], listed_names: Collection[str]) -> list[GitRef]:
        """Sort refs that share the topic's start commit by how likely they are to be the base.

        Trees in MAINTAINERS (`listed_names`) come first, then a remote's default branch, then other
        main branches. Last are branches that are rebuilt for each release, copies of the topic, and
        tags.
        """
        return sorted(
            refs,
            key=lambda ref: (
                not ref.is_branch,
                self.is_pushed_copy(ref),
                ref.short not in listed_names,
                is_rebuilt_branch(ref),
                not self.is_default(ref),
                not ref.short.startswith("origin/"),
                not self.is_integration(ref),
                ref.short,
            ),
        )


def list_topic_commits(
    repository: "Repository", target: str | None, base: str | None = None
) -> tuple[str, ...]:
    """Return the ids of the commits that TARGET names, oldest first.

    If it is None, these are the commits of the current topic. Raise UsageError if there are no
    commits, and UnclearBaseError if there are too many since a base that was not named explicitly.
    """
    return (
        find_topic_base(repository, base).commits
        if target is None
        else resolve_commits(repository, target)
    )


def find_topic_base(repository: "Repository", base_name: str | None = None) -> Base:
    """Return a plausible base of HEAD.

    Raise UsageError if there are no commits since the base, and UnclearBaseError if there are so
    many that the base must be wrong.
    """
    base = find_base(repository, base_name)
    if not base.commits:
        head = find_head_commit(repository)
        raise (
            only_cover_error(head)
            if head != base.start and is_cover_commit(repository.commit(head))
            else _empty_topic_error(repository, base)
        )
    if base.is_unclear:
        raise UnclearBaseError(
            f"{base.counted_commits} on top of the base {base.name}, which is a guess"
            f" ({base.reason})",
            hint=Action("", ("--base", "REV"), "use {} to name the base, or name a range A..B"),
            choices=tuple(
                (choice.name, len(choice.commits), choice.reason)
                for choice in find_likeliest_bases(repository, base_name)
            ),
        )
    if len(base.commits) > MAX_OWN:
        raise UsageError(
            f"more than {MAX_OWN} commits on top of {base.name}",
            hint=Action("", ("--base", "REV"), "use {} to name a nearer base"),
        )
    return base


def has_topic(repository: "Repository", base_name: str | None) -> bool:
    """Return whether `find_topic_base` would find a base with commits on top of it.

    This is faster, because the alternatives that the error of `find_topic_base` lists are not
    searched.
    """
    try:
        base = find_base(repository, base_name)
    except PatchpilotError:
        return False
    return bool(base.commits) and not base.is_unclear and len(base.commits) <= MAX_OWN


def find_base(
    repository: "Repository", base_name: str | None = None, head: str | None = None
) -> Base:
    """Return the base of HEAD, or of another commit of this clone, and all commits since the base.

    The commit with b4's cover letter is not one of these commits. Raise UsageError if no base can
    be found.
    """
    search = BaseSearch(repository, head or find_head_commit(repository))
    key = f"base of {search.head} {base_name or ''}"
    if key not in repository.cached_values:
        base = (
            _named_base(search, base_name)
            if base_name
            else _find_b4_base(search) or _guess_base(search)
        )
        repository.cached_values[key] = base._replace(
            start=skip_cover_commit(repository, base.start),
            commits=drop_cover_commits(repository, base.commits),
        )
    result: Base = repository.cached_values[key]
    return result


def find_apply_base(repository: "Repository", base_name: str | None, head: str | None) -> Base:
    """Return the base on the branch to which the topic would be applied.

    This is the branch that the user named or, by default, a branch found among the refs. Raise
    UsageError if there is none.
    """
    base = find_base(repository, base_name, head)
    return (
        base
        if base.branch
        else _guess_base(BaseSearch(repository, head or find_head_commit(repository)))
    )


def find_published_commit(
    repository: "Repository", commit: str, known_base: Base | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return the latest published commit in a commit's history, and the commits on top of it.

    A commit is published if it is on a remote branch or in a release. If no remote branch shares
    history, return the commit itself. `known_base` is a base that was already found.
    """
    search = BaseSearch(repository, commit)
    if (known_base and known_base.start == commit and _is_remote(repository, known_base)) or any(
        ref.object_id == commit for ref in search.public
    ):
        return commit, ()
    start, commits = search.find_start([ref.object_id for ref in search.public])
    return (start, commits) if start and search.public else (commit, ())


def _is_remote(repository: "Repository", base: Base) -> bool:
    return repository.ref(f"refs/remotes/{base.branch}") is not None


def find_likeliest_bases(
    repository: "Repository", base_name: str | None = None
) -> tuple[Base, ...]:
    """Return the most likely bases, starting with the one that has the fewest commits on top.

    They are the chosen base, the upstream branch, and the nearest branches.
    """
    search = BaseSearch(repository, find_head_commit(repository))
    guesses = [find_base(repository, base_name)]
    if search.upstream:
        guesses.append(_base_over_upstream(search, search.upstream))
    public = search.public or search.local
    refs = [ref for ref in public if ref.is_branch] or public
    for _ in range(MAX_CHOICES):
        start, commits = search.find_start([ref.object_id for ref in refs])
        holders = search.find_holders(start, refs) if start else []
        if not holders:
            break
        guesses.append(_choose_base(search, holders, start, commits, ()))
        refs = [ref for ref in refs if ref not in holders]
    unique = {guess.start: guess for guess in reversed(guesses) if guess.commits}
    return tuple(sorted(unique.values(), key=lambda guess: len(guess.commits))[:MAX_CHOICES])


def _named_base(search: BaseSearch, name: str) -> Base:
    tip = search.repository.resolve(name)
    start, commits = search.find_start([tip])
    return Base(
        name,
        BaseSource.NAMED,
        start or tip,
        commits,
        "named by --base or by the setting patchpilot.base",
        branch=name if search.repository.short_name(name) else "",
    )


def _find_b4_base(search: BaseSearch) -> Base | None:
    """Return the base that b4 stores for a prep branch.

    Return None if the commit is not based on it.
    """
    branch = search.branch
    if branch is None or not (
        branch.startswith("b4/")
        or any(key.startswith("b4-") for key in read_branch_config(search.repository, branch))
    ):
        return None
    prep = prep_branch(search.repository, branch)
    start, commits = search.find_start([prep.base]) if prep and prep.base else ("", ())
    if prep is None or prep.base is None or not commits:
        return None
    reason = f"the base of the b4 prep branch {branch}"
    return Base(prep.base[:12], BaseSource.B4, start or prep.base, commits, reason)


def _guess_base(search: BaseSearch) -> Base:
    """Guess the base from the refs.

    Use the upstream branch unless it is a pushed copy of the topic. Otherwise, use the nearest
    branch or, if there is none, the pushed copy.
    """
    upstream, notes = search.upstream, []
    if upstream and search.is_pushed_copy(upstream):
        notes.append(f"{upstream.short} is not used: it is this topic's own pushed copy")
    elif upstream:
        return _base_over_upstream(search, upstream)
    public = [ref for ref in search.public if ref != upstream]
    if base := _find_nearest_base(search, public, notes) or _find_nearest_base(
        search, search.local, notes
    ):
        return base
    if upstream:
        return _base_over_upstream(search, upstream)
    raise UnclearBaseError(
        "no base found: this branch has no upstream and shares no commit with a remote branch or"
        " the local master or main",
        hint=Action("", ("--base", "REV"), "name the base with {}, or name a range A..B"),
    )


def _base_over_upstream(search: BaseSearch, upstream: GitRef) -> Base:
    start, commits, was_rebased = search.search_upstream(upstream)
    name, reason = upstream.short, f"the upstream of {search.branch}"
    if was_rebased and start:
        cause = "is rebuilt for each release" if is_rebuilt_branch(upstream) else "was rebased"
        name = start[:12]
        reason = f"{upstream.short} {cause}, and this was its commit when the topic was started"
    return Base(
        name,
        BaseSource.UPSTREAM,
        start or upstream.object_id,
        commits,
        reason,
        _rebuilt_note(upstream),
        upstream.short,
    )


def _find_nearest_base(search: BaseSearch, refs: Sequence[GitRef], notes: list[str]) -> Base | None:
    """Return the base on the branch that is nearest to HEAD.

    This is the branch that contains the latest commit of HEAD's history. Skip copies of the topic
    and branches based on them, with a note, because the user made the commits that they share with
    the topic.
    """
    while any(ref.is_branch for ref in refs):
        start, commits = search.find_start([ref.object_id for ref in refs])
        holders = search.find_holders(start, refs) if start else []
        if not holders:
            return None
        if any(map(search.is_integration, holders)) or not search.is_mine(start):
            return _choose_base(search, holders, start, commits, notes)
        notes += [
            f"{ref.short} is not used: it is this topic's own pushed copy, or based on it"
            for ref in holders
        ]
        refs = [ref for ref in refs if ref not in holders]
    return None


def _choose_base(
    search: BaseSearch,
    holders: Sequence[GitRef],
    start: str,
    commits: tuple[str, ...],
    notes: Sequence[str],
) -> Base:
    listed_names: frozenset[str] = frozenset()
    if commits and len({ref.short.partition("/")[0] for ref in holders}) > 1:
        listed_names = _find_listed_branches(search.repository, start, search.head)
    chosen, *alternatives = search.rank_refs(holders, listed_names)
    if not chosen.is_branch:
        reason = "nearest release; no branch is nearer"
    else:
        kind = "local" if chosen.is_local else "remote"
        reason = f"nearest {kind} branch by merge-base"
    if chosen.short in listed_names:
        reason += ", named by MAINTAINERS (T:) for these files"
    elif search.is_default(chosen):
        reason += f", {chosen.short.partition('/')[0]}/HEAD"
    if alternatives:
        names = ", ".join(ref.short for ref in alternatives[:3])
        count_note = f" and {len(alternatives) - 3} more" if len(alternatives) > 3 else ""
        reason += f"; the same commit is in {names}{count_note}"
    return Base(
        chosen.short,
        BaseSource.LOCAL if chosen.is_local else BaseSource.REMOTE,
        start,
        commits,
        reason,
        (*notes, *_rebuilt_note(chosen)),
        chosen.short,
    )


def _find_listed_branches(repository: "Repository", start: str, head: str) -> frozenset[str]:
    """Return the remote branches that MAINTAINERS names (T:) for files changed in `start..head`.

    The result is empty if there is no MAINTAINERS file.
    """
    from patchpilot.outgoing.target_tree import find_listed_branches

    paths = [file.path for file in repository.changed_files(start, head)]
    return find_listed_branches(repository, head, paths)


def _rebuilt_note(ref: GitRef) -> tuple[str, ...]:
    return (
        (f"{ref.short} is rebuilt regularly: rebase onto the maintainer's tree before sending",)
        if is_rebuilt_branch(ref)
        else ()
    )


def _empty_topic_error(repository: "Repository", base: Base) -> UsageError:
    from patchpilot.commits.git_state import find_busy_operation
    from patchpilot.commits.make_commits import (
        describe_left_files,
        list_uncommitted_files,
        list_untracked_sources,
    )

    other = next(
        (guess for guess in find_likeliest_bases(repository) if guess.name != base.name),
        None,
    )
    files = list_uncommitted_files(repository)
    new_files = list_untracked_sources(repository, (Path(path).parent for path in files))
    described = (
        describe_left_files(files),
        describe_left_files(new_files, new=True, effect=" (git add)"),
    )
    edits = "; ".join(filter(None, described))
    add = f"`git add {shlex.join(new_files)}` and " if new_files else ""
    first = f"commit them first with {add}`git commit -as`" if edits else "commit your fix first"
    hint: tuple[str | Action, ...] = (f"{first}, or ", NAME_TARGET)
    if other:
        description = (
            f"over {other.name} there {'is' if len(other.commits) == 1 else 'are'}"
            f" {other.counted_commits}"
        )
        hint += ("; ", Action("", ("--base", other.name), f"{description}: {{}}"))
    if operation := find_busy_operation(repository):
        return UsageError(
            f"no commits on top of the base {base.name}: {operation.label} is in progress",
            hint=operation.hint,
        )
    if repository.is_shallow():
        return UsageError(
            f"no commits on top of the base {base.name}: the clone is shallow",
            hint=Hint((f"{repository.complete_history_hint()}; or name a commit",)),
        )
    message = f"no commits on top of the base {base.name}"
    if edits:
        return UncommittedError(f"{message}: {edits}", hint=Hint(hint))
    return UsageError(message, hint=Hint(hint))
