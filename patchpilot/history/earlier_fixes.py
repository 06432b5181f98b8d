# SPDX-License-Identifier: GPL-2.0-or-later
"""Find commits in mainline and other trees that make a patch unnecessary.

Only commits that are missing from the patch's base and change its files are compared. Only their
changes to the functions that the patch changes are compared.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from shlex import quote
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import RunWatch
from patchpilot.errors import GitError
from patchpilot.history.patch_similarity import compute_patch_id, invert_lines, patch_ids
from patchpilot.history.releases import Releases
from patchpilot.model.c_scanner import C_FILES, read_hunk_code
from patchpilot.model.patch import FileChange, Hunk, Patch, parse_diff
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import CommitMarks, read_commit_marks
from patchpilot.series.patch_pairing import ENOUGH, line_similarity, title_key

# like git, treat a line that starts with a letter as the start of a function, unless it is a label
_HEAD = lazy_pattern(r"[A-Za-z_$]")
_LABEL = lazy_pattern(r"[A-Za-z_]\w*:\s*(?:$|/[/*])")
_NAME = lazy_pattern(r"\b(\w++)\s*+\(")
_TELLING = lazy_pattern(r"\w.*\w.*\w.*\w")
_COMMON = lazy_pattern(
    r"(?:return(?: [\w-]+)?|break|continue|goto \w+|else)?;?|#endif\b.*|\} else \{"
    r"|/\*(?:(?!\*/).)*\*/"
)

Line = tuple[str, str]
"""A diff sign and a line without its indentation."""


class Edge(NamedTuple):
    """The position of added lines. It has the function, and the lines before and after them."""

    function: str
    before: str
    after: str


class ChangedFunctions:
    """The changed lines of each function, and the positions of added lines.

    A function's name is "" if the hunk heading is only a label.
    """

    def __init__(self) -> None:
        self.lines: dict[str, Counter[Line]] = {}
        self.edges: set[Edge] = set()

    def lines_in(self, functions: Iterable[str]) -> Counter[Line]:
        """Return the changed lines in these functions."""
        total: Counter[Line] = Counter()
        for name in functions:
            total += self.lines.get(name, Counter())
        return total


def group_changes_by_function(files: Sequence[FileChange]) -> ChangedFunctions:
    """Return the changes to files by function."""
    functions = ChangedFunctions()
    for change in files:
        for hunk in change.hunks:
            is_c = change.path.endswith(C_FILES)
            code = read_hunk_code(hunk) if is_c else [line.text for line in hunk.lines]
            _add_hunk(hunk, code, functions)
    return functions


def is_function_start(line: str) -> bool:
    """Return whether a line of code starts a function according to git's rule for hunk headers."""
    return bool(_HEAD.match(line)) and not _LABEL.match(line)


def find_function_start(lines: Sequence[str], index: int) -> int | None:
    """Return the first line of the function that contains a 0-based line of code, or None."""
    for line_index in range(min(index, len(lines) - 1), -1, -1):
        if is_function_start(lines[line_index]):
            return line_index
        if line_index < index and lines[line_index].startswith("}"):
            break
    return None


def function_name(heading: str) -> str:
    """Return the name of the function or section that starts on a line, or "" for a label."""
    line = heading.strip()
    if _LABEL.match(line):
        return ""
    match = _NAME.search(line)
    return match[1] if match else line.rstrip("{= ")[:60]


def find_called_names(text: str) -> list[str]:
    """Return the names that are followed by a parenthesis in a line of code."""
    return _NAME.findall(text)


def is_distinctive(line: str) -> bool:
    """Return whether a changed line is unlikely to occur in unrelated patches."""
    return bool(_TELLING.search(line)) and not _COMMON.fullmatch(line)


