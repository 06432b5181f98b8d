# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse patches as messages: their subject, headers, trailers and diff.

Diffs are parsed as by git-apply(1), including diffs that follow other text or a signature. Patches
that are too long to be checked are truncated.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.address import (
    MAX_ADDRESS,
    Address,
    parse_addresses,
    parse_only_mailbox,
)
from patchpilot.model.bounded import (
    MAX_CHECKED,
    MAX_CHECKED_LINE,
    MAX_CHECKED_LINES,
)
from patchpilot.model.trailer import Trailer, find_tags, is_trailer, parse_trailers

_NAMED = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPES = {code: f"\\{name}" for name, code in _NAMED.items()}
_ESCAPE = rb'\\([abtnvfr"\\]|[0-3][0-7]{2})'


def find_code_kind(path: str) -> str:
    """Return the kind of code that a file contains according to its name, or ""."""
    return next((kind for kind, pattern in _CODE_KINDS if pattern.fullmatch(path)), "")


def unquote_path(text: str) -> str:
    r"""Return the path for a quoted name (`"quo\\"te\\011.c"`); return any other name unchanged.

    A NUL becomes U+FFFD, because it cannot occur in a path or program argument.
    """
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text.replace("\0", "\ufffd")
    path = re.sub(_ESCAPE, _unescape_byte, text[1:-1].encode("utf-8", "surrogateescape"))
    return path.decode("utf-8", "surrogateescape").replace("\0", "\ufffd")


def quote_path(path: str) -> str:
    """Quote a path in C style as git does, but do not escape non-ASCII bytes."""
    return (
        '"'
        + "".join(
            _ESCAPES.get(ord(sign))
            or (f"\\{ord(sign):03o}" if sign < " " or sign == "\x7f" else sign)
            for sign in path
        )
        + '"'
    )


def _unescape_byte(match: re.Match[bytes]) -> bytes:
    escape = match[1].decode("ascii")
    return bytes([_NAMED[escape] if escape in _NAMED else int(escape, 8)])


class DiffLine(NamedTuple):
    r"""A line of a hunk.

    `kind` is the sign at its start ("+", "-", " " or "\\"), and `text` is the rest of the line.
    Line numbers in the patch and in the new file are counted from 1.
    """

    kind: str
    text: str
    patch_line: int
    new_line: int | None


class Hunk(NamedTuple):
    """A hunk.

    It has the ranges in its header, the section heading after the second @@, and its lines.
    `patch_line` is the line of the header, counted from 1.
    """

    old_start: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[DiffLine, ...]
    patch_line: int


class FileChange(NamedTuple):
    """The change of one file in a patch.

    `old_path` is None if the file is new, and `new_path` is None if it is deleted. `patch_line` is
    the line of `diff --git` or `---`, counted from 1. `mode` is the new mode, or "" if the diff
    does not contain it.
    """

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...]
    patch_line: int
    is_rename: bool = False
    is_binary: bool = False
    mode: str = ""

    @property
    def is_renamed_to_code(self) -> bool:
        """Return whether unchanged lines are now read as code of another kind than before."""
        kind = find_code_kind(self.new_path or "")
        return self.is_rename and bool(kind) and kind != find_code_kind(self.old_path or "")

    @property
    def path(self) -> str:
        """Return the new path, or the old path of a deleted file."""
        return self.new_path or self.old_path or ""

    @property
    def added(self) -> int:
        return sum(1 for _ in self.lines())

    @property
    def removed(self) -> int:
        return sum(1 for _ in self.lines("-"))

    def lines(self, kind: str = "+") -> Iterator[DiffLine]:
        """Yield the lines with this sign, in order."""
        return (line for hunk in self.hunks for line in hunk.lines if line.kind == kind)


