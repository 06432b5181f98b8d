# SPDX-License-Identifier: GPL-2.0-or-later
"""List the fixes of mainline that a branch lacks, although it has the bug.

A fix names the commit that introduced the bug, and the branch has this commit as an ancestor or as
a backport. Commits are looked up in the history index; only `backport` compares changes.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.git_command import stream_output
from patchpilot.commits.repository import Repository
from patchpilot.history.fix_in_branch import Culprit, History, LandedHow, Landing
from patchpilot.history.reverts import parse_revert_title

_SHORT = 7
_MARK = 12
_DEEPEST = 8
BUG_TAGS = r"^(?:cc:.*\bstable@|(?:bug|bugzilla(?: id)?|closes|resolves):[ \t]*\S)"
"""The pattern of a tag of a commit for stable trees or about a report."""
_TAGGED = lazy_pattern(BUG_TAGS.encode(), re.IGNORECASE | re.MULTILINE)
_REVERTS = lazy_pattern(rb"revert|reapply", re.IGNORECASE)


class MissingFix(NamedTuple):
    """A fix that a branch lacks, the commit that introduced the bug, and this commit in the branch.

    The commits are "" if the fix names none. `number` is the number of the fix in the history
    index. `rank` and its reasons, and the subject, are set by `rank_fixes`.
    """

    commit: str
    culprit: str = ""
    culprit_in_branch: str = ""
    number: int = 0
    subject: str = ""
    rank: int | None = None
    rank_reasons: tuple[str, ...] = ()

    @property
    def is_carried(self) -> bool:
        """Return whether the bug came into the branch with a backport."""
        return self.culprit != self.culprit_in_branch


class MissingFixes(NamedTuple):
    """The fixes that a branch lacks, in the order of mainline.

    `reverted` contains fixes reverted in mainline, with the revert, and `undone` those whose
    backport the branch reverted. `unnamed` contains missing commits for stable trees or about a
    report that do not name the commit that introduced the bug. `compared` is the number of commits
    in mainline but not in the branch. `picks` are the numbers of the mainline commits that the
    branch has as backports, in order, and `prefixes` the number of the branch's commits by prefix.
    `fixed_again` are commits that a later commit of mainline names in `Fixes:`.
    """

    fixes: tuple[MissingFix, ...]
    reverted: tuple[tuple[MissingFix, str], ...]
    unnamed: tuple[MissingFix, ...]
    compared: int
    undone: tuple[tuple[MissingFix, str], ...]
    picks: tuple[int, ...]
    prefixes: Counter[str]
    fixed_again: frozenset[str]


def find_missing_fixes(
    history: History,
    mainline: str,
    tip: str,
    *,
    since: str | None = None,
    paths: Sequence[str] = (),
) -> MissingFixes:
    """Return the fixes in `mainline` that the branch with this tip lacks although it has the bug.

    `since` is a commit: its ancestors are not listed. With `paths`, only fixes that change these
    files and directories are listed.
    """
    search = _Search(history, mainline, tip)
    excluded = (tip, since) if since else (tip,)
    candidates = _read_candidates(history, mainline, excluded, paths)
    return search.list_fixes(candidates, excluded)


def find_commit_at(repository: Repository, branch: str, moment: datetime) -> str | None:
    """Return the commit at which a branch was at a moment: the last one of its first parents.

    Return None if the branch is younger.
    """
    options = ("-1", "--first-parent", f"--before={moment.isoformat()}")
    return repository.git("rev-list", *options, branch).text.strip() or None


class _Candidates(NamedTuple):
    """The commits in mainline but not in the branch: their number, the reverts with their subjects,
    the tagged ones, all ids if only some paths are searched, and the number of each prefix.
    """

    compared: int
    reverting: dict[str, str]
    tagged: list[str]
    chosen: frozenset[str] | None
    prefixes: Counter[str]


def _read_candidates(
    history: History, mainline: str, excluded: Sequence[str], paths: Sequence[str]
) -> _Candidates:
    reverting: dict[str, str] = {}
    tagged: list[str] = []
    chosen: list[str] = []
    prefixes: Counter[str] = Counter()
    count = 0
    for commit, message in _read_messages(history.repository, mainline, excluded, paths):
        count += 1
        if paths:
            chosen.append(commit)
        subject = message.partition(b"\n")[0]
        prefixes[read_prefix(subject.decode("utf-8", "surrogateescape"))] += 1
        if _REVERTS.search(subject):
            reverting[commit] = subject.decode("utf-8", "surrogateescape")
        elif _TAGGED.search(message):
            tagged.append(commit)
    return _Candidates(count, reverting, tagged, frozenset(chosen) if paths else None, prefixes)


def read_prefix(subject: str) -> str:
    """Return the part of a subject before the first colon in lower case, or "" without a colon."""
    prefix, colon, _ = subject.partition(":")
    return prefix.strip().lower() if colon else ""


def _read_messages(
    repository: Repository, mainline: str, excluded: Sequence[str], paths: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the id and message of each commit that is in none of the excluded ones' histories."""
    with stream_output(
        repository.top, "log", "--no-merges", "--full-history", "-z", "--format=%H%n%B",
        mainline, *(f"^{commit}" for commit in excluded), "--", *paths,
    ) as stream:  # fmt: skip
        remainder = b""
        while block := stream.read(1 << 20):
            *records, remainder = (remainder + block).split(b"\0")
            for record in records:
                yield record[:40].decode("ascii", "replace"), record[41:]
        if remainder.strip():
            yield remainder[:40].decode("ascii", "replace"), remainder[41:]


