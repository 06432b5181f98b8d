# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tree's semantic patches (scripts/coccinelle) on changed files."""

import fnmatch
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from patchpilot.building.configuration import compiler_version
from patchpilot.building.diagnostics import COCCINELLE, Diagnostic
from patchpilot.building.tree_state import TreeState
from patchpilot.cache.entries import CacheKind, get_or_compute
from patchpilot.commits.confinement import Access, run_confined
from patchpilot.commits.run import RunWatch
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError
from patchpilot.model.printable import make_printable
from patchpilot.model.progress import Progress

FOLDER = "scripts/coccinelle"
PROGRAM = "spatch"
_TIMEOUT = 60.0
_LINE = re.compile(r"(?P<path>[^:\s]+):(?P<line>\d+):(?P<column>\d+)-\d+: (?P<text>.*)")
_OPTIONS = re.compile(r"^//\s*Options:\s*(.*)$", re.MULTILINE)
_KNOWN_OPTIONS = ("--no-includes", "--include-headers", "--all-includes", "--no-loops")
_QUERY = "\nGrep query\n"
"""Coccinelle prints this before a list of words; a matching file contains at least one of them."""
_WORDS = CacheKind("semantic-patch-words", (str(Path(__file__)),))
KIND = CacheKind("semantic-patch", (str(Path(__file__)),), 1000)
_CONTEXT_LINES = 30


def key_of_tool() -> str:
    """Return a cache key for Coccinelle's version, or "" if it is not installed."""
    return f"{PROGRAM} {compiler_version(PROGRAM)}" if shutil.which(PROGRAM) else ""


def text_around(text: str, lines: Sequence[int]) -> str:
    """Return the parts of a text near these lines."""
    line_numbers = {
        index for line in lines for index in range(line - _CONTEXT_LINES - 1, line + _CONTEXT_LINES)
    }
    return "\n".join(line for index, line in enumerate(text.split("\n")) if index in line_numbers)


def scripts_for(state: TreeState, text: str, progress: Progress) -> Iterator[str]:
    """Yield the semantic patches that may match a text.

    Coccinelle lists words for each semantic patch; a matching file contains at least one of them. A
    semantic patch without such words may match any text.
    """
    present = frozenset(re.findall(r"\w+", text))
    for path, words in _trigger_words(state, progress).items():
        if not words or present.intersection(words):
            yield path


def _trigger_words(state: TreeState, progress: Progress) -> dict[str, list[str]]:
    """Map the tree's semantic patches to the words that Coccinelle lists for them."""
    paths = fnmatch.filter(state.files, f"{FOLDER}/*.cocci")

    def read() -> dict[str, list[str]]:
        words_by_path = {}
        with TemporaryFolder("semantic-patch") as folder:
            script = Path(folder, "script.cocci")
            for path in paths:
                output = ""
                script.write_text(state.read(path) or "", "utf-8")
                arguments = ["--parse-cocci", str(script)]
                with suppress(GitError):
                    report_progress = partial(progress, f"reading {path}")
                    output = _run_coccinelle(arguments, script.parent, report_progress)
                words_by_path[path] = re.findall(r"\w+", output.partition(_QUERY)[2])
        return words_by_path

    words: dict[str, list[str]] = get_or_compute(_WORDS, (key_of_tool(), state.digest(paths)), read)
    return words


def _run_coccinelle(arguments: Sequence[str], folder: Path, check: Callable[[], None]) -> str:
    """Return the output of Coccinelle. Raise `GitError` if it fails or takes too long."""
    argv = [
        PROGRAM,
        "-D",
        "report",
        "--no-show-diff",
        "--very-quiet",
        *arguments,
    ]
    outcome = run_confined(argv, Access((folder,)), cwd=folder, timeout=RunWatch(_TIMEOUT, check))
    if outcome.code and not outcome.out:
        raise GitError(f"{PROGRAM} ended with exit code {outcome.code}")
    return outcome.text


def run_scripts(
    tree: Path,
    state: TreeState,
    path: str,
    scripts: Sequence[str],
    progress: Progress,
) -> Iterator[Diagnostic]:
    """Run semantic patches on a file in the checked-out tree, and yield their reports."""
    for script in scripts:
        report_progress = partial(progress, f"{script.rpartition('/')[2]}: {path}")
        arguments = [*_options(state, script), "--cocci-file", script, path]
        try:
            output = _run_coccinelle(arguments, tree, report_progress)
        except GitError as error:
            name = script.rpartition("/")[2]
            text = make_printable(f"not checked by {name}: {error.message}")
            yield Diagnostic(COCCINELLE, path, 0, 0, text)
            continue
        yield from _parse_reports(output, script, str(tree))


def _options(state: TreeState, script: str) -> list[str]:
    declared = _OPTIONS.search(state.read(script) or "")
    return [
        option for option in (declared[1].split() if declared else ()) if option in _KNOWN_OPTIONS
    ]


def _parse_reports(output: str, script: str, top: str) -> Iterator[Diagnostic]:
    name = script.rpartition("/")[2]
    for line in output.split("\n"):
        match = _LINE.match(line)
        if match:
            path = match["path"].removeprefix(f"{top}/")
            number, message = int(match["line"]), make_printable(match["text"])
            yield Diagnostic(
                COCCINELLE,
                path,
                number,
                int(match["column"]),
                f"{message} ({name})",
            )