HUNK = lazy_pattern(r"^@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@(.*)$")
_GIT_PATHS = lazy_pattern(
    r'^diff --git (?:"[abciow]/(?P<oldq>(?:[^"\\]|\\.)*)"|[abciow]/(?P<old>.*)) '
    r'(?:"[abciow]/(?P<newq>(?:[^"\\]|\\.)*)"|[abciow]/(?P<new>.*))$'
)
_BELOW = (
    "index ",
    "--- ",
    "+++ ",
    "new file",
    "deleted file",
    "old mode",
    "new mode",
    "similarity",
    "dissimilarity",
    "rename ",
    "copy ",
    "Binary files ",
    "GIT binary patch",
)
"""The starts of lines between the first line of a file's diff and its hunks."""
_NEW_MODE = lazy_pattern(
    r"(?:new file mode |new mode |index [0-9a-f]+\.\.[0-9a-f]+ )(?P<mode>[0-7]{6})$"
)
_CODE_KINDS = (
    ("C", lazy_pattern(r".*\.(?:[ch]|inc|def|lex|y|l)")),
    ("assembly", lazy_pattern(r".*\.(?:[sS]|lds(?:\.[hS])?)")),
    ("devicetree", lazy_pattern(r".*\.(?:dtsi?|dtso)")),
    ("Rust", lazy_pattern(r".*\.rs")),
    ("script", lazy_pattern(r".*\.(?:py|pl|pm|sh|awk|tc|cocci)")),
    ("make", lazy_pattern(r"(?:.*/)?(?:Makefile|Kbuild)[^/]*|.*\.(?:mk|mak|in)")),
    ("Kconfig", lazy_pattern(r"(?:.*/)?Kconfig[^/]*")),
    ("schema", lazy_pattern(r".*\.ya?ml")),
)
"""The kinds of code that rules or builds read, each with a pattern for its files."""
_COUNTED = {" ": (1, 1), "": (1, 1), "-": (1, 0), "+": (0, 1), "\\": (0, 0)}


class ParsedDiff(NamedTuple):
    """The changes in a diff by file, and the error if the diff is malformed."""

    files: tuple[FileChange, ...]
    error: str | None


@lru_cache(maxsize=64)
def parse_diff(lines: tuple[str, ...], start: int) -> ParsedDiff:
    """Parse the diff that starts at a line of a patch, counted from 1.

    If a hunk is malformed, the hunks after it in the same file are omitted.
    """
    files: list[FileChange] = []
    error: str | None = None
    is_broken = True
    index = start - 1
    while index < len(lines):
        if starts_file_diff(lines, index):
            change, index = _parse_file_header(lines, index)
            files += [change] if change.path else []
            is_broken = not change.path
        elif not is_broken and (header := HUNK.match(lines[index])):
            hunk, index = _parse_hunk(lines, index, header)
            file = files[-1]
            if hunk:
                files[-1] = file._replace(hunks=(*file.hunks, hunk))
            else:
                is_broken = True
                error = error or (
                    f"line {file.patch_line}: the diff of {file.path} is malformed: hunk at line"
                    f" {index} does not have the lines that it counts"
                )
        else:
            index += 1
    return ParsedDiff(tuple(files), error)


def starts_file_diff(lines: Sequence[str], index: int) -> bool:
    """Return whether a file's diff begins at this line."""
    following = lines[index + 1] if index + 1 < len(lines) else ""
    if lines[index].startswith("diff --git "):
        return not following or following.startswith((*_BELOW, "diff --git "))
    return lines[index].startswith("--- ") and following.startswith("+++ ")


def _parse_file_header(lines: Sequence[str], first: int) -> tuple[FileChange, int]:
    """Parse the header of the diff of a file.

    Return the change without its hunks, and the index of the line after the header.
    """
    names = _FileNames(*parse_git_paths(lines[first]))
    index = first + lines[first].startswith("diff --git ")
    while index < len(lines) and lines[index].startswith(_BELOW):
        names.take(lines[index])
        index += 1
    old = None if names.created else names.old
    new = None if names.deleted else names.new
    change = FileChange(old, new, (), first + 1, names.renamed, names.binary, names.mode)
    return change, index