class _Search:
    """The facts about mainline and a branch that are read once."""

    def __init__(self, history: History, mainline: str, tip: str) -> None:
        self.history, self.index = history, history.index
        self.mainline, self.tip = mainline, tip
        history.add([mainline, tip])
        history.read_along(mainline)
        self.main, self.branch = self.index.reach(mainline), self.index.reach(tip)
        self.own = frozenset(self.branch.iterate_missing_from(self.main))
        self.marked = self._read_marks()
        self.named_by_reverts = {name[:_SHORT] for _, name in self.index.list_references("reverts")}
        own = _read_candidates(history, tip, (mainline,), ())
        self._prefixes = own.prefixes
        self._undone_here = self._list_undone(own, self._read_fixes(self.own))
        self._culprits: dict[int, str] = {}

    def _read_fixes(self, commits: frozenset[int]) -> dict[int, list[str]]:
        """Map the commits with Fixes: lines to the ids in these lines."""
        named: dict[int, list[str]] = {}
        for number, name in self.index.list_references("fixes", commits):
            named.setdefault(number, []).append(name)
        return named

    def list_fixes(self, candidates: _Candidates, excluded: Sequence[str]) -> MissingFixes:
        """Return the missing fixes among the candidates, except ancestors of `excluded`."""
        index = self.index
        self.history.add(excluded)
        numbers = {commit: index.ordinal(commit) for commit in candidates.reverting}
        reverting = {number for number in numbers.values() if number is not None}
        reaches = map(index.reach, excluded)
        only_main = frozenset(self.main.iterate_missing_from(*reaches))
        reverting |= {number for number, _ in index.list_references("reverts", only_main)}
        named = self._read_fixes(only_main)
        undone = self._list_undone(candidates, named)
        tagged = {index.ordinal(commit) or 0 for commit in candidates.tagged}
        result: dict[str, list[MissingFix]] = {"fixes": [], "unnamed": []}
        reverted: list[tuple[MissingFix, str]] = []
        undone_here: list[tuple[MissingFix, str]] = []
        for number in sorted(named.keys() | reverting | tagged):
            commit = index.id(number)
            if candidates.chosen is not None and commit not in candidates.chosen:
                continue
            is_named = number in named or number in reverting
            fix = (
                self._find_bug(number, commit, named, reverting) if is_named else MissingFix(commit)
            )
            landing = self._find_fix(number, commit) if fix else None
            if fix is None or (landing and landing.holds):
                continue
            fix = fix._replace(number=number)
            maybe_undone = number in undone or commit[:_SHORT] in self.named_by_reverts
            revert = self.history.find_revert(commit, self.mainline) if maybe_undone else None
            if revert:
                reverted.append((fix, revert))
            elif landing and landing.reverted_by:
                undone_here.append((fix, landing.reverted_by))
            else:
                result["fixes" if fix.culprit else "unnamed"].append(fix)
        return MissingFixes(
            tuple(result["fixes"]),
            tuple(reverted),
            tuple(result["unnamed"]),
            candidates.compared,
            tuple(undone_here),
            self._list_picks(),
            self._prefixes,
            self._list_fixed_again(result["fixes"] + result["unnamed"], named),
        )

    def _list_picks(self) -> tuple[int, ...]:
        picks = {number for name in self.marked for number, _ in self.index.resolve(name)}
        return tuple(sorted(number for number in picks if number in self.main))

    def _list_fixed_again(
        self, fixes: Sequence[MissingFix], named: dict[int, list[str]]
    ) -> frozenset[str]:
        names: dict[str, list[str]] = {}
        for name in (name for ids in named.values() for name in ids):
            names.setdefault(name[:_SHORT], []).append(name)
        return frozenset(
            fix.commit
            for fix in fixes
            if any(fix.commit.startswith(name) for name in names.get(fix.commit[:_SHORT], ()))
        )

    def _read_marks(self) -> dict[str, int]:
        """Map the start of each id that a commit of the branch is a backport of to this commit.

        If the branch picked from another branch, the marks of the picked commit count as well.
        """
        rows = self.index.list_references("upstream", self.own)
        marks = {name[:_MARK]: number for number, name in rows}
        todo = marks
        for _ in range(_DEEPEST):
            further: dict[str, int] = {}
            for name, number in todo.items():
                for picked, _commit in self.index.resolve(name):
                    if picked not in self.main:
                        ids = self.index.upstream_ids([picked]).get(picked, [])
                        further |= {origin[:_MARK]: number for origin in ids}
            todo = {name: number for name, number in further.items() if name not in marks}
            marks |= todo
        return marks

    def _list_undone(self, candidates: _Candidates, named: dict[int, list[str]]) -> set[int]:
        """Return the commits that a candidate may revert without naming them as reverted."""
        undone: set[int] = set()
        for commit, subject in candidates.reverting.items():
            if title := parse_revert_title(subject):
                undone |= set(self.index.by_subject(title))
            for name in named.get(self.index.ordinal(commit) or -1, ()):
                undone |= {number for number, _ in self.index.resolve(name)}
        return undone

    def _find_bug(
        self, number: int, commit: str, named: dict[int, list[str]], reverting: set[int]
    ) -> MissingFix | None:
        """Return the fix with the commit that introduced the bug, or None without the bug."""
        hits: list[tuple[int, str]] = []
        if number not in reverting:
            for name in named[number]:
                found = [
                    hit
                    for hit in self.index.resolve(name)
                    if hit[0] < number and hit[0] in self.main
                ]
                if len(found) != 1:
                    break
                hits += found
            else:
                return self._choose_culprit(commit, hits)
        culprits: tuple[Culprit, ...] = self.history.culprits(commit)
        hits = [
            (self.index.ordinal(culprit.commit) or 0, culprit.commit)
            for culprit in culprits
            if culprit.commit
        ]
        return self._choose_culprit(commit, hits)

    def _choose_culprit(self, commit: str, hits: Sequence[tuple[int, str]]) -> MissingFix | None:
        for number, culprit in hits:
            if in_branch := self._find_in_branch(number, culprit):
                return MissingFix(commit, culprit, in_branch)
        return None

    def _find_in_branch(self, number: int, commit: str) -> str:
        """Return the commit that a commit is in the branch, or "" if it has none in effect."""
        if number not in self._culprits:
            self._culprits[number] = self._look_up(number, commit)
        return self._culprits[number]

    def _look_up(self, number: int, commit: str) -> str:
        is_ancestor = number in self.branch
        if is_ancestor and self._is_in_effect(number):
            return commit
        backport = self.marked.get(commit[:_MARK])
        if not is_ancestor and backport is not None and self._is_in_effect(backport):
            return self.index.id(backport)
        if is_ancestor or backport is not None or self._has_namesake(number):
            landing = self.history.landed(commit, self.tip)
            return landing.commit if landing and landing.holds else ""
        return ""

    def _find_fix(self, number: int, commit: str) -> Landing | None:
        """Return the fix in the branch, under a mark or the same subject, or None."""
        backport = self.marked.get(commit[:_MARK])
        if backport is not None and self._is_in_effect(backport):
            return Landing(self.index.id(backport), LandedHow.MARKER)
        if backport is None and not self._has_namesake(number):
            return None
        return self.history.landed(commit, self.tip)

    def _is_in_effect(self, number: int) -> bool:
        """Return whether it is certain that no commit reverted a commit of the branch."""
        return (
            number not in self._undone_here
            and self.index.id(number)[:_SHORT] not in self.named_by_reverts
        )

    def _has_namesake(self, number: int) -> bool:
        return any(other in self.branch for other in self.index.same_subject(number))
