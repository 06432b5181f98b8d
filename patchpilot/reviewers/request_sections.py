# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect the code and facts around a patch that a reviewer needs."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING

from patchpilot.backports.changed_functions import Function, find_enclosing_function
from patchpilot.checking.path_facts import path_facts
from patchpilot.commits.patched_tree import PatchStack
from patchpilot.errors import GitError, MissingError
from patchpilot.lint.habits import common_folder
from patchpilot.maintainers import load_maintainers
from patchpilot.maintainers.load import match_patch
from patchpilot.model.c_scanner import read_code, read_code_of, read_hunk_code
from patchpilot.model.patch import FileChange, Patch
from patchpilot.reviewers.request import Section, number_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from patchpilot.checking.result import CheckedPatch
    from patchpilot.commits.repository import Repository
    from patchpilot.model.source_tree import Tree

_CALL = re.compile(r"\b([A-Za-z_]\w{2,})\s*\(")
_NO_CALL = frozenset(("if", "for", "while", "switch", "return", "sizeof", "defined"))
_COMMENT = "//"
_CALLEES, _CALLERS, _LOG = 12, 8, 8
"""Maximum number of called functions, callers and earlier commits in a request."""
_MAX_FUNCTION_LINES = 400
"""Maximum number of lines shown of a function."""
_TIMEOUT = 20.0


class PatchedFiles:
    """The content of a patch's files before and after the patch; each file is read once."""

    def __init__(self, patch: Patch, tree: "Tree | None") -> None:
        self.tree = tree
        self._old = {change.path: change.old_path for change in patch.files}
        # Stack does not apply the last of its patches, so pass this patch twice
        self._stack = PatchStack(tree, (patch, patch)) if tree else None
        self.after = cache(self._lines_after)

    def lines_before(self, path: str) -> tuple[str, ...] | None:
        """Return the lines of a file before the patch, or None if the file is new or cannot be
        read.
        """
        old = self._old.get(path, path)
        return _decode_lines(self.tree.read(old)) if self.tree and old else None

    def _lines_after(self, path: str) -> tuple[str, ...] | None:
        content, is_guess = self._stack.before(path, 1) if self._stack else (None, True)
        return None if is_guess else _decode_lines(content)


def make_request_sections(
    checked_patch: "CheckedPatch",
    files: PatchedFiles,
    repository: "Repository | None",
    series: Sequence[Patch] = (),
) -> Iterator[Section]:
    """Yield the sections of a review request, the most useful first.

    `series` contains all patches if the series has more than one. Without a repository, only the
    changed files are included.
    """
    patch = checked_patch.patch
    yield (
        "Findings already made",
        [
            (
                None,
                f"{finding.path or 'message'}:{finding.line or ''} {finding.message}",
            )
            for finding in checked_patch.findings
        ],
    )
    yield (
        "The series",
        [(None, f"{patch.subject.raw} ({', '.join(patch.paths[:4])})") for patch in series],
    )
    new_functions = list(_find_changed_functions(patch, files.after, is_new=True))
    function_names = [name for _, name, _ in new_functions]
    for path, name, lines in new_functions:
        yield (f"{name} in {path}, after the patch", lines)
    folder = common_folder(patch)
    folder_facts = path_facts(folder, repository) if folder else ()
    facts = [f"{fact.label}: {fact.value} ({fact.source})" for fact in folder_facts]
    yield ("Conventions of the subsystem", [(None, fact) for fact in facts])
    revision = _find_base_revision(patch, repository)
    if repository and revision:
        called_names = _find_called_functions(patch, new_functions)
        yield from _find_definitions(repository, revision, patch.paths, called_names)
        yield _find_callers(repository, revision, patch.paths, function_names)
    for path, name, lines in _find_changed_functions(patch, files.lines_before, is_new=False):
        yield (f"{name} in {path}, before the patch", lines)
    if repository and revision:
        yield _list_earlier_commits(repository, revision, patch.paths)
    yield from _find_listed_documents(patch, files)


def _find_listed_documents(patch: Patch, files: PatchedFiles) -> Iterator[Section]:
    try:
        matches = match_patch(load_maintainers(files.tree), patch.paths) if files.tree else ()
    except MissingError:
        return
    paths = (path.strip() for match in matches for path in match.section.values("P"))
    for path in dict.fromkeys(paths):
        yield path, number_lines(files.lines_before(path) or ())


def _find_base_revision(patch: Patch, repository: "Repository | None") -> str | None:
    if repository is None:
        return None
    return repository.find(f"{patch.commit}^" if patch.commit else "HEAD")


def _find_changed_functions(
    patch: Patch,
    read_lines: "Callable[[str], tuple[str, ...] | None]",
    *,
    is_new: bool,
) -> Iterator[tuple[str, str, tuple[tuple[int, str], ...]]]:
    for change in patch.files:
        lines = read_lines(change.path)
        if lines is None:
            continue
        code = read_code_of(change.path, lines)
        reported_spans: set[tuple[int, int]] = set()
        for line in _changed_line_numbers(change, is_new=is_new):
            function = find_enclosing_function(code, line)
            if function is None or function.span in reported_spans:
                continue
            reported_spans.add(function.span)
            start, end = function.span
            while start and _is_comment(lines[start - 1], code[start - 1]):
                start -= 1
            function_lines = lines[start : min(end, start + _MAX_FUNCTION_LINES)]
            yield change.path, function.name, number_lines(function_lines, start + 1)