def _parse_hunk(lines: Sequence[str], first: int, header: re.Match[str]) -> tuple[Hunk | None, int]:
    """Parse a hunk.

    Return the hunk, and the index of the line after it. If the line counts in its header are wrong,
    the hunk is None.
    """
    old, new = (1 if count is None else int(count) for count in header.group(2, 4))
    index = first + 1
    while index < len(lines) and (old > 0 or new > 0 or lines[index].startswith("\\")):
        removed, added = _COUNTED.get(lines[index][:1], (old + 1, 0))
        if removed > old or added > new:
            return None, index
        old, new = old - removed, new - added
        index += 1
    if old or new:
        return None, index
    positions = (int(header[1]), int(header[3]), int(header[4] or 1))
    hunk_lines = _parse_hunk_lines(lines[first:index], first + 1)
    return Hunk(*positions, header[5].strip(), hunk_lines, first + 1), index


def _parse_hunk_lines(lines: Sequence[str], header_line: int) -> tuple[DiffLine, ...]:
    """Parse the lines of a complete hunk.

    `header_line` is the patch line of its header.
    """
    from unidiff.patch import PatchSet

    if len(lines) == 1:
        return ()
    # pass a list to unidiff, because it splits strings at CR and other characters that are content
    # here
    file_header = ("--- a/x\n", "+++ b/x\n")
    parsed = PatchSet([*file_header, *(f"{line or ' '}\n" for line in lines)])
    return tuple(
        DiffLine(
            line.line_type,
            line.value.removesuffix("\n"),
            header_line + number,
            line.target_line_no,
        )
        for number, line in enumerate(parsed[0][0], 1)
    )


def parse_git_paths(line: str) -> tuple[str | None, str | None]:
    """Parse the paths in a `diff --git` line.

    If both paths are equal, they may contain spaces.
    """
    match = _GIT_PATHS.match(line)
    if not match:
        return None, None
    old, new = (
        unquote_path(match[name] if match[name] is not None else f'"{match[f"{name}q"]}"')
        for name in ("old", "new")
    )
    if old != new:
        paths = line.removeprefix("diff --git ")
        middle = len(paths) // 2
        half = paths[:middle].removeprefix("a/")
        if half == paths[middle + 1 :].removeprefix("b/"):
            return half, half
    return old, new


class _FileNames:
    """The names of a file in the header of its diff."""

    __slots__ = ("binary", "created", "deleted", "mode", "new", "old", "renamed")

    def __init__(self, old: str | None, new: str | None) -> None:
        self.old, self.new = old, new
        self.renamed = self.binary = self.created = self.deleted = False
        self.mode = ""

    def take(self, header: str) -> None:
        """Parse one header line."""
        if mode := _NEW_MODE.match(header):
            self.mode = mode["mode"]
        if header.startswith("rename from "):
            self.old, self.renamed = (
                unquote_path(header.removeprefix("rename from ")),
                True,
            )
        elif header.startswith("rename to "):
            self.new = unquote_path(header.removeprefix("rename to "))
        elif header.startswith("new file mode"):
            self.created = True
        elif header.startswith("deleted file mode"):
            self.deleted = True
        elif header.startswith(("Binary files ", "GIT binary patch")):
            self.binary = True
        elif header.startswith("--- "):
            path = parse_header_path(header[4:])
            self.old, self.created = (path, self.created) if path else (self.old, True)
        elif header.startswith("+++ "):
            path = parse_header_path(header[4:])
            self.new, self.deleted = (path, self.deleted) if path else (self.new, True)


def parse_header_path(path: str) -> str | None:
    """Return the path that follows `---` or `+++` in a diff, or None for /dev/null."""
    path = unquote_path(path.split("\t")[0].strip())
    if path == "/dev/null":
        return None
    return path[2:] if path[:2] in ("a/", "b/") else path.partition("/")[2] or path


_STABLE = lazy_pattern(
    r"(?:for-)?(?:linux-)?(?:stable-)?(?:linux-)?v?(?P<version>\d{1,2}\.\d{1,3})(?:\.\d+)?(?P<tree>\.y)?(?:-(?:stable|lts))?",
    re.IGNORECASE,
)