def _add_hunk(hunk: Hunk, code: Sequence[str], functions: ChangedFunctions) -> None:
    function = function_name(hunk.section)
    previous, has_changes, is_addition = "", False, True
    for line, code_line in zip(hunk.lines, code, strict=True):
        content = line.text.strip()
        starts_function = line.kind in " +-" and is_function_start(code_line)
        if line.kind in "+-":
            # its first line belongs to the function, not to the one above
            function = function_name(code_line) if starts_function else function
            if content:
                functions.lines.setdefault(function, Counter())[line.kind, content] += 1
            has_changes, is_addition = True, is_addition and line.kind == "+"
        elif line.kind == " ":
            if (
                has_changes
                and is_addition
                and (is_distinctive(previous) or is_distinctive(content))
            ):
                functions.edges.add(Edge(function, previous, content))
            previous, has_changes, is_addition = content, False, True
        if starts_function:
            function = function_name(code_line)


_SECONDS = 60.0
_SOON = 1.0
_MOST_RENAMES = 6
_MOST_COMMITS = 4000
_HALF = 0.5
_SHORT = 4
"""Number of distinctive common lines up to which the position of the change is also compared."""
_MUCH, _MORE = 4, 16
"""Limit for other changes in a commit, as a factor and an additional number of lines; beyond it,
the commit rewrites the functions.
"""


class TreeTip(NamedTuple):
    """A tree that may contain a fix, with the name and tip of its branch."""

    name: str
    tip: str
    is_mainline: bool = False


class EarlierFix(NamedTuple):
    """A commit that makes a patch unnecessary.

    `where` is the first release that contains the commit, or the name of the tree. `in_mainline` is
    set if mainline contains it. `is_sure` is False if the commit changes the same lines, or the
    same position, in a different way. `is_patch` is set if it is the patch, with its title.
    """

    commit: str
    subject: str
    where: str
    in_mainline: bool
    is_sure: bool
    is_patch: bool = False

    @property
    def words(self) -> str:
        """Describe the fix in a sentence for `check`, `send`, `backport` and the TUI."""
        verb = "fixed by" if self.is_sure else "perhaps fixed by"
        if self.is_patch:
            verb = "merged as" if self.in_mainline else "applied as"
        return f"{verb} {self.commit[:12]} in {self.where}: {self.subject}"


class StableBase(NamedTuple):
    """A base that only a stable branch contains.

    `mainline` is the mainline branch, or "" if the repository has none.
    """

    version: str
    commit: str
    mainline: str

    @property
    def words(self) -> str:
        """Describe the base in a sentence for `check`, `send` and the TUI."""
        return f"based on stable {self.version}, but patches are for mainline first"

    @property
    def rebase(self) -> str:
        """Return the command that rebases the commits onto mainline."""
        return f"git rebase --onto {quote(self.mainline or 'MAINLINE')} {self.commit[:12]}"


class UpstreamState(NamedTuple):
    """For each patch, the earlier fix found in the trees, or None.

    `stable` is set if the base is a stable branch but the topic is not for stable.
    """

    fixes: tuple[EarlierFix | None, ...] = ()
    stable: StableBase | None = None

    @property
    def known(self) -> tuple[EarlierFix, ...]:
        """Return the earlier fixes, certain ones first."""
        result = dict.fromkeys(fix for fix in self.fixes if fix)
        return tuple(sorted(result, key=lambda fix: not fix.is_sure))

    @property
    def sure(self) -> EarlierFix | None:
        """Return the first certain fix."""
        return next((fix for fix in self.known if fix.is_sure), None)


class PatchToFind(NamedTuple):
    """A patch to look for, and its commit if it has one."""

    title: str
    message: str
    files: Sequence[FileChange]
    commit: str | None = None


class _LoggedCommit:
    """A commit from git log, with its id, date (in seconds), message, and diff as text."""

    def __init__(self, id_: str, date: str, message: str, diff: str) -> None:
        self.id, self.date, self.message, self.diff = id_, int(date), message, diff

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]

    @cached_property
    def stripped_lines(self) -> frozenset[str]:
        return frozenset(line[1:].strip() for line in self.diff.split("\n"))

    @cached_property
    def changes(self) -> ChangedFunctions:
        lines = tuple(self.diff.split("\n"))
        start = next(
            (number for number, line in enumerate(lines, 1) if line.startswith("diff ")),
            0,
        )
        return group_changes_by_function(parse_diff(lines, start).files if start else ())


