# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the base of a topic and the commits since then, in the same way for every verb.

It is the base that the user names, then b4's base, then the upstream, then the nearest remote
branch.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from patchpilot.commits.b4_prep import (
    below_cover,
    branch_config,
    is_cover,
    prep_branch,
    without_covers,
)
from patchpilot.commits.choose_base import (
    MAX_OWN,
    BaseKind,
    Ref,
    nearest_reason,
    ordered,
    rebuilt_note,
)
from patchpilot.commits.choose_base import Base as Base
from patchpilot.commits.range import NAME_TARGET, head_of, only_cover, resolve_commits
from patchpilot.commits.repository import MAX_TOPIC
from patchpilot.errors import PatchpilotError, UnclearBaseError, UsageError
from patchpilot.model.action import Action, Hint
from patchpilot.model.counted import counted
from patchpilot.topic.base_search import MAX_HOLDERS, MAX_WALK, BaseSearch, CommitsOver

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

LIKELIEST = 3
MAX_MERGED = 4
ROUNDS = 6
"""So many branches are looked through for copies of the topic."""

_found: "WeakKeyDictionary[Repository, dict[tuple[str, str | None], Base]]" = (
    WeakKeyDictionary()
)


def topic_commits(
    repository: "Repository", target: str | None, base: str | None = None
) -> tuple[str, ...]:
    """Return the ids of the commits of a TARGET, or of the topic for None, oldest first.

    Raises UsageError if there are none, and UnclearBaseError if there are too many since a base
    that was not named explicitly.
    """
    return (
        topic_base(repository, base).commits
        if target is None
        else resolve_commits(repository, target)
    )


def topic_base(repository: "Repository", named: str | None = None) -> Base:
    """Return the base of HEAD, after checking that it is plausible.

    Raises UsageError if there are no commits since the base, and UnclearBaseError if there are so
    many that the base must be wrong.
    """
    base = find_base(repository, named)
    if not base.commits:
        head = head_of(repository)
        raise (
            only_cover(head)
            if head != base.start and is_cover(repository.commit(head))
            else _nothing_over(repository, base)
        )
    if base.is_unclear:
        choices = likeliest(repository, named)
        raise UnclearBaseError(
            f"{_many(base)} on top of the base {base.name}, which is a guess ({base.reason})",
            hint=Action(
                "", ("--base", "REV"), "use {} to name the base, or name a range A..B"
            ),
            choices=tuple(
                (choice.name, len(choice.commits), choice.reason) for choice in choices
            ),
        )
    if len(base.commits) > MAX_OWN:
        raise UsageError(
            f"more than {MAX_OWN} commits on top of {base.name}",
            hint=Action("", ("--base", "REV"), "use {} to name a nearer base"),
        )
    return base


def has_topic(repository: "Repository", named: str | None = None) -> bool:
    """Whether `topic_base` would return a base with commits since then.

    Unlike its error, this does not require a search for other bases.
    """
    try:
        base = find_base(repository, named)
    except PatchpilotError:
        return False
    return bool(base.commits) and not base.is_unclear and len(base.commits) <= MAX_OWN


def find_base(
    repository: "Repository", named: str | None = None, head: str | None = None
) -> Base:
    """Return the base of HEAD (or another commit of this clone) and all commits since then.

    Raises UsageError if no base can be found.
    """
    tip = head or head_of(repository)
    known = _found.setdefault(repository, {})
    if (tip, named) not in known:
        known[tip, named] = _without_covers(
            repository,
            _find(
                BaseSearch(repository, tip, is_checked_out=_is_head(repository, head)),
                named,
            ),
        )
    return known[tip, named]


def applied_to(
    repository: "Repository", named: str | None = None, head: str | None = None
) -> Base:
    """Return the base with the branch to which the topic would be applied.

    This is the named branch, or otherwise one found among the refs. Raises UsageError if there is
    none.
    """
    base = find_base(repository, named, head)
    if base.branch:
        return base
    return _guessed(
        BaseSearch(
            repository,
            head or head_of(repository),
            is_checked_out=_is_head(repository, head),
        )
    )