_STABLE_WORD = lazy_pattern(
    r"(?:for-)?(?:linux-)?(?:-?stable|-?backport|-?lts)(?:-only|-rc)?|for-stable",
    re.IGNORECASE,
)


def parse_stable_versions(words: Sequence[str]) -> tuple[str, ...]:
    """Return the stable versions that a subject prefix names.

    For `[PATCH 6.1.y]` and `[PATCH stable 6.1]`, return ("6.1",). For `[PATCH 5.10/5.15]`, return
    both versions.
    """
    result: dict[str, None] = {}
    for index, word in enumerate(words):
        for part in re.split(r"[/+|&]|(?<=\d)-(?=\d)|(?<=\.y)-(?=\d)", word):
            match = _STABLE.fullmatch(part)
            # a version after "for", as in "for 6.2", is the next mainline release
            is_next_release = (
                index > 0 and words[index - 1].lower() == "for"
            ) or part.lower().startswith("for-")
            if match and (match["tree"] or not is_next_release or "stable" in part.lower()):
                result.setdefault(match["version"])
    return tuple(result)


_SUBJECT_PREFIX = lazy_pattern(r"^Subject: \[(\w[^]]*?)( \d+/\d+)?\]")
"""The prefix that git format-patch or `check` adds."""


def add_subject_prefix(rows: Sequence[str], prefix: str) -> list[str]:
    """Add the subject prefix, such as `PATCH net v2`, to a commit's lines.

    It replaces the default prefix and its own beginning, such as `PATCH net`; the patch number is
    kept.
    """

    def complete_prefix(match: re.Match[str]) -> str:
        is_incomplete = match[1] == "PATCH" or prefix.startswith(f"{match[1]} ")
        return f"Subject: [{prefix}{match[2] or ''}]" if is_incomplete else match[0]

    return [_SUBJECT_PREFIX.sub(complete_prefix, row) for row in rows]


def is_for_stable(words: Sequence[str]) -> bool:
    """Return whether a subject prefix contains a stable version or the word "stable"."""
    return bool(parse_stable_versions(words)) or any(_STABLE_WORD.fullmatch(word) for word in words)


class Subject(NamedTuple):
    """The parsed subject of a patch, such as `[PATCH net v2 1/3] net: x: do y`.

    `words` are the words in brackets except versions and numbers. `inserted_after` is 2 for a patch
    that was sent later as `[PATCH 2.5/3]`; it has no number.
    """

    raw: str
    title: str
    marks: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    version: int = 1
    number: int | None = None
    total: int | None = None
    is_rfc: bool = False
    is_resend: bool = False
    is_patch: bool = False
    inserted_after: int | None = None

    @property
    def stables(self) -> tuple[str, ...]:
        """Return the stable versions in the prefix ("6.1" for `[PATCH 6.1.y]`)."""
        return parse_stable_versions(self.words)

    @property
    def stable(self) -> str | None:
        """Return the first stable version in the subject prefix, or None."""
        return next(iter(self.stables), None)

    @property
    def prefix(self) -> str:
        """Return the text in the brackets without versions and numbers: `RFC PATCH net-next`."""
        words = []
        for mark in self.marks:
            for word in _split_mark(mark):
                patterns = (_NUMBERED, _INSERTED, _VERSIONED)
                if match := next(
                    filter(None, (it.fullmatch(word.lower()) for it in patterns)), None
                ):
                    word = next((part for part in match.groups() if part in ("patch", "rfc")), "")
                    word = word.upper()
                words += [word] if word else []
        return " ".join(words)

    @property
    def is_set(self) -> bool:
        """Return whether the subject marks a set of patches: `[PATCHSET v4 1/2]` or `[PATCH
        SET v4]`.
        """
        return bool(_SET.search(" ".join(self.marks)))

    @property
    def is_pull_request(self) -> bool:
        """Return whether this is the subject of a pull request."""
        return "pull" in " ".join(self.marks).lower() or bool(_PULL.match(self.title))

    @property
    def is_for_stable(self) -> bool:
        """Return whether the subject prefix contains a stable version or the word "stable"."""
        return is_for_stable(self.words)


