# SPDX-License-Identifier: GPL-2.0-or-later
"""Collects what a reviewer needs besides the patch: the code around it and what is known of it."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from patchpilot.backports.changed_functions import function_at
from patchpilot.errors import GitError, MissingError
from patchpilot.maintainers import load
from patchpilot.maintainers.match import match
from patchpilot.model.file_diff import FileChange
from patchpilot.model.hunk_fit import fit_hunks, text_lines
from patchpilot.model.patch import Patch
from patchpilot.projects.subsystems import subsystem_of_path
from patchpilot.reviewers.request import Section, numbered

if TYPE_CHECKING:
    from collections.abc import Callable

    from patchpilot.checking.check_result import CheckedPatch
    from patchpilot.commits.repository import Repository
    from patchpilot.model.source_tree import Tree

_CALL = re.compile(r"\b([A-Za-z_]\w{2,})\s*\(")
_NO_CALL = frozenset(("if", "for", "while", "switch", "return", "sizeof", "defined"))
_CONVENTIONS = (
    *("title", "prefix", "after_prefix", "trees", "tag_order", "links", "declarations"),
    *("comments", "columns", "changes"),
)
_COMMENT = ("/*", " *", "//")
_CALLEES, _CALLERS, _LOG = 12, 8, 8
"""The most functions called, places of callers and earlier commits in a request."""
_LONGEST = 400
"""Lines of a function that are shown."""
_TIMEOUT = 20.0


class PatchedFiles:
    """The files of a patch before and after it; each is read once."""

    def __init__(self, patch: Patch, tree: "Tree | None") -> None:
        self._changes = {change.path: change for change in patch.files}
        self.tree = tree
        self.after = cache(self._after)

    def before(self, path: str) -> tuple[str, ...] | None:
        """Return the lines of a file before the patch; None if it is new or unknown."""
        change = self._changes.get(path)
        old = change.old_path if change else path
        content = self.tree.read(old) if self.tree and old else None
        return None if content is None else _lines(content)

    def _after(self, path: str) -> tuple[str, ...] | None:
        """Return the lines of a file after the patch; None if the patch does not apply."""
        change = self._changes.get(path)
        before = self.before(path)
        if change is None:
            return before
        if before is None and change.old_path:
            return None
        fit = fit_hunks(
            path, text_lines("\n".join(before or ()).encode()), change.hunks
        )
        if fit.misfits or fit.lines is None:
            return None
        return tuple(line.rstrip("\n") for line in fit.lines)


def request_sections(
    checked: "CheckedPatch",
    files: PatchedFiles,
    repository: "Repository | None",
    series: Sequence[Patch] = (),
) -> Iterator[Section]:
    """Yield the sections of a patch's request, the most useful first.

    `series` are the patches of a series with several. Without a repository, the request has nothing
    from outside of the changed files.
    """
    patch = checked.patch
    yield (
        "Findings already made",
        [
            (None, f"{one.path or 'message'}:{one.line or ''} {one.message}")
            for one in checked.findings
        ],
    )
    yield (
        "The series",
        [(None, f"{one.subject.raw} ({', '.join(one.paths[:4])})") for one in series],
    )
    after = list(_functions(patch, files.after, is_new=True))
    names = [name for _, name, _ in after]
    for path, name, lines in after:
        yield (f"{name} in {path}, after the patch", lines)
    conventions, documents = _conventions(patch, files, files.tree)
    yield ("Conventions of the subsystem", conventions)
    at = _revision(patch, repository)
    if repository and at:
        called = _called(patch, after)
        yield from _definitions(repository, at, patch.paths, called)
        yield _callers(repository, at, patch.paths, names)
    for path, name, lines in _functions(patch, files.before, is_new=False):
        yield (f"{name} in {path}, before the patch", lines)
    if repository and at:
        yield _log(repository, at, patch.paths)
    yield from documents


def _conventions(
    patch: Patch, files: PatchedFiles, tree: "Tree | None"
) -> tuple[list[tuple[int | None, str]], list[Section]]:
    """The conventions of the patch's subsystem, and the documents that MAINTAINERS names (P:)."""
    rows: list[tuple[int | None, str]] = []
    paths = patch.paths
    subsystem = subsystem_of_path(paths[0]) if paths else None
    if subsystem:
        rows += [
            (None, f"{key}: {value}")
            for key, value in subsystem._asdict().items()
            if value and key in _CONVENTIONS
        ]
    try:
        matches = match(load(tree), paths) if tree else ()
    except MissingError:
        matches = ()
    documents = (name for found in matches for name in found.section.values("P"))
    return rows, [
        (name, numbered(files.before(name.strip()) or ()))
        for name in dict.fromkeys(documents)
    ]


def _revision(patch: Patch, repository: "Repository | None") -> str | None:
    if repository is None:
        return None
    return repository.find(f"{patch.commit}^" if patch.commit else "HEAD")