def find_earlier_fixes(
    repository: Repository,
    patches: Sequence[PatchToFind],
    base: str | None,
    trees: Sequence[TreeTip],
    progress: Progress = ignore_progress,
) -> tuple[EarlierFix | None, ...]:
    """Return the commit that makes a patch unnecessary, or None, for each patch.

    `base` is the first patch's parent; None searches the whole history. Certain matches are
    preferred, and then matches in earlier trees. Raise `GitError` if git fails or takes too long.
    """
    tips = tuple(dict.fromkeys(tree.tip for tree in trees if tree.tip != base))
    paths = {
        path
        for patch in patches
        for change in patch.files
        for path in (change.old_path, change.new_path)
        if path
    }
    if not tips or not paths:
        return (None,) * len(patches)
    walk = _LogReader(repository, base, tips, progress)
    logged = walk.read(sorted(walk.add_old_names(paths)))
    own_commits = {patch.commit for patch in patches}
    search = _FixSearch([commit for commit in logged if commit.id not in own_commits])
    locations = _Locations(repository, trees)
    fixes = ((patch.title, locations.choose(search.fixes_of(patch))) for patch in patches)
    return tuple(
        fix and fix._replace(is_patch=fix.is_sure and fix.subject == title) for title, fix in fixes
    )


def find_same_patch(
    repository: Repository,
    patch: Patch,
    tree: TreeTip,
    commits: Sequence[str] | None = None,
) -> str | None:
    """Return the first of these commits with the patch-id of a patch, or None.

    By default, they are the commits in a tree that change the patch's files, latest first. Raise
    `GitError` if reading them takes too long.
    """
    if commits is None:
        output = repository.git(
            "log", "--no-merges", f"--max-count={_MOST_COMMITS}", "--format=%H", tree.tip,
            "--", *patch.paths, timeout=RunWatch(_SECONDS),
        )  # fmt: skip
        commits = output.text.split()
    diff = "\n".join([*patch.lines[patch.diff_line - 1 :], ""])
    own_id = compute_patch_id(repository, diff.encode("utf-8", "surrogateescape"))
    ids = patch_ids(repository, commits) if own_id and commits else {}
    return next((commit for commit in commits if own_id and ids.get(commit) == own_id), None)


def find_merged_patch(
    repository: Repository,
    patch: Patch,
    tree: TreeTip,
    progress: Progress = ignore_progress,
) -> str | None:
    """Return the commit in a tree that makes the same change as a patch, or None.

    Prefer the latest commit with the same patch-id. Unlike `find_earlier_fixes` with a base, this
    reads the whole history of the patch's files. Return None if that takes too long.
    """
    try:
        if same := find_same_patch(repository, patch, tree):
            return same
        to_find = PatchToFind(patch.subject.title, "\n".join(patch.message), patch.files)
        (fix,) = find_earlier_fixes(repository, [to_find], None, [tree], progress)
    except GitError:
        return None
    return fix.commit if fix and fix.is_sure else None