def _is_head(repository: "Repository", commit: str | None) -> bool:
    return commit is None or commit == repository.find("HEAD")


def _find(search: BaseSearch, named: str | None) -> Base:
    if named:
        tip = search.repository.resolve(named)
        is_ref = search.repository.short_name(named) is not None
        base = _base(
            named,
            BaseKind.NAMED,
            search.over([tip]),
            "named by --base or by the setting patchpilot.base",
            tip,
        )
        return base if is_ref else replace(base, branch="")
    if _b4_says_so(search) and (guess := _of_b4(search)):
        return guess
    guess = _guessed(search)
    # without an entry in the configuration b4's cover letter tells that it is a prep branch
    return (
        _of_b4(search)
        if any(map(is_cover, search.repository.commits(guess.commits[:MAX_TOPIC])))
        else None
    ) or guess


def _b4_says_so(search: BaseSearch) -> bool:
    """Whether the branch is b4's by its name or by the configuration."""
    branch = search.branch
    if branch is None or branch.startswith("b4/"):
        return branch is not None
    return any(
        key.startswith("b4-") for key in branch_config(search.repository, branch)
    )


def _guessed(search: BaseSearch) -> Base:
    """The base as the refs have it: the upstream, else the nearest branch, else the upstream
    although it is a copy.
    """
    notes: list[str] = []
    remote = list(search.remote.values())
    upstream = search.upstream
    if upstream:
        if not search.is_copy(upstream.ref, remote):
            base = _over_upstream(search)
            return _on_other_tree(search, base, remote) or _earlier(
                search, base, [upstream.ref]
            )
        notes.append(
            f"{upstream.ref.name} is not used: it is this topic's own pushed copy"
        )
        remote = [ref for ref in remote if ref.name != upstream.ref.name]
    if nearest := _on_default(search, remote, notes):
        return nearest
    nearest = _nearest(search, remote, notes) or _nearest(
        search, list(search.local.values()), notes
    )
    if nearest:
        return _earlier(
            search,
            nearest,
            [ref for ref in remote if ref.is_integration or ref.name == nearest.name],
        )
    if upstream:
        return _over_upstream(search)
    raise UsageError(
        "no base found: this branch has no upstream and shares no commit with any other branch",
        hint=Action(
            "", ("--base", "REV"), "name the base with {}, or name a range A..B"
        ),
    )


def _on_other_tree(
    search: BaseSearch, base: Base, remote: Sequence[Ref]
) -> Base | None:
    """The base where the topic was rebased onto another tree than its upstream: that branch has all
    commits over the upstream that are not the user's.
    """
    if search.are_mine(base.commits):
        return None
    refs = [
        ref
        for ref in remote
        if ref.is_integration and not ref.is_rebuilt and ref.name != base.name
    ]
    over = search.over(ref.commit for ref in refs)
    holders = (
        search.holders(over.start, refs)
        if over.start and set(over.commits) < set(base.commits)
        else []
    )
    if not holders or not over.commits or not search.are_mine(over.commits):
        return None
    note = (
        f"{base.name} is the upstream, but the topic was rebased:"
        f" {counted(len(base.commits) - len(over.commits), 'commit')} above it are not yours"
    )
    return _named_by(search, over, holders, [note])


def _of_b4(search: BaseSearch) -> Base | None:
    """The base that b4 keeps for a prep branch.

    None for a commit of that branch that is not above it.
    """
    prep = (
        prep_branch(search.repository, search.branch)
        if search.branch or search.is_checked_out
        else None
    )
    if prep is None or prep.base is None:
        return None
    over = search.over([prep.base])
    if not over.commits and not search.is_checked_out:
        return None
    return _base(
        prep.base[:12],
        BaseKind.B4,
        over,
        f"the base of the b4 prep branch {prep.branch}".rstrip(),
        prep.base,
    )


def _over_upstream(search: BaseSearch) -> Base:
    upstream = search.upstream
    assert upstream is not None
    name = upstream.ref.name
    over = search.over(upstream.tips)
    reason = f"the upstream of {search.branch}"
    return _base(
        name,
        BaseKind.UPSTREAM,
        over,
        reason,
        upstream.ref.commit,
        [rebuilt_note(upstream.ref)] if upstream.ref.is_rebuilt else [],
    )