def _is_comment(line: str, code: str) -> bool:
    return bool(line.strip() and not code.strip()) or line.startswith(_COMMENT)


def _changed_line_numbers(change: FileChange, *, is_new: bool) -> Iterator[int]:
    for hunk in change.hunks:
        number = (hunk.new_start if is_new else hunk.old_start) - 1
        for line in hunk.lines:
            if line.kind in "+-":
                yield max(number, 0)
            number += line.kind in (" +" if is_new else " -")


def _find_called_functions(
    patch: Patch, new_functions: Sequence[tuple[str, str, Sequence[tuple[int, str]]]]
) -> list[str]:
    added_lines = (
        code
        for change in patch.files
        for hunk in change.hunks
        for line, code in zip(hunk.lines, read_hunk_code(hunk), strict=True)
        if line.kind == "+"
    )
    function_lines = (read_code(text for _, text in lines) for _, _, lines in new_functions)
    lines = (*added_lines, *chain.from_iterable(function_lines))
    names = (name for line in lines for name in _CALL.findall(line))
    own_names = {name for _, name, _ in new_functions}
    return [name for name in dict.fromkeys(names) if name not in _NO_CALL | own_names]


def _find_definitions(
    repository: "Repository", revision: str, paths: Sequence[str], names: Sequence[str]
) -> Iterator[Section]:
    if not names:
        return
    grep_options = ("-E", "-e", rf"^[A-Za-z_].*\b({'|'.join(names[:40])})\(")
    folders = (*_parent_folders(paths), "include")
    functions = (
        (path, lines, function)
        for path, _, lines, function in _find_matching_functions(
            repository, revision, folders, grep_options
        )
        if function and function.name in names and lines[function.span[1] - 1].startswith("}")
    )
    for path, lines, function in islice(functions, _CALLEES):
        start, end = function.span
        yield (
            f"{function.name} in {path}, called by the patch's functions",
            number_lines(lines[start : min(end, start + 60)], start + 1),
        )


def _find_callers(
    repository: "Repository", revision: str, paths: Sequence[str], names: Sequence[str]
) -> Section:
    rows: list[tuple[int | None, str]] = []
    patterns = [argument for name in dict.fromkeys(names) for argument in ("-e", name)]
    matches = _find_matching_functions(
        repository, revision, _parent_folders(paths), ("-w", "-F", *patterns)
    )
    # do not report the first line of a changed function as a call of it
    calls = (
        location
        for location in matches
        if not location[3] or location[3].span[0] != location[1] - 1
    )
    for path, line, lines, function in islice(calls, _CALLERS):
        rows.append((None, f"{path}{f', in {function.name}' if function else ''}:"))
        start = max(line - 5, 0)
        rows += number_lines(lines[start : line + 4], start + 1)
    return ("Callers of the changed functions, before the patch", rows)


def _list_earlier_commits(repository: "Repository", revision: str, paths: Sequence[str]) -> Section:
    arguments = ("log", f"-{_LOG}", "--format=%h %as %s", revision, "--", *paths)
    try:
        result = repository.git(*arguments, timeout=_TIMEOUT)
    except GitError:
        return ("", ())
    return (
        "Earlier commits to these files",
        [(None, line) for line in result.text.splitlines()],
    )


def _grep_c_files(
    repository: "Repository",
    revision: str,
    folders: Sequence[str],
    grep_options: Sequence[str],
) -> Iterator[tuple[str, int]]:
    if "-e" not in grep_options:
        return
    globs = [f":(glob){folder}/**/*.[ch]" for folder in folders if folder]
    try:
        result = repository.git(
            *(
                "grep",
                "-n",
                "-z",
                "--full-name",
                "-I",
                *grep_options,
                revision,
                "--",
                *globs,
            ),
            ok=(0, 1),
            env={"GIT_LITERAL_PATHSPECS": "0"},
            timeout=_TIMEOUT,
        )
    except GitError:
        return
    for output_line in result.text.splitlines():
        name, _, remainder = output_line.partition("\0")
        number = remainder.partition("\0")[0]
        if number.isdigit():
            yield name.removeprefix(f"{revision}:"), int(number)


def _find_matching_functions(
    repository: "Repository",
    revision: str,
    folders: Sequence[str],
    grep_options: Sequence[str],
) -> Iterator[tuple[str, int, tuple[str, ...], Function | None]]:
    read_lines = cache(lambda path: _decode_lines(repository.blob(revision, path)) or ())
    read_lines_code = cache(lambda path: read_code_of(path, read_lines(path)))
    for path, line in _grep_c_files(repository, revision, folders, grep_options):
        lines = read_lines(path)
        yield path, line, lines, find_enclosing_function(read_lines_code(path), line - 1)


def _parent_folders(paths: Sequence[str]) -> tuple[str, ...]:
    folders = (path.rpartition("/")[0] for path in paths if path.endswith((".c", ".h")))
    return tuple(dict.fromkeys(re.sub(r"([*?\[\]\\])", r"\\\1", folder) for folder in folders))


def _decode_lines(content: bytes | None) -> tuple[str, ...] | None:
    return None if content is None else tuple(content.decode("utf-8", "replace").split("\n"))
