# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the commits among which a fix is searched, and the parts of the source a symptom names."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import streaming
from patchpilot.symptoms.read_log import Symptom

_FORMAT = "--format=%x00%H%x00%ct%x00%B"
_WORD = re.compile(r"[a-z_]\w+")
_CONSTANT = re.compile(r"[A-Za-z][\w'-]*(?: [A-Za-z][\w'-]*)+")
_HUNK = re.compile(r"@@ -\S+ \+\S+ @@ ?(.*)")
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")
_DEFINITION = re.compile(r"^(?:[A-Za-z_].*?\b)?(?P<name>[A-Za-z_]\w*)\s*\((?!.*;\s*$)")
_SUFFIXES = (".c", ".h", ".S", ".cpp", ".cc", ".rs")
_CODE = tuple(f"*{suffix}" for suffix in _SUFFIXES)
_GLOBS = {"GIT_LITERAL_PATHSPECS": "0"}
_GREPPED = re.compile(r"[^:]+:(?P<path>[^:=]+)(?P<sign>[:=])\d+[:=](?P<code>.*)")
_MAX_FRAMES, _LEAST = 12, 0.15
"""Only the top of a trace is looked up in the source."""
_PRINTED = 0.8
"""The weight of a function that prints a message of the log."""
MAX_FILES = 40
_MAX_HITS = 8
"""A function defined or a message printed in more files than this says little."""


class CommitMessage(NamedTuple):
    """A commit of mainline with its message, and its commit date in seconds."""

    id: str
    date: int
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


def read_messages(
    repository: Repository, since: str, tip: str, *paths: str
) -> Iterator[CommitMessage]:
    """Yield the commits of `since..tip` without merges, latest first."""
    words = ("log", "--no-merges", "-z", _FORMAT, f"{since}..{tip}", "--", *paths)
    with streaming(repository.top, *words) as stream:
        fields = stream.read().decode("utf-8", "replace").split("\0")
    for id_, date, message in zip(
        fields[1::4], fields[2::4], fields[3::4], strict=False
    ):
        yield CommitMessage(id_, int(date), message.strip())


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How often the words of a query occur: commit number → word → count, and all lengths."""

    counts: Mapping[int, Mapping[str, int]]
    mean: float
    lengths: Sequence[int]


def count_words(messages: Sequence[CommitMessage], words: Iterable[str]) -> WordCounts:
    """Count the words of a query in each message."""
    wanted = frozenset(words)
    counts: dict[int, Mapping[str, int]] = {}
    lengths = []
    for number, commit in enumerate(messages):
        in_message = _WORD.findall(commit.message.lower())
        lengths.append(len(in_message))
        if not wanted.isdisjoint(in_message):
            counts[number] = Counter(word for word in in_message if word in wanted)
    return WordCounts(counts, sum(lengths) / max(1, len(lengths)), lengths)


@dataclass(frozen=True, slots=True)
class SourcePlaces:
    """The files and functions of a tree that a symptom names or that print its messages."""

    files: Mapping[str, float]
    functions: Mapping[str, float]


def locate(repository: Repository, rev: str, symptom: Symptom) -> SourcePlaces:
    """Find the source of a symptom in the tree of `rev`: file → weight and function → weight.

    If the symptom names modules, only directories and files of these names are searched.
    """
    listing = repository.git("ls-tree", "-r", "-z", "--name-only", rev).text.split("\0")
    sources = [path for path in listing if path.endswith(_SUFFIXES)]
    files = dict.fromkeys(_named_files(listing, symptom.files), 0.7)
    functions = {frame.function: frame.weight for frame in symptom.frames}
    wanted = {
        frame.function: frame.weight
        for frame in symptom.frames[:_MAX_FRAMES]
        if frame.weight >= _LEAST
    }
    texts = _constants(symptom)
    defined: dict[str, set[str]] = {}
    printed: dict[str, set[tuple[str, str]]] = {}
    for path, function, code in _occurrences(
        repository,
        rev,
        [*(f"{name}(" for name in wanted), *texts],
        _directories(sources, symptom),
    ):
        if not code and function in wanted and not path.endswith(".h"):
            defined.setdefault(function, set()).add(path)
        for text in texts if '"' in code else ():
            if text in code:
                printed.setdefault(text, set()).add((path, function))
    for name, paths in defined.items():
        for path in paths if len(paths) <= _MAX_HITS else ():
            files[path] = max(files.get(path, 0.0), wanted[name])
    for places in printed.values():
        for path, name in places if len(places) <= _MAX_HITS else ():
            files[path] = max(files.get(path, 0.0), _PRINTED)
            if name:
                functions[name] = max(functions.get(name, 0.0), _PRINTED)
    first = sorted(files.items(), key=lambda item: -item[1])[:MAX_FILES]
    return SourcePlaces(dict(first), functions)


def _occurrences(
    repository: Repository, rev: str, texts: Sequence[str], where: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield (path, function, line) for each line with one of the texts; ("", "") as the line if it
    begins a function.
    """
    if not texts:
        return
    found = repository.git(
        "grep",
        "-n",
        "-I",
        "-F",
        "--show-function",
        *(word for text in texts for word in ("-e", text)),
        rev,
        "--",
        *(where or _CODE),
        env=_GLOBS,
        ok=(0, 1),
    ).out.decode("utf-8", "replace")
    function = ""
    for line in found.splitlines():
        if match := _GREPPED.match(line):
            if definition := _DEFINITION.match(match["code"]):
                function = definition["name"]
                yield match["path"], function, ""
            elif match["sign"] == ":":
                yield match["path"], function, match["code"]


