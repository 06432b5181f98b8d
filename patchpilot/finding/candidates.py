# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the commits that may contain a fix, and find the source code that a symptom mentions."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from patchpilot.building.kconfig import Read
from patchpilot.building.makefiles import modules_of
from patchpilot.commits.git_command import stream_output
from patchpilot.commits.pinned_git import make_config_variable
from patchpilot.commits.repository import Repository
from patchpilot.finding.printed_messages import count_common_letters, make_search_texts
from patchpilot.finding.read_log import Frame, Symptom
from patchpilot.history.earlier_fixes import (
    find_function_start,
    function_name,
    is_function_start,
)
from patchpilot.model.c_scanner import guess_state, read_code, read_code_of
from patchpilot.model.hunk_fit import split_text_lines
from patchpilot.model.patch import parse_git_paths

_FORMAT = "--format=%x00%H%x00%ct%x00%B"
_WORD = re.compile(r"[a-z_]\w+")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
_SHARED_OBJECT = re.compile(r"/([\w-]+)\.o\b")
_CONVERSION = re.compile(r"%[-+ #0-9.*]*[a-zA-Z]+")
_HEADS = (("diff.default.xfuncname", "!^\\w+:[[:space:]]*($|/[/*])\n^[A-Za-z_$].*"),)
"""git mistakes a label for the start of a function."""
_SUFFIXES = (".c", ".h", ".S", ".cpp", ".cc", ".rs")
_CODE = tuple(f"*{suffix}" for suffix in _SUFFIXES)
_GLOBS = {"GIT_LITERAL_PATHSPECS": "0"}
_MAX_FRAMES, _LEAST, _MAX_PRINTED = 12, 0.15, 8
"""Only the top of a trace and the first messages are looked up in the source."""
_PRINTED = 0.8
"""The weight of a function that prints a message of the log."""
MAX_FILES = 40
_MAX_HITS = 8
"""A function defined, or a message printed, in more files than this is little evidence."""

_Line = tuple[str, int, str]
"""A path, the number of a line from 1, and the line."""


class CommitMessage(NamedTuple):
    """A mainline commit with its message and its commit date in seconds since the epoch."""

    id: str
    date: int
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


def read_messages(
    repository: Repository, since: str, tip: str, *paths: str
) -> Iterator[CommitMessage]:
    """Yield the non-merge commits in `since..tip`, latest first."""
    arguments = ("log", "--no-merges", "-z", _FORMAT, f"{since}..{tip}", "--", *paths)
    with stream_output(repository.top, *arguments) as stream:
        fields = stream.read().decode("utf-8", "replace").split("\0")
    for id_, date, message in zip(fields[1::4], fields[2::4], fields[3::4], strict=False):
        yield CommitMessage(id_, int(date), message.strip())


@dataclass(frozen=True, slots=True)
class WordCounts:
    """The number of times that each message contains the query's words, and the lengths of the
    messages.

    The counts map a commit's number to words, and each word to its count.
    """

    counts: Mapping[int, Mapping[str, int]]
    mean: float
    lengths: Sequence[int]


def count_words(messages: Sequence[CommitMessage], words: Iterable[str]) -> WordCounts:
    """Count the query's words in each message."""
    query = frozenset(words)
    counts = {}
    lengths = []
    for number, commit in enumerate(messages):
        message_words = _WORD.findall(commit.message.lower())
        lengths.append(len(message_words))
        if not query.isdisjoint(message_words):
            counts[number] = Counter(word for word in message_words if word in query)
    return WordCounts(counts, sum(lengths) / max(1, len(lengths)), lengths)


@dataclass(frozen=True, slots=True)
class SourceLocations:
    """The files and functions in a tree that a symptom mentions or that print its messages.

    `symptom` is the symptom with these functions added as frames.
    """

    files: Mapping[str, float]
    functions: Mapping[str, float]
    symptom: Symptom

    @property
    def folders(self) -> frozenset[str]:
        """Return the directories of the files, without the top directory."""
        return frozenset(path.rpartition("/")[0] for path in self.files) - {""}