_PULL = lazy_pattern(r"pull[ -]request\b", re.IGNORECASE)
_SET = lazy_pattern(r"\bpatch ?set\b", re.IGNORECASE)
_MARK = lazy_pattern(r"[\s:]*(?:\[([^\]]*)\]|re:)", re.IGNORECASE)
"""Prefixes that git strips from a subject, in any order."""
REPLY = lazy_pattern(
    r"^\s*(?:(?:(?:re|fwd?|aw|wg|antw|sv|vs)\s*(?:\[\d+\])?\s*:|"
    r"(?:antwort|vb|odp|rif|rv|tr|res|enc|pd|ha|ynt|ilt|atb|[^\x00-\x7f]{1,10})\s*[:\uff1a]"
    r"(?=.*\[))\s*)+",
    re.IGNORECASE,
)
"""The marks of mail programs before the subject of a reply, or of a message that is forwarded.

The ones that could be a subsystem are read only before brackets.
"""
_AT_THE_END = lazy_pattern(
    r"(?<!\s)\s*(?:\[ver #(?P<a>\d{1,4})\]|\bver #(?P<b>\d{1,4}))\s*$",
    re.IGNORECASE,
)
_JOINED = lazy_pattern(
    r"\b(?P<version>(?:patch)?v\d{1,3})-+(?=(?!rc|stable|lts)[a-z])|(?<=[a-z])-(?=v\d{1,3}(?![\w.-]))",
    re.IGNORECASE,
)
"""A version joined with another word: `[PATCHv2-next]`, `[PATCH net-next-v3]`."""
_NUMBERED = lazy_pattern(r"(patch)?(\d{1,6})/(\d{1,6}|n)")
_INSERTED = lazy_pattern(r"(patch)?(\d{1,6})(?:\.\d{1,3}|[a-e])/(\d{1,6}|n)")
_VERSIONED = lazy_pattern(r"(?:(patch|rfc)/?)?v(\d{1,4})(?:\.\d+|(patch)|[a-z])?")
_WORDS = {
    "rfc": {"is_rfc": True},
    "resend": {"is_resend": True},
    "repost": {"is_resend": True},
}


def parse_subject(raw: str) -> Subject:
    """Parse a subject line.

    All leading brackets are parsed; the version may also be at the end as `[ver #3]`.
    """
    title = REPLY.sub("", " ".join(raw.split()))
    marks: list[str] = []
    while match := _MARK.match(title):
        marks += [match[1]] if match[1] is not None else []
        title = title[match.end() :]
    title = title.lstrip(" :")
    words: list[str] = []
    fields: dict[str, Any] = {}
    if marks and (suffix := _AT_THE_END.search(title)):
        fields["version"] = int(suffix["a"] or suffix["b"])
        title = title[: suffix.start()]
    for mark in marks:
        for word in _split_mark(mark):
            if number_fields := _parse_number(word.lower()):
                fields |= number_fields
            elif word:
                words.append(word)
                fields |= _WORDS.get(word.lower(), {})
    return Subject(raw, title.strip(), tuple(marks), tuple(words), **fields)


def _split_mark(mark: str) -> list[str]:
    return re.split(r"[\s,]+", _JOINED.sub(r"\g<version> ", mark).strip())


def _parse_number(word: str) -> dict[str, Any]:
    if number_match := _NUMBERED.fullmatch(word):
        total = int(number_match[3]) if number_match[3] != "n" else None
        patch_fields = {"is_patch": True} if number_match[1] else {}
        return {"number": int(number_match[2]), "total": total, **patch_fields}
    if inserted_match := _INSERTED.fullmatch(word):
        total = int(inserted_match[3]) if inserted_match[3] != "n" else None
        return {"inserted_after": int(inserted_match[2]), "total": total, "is_patch": True}
    if version_match := _VERSIONED.fullmatch(word):
        fields_by_word = {"patch": {"is_patch": True}, "rfc": {"is_rfc": True}}
        word = version_match[1] or version_match[3]
        return {"version": int(version_match[2]), **fields_by_word.get(word, {})}
    return {"is_patch": True} if word == "patch" else {}