def _functions(
    patch: Patch,
    read: "Callable[[str], tuple[str, ...] | None]",
    *,
    is_new: bool,
) -> Iterator[tuple[str, str, tuple[tuple[int, str], ...]]]:
    """(path, name, numbered lines) of the functions that a patch changes."""
    for change in patch.files:
        lines = read(change.path)
        if lines is None:
            continue
        reported: set[tuple[int, int]] = set()
        for at in _changed_lines(change, is_new=is_new):
            function = function_at(lines, at)
            if function is None or function.span in reported:
                continue
            reported.add(function.span)
            start, end = function.span
            while start and lines[start - 1].startswith(_COMMENT):
                start -= 1
            shown = lines[start : min(end, start + _LONGEST)]
            yield change.path, function.name, numbered(shown, start + 1)


def _changed_lines(change: FileChange, *, is_new: bool) -> Iterator[int]:
    """The 0-based lines that a change adds or, in the old file, removes."""
    for hunk in change.hunks:
        at = (hunk.new_start if is_new else hunk.old_start) - 1
        for line in hunk.lines:
            if line.kind in "+-":
                yield max(at, 0)
            at += line.kind in (" +" if is_new else " -")


def _called(
    patch: Patch, after: Sequence[tuple[str, str, Sequence[tuple[int, str]]]]
) -> list[str]:
    """The names that the changed functions call, those of added lines first."""
    added = [line.text for change in patch.files for line in change.lines()]
    body = [text for _, _, lines in after for _, text in lines]
    names = (name for line in (*added, *body) for name in _CALL.findall(line))
    own = {name for _, name, _ in after}
    return [name for name in dict.fromkeys(names) if name not in _NO_CALL | own]


def _definitions(
    repository: "Repository", at: str, paths: Sequence[str], names: Sequence[str]
) -> Iterator[Section]:
    """The definitions of called functions in the patch's directories and in include/."""
    if not names:
        return
    pattern = rf"^[A-Za-z_].*\b({'|'.join(names[:40])})\("
    shown = 0
    for path, line in _grep(
        repository, at, (*_folders(paths), "include"), ("-E", "-e", pattern)
    ):
        content = repository.blob(at, path)
        lines = _lines(content) if content is not None else ()
        function = function_at(lines, line - 1)
        if function is None or function.name not in names:
            continue
        start, end = function.span
        if not lines[end - 1].startswith("}"):
            continue
        yield (
            f"{function.name} in {path}, called by the patch's functions",
            numbered(lines[start : min(end, start + 60)], start + 1),
        )
        shown += 1
        if shown == _CALLEES:
            return


def _callers(
    repository: "Repository", at: str, paths: Sequence[str], names: Sequence[str]
) -> Section:
    """The lines that name the changed functions, each with the lines around it."""
    rows: list[tuple[int | None, str]] = []
    words = [word for name in dict.fromkeys(names) for word in ("-e", f"{name}")]
    places = list(_grep(repository, at, _folders(paths), ("-w", "-F", *words)))
    count = 0
    for path, line in places if words else ():
        content = repository.blob(at, path)
        lines = _lines(content) if content is not None else ()
        function = function_at(lines, line - 1)
        if function and function.span[0] == line - 1:
            continue
        rows.append((None, f"{path}{f', in {function.name}' if function else ''}:"))
        start = max(line - 5, 0)
        rows += numbered(lines[start : line + 4], start + 1)
        count += 1
        if count == _CALLERS:
            break
    return ("Callers of the changed functions, before the patch", rows)


def _log(repository: "Repository", at: str, paths: Sequence[str]) -> Section:
    words = ("log", f"-{_LOG}", "--format=%h %as %s", at, "--", *paths)
    try:
        done = repository.git(*words, timeout=_TIMEOUT)
    except GitError:
        return ("", ())
    return (
        "Earlier commits to these files",
        [(None, line) for line in done.text.splitlines()],
    )


def _grep(
    repository: "Repository", at: str, folders: Sequence[str], words: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """(path, line) of the matches of `git grep` in C files."""
    if len(words) < 2:
        return
    globs = [f":(glob){folder}/**/*.[ch]" for folder in folders if folder]
    try:
        done = repository.git(
            *("grep", "-n", "-z", "--full-name", "-I", *words, at, "--", *globs),
            ok=(0, 1),
            env={"GIT_LITERAL_PATHSPECS": "0"},
            timeout=_TIMEOUT,
        )
    except GitError:
        return
    for row in done.text.splitlines():
        name, _, rest = row.partition("\0")
        number = rest.partition("\0")[0]
        if number.isdigit():
            yield name.removeprefix(f"{at}:"), int(number)


def _folders(paths: Sequence[str]) -> tuple[str, ...]:
    found = (path.rpartition("/")[0] for path in paths if path.endswith((".c", ".h")))
    return tuple(dict.fromkeys(re.sub(r"([*?\[\]\\])", r"\\\1", one) for one in found))


def _lines(content: bytes) -> tuple[str, ...]:
    return tuple(content.decode("utf-8", "replace").split("\n"))