def _base(
    name: str,
    kind: BaseKind,
    over: CommitsOver,
    reason: str,
    start: str,
    notes: Sequence[str] = (),
) -> Base:
    return Base(
        name,
        kind,
        over.start or start,
        over.commits,
        reason,
        tuple(notes),
        "" if kind is BaseKind.B4 else name,
    )


def _without_covers(repository: "Repository", base: Base) -> Base:
    """The base with b4's cover letter left out of its commits, and below it."""
    if not base.commits:
        return base
    return replace(
        base,
        start=below_cover(repository, base.start),
        commits=without_covers(repository, base.commits),
    )


def _nearest(search: BaseSearch, refs: list[Ref], notes: list[str]) -> Base | None:
    """The branch with the latest commit of HEAD's history, the topic's pushed copies left out and
    noted.
    """
    for _ in range(ROUNDS):
        over = search.over(ref.commit for ref in refs)
        if not over.start:
            break
        holders = search.holders(over.start, refs)
        copies = _copies(search, over.start, holders, refs, pushed=bool(notes))
        if not copies:
            return _named_by(search, over, holders, notes) if holders else None
        notes += [
            f"{copy.name} is not used: it is this topic's own pushed copy, or based on it"
            for copy in copies
        ]
        refs = [ref for ref in refs if ref not in copies]
    return None


def _on_default(
    search: BaseSearch, remote: Sequence[Ref], notes: Sequence[str]
) -> Base | None:
    """The base where it is plain: a tree that MAINTAINERS names, or a remote's default branch,
    right below the user's own commits.
    """
    default = ordered([ref for ref in remote if ref.default])
    if not default or search.created_from.removeprefix("refs/remotes/") in {
        ref.name for ref in remote if not ref.default
    }:
        return None
    over_default = search.on_default(default)
    if over_default is None:
        return None
    chosen, over = over_default
    if len({ref.name.partition("/")[0] for ref in remote}) > 1:
        marked = _with_listed(search, over, list(remote))
        listed = [
            ref
            for ref in marked
            if ref.listed and search.repository.is_ancestor(over.start, ref.commit)
        ]
        chosen = listed[0] if listed else chosen
    return _base(
        chosen.name,
        BaseKind.REMOTE,
        over,
        nearest_reason(chosen, []),
        chosen.commit,
        notes,
    )


def _copies(
    search: BaseSearch,
    start: str,
    holders: Sequence[Ref],
    refs: Sequence[Ref],
    *,
    pushed: bool,
) -> list[Ref]:
    """Those of the branches with this commit that are copies of the topic.

    Where the topic was `pushed`, also what others based on it.
    """
    if len(holders) > MAX_HOLDERS or not search.are_mine([start]):
        return []
    public = [ref for ref in refs if ref not in holders]
    copies = [holder for holder in holders if search.is_copy(holder, public)]
    if (pushed or copies) and not any(holder.default for holder in holders):
        copies += [
            holder
            for holder in holders
            if holder not in copies and not holder.is_integration
        ]
    return copies


def _named_by(
    search: BaseSearch, over: CommitsOver, holders: list[Ref], notes: Sequence[str]
) -> Base:
    ranked = ordered(_with_listed(search, over, holders))
    chosen, more = ranked[0], []
    if len(over.edges) > 1:
        # HEAD merged several branches: one of them may have all the others
        all_of_it = (
            ref
            for ref in ranked[:MAX_MERGED]
            if search.over([ref.commit]).commits == over.commits
        )
        if chosen_by_content := next(all_of_it, None):
            chosen = chosen_by_content
        else:
            more.append("commits merged from other branches are not included")
    rest = [ref for ref in ranked if ref != chosen]
    kind = BaseKind.LOCAL if chosen.local else BaseKind.REMOTE
    more += [rebuilt_note(chosen)] if chosen.is_rebuilt else []
    return _base(
        chosen.name,
        kind,
        over,
        nearest_reason(chosen, rest),
        chosen.commit,
        (*notes, *more),
    )