def _named_files(sources: Sequence[str], names: Iterable[str]) -> Iterator[str]:
    """Yield the source files that a log names, by the end of their path, or by their name."""
    for name in names:
        for end in (name.lstrip("./"), name.rpartition("/")[2]):
            paths = [path for path in sources if f"/{path}".endswith(f"/{end}")]
            if paths:
                yield from paths if len(paths) <= _MAX_HITS else ()
                break


def _directories(sources: Sequence[str], symptom: Symptom) -> list[str]:
    """Return the directories and files that are named like the modules of a symptom."""
    names = {module.replace("-", "_") for module in symptom.modules}
    found: dict[str, None] = {}
    for path in sources if names else ():
        *folders, file = path.split("/")
        for at, folder in enumerate(folders):
            if folder.replace("-", "_") in names:
                found["/".join(folders[: at + 1])] = None
                break
        else:
            if file.rpartition(".")[0].replace("-", "_") in names:
                found["/".join(folders) or file] = None
    return list(found)[:20]


def _constants(symptom: Symptom) -> list[str]:
    """Return the parts of the printed messages that a format string of the source may contain."""
    found: dict[str, None] = {}
    for message in symptom.messages[:10]:
        parts = [part for part in _CONSTANT.findall(message) if len(part) > 9]
        for part in sorted(parts, key=len, reverse=True)[:1]:
            found[part[:60]] = None
    return list(found)


class Change(NamedTuple):
    """The parts of a diff that the ranking uses: files, functions, and changed lines."""

    files: tuple[str, ...]
    functions: frozenset[str]
    lines: int


def read_changes(repository: Repository, commits: Sequence[str]) -> dict[str, Change]:
    """Read the diffs of commits: commit → change."""
    out = repository.git(
        "diff-tree", "--stdin", "-r", "-p", "-U0", "--no-renames", "--root", "--", *_CODE,
        stdin="".join(f"{commit}\n" for commit in commits).encode(),
        env=_GLOBS,
        # a clone may lack the largest files
        ok=(0, 128),
    ).out.decode("utf-8", "replace")  # fmt: skip
    known = frozenset(commits)
    changes: dict[str, Change] = {}
    files: list[str] = []
    functions: set[str] = set()
    commit, lines = "", 0
    for line in (*out.splitlines(), "end"):
        if line in known or line == "end":
            if commit:
                changes[commit] = Change(tuple(files), frozenset(functions), lines)
            commit, files, functions, lines = line, [], set(), 0
        elif line.startswith("diff --git "):
            files.append(line.rpartition(" b/")[2])
        elif hunk := _HUNK.match(line):
            functions.update(_FUNCTION.findall(hunk[1])[:1])
        elif line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
            lines += 1
            # a new or changed head of a function is not in a hunk's heading
            if len(line) > 1 and line[1].isalpha() and not line.endswith(";"):
                functions.update(_FUNCTION.findall(line)[:1])
    return changes


def touching(
    repository: Repository, since: str, tip: str, files: Sequence[str]
) -> frozenset[str]:
    """Return the commits of `since..tip` that change one of these files."""
    if not files:
        return frozenset()
    return frozenset(
        repository.rev_list("--no-merges", f"{since}..{tip}", "--", *files)
    )