class _LogReader:
    """The commits that are in the trees but not in the base."""

    def __init__(
        self,
        repository: Repository,
        base: str | None,
        tips: Sequence[str],
        progress: Progress,
    ) -> None:
        self.repository, self.tips = repository, tips
        self.range = (*tips, f"^{base}") if base else tips
        self.began, self.progress = time.monotonic(), progress

    def _git(self, *arguments: str) -> str:
        return self.repository.git(*arguments, timeout=RunWatch(_SECONDS, self._report)).text

    def _report(self) -> None:
        if time.monotonic() - self.began > _SOON:
            self.progress("looking for an earlier fix")

    def add_old_names(self, paths: set[str]) -> set[str]:
        """Return the paths, and the names that these files have in the trees."""
        result, names = set(paths), set(paths)
        for _ in range(_MOST_RENAMES):
            missing_names = [
                name
                for name in names
                if not all(map(self.repository.objects.info, self._find_in_tips(name)))
            ]
            if not missing_names:
                break
            removed = self._git(
                "log", "--no-renames", "--diff-filter=D", "--format=%H", "-m",
                f"--max-count={_MOST_RENAMES}", *self.range, "--", *missing_names,
            ).split()  # fmt: skip
            names = set()
            for commit in dict.fromkeys(removed):
                fields = self._git(
                    "diff-tree", "-r", "-M", "-z", "--diff-filter=R", "--name-status",
                    "--no-commit-id", commit,
                ).split("\0")  # fmt: skip
                names |= {
                    new
                    for old, new in zip(fields[1::3], fields[2::3], strict=False)
                    if old in missing_names
                }
            names -= result
            result |= names
        return result

    def _find_in_tips(self, path: str) -> Iterator[str]:
        return (f"{tip}:{path}" for tip in self.tips)

    def read(self, paths: Sequence[str]) -> tuple[_LoggedCommit, ...]:
        """Return the commits that change these files, latest first."""
        # a random separator cannot occur in messages or files
        separator = os.urandom(12).hex()
        output = self._git(
            "log", "--no-merges", "-p", "-U1", "-M", "--no-ext-diff", "--no-textconv",
            f"--max-count={_MOST_COMMITS}", f"--format={separator}%H%x00%ct%x00%B%x00",
            *self.range, "--", *paths,
        )  # fmt: skip
        rows = (record.split("\0", 3) for record in output.split(separator)[1:])
        return tuple(_LoggedCommit(*row) for row in rows)


class _FixSearch:
    """The commits that are searched for fixes. Reverted commits are ignored."""

    def __init__(self, logged: Sequence[_LoggedCommit]) -> None:
        self._logged = logged
        self._marks: dict[str, CommitMarks] = {
            commit.id: read_commit_marks(commit.message) for commit in logged
        }
        self._reverts: dict[str, list[str]] = {}
        subjects = {commit.subject: commit.id for commit in reversed(logged)}
        for commit in logged:
            reverted_ids = self._marks[commit.id].reverts
            title = commit.subject.removeprefix('Revert "').removesuffix('"')
            if not reverted_ids and title != commit.subject and title in subjects:
                reverted_ids = (subjects[title],)
            for id_ in reverted_ids:
                self._reverts.setdefault(id_[:12], []).append(commit.id)

    def fixes_of(self, patch: PatchToFind) -> list[tuple[_LoggedCommit, bool]]:
        """Return the commits that make a patch unnecessary, latest first, and whether that
        is certain.
        """
        own_changes = group_changes_by_function(patch.files)
        screen = _Screen(patch, own_changes)
        reverted_changes: list[Counter[Line]] = []
        result = []
        for commit in self._logged:
            if not screen.may_match(commit, self._marks[commit.id]):
                continue
            their_changes = commit.changes
            total = their_changes.lines_in(their_changes.lines)
            if total in reverted_changes:
                continue
            if total:
                reverted_changes.append(invert_lines(total))
            verdict = compare_changes(own_changes, their_changes)
            if screen.has_title(commit) and total and total == screen.changed_lines:
                # the lines of a short patch may occur anywhere, but not with its title
                verdict = True
            if verdict is None and screen.is_related(commit, self._marks[commit.id]):
                verdict = False if _find_common_functions(own_changes, their_changes) else None
            if verdict is not None and not self._is_reverted(commit.id):
                result.append((commit, verdict))
        return result

    def _is_reverted(self, commit: str, depth: int = 0) -> bool:
        return depth < _MOST_RENAMES and any(
            not self._is_reverted(revert, depth + 1)
            for revert in self._reverts.get(commit[:12], ())
            if revert != commit
        )


class _Screen:
    """A filter that decides, from the text of a commit, whether its diff must be parsed."""

    def __init__(self, patch: PatchToFind, changes: ChangedFunctions) -> None:
        self._title = title_key(patch.title)
        self._fixes = {fix.id[:12] for fix in read_commit_marks(patch.message).fixes}
        edges = (line for edge in changes.edges for line in (edge.before, edge.after))
        self.changed_lines = changes.lines_in(changes.lines)
        lines = [content for _, content in self.changed_lines]
        self._lines = frozenset(line for line in (*lines, *edges) if is_distinctive(line))
        self._all = frozenset(lines)

    def has_title(self, commit: _LoggedCommit) -> bool:
        return title_key(commit.subject) == self._title

    def is_related(self, commit: _LoggedCommit, marks: CommitMarks) -> bool:
        """Return whether a commit fixes the same commit as the patch, or has the same title."""
        return self.has_title(commit) or any(fix.id[:12] in self._fixes for fix in marks.fixes)

    def may_match(self, commit: _LoggedCommit, marks: CommitMarks) -> bool:
        """Return whether a commit has a line in common with the patch, fixes the same commit, or
        has the same title.
        """
        lines = self._lines or self._all
        return not commit.stripped_lines.isdisjoint(lines) or self.is_related(commit, marks)