def locate_symptom(repository: Repository, rev: str, symptom: Symptom) -> SourceLocations:
    """Weight a tree's files and functions by their likelihood of causing a symptom.

    If the symptom names modules, first search only directories and files with these names.
    """
    listing = _list_paths(repository, rev)
    sources = [path for path in listing if path.endswith(_SUFFIXES)]
    files = dict.fromkeys(_find_named_files(listing, symptom.files), 0.7)
    functions = {frame.function: frame.weight for frame in symptom.frames}
    frames = [frame for frame in symptom.frames[:_MAX_FRAMES] if frame.weight >= _LEAST]
    messages = symptom.messages[:_MAX_PRINTED]

    @cache
    def read(path: str) -> str:
        return (repository.blob(rev, path) or b"").decode("utf-8", "replace")

    for path_patterns in filter(None, (_find_directories(sources, symptom), _CODE)):
        in_all_files = path_patterns is _CODE
        keys = (key for message in messages for key in make_search_texts(message, in_all_files))
        # some code has a space before the parameters
        heads = (f"{frame.function}{end}" for frame in frames for end in ("(", " ("))
        search_texts = [*heads, *keys]
        lines = list(_grep_lines(repository, rev, search_texts, path_patterns))
        files_of = _find_definitions(lines)
        definitions = [
            (path, frame.weight)
            for frame in frames
            for path in _select_files(files_of.get(frame.function, ()), frame, sources, read)
        ]
        printing_lines = _find_printing_lines(lines, messages)
        for path, weight in (
            *definitions,
            *((path, _PRINTED) for path, _ in printing_lines),
        ):
            files[path] = max(files.get(path, 0.0), weight)
        for path, number in printing_lines:
            code = read_code_of(path, split_text_lines(repository.blob(rev, path) or b""))
            if (top := find_function_start(code, number - 1)) is not None:
                name = function_name(code[top])
                functions[name] = max(functions.get(name, 0.0), _PRINTED)
        if definitions or printing_lines:
            break
    top_files = sorted(files.items(), key=lambda item: -item[1])[:MAX_FILES]
    named = {frame.function: frame for frame in symptom.frames}
    all_frames = tuple(
        named.get(name, Frame(name, weight))._replace(weight=weight)
        for name, weight in functions.items()
    )
    return SourceLocations(dict(top_files), functions, replace(symptom, frames=all_frames))


def _find_definitions(lines: Iterable[_Line]) -> Mapping[str, Mapping[str, None]]:
    """Map each function to the source files that define it."""
    files: dict[str, dict[str, None]] = {}
    for path, _, code in lines:
        if is_function_start(code) and not code.endswith(";") and not path.endswith(".h"):
            files.setdefault(function_name(code), {})[path] = None
    return files


def _select_files(
    paths: Collection[str], frame: Frame, sources: Sequence[str], read: Read
) -> Sequence[str]:
    """Return the files that may define the function of a frame, or () if these are many.

    Other modules may have a static function of the same name. Files that no Makefile names are
    only returned if the frame's module has no other file.
    """
    selected = list(paths)
    if frame.module:
        module = frame.module.replace("-", "_")
        modules = {path: modules_of(read, path) for path in paths}
        selected = (
            [path for path in paths if module in modules[path]]
            or _find_shared_files(paths, module, sources, read)
            or [path for path in paths if not modules[path]]
        )
    return selected if len(selected) <= _MAX_HITS else ()


def _find_shared_files(
    paths: Collection[str], module: str, sources: Sequence[str], read: Read
) -> list[str]:
    """Return the files of other directories whose objects the module's own Makefile names."""
    folders = _find_directories(sources, Symptom(modules=(module,))) if paths else ()
    text = "\n".join(read(f"{folder}/Makefile") or "" for folder in folders)
    objects = frozenset(_SHARED_OBJECT.findall(text))
    return [path for path in paths if path.rpartition("/")[2].rpartition(".")[0] in objects]


def _find_printing_lines(lines: Sequence[_Line], messages: Iterable[str]) -> list[tuple[str, int]]:
    """Return (path, line number) of the lines that most likely print the messages."""
    lines = [line for line in lines if '"' in line[2]]
    result = []
    for message in messages:
        letter_counts = [count_common_letters(message, code) for _, _, code in lines]
        best = max(letter_counts, default=0)
        if best and letter_counts.count(best) <= _MAX_HITS:
            result += [
                line[:2] for line, count in zip(lines, letter_counts, strict=True) if count == best
            ]
    return result


def _grep_lines(
    repository: Repository,
    rev: str,
    search_texts: Sequence[str],
    path_patterns: Sequence[str],
) -> Iterator[_Line]:
    """Yield (path, line number, line) for each line that contains any of the texts."""
    if not search_texts:
        return
    pattern_options = (option for search_text in search_texts for option in ("-e", search_text))
    output = repository.git(
        "grep",
        "-n",
        "-I",
        "-F",
        "-z",
        *pattern_options,
        rev,
        "--",
        *path_patterns,
        env=_GLOBS,
        ok=(0, 1),
    ).out.decode("utf-8", "replace")
    for line in output.split("\n")[:-1]:
        path, number, code = line.split("\0", 2)
        yield path.partition(":")[2], int(number), code.rstrip()