class Header(NamedTuple):
    """A header of a message.

    It has the name as written, the unfolded and decoded value, and the line, which is counted from
    1.
    """

    name: str
    value: str
    line: int


def header_value(headers: Iterable[Header], name: str) -> str | None:
    """Return the value of the first header with this name, or None."""
    key = name.lower()
    return next((header.value for header in headers if header.name.lower() == key), None)


def parse_sender(headers: Iterable[Header]) -> Address:
    """Return the sender of a message, which is the mailbox in its From: header.

    Unless there is exactly one From: header with exactly one mailbox, the result has no email
    address and identifies nobody.
    """
    values = [header.value for header in headers if header.name.lower() == "from"]
    address = parse_only_mailbox(values[0]) if len(values) == 1 else None
    return address or Address(", ".join(values)[:MAX_ADDRESS].strip(), "")


class CutLine(NamedTuple):
    """A line that was truncated: its patch line and its original number of characters."""

    patch_line: int
    size: int


class _PatchFields(NamedTuple):
    source: str
    commit: str | None
    lines: tuple[str, ...]
    headers: tuple[Header, ...]
    subject: Subject
    author: Address | None
    message: tuple[str, ...]
    message_line: int
    notes: tuple[str, ...]
    notes_line: int
    diff_line: int
    date: str
    in_body_from: Address | None = None
    damage: tuple[str, ...] = ()
    cut: int = 0
    cut_lines: tuple[CutLine, ...] = ()
    is_merge: bool = False
    unread: str = ""
    title_lines: int = 0


JOINED = "  "
"""The start of a folded line of a subject that git would make of several lines of a message."""
_FOLD = 55
"""Width to which every mailer fills a line of a subject before it folds it."""
_LONG_TITLE = 85
_SENTENCES = lazy_pattern(r"[\w)][.!?]?\s+(?:[A-Z][a-z]+|A|I)\s+[a-z]\w*\s+[a-z]")