def compare_changes(own: ChangedFunctions, theirs: ChangedFunctions) -> bool | None:
    """Return whether another change makes a patch unnecessary, or None if it is unrelated.

    The result is True if it makes mostly the same changes to the same functions, and False if it
    changes the same lines, or adds lines at the same position, in a different way.
    """
    names = _find_common_functions(own, theirs)
    own_lines, their_lines = own.lines_in(own.lines), theirs.lines_in(names)
    if not names or not own_lines or not their_lines:
        return None
    common = own_lines & their_lines
    distinctive = [line for line in common if is_distinctive(line[1])]
    removed = [line for line in own_lines if line[0] == "-" and is_distinctive(line[1])]
    is_placed = any(line in common for line in removed) or _overlap_in_additions(own, theirs)
    similarity = line_similarity(own_lines, their_lines)
    if similarity >= ENOUGH and (is_placed or len(distinctive) >= _SHORT):
        return True
    if their_lines.total() > _MUCH * own_lines.total() + _MORE:
        return None
    is_replaced = sum(line in common for line in removed) * 2 >= max(1, len(removed))
    if is_replaced or (not removed and _overlap_in_additions(own, theirs)):
        return False
    return False if distinctive and similarity >= _HALF else None


def _find_common_functions(own: ChangedFunctions, theirs: ChangedFunctions) -> list[str]:
    """Return the functions that both patches change, or all functions if a patch has changes
    outside of named functions.
    """
    if "" in own.lines or "" in theirs.lines:
        return list(theirs.lines)
    return [name for name in own.lines if name in theirs.lines]


def _overlap_in_additions(own: ChangedFunctions, theirs: ChangedFunctions) -> bool:
    ends = {(edge.function, edge.before) for edge in own.edges if edge.before}
    starts = {(edge.function, edge.after) for edge in own.edges if edge.after}
    return any(
        (is_distinctive(edge.before) and (edge.function, edge.before) in ends)
        or (is_distinctive(edge.after) and (edge.function, edge.after) in starts)
        for edge in theirs.edges
    )


class _Locations:
    """Finds the trees and releases that contain a fix."""

    def __init__(self, repository: Repository, trees: Sequence[TreeTip]) -> None:
        self._repository, self._trees = repository, trees
        self._releases = Releases(repository)

    def choose(self, matches: Sequence[tuple[_LoggedCommit, bool]]) -> EarlierFix | None:
        """Choose a match. Prefer certain matches, then earlier trees, then older commits."""
        chosen: tuple[tuple[bool, int], EarlierFix] | None = None
        for commit, is_sure in reversed(matches):
            rank = self._rank(commit.id)
            key = (not is_sure, rank)
            if chosen is None or key < chosen[0]:
                fix = EarlierFix(
                    commit.id,
                    commit.subject,
                    self._describe_location(commit, self._trees[rank]),
                    self._trees[rank].is_mainline,
                    is_sure,
                )
                chosen = key, fix
        return chosen[1] if chosen else None

    def _rank(self, commit: str) -> int:
        return next(
            (
                index
                for index, tree in enumerate(self._trees)
                if self._repository.is_ancestor(commit, tree.tip)
            ),
            len(self._trees) - 1,
        )

    def _describe_location(self, commit: _LoggedCommit, tree: TreeTip) -> str:
        if tree.is_mainline:
            release = self._releases.first(commit.id, commit.date, final=True)
            release = release or self._releases.first(commit.id, commit.date)
            if release:
                return release.name
        return tree.name