def _find_named_files(sources: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Yield the source files that a log mentions, by the longest end of their path that exists.

    A kernel that was built elsewhere prints other directories before it.
    """
    by_name: dict[str, list[str]] = {}
    for path in sources if names else ():
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    for name in names:
        parts = name.lstrip("./").split("/")
        same_name = by_name.get(parts[-1], [])
        for end in ("/".join(parts[index:]) for index in range(len(parts))):
            paths = [path for path in same_name if f"/{path}".endswith(f"/{end}")]
            if paths:
                yield from paths if len(paths) <= _MAX_HITS else ()
                break


def find_module_paths(repository: Repository, rev: str, symptom: Symptom) -> list[str]:
    """Return the source files with the name of a module of the symptom, or in its directory."""
    sources = [path for path in _list_paths(repository, rev) if path.endswith(_SUFFIXES)]
    places = tuple(f"{place}/" for place in _find_directories(sources, symptom))
    return [path for path in sources if f"{path}/".startswith(places)]


def _list_paths(repository: Repository, rev: str) -> list[str]:
    return repository.git("ls-tree", "-r", "-z", "--name-only", rev).text.split("\0")


def _find_directories(sources: Sequence[str], symptom: Symptom) -> list[str]:
    names = {module.replace("-", "_") for module in symptom.modules}
    result: dict[str, None] = {}
    for path in sources if names else ():
        *folders, file = path.split("/")
        for index, folder in enumerate(folders):
            if folder.replace("-", "_") in names:
                result["/".join(folders[: index + 1])] = None
                break
        else:
            if file.rpartition(".")[0].replace("-", "_") in names:
                result["/".join(folders) or file] = None
    return list(result)[:20]


class CommitDiff(NamedTuple):
    """The files, functions and changed lines of a diff, which are used for ranking.

    `functions` maps each function to the number of its changed lines. `added` contains the
    functions, and `texts` the string literals, that the new code has and the old code has not.
    `is_rewording` is set if only the text of string literals, or only comments change.
    """

    files: tuple[str, ...] = ()
    functions: Mapping[str, int] = MappingProxyType({})
    lines: int = 0
    is_rewording: bool = False
    added: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()


def read_changes(repository: Repository, commits: Sequence[str]) -> dict[str, CommitDiff]:
    """Map each commit to its diff."""
    output = repository.git(
        "diff-tree", "--stdin", "-r", "-p", "-U0", "-W", "--no-renames", "--root", "--", *_CODE,
        stdin="".join(f"{commit}\n" for commit in commits).encode(),
        env={**_GLOBS, **make_config_variable(_HEADS)},
        # a partial clone may lack the largest files
        ok=(0, 128),
    ).out.decode("utf-8", "replace")  # fmt: skip
    commit_set = frozenset(commits)
    changes = {}
    files: list[str] = []
    functions = Counter[str]()
    commit, function = "", ""
    code: dict[str, list[str]] = {"-": [], "+": []}
    # a line break is "\n" only: a CR can be a part of a line
    for line in (*output.split("\n"), "end"):
        text = line[1:]
        if line in commit_set or line == "end":
            if commit:
                changes[commit] = _describe_change(files, functions, code["-"], code["+"])
            commit, files, functions, code = line, [], Counter(), {"-": [], "+": []}
        elif line.startswith("diff --git "):
            files.append(parse_git_paths(line)[1] or "")
        elif line.startswith("@@ "):
            function = ""
        elif line.startswith(("+", "-", " ")) and not line.startswith(("+++", "---")):
            if text.startswith("}"):
                function = ""
            elif is_function_start(text):
                function = "" if text.endswith(";") else function_name(text)
            if line[0] != " ":
                code[line[0]].append(text)
                functions.update([function] if function else ())
    return changes


def _describe_change(
    files: Sequence[str], functions: Mapping[str, int], removed: Sequence[str], added: Sequence[str]
) -> CommitDiff:
    old, new = (
        "".join("".join(_LITERAL.sub("", line) for line in lines).split())
        for lines in (removed, added)
    )
    old_heads, new_heads = (
        {
            function_name(line)
            for line in lines
            if is_function_start(line) and not line.endswith(";")
        }
        for lines in (removed, added)
    )
    old_texts, new_texts = (
        dict.fromkeys(text for line in lines if '"' in line for text in _LITERAL.findall(line))
        for lines in (removed, added)
    )
    return CommitDiff(
        tuple(files),
        dict(functions),
        len(removed) + len(added),
        # a moved line, and another conversion in a format, change what the code does
        (
            bool(old)
            and old == new
            and old_texts.keys() != new_texts.keys()
            and _list_conversions(old_texts) == _list_conversions(new_texts)
        )
        or _is_in_comments(removed, added),
        frozenset(new_heads - old_heads),
        tuple(text for text in new_texts if text not in old_texts),
    )


def _is_in_comments(*sides: Sequence[str]) -> bool:
    """Return whether the removed and the added lines have only comments."""
    code = (line for lines in sides for line in read_code(lines, guess_state(lines)))
    return any(sides) and not any(map(str.strip, code))


def _list_conversions(texts: Iterable[str]) -> list[str]:
    return sorted(found for text in texts for found in _CONVERSION.findall(text))


def find_touching_commits(
    repository: Repository, since: str, tip: str, files: Sequence[str]
) -> frozenset[str]:
    """Return the commits in `since..tip` that change any of these files or directories."""
    if not files:
        return frozenset()
    return frozenset(repository.rev_list("--no-merges", f"{since}..{tip}", "--", *files))