class Patch(_PatchFields):
    """A patch as a message, created by `parse_patch`.

    Patch line n is `lines[n - 1]`. `message` is the commit message without its subject and in-body
    headers, and `message_line` its first patch line. `notes` contains the lines between the first
    `---` and the diff, which do not become part of the commit. `author` and `date` are the values
    that git records. If the patch was truncated, `cut` is the original number of lines; otherwise,
    it is 0. `cut_lines` are the lines that were truncated. `is_merge` is set for the changes that a
    merge commit itself makes, and for the sum of commits; `unread` is the reason if they could not
    be read. `title_lines` is the number of lines of a commit's first paragraph, or 0 if it is not
    known. Trailers and files are parsed on first use.
    """

    @property
    def is_net(self) -> bool:
        """Return whether this is the sum of the changes of several commits."""
        return self.is_merge and not self.commit

    @property
    def is_incomplete(self) -> bool:
        """Return whether lines or parts of lines are missing."""
        return bool(self.cut or self.cut_lines)

    def header(self, name: str) -> str | None:
        """Return the value of the first header with this name, or None."""
        return header_value(self.headers, name)

    def header_line(self, name: str) -> int:
        """Return the patch line of the first header with this name, or 0."""
        key = name.lower()
        lines = (head.line for head in self.headers if head.name.lower() == key)
        return next(lines, 0)

    def line_in_message(self, patch_line: int) -> int | None:
        """Return the line in the commit message, whose line 1 is the subject, or None."""
        line = patch_line - self.message_line
        if 0 <= line < len(self.message):
            return line + 3
        return 1 if patch_line == self.header_line("Subject") else None

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses in all headers with this name."""
        key = name.lower()
        return tuple(
            address
            for header in self.headers
            if header.name.lower() == key
            for address in parse_addresses(header.value)
        )

    @property
    def sender(self) -> Address | None:
        """Return the address in the From: header.

        Return None unless the header contains exactly one address.
        """
        sender = parse_sender(self.headers)
        return sender if sender.email else None

    @property
    def message_id(self) -> str | None:
        """Return the Message-ID without its angle brackets."""
        value = self.header("Message-ID")
        return value.strip().strip("<>").strip() if value else None

    @property
    def is_decoded(self) -> bool:
        """Return whether the body was decoded, so that its lines are not the lines of the file."""
        return not {*self.damage} <= {"BOM", "CRLF"}

    @cached_property
    def has_joined_subject(self) -> bool:
        """Return whether git joined several lines to the subject, as no blank line follows it.

        For a patch file, this is so if the subject is folded where it need not be, or if it is
        long, has several sentences, and no description follows.
        """
        if self.title_lines:
            return self.title_lines > 1
        line = self.header_line("Subject")
        first, folded = "", ""
        if line:
            first, folded = (*self.lines[line - 1 : line + 1], "")[:2]
        if folded[:1] == " " and folded.strip():
            filled = len(first) + 1 + len(folded.split(maxsplit=1)[0])
            if "=?" not in first and (filled < _FOLD or folded.startswith(JOINED)):
                return True
        title = self.subject.title
        has_text = any(line.strip() and not is_trailer(line) for line in self.message)
        return len(title) > _LONG_TITLE and not has_text and bool(_SENTENCES.search(title))

    @cached_property
    def diff_form(self) -> str:
        """Return "combined" or "no-prefix" for a form of diff that `git am` cannot apply, or "".

        These are the diff of a merge (`diff --cc`), and a diff without a/ and b/ (`diff.noprefix`).
        """
        for line in self.lines[self.message_line - 1 :]:
            if line.startswith(("diff --cc ", "diff --combined ")):
                return "combined"
            if line.startswith("diff --git "):
                names = line.removeprefix("diff --git ")
                middle = len(names) // 2
                if names[:middle] == names[middle + 1 :] and names[middle] == " ":
                    return "no-prefix"
        return ""

    @property
    def has_diff(self) -> bool:
        """Return whether the message contains a diff; a cover letter does not."""
        return self.diff_line <= len(self.lines)

    @cached_property
    def trailers(self) -> tuple[Trailer, ...]:
        """Return the trailers of the message.

        `line` is the 0-based index in the subject followed by `message`; see `trailer_line`.
        """
        return parse_trailers((self.subject.title, *self.message))

    def tags(self, name: str) -> tuple[Trailer, ...]:
        """Return all tags with this name, anywhere in the message."""
        return find_tags((self.subject.title, *self.message), name)

    def trailer_line(self, trailer: Trailer) -> int:
        """Return the 1-based patch line of a trailer of this patch."""
        return self.message_line + trailer.line - 1

    @cached_property
    def files(self) -> tuple[FileChange, ...]:
        """Return the changes in the diff by file.

        If the diff is malformed, the hunks after the error are omitted; see `diff_error`.
        """

        return parse_diff(self.lines, self.diff_line).files

    def place(self, patch_line: int) -> tuple[FileChange | None, Hunk | None]:
        """Return the file that contains a diff line, and the last hunk that starts at or before the
        line.
        """
        files = self.files if patch_line >= self.diff_line else ()
        index = bisect_right(files, patch_line, key=lambda change: change.patch_line) - 1
        if index < 0:
            return None, None
        hunks = files[index].hunks
        number = bisect_right(hunks, patch_line, key=lambda hunk: hunk.patch_line) - 1
        return files[index], hunks[number] if number >= 0 else None

    @cached_property
    def diff_error(self) -> str | None:
        """Return the error in a malformed diff, with the patch line, or None."""

        return parse_diff(self.lines, self.diff_line).error

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Return all paths in the diff, old and new, without duplicates."""
        return tuple(
            dict.fromkeys(
                path for change in self.files for path in (change.old_path, change.new_path) if path
            )
        )


