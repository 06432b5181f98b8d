# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tree's semantic patches (scripts/coccinelle) on the files that a patch touches."""

import fnmatch
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from patchpilot.building.configuration import (
    compiler_version,
    make_environment,
    sandbox,
)
from patchpilot.building.diagnostics import COCCINELLE, Diagnostic
from patchpilot.building.tree_state import TreeState
from patchpilot.cache.entries import Kind, get_or_compute
from patchpilot.commits.run import Watched, run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError
from patchpilot.model.printable import printable
from patchpilot.model.progress import Progress

FOLDER = "scripts/coccinelle"
PROGRAM = "spatch"
_SECONDS = 60.0
_LINE = re.compile(r"(?P<path>[^:\s]+):(?P<line>\d+):(?P<column>\d+)-\d+: (?P<text>.*)")
_OPTIONS = re.compile(r"^//\s*Options:\s*(.*)$", re.MULTILINE)
_KNOWN_OPTIONS = ("--no-includes", "--include-headers", "--all-includes", "--no-loops")
_QUERY = "\nGrep query\n"
"""Coccinelle prints this before a list of words; any matching file contains at least one."""
_WORDS = Kind("semantic-patch-words", (str(Path(__file__)),))
KIND = Kind("semantic-patch", (str(Path(__file__)),), 1000)
_AROUND = 30


def key_of_tool() -> str:
    """Return a cache key that changes with Coccinelle's version, or "" if it is not installed."""
    return f"{PROGRAM} {compiler_version(PROGRAM)}" if shutil.which(PROGRAM) else ""


def text_around(text: str, lines: Sequence[int]) -> str:
    """Return a file's text around some of its lines."""
    near = {at for line in lines for at in range(line - _AROUND - 1, line + _AROUND)}
    return "\n".join(line for at, line in enumerate(text.split("\n")) if at in near)


def scripts_for(state: TreeState, text: str, progress: Progress) -> Iterator[str]:
    """Yield the semantic patches that may match a text.

    Coccinelle lists words for each; a matching file contains at least one. A semantic patch without
    such words may match any text.
    """
    present = frozenset(re.findall(r"\w+", text))
    for path, words in _words(state, progress).items():
        if not words or present.intersection(words):
            yield path


def _words(state: TreeState, progress: Progress) -> dict[str, list[str]]:
    """Return a tree's semantic patches with the words that Coccinelle lists for them."""
    paths = fnmatch.filter(state.files, f"{FOLDER}/*.cocci")

    def read() -> dict[str, list[str]]:
        known = {}
        with TemporaryFolder("semantic-patch") as folder:
            script = Path(folder, "script.cocci")
            for path in paths:
                script.write_text(state.read(path) or "", "utf-8")
                printed = _run_coccinelle(
                    ["--parse-cocci", str(script)],
                    script.parent,
                    partial(progress, f"reading {path}"),
                )
                known[path] = re.findall(r"\w+", printed.partition(_QUERY)[2])
        return known

    words: dict[str, list[str]] = get_or_compute(
        _WORDS, (key_of_tool(), state.digest(paths)), read
    )
    return words


def _run_coccinelle(
    words: Sequence[str], folder: Path, check: Callable[[], None]
) -> str:
    """Run Coccinelle in report mode and return its output, or "" if a file takes too long."""
    argv = [
        *sandbox(),
        PROGRAM,
        "-D",
        "report",
        "--no-show-diff",
        "--very-quiet",
        *words,
    ]
    try:
        return run(
            argv, env=make_environment(), cwd=folder, timeout=Watched(_SECONDS, check)
        ).text
    except GitError:
        return ""


def run_scripts(
    tree: Path,
    state: TreeState,
    path: str,
    scripts: Sequence[str],
    progress: Progress,
) -> Iterator[Diagnostic]:
    """Run semantic patches on a file in the checked-out tree and yield their reports."""
    for script in scripts:
        what = partial(progress, f"{script.rpartition('/')[2]}: {path}")
        words = [*_options(state, script), "--cocci-file", script, path]
        text = _run_coccinelle(words, tree, what)
        yield from _read(text, script, str(tree))


def _options(state: TreeState, script: str) -> list[str]:
    """Return the options that a semantic patch sets for itself."""
    named = _OPTIONS.search(state.read(script) or "")
    return [
        word for word in (named[1].split() if named else ()) if word in _KNOWN_OPTIONS
    ]


def _read(text: str, script: str, top: str) -> Iterator[Diagnostic]:
    name = script.rpartition("/")[2]
    for line in text.split("\n"):
        found = _LINE.match(line)
        if found:
            path = found["path"].removeprefix(f"{top}/")
            number, said = int(found["line"]), printable(found["text"])
            yield Diagnostic(
                COCCINELLE,
                path,
                number,
                int(found["column"]),
                f"{said} ({name})",
            )
