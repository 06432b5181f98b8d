# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a tree's MAINTAINERS, and find the sections that match a path or a patch's text.

Patterns are indexed by folder, so that a path is compared with dozens of patterns instead of
thousands. The index consists of plain data (strings, tuples, bytes), so that it can be cached.
Sections are parsed when they are needed. Role names and defaults are read from the source code of
the tree's get_maintainer.pl.
"""

import os
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import MissingError
from patchpilot.maintainers.patterns import (
    PerlPattern,
    depth,
    folder_of,
    matches,
    needed_words,
)
from patchpilot.model.action import Action
from patchpilot.model.bounded import parse_limited_number
from patchpilot.model.source_tree import Tree
from patchpilot.read_file import read_regular_file


class RoleWords(NamedTuple):
    """The role names that get_maintainer.pl uses.

    `roles` maps statuses in lower case to roles. For other statuses, the role is the status itself
    if `status_is_role` is set, and otherwise `role`.
    """

    roles: tuple[tuple[str, str], ...] = (
        ("supported", "supporter"),
        ("maintained", "maintainer"),
        ("odd fixes", "odd fixer"),
        ("orphan", "orphan minder"),
        ("obsolete", "obsolete minder"),
        ("buried alive in reporters", "chief penguin"),
    )
    role: str = "unknown"
    status_is_role: bool = True
    open_list: str = "open list"
    moderated_list: str = "moderated list"
    subscriber_list: str = "subscriber list"
    reviewer: str = "reviewer"
    rest: str = "THE REST"
    chiefs: tuple[tuple[str, str], ...] = (("Linus Torvalds", "torvalds@linux-foundation.org"),)
    signatures: tuple[str, ...] = ("Signed-off-by:", "Reviewed-by:", "Acked-by:")
    name_length: int = 50
    reviewer_has_section: bool = True
    counts_authors: bool = True
    maps_file_emails: bool = True
    defaults: tuple[tuple[str, str], ...] = ()

    def maintainer(self, status: str | None) -> str:
        """Return the role of an M: line in a section of this status."""
        if status is None:
            return self.role
        lowered = ascii_lower(status)
        roles = dict(self.roles)
        return roles.get(lowered, lowered if self.status_is_role else self.role)


def ascii_lower(text: str) -> str:
    """Convert only A to Z to lower case, as Perl does for bytes."""
    if text.isascii():
        return text.lower()
    return "".join(char.lower() if char.isascii() else char for char in text)


class Entry(NamedTuple):
    """A line of a section, split into letter and value.

    For example, `F: drivers/net/` is ("F", "drivers/net/"). `line` is its 1-based line number in
    the file.
    """

    letter: str
    value: str
    line: int = 0


class Section(NamedTuple):
    """A section of MAINTAINERS.

    `number` is its 0-based position in the file, and `line` the 1-based line number of its heading.
    """

    number: int
    name: str
    entries: tuple[Entry, ...]
    line: int = 0

    def values(self, letter: str) -> tuple[str, ...]:
        """Return the values of the lines with this letter, in order."""
        return tuple(entry.value for entry in self.entries if entry.letter == letter)

    @property
    def status(self) -> str | None:
        """Return the last S: line as written, or None."""
        values = self.values("S")
        return values[-1].strip() if values else None

    @property
    def lists(self) -> tuple[tuple[str, str], ...]:
        """Return the mailing lists as (address, remark); a remark is "(moderated for
        non-subscribers)".
        """
        return tuple(_split_named_list(value) for value in self.values("L"))

    @property
    def trees(self) -> tuple[str, ...]:
        """Return the T: lines."""
        return tuple(value.strip() for value in self.values("T"))

    @property
    def tree_urls(self) -> tuple[tuple[str, str, str], ...]:
        """Return the T: lines as (kind, URL, branch).

        The branch is empty if there is none, and the kind defaults to git.
        """
        urls = []
        for value in self.values("T"):
            match = re.match(r"^(\S+)\s+(\S+)", value.strip())
            if match:
                suffix = value.strip()[match.end() :].strip()
                urls.append(
                    (
                        match[1],
                        match[2],
                        "" if suffix.startswith("(") else suffix.split(" ")[0],
                    )
                )
            elif "://" in value:
                urls.append(("git", value.strip(), ""))
        return tuple(urls)

    @property
    def is_maintained(self) -> bool:
        """Return whether an S: line contains "maintain" or "support"."""
        return any(
            "maintain" in value.lower() or "support" in value.lower() for value in self.values("S")
        )


def _split_named_list(value: str) -> tuple[str, str]:
    """Split a value like `list_and_remark`, but also accept `Name <list>`.

    get_maintainer.pl uses the first word of this form.
    """
    address, remark = list_and_remark(value)
    if "@" in address.strip("<>") or not (match := re.search(r"<([^<>\s]+@[^<>\s]+)>", value)):
        return address.strip("<>"), remark
    return match[1], value[match.end() :].strip()


def list_and_remark(value: str) -> tuple[str, str]:
    """Split the value of an L: line into the address and the remark after it."""
    parts = value.split(None, 1)
    return (parts[0], parts[1]) if len(parts) == 2 else (value.strip(), "")


def split_entry(line: str) -> tuple[str, str] | None:
    """Split an entry line into (letter, value); return None for any other line."""
    return (line[0], line[2:].lstrip()) if line[1:2] == ":" and "A" <= line[0] <= "Z" else None


def is_ignored(line: str) -> bool:
    """Return whether a line is blank or a comment, which never ends a section."""
    return not line or line[0] == "#" or line.isspace()


def parse_section(text: str, number: int, line: int) -> Section:
    """Parse the section whose heading is the first line of `text`."""
    rows = text.split("\n")
    entries = []
    for line_number, row in enumerate(rows[1:], line + 1):
        letter_value = split_entry(row)
        if letter_value:
            entries.append(Entry(letter_value[0], letter_value[1], line_number))
    return Section(number, rows[0], tuple(entries), line)


_ROLE = lazy_pattern(r'\$(?:role|status)\s+eq\s+"([^"]+)"\s*\)\s*\{\s*\$role\s*=\s*"([^"]+)"')
_FIRST = lazy_pattern(r'my\s+\$role\s*=\s*"([^"]*)"')
_TAKES_STATUS = lazy_pattern(r"\$role\s*=\s*(?:lc\s*\(?\s*)?\$pvalue")
_LIST = lazy_pattern(r'"([^"$]*\blist)\$\{?list_role\}?"')
_REVIEWER = lazy_pattern(r"""push_email_addresses\(\$pvalue,\s*["']([^"':$]+)(:\$subsystem)?["']""")
_REST = lazy_pattern(r'\$subsystem\s+eq\s+"([^"]+)"')
_CHIEF = lazy_pattern(r'^\s*push\(@penguin_chief,\s*"([^":]*):([^"]*)"\)', re.MULTILINE)
_TAG = lazy_pattern(r'^\s*push\(@signature_tags,\s*"([^"]+)"\)', re.MULTILINE)
_LENGTH = lazy_pattern(r"length\(\$subsystem\)\s*>\s*(\d+)")
_MAPPED = lazy_pattern(r"@file_emails\)\s*\{\s*\$email\s*=\s*mailmap_email")
_DEFAULT = lazy_pattern(r'^my \$(\w+) = (?:(-?\d+)|"([^"]*)");', re.MULTILINE)


def read_role_words(script: str | None) -> RoleWords:
    """Return the role names in a get_maintainer.pl script.

    Return Linux 6.1's if there is no script or it defines none.
    """
    default_words = RoleWords()
    if not script:
        return default_words
    body = _find_sub_body(script, "get_maintainer_role")
    role_match = _FIRST.search(body)
    lists = _LIST.findall(script)
    reviewer, rest_match = (
        _REVIEWER.search(script),
        _REST.search(_find_sub_body(script, "get_list_role")),
    )
    chiefs = tuple((name, address.replace("\\@", "@")) for name, address in _CHIEF.findall(script))
    defaults = tuple((name, number or quoted) for name, number, quoted in _DEFAULT.findall(script))
    length_match = _LENGTH.search(script)
    length: str = dict(defaults).get("output_section_maxlen") or (
        length_match[1] if length_match else ""
    )
    return RoleWords(
        roles=tuple(_ROLE.findall(body)) if body else default_words.roles,
        role=role_match[1] if role_match else default_words.role,
        status_is_role=bool(_TAKES_STATUS.search(body)) if body else True,
        open_list=next((list_ for list_ in lists if "open" in list_), default_words.open_list),
        moderated_list=next(
            (list_ for list_ in lists if "moderated" in list_),
            default_words.moderated_list,
        ),
        subscriber_list=next(
            (list_ for list_ in lists if "subscriber" in list_),
            default_words.subscriber_list,
        ),
        reviewer=reviewer[1] if reviewer else default_words.reviewer,
        reviewer_has_section=bool(reviewer[2]) if reviewer else True,
        rest=rest_match[1] if rest_match else default_words.rest,
        chiefs=chiefs,
        signatures=tuple(_TAG.findall(script)) or default_words.signatures,
        name_length=parse_limited_number(length) or default_words.name_length,
        counts_authors='"authored"' in script,
        maps_file_emails=bool(_MAPPED.search(script)),
        defaults=defaults,
    )


def _find_sub_body(script: str, name: str) -> str:
    start = script.find(f"sub {name}")
    end = script.find("\n}", start)
    return script[start:end] if start >= 0 else ""


Plain = dict[str, Any]


class Keyword(NamedTuple):
    """A K: line with its section, and its index among the lines of all sections.

    get_maintainer.pl sorts by this index as a string.
    """

    section: int
    entry_index: int
    pattern: PerlPattern


class MaintainersFile:
    """The MAINTAINERS of a tree.

    `text` is the decoded file, or several concatenated files. `words` contains the tree's role
    names.
    """

    def __init__(
        self,
        text: str,
        index: Plain,
        words: RoleWords,
        is_folder: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        self.text = text
        self.index = index
        self.words = words
        self.is_folder = is_folder
        self._starts, self._lines = array("L"), array("L")
        self._starts.frombytes(index["starts"])
        self._lines.frombytes(index["lines"])
        self._sections: dict[int, Section] = {}

    def __len__(self) -> int:
        return len(self._starts) - 1

    def section(self, number: int) -> Section:
        """Return the section with this number (from 0, in file order)."""
        if number not in self._sections:
            body = self.text[self._starts[number] : self._starts[number + 1]]
            self._sections[number] = parse_section(body, number, self._lines[number])
        return self._sections[number]

    @property
    def sections(self) -> Iterator[Section]:
        """Yield all sections, in file order."""
        return (self.section(number) for number in range(len(self)))

    def candidates(self, path: str) -> Iterator[tuple[int, int, str, str]]:
        """Yield (section, index, letter, pattern) of every F: and X: line that may match the
        path.
        """
        folders: dict[str, str] = self.index["folders"]
        slash = -1
        while True:
            rows = folders.get(path[: slash + 1])
            if rows:
                for row in rows.split("\n"):
                    number, order, letter, pattern = row.split(" ", 3)
                    yield int(number), int(order), letter, pattern
            slash = path.find("/", slash + 1)
            if slash < 0:
                return

    @cached_property
    def name_patterns(self) -> tuple[tuple[int, int, PerlPattern], ...]:
        """Return (section, index, pattern) of every N: line."""
        return tuple(
            (number, index, PerlPattern(source, words=words))
            for number, index, source, words in self.index["names"]
        )

    @cached_property
    def keywords(self) -> tuple[Keyword, ...]:
        """Return every K: line."""
        return tuple(
            Keyword(number, index, PerlPattern(source, words=words))
            for number, index, source, words in self.index["keys"]
        )


def make_empty_maintainers() -> MaintainersFile:
    """Return an empty MAINTAINERS."""
    return MaintainersFile("", build_index(""), RoleWords())


def build_index(text: str) -> Plain:
    """Build the index of a MAINTAINERS text.

    A section's heading is the last line before its entries that is neither blank nor a comment.
    """
    starts, lines = array("L"), array("L")
    folders: dict[str, list[str]] = {}
    names: list[tuple[int, int, str, tuple[str, ...]]] = []
    keys: list[tuple[int, int, str, tuple[str, ...]]] = []
    heading, heading_line, index, next_start = 0, 1, 0, 0
    in_section = False
    for number, line in enumerate(text.split("\n"), 1):
        line_start = next_start
        next_start += len(line) + 1
        if line[1:2] == ":" and "A" <= line[0] <= "Z":
            if not in_section:
                in_section = True
                starts.append(heading)
                lines.append(heading_line)
            letter, value = line[0], line[2:].lstrip()
            section = len(starts) - 1
            if letter in "FX":
                folders.setdefault(folder_of(value), []).append(
                    f"{section} {index} {letter} {value}"
                )
            elif letter == "N":
                names.append((section, index, value, needed_words(value)))
            elif letter == "K":
                keys.append((section, index, value, needed_words(value)))
            index += 1
        elif not is_ignored(line):
            in_section, heading, heading_line = False, line_start, number
            index += 1
    starts.append(len(text))
    return {
        "starts": starts.tobytes(),
        "lines": lines.tobytes(),
        "folders": {folder: "\n".join(rows) for folder, rows in folders.items()},
        "names": names,
        "keys": keys,
    }


SCRIPT = "scripts/get_maintainer.pl"
INDEXES = CacheKind("maintainers", (str(Path(__file__).parent),), keep=8)
"""The index of a MAINTAINERS file and the defaults of its get_maintainer.pl."""


def load_maintainers(tree: Tree, *, keep: bool = True) -> MaintainersFile:
    """Load the MAINTAINERS of a tree, which may be a file or a directory of files.

    The tree's .get_maintainer.conf may name another file or directory. It may also include every
    file with this name below the directory. If `keep` is set, the index is cached. Raise
    MissingError if there is no MAINTAINERS.
    """
    path, everywhere = parse_maintainers_options(read_conf_options(tree))
    content = b"\n".join(data for _, data in read_maintainers_files(tree, path, everywhere))
    script = tree.read(SCRIPT) or b""
    text, index, role_words = _index_file(content, script, keep)
    return MaintainersFile(text, index, role_words, tree.is_dir)


# a check reads this file from several trees, and it is usually the same in all of them
@lru_cache(maxsize=2)
def _index_file(content: bytes, script: bytes, keep: bool) -> tuple[str, Plain, RoleWords]:
    text = content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    key = make_cache_key(INDEXES, (content, script))
    cached = read_cached_value(INDEXES, key) if keep else None
    if not isinstance(cached, dict):
        cached = {
            "index": build_index(text),
            "words": tuple(read_role_words(script.decode("utf-8", "replace"))),
        }
        if keep:
            cache_value(INDEXES, key, cached)
    return text, cached["index"], RoleWords(*cached["words"])


def read_maintainers_files(tree: Tree, path: str, everywhere: bool) -> list[tuple[str, bytes]]:
    """Return (path, content) for each file that belongs to a tree's MAINTAINERS, in order.

    Raise MissingError if there are none.
    """
    data = tree.read(path)
    if data is not None:
        return [(path, data)]
    top = path.removeprefix("./").strip("/")
    if tree.is_dir(path) or top in ("", "."):
        prefix = f"{top}/" if top not in ("", ".") else ""
        if everywhere:
            paths = _find_maintainers_files(tree, "" if top == "." else top)
        else:
            names = tree.files("" if top == "." else top)
            paths = [
                name
                for name in names
                if "/" not in name[len(prefix) :] and not name[len(prefix) :].startswith(".")
            ]
        files = [(name, content) for name in paths if (content := tree.read(name)) is not None]
        if files:
            return files
    raise MissingError(
        f"{tree.label}: {path} not found",
        hint=Action(
            "",
            ("-C", "DIR"),
            "name a source tree with --tree DIR, or a repository with {}",
        ),
    )


def _find_maintainers_files(tree: Tree, top: str) -> list[str]:
    if not isinstance(tree, DirectoryTree):
        return [name for name in tree.files(top) if name.rsplit("/", 1)[-1] == "MAINTAINERS"]
    paths = []
    for folder, folders, names in os.walk(tree.root / top):
        folders[:] = sorted(folder for folder in folders if folder != ".git")
        if "MAINTAINERS" in names:
            paths.append(Path(folder, "MAINTAINERS").relative_to(tree.root).as_posix())
    return sorted(paths)


def read_script_file(tree: Tree, name: str) -> str:
    """Return the text of a file that get_maintainer.pl reads for its user, or "".

    As in the script, it is that of the tree, of the home directory, or of the tree's .scripts.
    """
    home = os.environ.get("HOME")
    content = tree.read(name)
    if content is None and home:
        content = read_regular_file(Path(home, name))
    if content is None:
        content = tree.read(f".scripts/{name}") or b""
    return content.decode("utf-8", "surrogateescape")


def read_conf_options(tree: Tree) -> tuple[str, ...]:
    """Return the options in a .get_maintainer.conf, which precede command-line options."""
    options: list[str] = []
    for line in read_script_file(tree, ".get_maintainer.conf").splitlines():
        for option in line.split():
            if option.startswith("#"):
                break
            options.append(option)
    return tuple(options)


def parse_maintainers_options(options: Sequence[str]) -> tuple[str, bool]:
    """Return (path, everywhere) from the options.

    The last option of each kind takes precedence.
    """
    path, everywhere = "MAINTAINERS", False
    for index, option in enumerate(options):
        name, _, value = option.lstrip("-").partition("=")
        if not option.startswith("-"):
            continue
        if name.lower() in ("mpath", "maintainer-path"):
            path = value or (options[index + 1] if index + 1 < len(options) else path)
        elif name.lower() == "find-maintainer-files":
            everywhere = True
    return path, everywhere


class PathMatch(NamedTuple):
    """A section that matches a path.

    It has the letter and pattern of the matching line, and the depth of the pattern. `exact` is set
    if no other pattern can be more specific.
    """

    section: int
    letter: str
    pattern: str
    depth: int
    exact: bool


class SectionMatch(NamedTuple):
    """A section that matches a patch.

    It has the depth of its deepest pattern, a reason for each path or keyword, and the matching
    paths. `met` is its position in the order of get_maintainer.pl, which goes through the files one
    by one and then the keywords. `exact` contains the paths for which no pattern can be deeper.
    """

    section: Section
    depth: int
    reasons: tuple[str, ...]
    paths: tuple[str, ...]
    by_keyword: bool = False
    met: int = 0
    exact: tuple[str, ...] = ()

    @property
    def is_rest(self) -> bool:
        """Return whether only the catch-all pattern matched."""
        return self.depth < 0 and not self.by_keyword


def match_path(file: MaintainersFile, path: str, pattern_depth: int = 0) -> tuple[PathMatch, ...]:
    """Return the sections that match a path: deepest pattern first, then in file order.

    As in get_maintainer.pl, the last matching line of a section counts, and any matching X: line
    excludes the section. `pattern_depth` is the number of path components from which on a pattern
    is too short; 0 means no limit.
    """
    best_lines: dict[int, tuple[int, str, str]] = {}
    exact: set[int] = set()
    excluded: set[int] = set()
    slashes = path.count("/")
    for number, candidate, letter, pattern in file.candidates(path):
        if number in excluded or not matches(pattern, path, file.is_folder):
            continue
        if letter == "X":
            excluded.add(number)
            best_lines.pop(number, None)
            continue
        if depth(pattern) >= slashes:
            exact.add(number)
        if pattern_depth and slashes - depth(pattern) >= pattern_depth:
            continue
        if number not in best_lines or candidate > best_lines[number][0]:
            best_lines[number] = (candidate, letter, pattern)
    lowered = path.lower()
    for number, candidate, name_pattern in file.name_patterns:
        if (
            number not in excluded
            and name_pattern.may_match(lowered)
            and name_pattern.search(path)
            and (number not in best_lines or candidate > best_lines[number][0])
        ):
            best_lines[number] = (candidate, "N", name_pattern.source)
    path_matches = [
        PathMatch(
            number,
            letter,
            pattern,
            depth(pattern) if letter == "F" else 0,
            number in exact,
        )
        for number, (_, letter, pattern) in best_lines.items()
    ]
    return tuple(sorted(path_matches, key=lambda row: (-row.depth, row.section)))


def match_keywords(
    file: MaintainersFile, line_groups: Sequence[tuple[str, Iterable[str]]]
) -> tuple[Keyword, ...]:
    """Return the K: lines that match a patch's lines.

    Each group consists of lines to search, and a pattern that must match the start of a line.
    """
    groups = [(prefix, list(lines)) for prefix, lines in line_groups]
    lowered = [[line.lower() for line in lines] for _, lines in groups]
    joined = ["\n".join(lines) for lines in lowered]
    keywords = []
    for keyword in file.keywords:
        for (prefix, lines), lowered_lines, joined_text in zip(
            groups, lowered, joined, strict=True
        ):
            if keyword.pattern.may_match(joined_text) and _any_line_matches(
                keyword.pattern, prefix, lines, lowered_lines
            ):
                keywords.append(keyword)
                break
    return tuple(keywords)


def _any_line_matches(
    pattern: PerlPattern, prefix: str, lines: list[str], lowered: list[str]
) -> bool:
    full_pattern = PerlPattern(pattern.source, prefix=prefix, words=pattern.words)
    return any(
        full_pattern.may_match(lowered_line) and full_pattern.search(line)
        for line, lowered_line in zip(lines, lowered, strict=True)
    )


def find_keywords_in_text(file: MaintainersFile, text: str) -> tuple[Keyword, ...]:
    """Return the K: lines that match a source file's text."""
    lowered = text.lower()
    return tuple(
        keyword
        for keyword in file.keywords
        if keyword.pattern.may_match(lowered) and keyword.pattern.search(text)
    )


def match_patch(
    file: MaintainersFile, paths: Iterable[str], text: str = ""
) -> tuple[SectionMatch, ...]:
    """Return the sections that match a patch to `paths` with reasons, most specific first.

    `text` is the patch as a message (commit message and diff). Its whole commit message and the
    changed lines of its diff are searched for K: keywords.
    """
    return match_patch_texts(file, paths, split_patch_text(text) if text else ())


def match_patch_texts(
    file: MaintainersFile,
    paths: Iterable[str],
    line_groups: Sequence[tuple[str, Iterable[str]]] = (),
    pattern_depth: int = 0,
) -> tuple[SectionMatch, ...]:
    """Return the same as `match_patch` for lines that were already split into groups (see
    `match_keywords`).
    """
    depths: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}
    touched: dict[int, list[str]] = {}
    exact: dict[int, list[str]] = {}
    for path in paths:
        for match in match_path(file, path, pattern_depth):
            depths[match.section] = max(match.depth, depths.get(match.section, -2))
            reasons.setdefault(match.section, []).append(
                f"{path} matches {match.letter}: {match.pattern.strip()}"
            )
            touched.setdefault(match.section, []).append(path)
            if match.exact:
                exact.setdefault(match.section, []).append(path)
    keyword_sections = set()
    for keyword in (
        sorted(match_keywords(file, line_groups), key=lambda match: str(match.entry_index))
        if line_groups
        else ()
    ):
        number = keyword.section
        if number not in depths:
            keyword_sections.add(number)
            depths[number] = 0
        reasons.setdefault(number, []).append(
            f"the patch matches K: {keyword.pattern.source.strip()}"
        )
    met = {number: position for position, number in enumerate(depths)}
    order = sorted(depths, key=lambda number: (number in keyword_sections, -depths[number], number))
    return tuple(
        SectionMatch(
            file.section(number),
            depths[number],
            tuple(reasons[number]),
            tuple(touched.get(number, ())),
            number in keyword_sections,
            met[number],
            tuple(exact.get(number, ())),
        )
        for number in order
    )


def split_patch_text(text: str) -> list[tuple[str, list[str]]]:
    """Split a patch into the lines before the diff and the changed lines, to be searched for K:
    patterns.
    """
    lines = text.split("\n")
    start = next(
        (index for index, line in enumerate(lines) if line.startswith(("diff --git ", "--- a/"))),
        len(lines),
    )
    changed = [
        line
        for line in lines[start:]
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    ]
    return [("", lines[:start]), ("^[+-].*", changed)]