def _with_listed(
    search: BaseSearch, over: CommitsOver, holders: list[Ref]
) -> list[Ref]:
    """The branches, those marked that MAINTAINERS names (T:) for the files of the topic.

    Asked only where several remotes have the same commit.
    """
    remotes = {holder.name.partition("/")[0] for holder in holders if not holder.local}
    if len(remotes) < 2 or not over.commits:
        return holders
    from patchpilot.topic.target_trees import listed_branches

    listed = listed_branches(search.repository, over.start, search.head)
    return [replace(holder, listed=holder.name in listed) for holder in holders]


def _earlier(search: BaseSearch, base: Base, refs: Sequence[Ref]) -> Base:
    """The base, or what its branch was before it was rebased, or a release, where one of these has
    commits that are not this topic's.
    """
    moved = base.kind is BaseKind.UPSTREAM and not any(
        ref.commit == base.start for ref in refs
    )
    foreign = base.is_unclear or not search.are_mine(base.commits)
    if not moved and not foreign:
        return base
    states = search.earlier_states(refs)
    if foreign:
        states = {**search.releases, **states}
    over = search.over([base.start, *states])
    left = set(base.commits) - set(over.commits)
    if not left or not over.start:
        return base
    name = states.get(over.start, "")
    if ref := next((ref for ref in refs if ref.name == name), None):
        again = "is rebuilt for each release" if ref.is_rebuilt else "was rebased"
        reason = (
            f"{ref.name} {again}, and this was its commit when the topic was started"
        )
        return Base(
            over.start[:12],
            BaseKind.EARLIER,
            over.start,
            over.commits,
            reason,
            (*base.notes, f"{ref.name} itself: {counted(len(base.commits), 'commit')}"),
            ref.name,
        )
    reason = "nearest release; no branch is nearer"
    note = f"{base.name}: {counted(len(base.commits), 'commit')}"
    return Base(
        name or over.start[:12],
        BaseKind.EARLIER,
        over.start,
        over.commits,
        reason,
        (*base.notes, note),
        base.name,
    )


def likeliest(repository: "Repository", named: str | None = None) -> tuple[Base, ...]:
    """Return the likeliest bases, fewest commits first.

    They are the chosen base, the upstream, and the nearest branches.
    """
    search = BaseSearch(repository, head_of(repository))
    guesses = [find_base(repository, named)]
    if search.upstream:
        guesses.append(_over_upstream(search))
    refs = list(search.remote.values()) or list(search.local.values())
    for _ in range(LIKELIEST):
        over = search.over(ref.commit for ref in refs)
        holders = search.holders(over.start, refs) if over.start else []
        if not holders:
            break
        first = ordered(holders)[0]
        # another branch may have been merged into HEAD: what counts is what this one leaves
        over = search.over([first.commit]) if len(over.edges) > 1 else over
        kind = BaseKind.LOCAL if first.local else BaseKind.REMOTE
        if over.start:
            guesses.append(
                _base(first.name, kind, over, nearest_reason(first, []), first.commit)
            )
        refs = [ref for ref in refs if ref not in holders]
    unique = {guess.start: guess for guess in reversed(guesses) if guess.commits}
    return tuple(
        sorted(unique.values(), key=lambda guess: len(guess.commits))[:LIKELIEST]
    )


def _many(base: Base) -> str:
    return (
        f"more than {MAX_WALK} commits"
        if len(base.commits) >= MAX_WALK
        else counted(len(base.commits), "commit")
    )


def _nothing_over(repository: "Repository", base: Base) -> UsageError:
    """The error for an empty topic, with another base that it would not be empty over."""
    other = next(
        (guess for guess in likeliest(repository) if guess.name != base.name), None
    )
    hint: tuple[str | Action, ...] = ("commit your fix first, or ", NAME_TARGET)
    if other:
        over = (
            f"over {other.name} there {'is' if len(other.commits) == 1 else 'are'}"
            f" {counted(len(other.commits), 'commit')}"
        )
        hint += ("; ", Action("", ("--base", other.name), f"{over}: {{}}"))
    return UsageError(f"no commits on top of the base {base.name}", hint=Hint(hint))