class Series(NamedTuple):
    """Patches sent together, with an optional cover letter.

    `merges` contains the changes that the merge commits of a range make themselves. `tip` is the
    last commit of the range, if the series is one.
    """

    patches: tuple[Patch, ...]
    cover: Patch | None = None
    base: str | None = None
    merges: tuple[Patch, ...] = ()
    tip: str | None = None

    @property
    def version(self) -> int:
        """Return the highest version in the subjects."""
        members: Sequence[Any] = [*([self.cover] if self.cover else []), *self.patches]
        return max((member.subject.version for member in members), default=1)


def shorten_series(series: Series) -> Series:
    """Truncate the patches of a series that are too long.

    If no patch is too long, return the same series.
    """
    patches = tuple(map(shorten_patch, series.patches))
    merges = tuple(map(shorten_patch, series.merges))
    cover = shorten_patch(series.cover) if series.cover else None
    shortened = (*patches, *merges, cover)
    originals = (*series.patches, *series.merges, series.cover)
    if all(patch is original for patch, original in zip(shortened, originals, strict=True)):
        return series
    return series._replace(patches=patches, cover=cover, merges=merges)


def shorten_patch(patch: Patch) -> Patch:
    """Truncate a patch that is too long to be checked, and store its original length in `cut`.

    Other patches are returned unchanged. The last hunk of a truncated patch is well-formed. Lines
    that are too long are truncated as well, and stored in `cut_lines`.
    """
    patch = _shorten_lines(patch)
    end = _find_checked_end(patch.lines)
    if end >= len(patch.lines):
        return patch
    lines = list(patch.lines[:end])
    if end >= patch.diff_line:
        lines = _complete_last_hunk(lines, patch.diff_line)
    message_size = max(0, min(len(patch.message), end + 1 - patch.message_line))
    return patch._replace(
        lines=tuple(lines),
        message=patch.message[:message_size],
        notes=patch.notes[: max(0, end + 1 - patch.notes_line)],
        diff_line=min(patch.diff_line, len(lines) + 1),
        cut=len(patch.lines),
    )


def _shorten_lines(patch: Patch) -> Patch:
    """Truncate the lines, and the subject, which can be folded over several lines."""
    cut_lines = [
        CutLine(number, len(line))
        for number, line in enumerate(patch.lines, 1)
        if len(line) > MAX_CHECKED_LINE
    ]
    raw = patch.subject.raw
    if len(raw) > MAX_CHECKED_LINE:
        cut_lines.insert(0, CutLine(patch.header_line("Subject") or 1, len(raw)))
    if not cut_lines:
        return patch
    return patch._replace(
        lines=_shorten(patch.lines),
        message=_shorten(patch.message),
        notes=_shorten(patch.notes),
        headers=tuple(
            header._replace(value=header.value[:MAX_CHECKED_LINE])
            if header.name.lower() == "subject"
            else header
            for header in patch.headers
        ),
        subject=parse_subject(raw[:MAX_CHECKED_LINE]),
        cut_lines=tuple(cut_lines),
    )


def _shorten(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line[:MAX_CHECKED_LINE] for line in lines)


def _find_checked_end(lines: tuple[str, ...]) -> int:
    if len(lines) <= MAX_CHECKED_LINES and sum(map(len, lines)) <= MAX_CHECKED:
        return len(lines)
    count = sum(
        1 for size in accumulate(map(len, lines[:MAX_CHECKED_LINES])) if size <= MAX_CHECKED
    )
    return max(1, count)


def _complete_last_hunk(lines: list[str], diff_line: int) -> list[str]:
    """Correct the counts in the header of the last hunk.

    If no hunk is left in the diff of the last file, remove the header of that diff.
    """
    for index in range(len(lines) - 1, diff_line - 2, -1):
        if lines[index].startswith("diff --git "):
            return lines[:index]
        if match := HUNK.match(lines[index]):
            body = lines[index + 1 :]
            if not body:
                lines = lines[:index]
                continue
            new = sum(1 for line in body if line[:1] in ("+", " ", ""))
            old = sum(1 for line in body if line[:1] in ("-", " ", ""))
            lines[index] = f"@@ -{match[1]},{old} +{match[3]},{new} @@{match[5]}"
            return lines
    return lines
