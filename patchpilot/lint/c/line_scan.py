# SPDX-License-Identifier: GPL-2.0-or-later
"""Scan a patch line by line for all line rules and C rules.

The scan finds each line's file, line number, remaining lines in the hunk, and sanitized text. The
sanitized text has COMMENT characters instead of comments and X instead of the contents of strings,
so that columns stay the same.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_cached, lazy_pattern
from patchpilot.lint.detector import Hit
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.model.c_scanner import (
    C_FILES,
    COMMENT,
    CScanner,
    find_state_after,
    guess_state,
    may_start_inside,
)
from patchpilot.model.hunk_fit import split_hunk_sides, split_text_lines
from patchpilot.model.patch import FileChange, parse_git_paths, parse_header_path
from patchpilot.model.source_tree import is_guessed_content

_INCLUDE = lazy_pattern(r"^.\s*#\s*include\s+<(.*)>", re.ASCII)
_ERROR_DIRECTIVE = lazy_pattern(r"^.\s*#\s*(?:error|warning)\s+(.*)\b", re.ASCII)


def mask_code(scanner: CScanner, raw: str) -> str:
    """Mask the comments, strings and header names in a line with a diff sign."""
    text = scanner.mask_line(raw, 1)
    return _mask_directive(text) if "#" in text else text


def _mask_directive(text: str) -> str:
    """Mask the file name of an #include <…> and the text of an #error."""
    if match := _INCLUDE.match(text):
        return f"{text[: match.start(1)]}{'X' * len(match[1])}{text[match.end(1) :]}"
    if match := _ERROR_DIRECTIVE.match(text):
        return text[: match.start(1)] + "X" * len(match[1])
    return text


_HUNK = compile_cached(
    r"^@@ -\d{1,10}(?:,\d{1,10})? \+(\d{1,10})(?:,(\d{1,10}))? @@(.*)",
    re.ASCII | re.DOTALL,
)
_GIT_FILE = compile_cached(r"^diff --git.*?(\S+)$", re.ASCII)
_NEW_FILE = compile_cached(r"^\+\+\+\s+(\S+)", re.ASCII)
"""Where checkpatch.pl reads the name of a file, as far as the first space."""
_SIGNED_OFF = compile_cached(r"^\s*signed-off-by:", re.IGNORECASE | re.ASCII)
_INDENTED = compile_cached(r"^\s+(?:\S|$)", re.ASCII)
_HEADER = compile_cached(r"^(?:commit\b|from\b|[\w-]+:)", re.IGNORECASE | re.ASCII)
_LINE_COMMENT = compile_cached(r"^[+ ].*//")
_COMMENT_HERE = compile_cached(r"^\+.*//|.*/\*.*\*/\s*(?:\\\s*)?$", re.ASCII)
_STAR = compile_cached(r"^.\s*\*", re.ASCII)
_ALWAYS_STRICT = ("drivers/net/", "net/", "drivers/staging/")
SPACE = " \t\n\r\f\v"
TAB = 8
"""Columns between tab stops, unless the tree has other ones."""
_NOT_REMOVED = (" ", "+", "")
_NAMES = {"d": _GIT_FILE, "+": _NEW_FILE}


class ScannedLine(NamedTuple):
    """A line of a patch, as Latin-1 text.

    It has one character per byte, so that columns and lengths count bytes.

    - `sign`: the first character, "+", "-" or " "; "" for an empty context line
    - `text`: the sanitized line with its sign; unchanged for removed lines and outside of hunks
    - `left`: the post-image lines remaining in the hunk, this one included; 0 outside of hunks
    - `previous`: the previous line that is not removed, even in an earlier hunk or a file header
    - `new_line`: the line number in the new file
    - `section`, `hunk_start`: the hunk's section heading and the patch line of its first line
    - `strict`: whether CHECKs are enabled for the file
    - `in_header`, `in_log`: whether the line is in the headers of the message, or in its body
      before the first sign-off
    - `log_after`: the `in_log` of the next line
    - `length`, `indent`: the columns of the line and of its indentation, without its sign; 0 for a
      removed line
    """

    number: int
    raw: str
    text: str
    file: str
    new_line: int
    left: int
    previous: "ScannedLine | None"
    sign: str
    starts_file: bool
    starts_hunk: bool
    section: str
    hunk_start: int
    strict: bool
    in_header: bool
    in_log: bool
    log_after: bool
    length: int
    indent: int

    # compare by identity, because comparing tuples would recurse through `previous` to the first
    # line
    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    @property
    def added(self) -> bool:
        return self.left != 0 and self.sign == "+" and not self.starts_file

    @property
    def suffix(self) -> str:
        return _file_suffix(self.file)

    @property
    def code(self) -> str:
        """Return the sanitized text, with spaces instead of comments."""
        return self.text.replace(COMMENT, " ")

    @property
    def comment(self) -> str:
        if COMMENT not in self.text:
            return ""
        return "".join(
            char for mark, char in zip(self.text, self.raw, strict=False) if mark == COMMENT
        )

    def make_hit_here(self, column: int | None = None, case: str = "", /, **values: str) -> Hit:
        """Return a hit on this line.

        `column` is a byte offset in the line with its sign, which is converted to characters.
        `case` and `values` are for the rule's message.
        """
        if column is not None and not self.raw.isascii():
            column = len(from_byte_text(self.raw[:column]))
        return Hit(
            self.number,
            column=column,
            case=case,
            values={name: from_byte_text(text) for name, text in values.items()},
        )


@lru_cache(maxsize=64)
def _file_suffix(file: str) -> str:
    return file.rpartition(".")[2] if "." in file.rpartition("/")[2] else ""


class LineScan:
    """The lines of a patch: `lines[n - 1]` is patch line n, and `added` has the added lines.

    `strict` is the --strict option. `has_open_string` is set if a string does not end in its line.
    """

    def __init__(
        self,
        lines: list[ScannedLine],
        added: list[ScannedLine],
        strict: bool,
        has_open_string: bool = False,
    ) -> None:
        self.lines, self.added, self.strict = lines, added, strict
        self.has_open_string = has_open_string
        self._comments: dict[int, bool] = {}

    def raw_line(self, number: int, skip: int = 0) -> str | None:
        """Return a patch line, or the line that is `skip` lines below it.

        Removed lines are not counted. Return None after the last line.
        """
        lines, index = self.lines, number - 1
        while index < len(lines):
            if lines[index].sign != "-":
                if not skip:
                    return lines[index].raw
                skip -= 1
            index += 1
        return None

    def join_raw_lines(self, first: int, last: int) -> str:
        """Return the patch lines from `first` to `last` as one text.

        Each removed line is replaced with the next line that is not removed.
        """
        last = max(first, last)
        following = self.raw_line(last) or ""
        raws: list[str] = []
        for line in reversed(self.lines[first - 1 : last]):
            following = line.raw if line.sign != "-" else following
            raws.append(following)
        raws.reverse()
        return "\n".join((*raws, *[""] * (last - first + 1 - len(raws))))

    def has_comment_near(self, line: ScannedLine) -> bool:
        """Return whether the line or a line next to it in the hunk has a comment."""
        if _COMMENT_HERE.match(line.raw):
            return True
        neighbors = self.lines[line.number - 2 : line.number + 1 : 2]
        if any(_LINE_COMMENT.match(neighbor.raw) for neighbor in neighbors):
            return True
        if line.number not in self._comments:
            self._read_comments(line.hunk_start)
        return self._comments.get(line.number, False)

    def _read_comments(self, first: int) -> None:
        """Determine which lines of a hunk continue or directly follow a comment."""
        inside = has_comment = False
        for index in range(first - 1, len(self.lines)):
            line = self.lines[index]
            self._comments[line.number] = has_comment
            if line.starts_hunk or line.starts_file:
                break
            inside = (
                inside
                or "/*" in line.raw
                or (line.number == first and _STAR.match(line.raw) is not None)
            )
            has_comment = inside
            if "*/" in line.raw:
                inside = False


def expand_tabs(text: str, tab_size: int = TAB) -> str:
    """Expand tabs to spaces, with tab stops every `tab_size` columns."""
    return text.expandtabs(tab_size) if "\t" in text else text


def measure_line(raw: str, tab_size: int = TAB) -> tuple[int, int]:
    """Return the width and indentation of a line in columns, without its sign."""
    text = raw[1:].expandtabs(tab_size) if "\t" in raw else raw[1:]
    return len(text), len(text) - len(text.lstrip(SPACE))


def to_byte_text(line: str) -> str:
    """Convert a line to text with one character per byte; the inverse of `from_byte_text`."""
    return line if line.isascii() else line.encode("utf-8", "surrogateescape").decode("latin-1")


def from_byte_text(line: str) -> str:
    """Convert text with one character per byte to normal text."""
    return (
        line
        if line.isascii()
        else line.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
    )


class HunkStart(NamedTuple):
    """How the hunk is read whose header is at a patch line.

    `state` is the scanner's state at its start, or None if it is unknown. `joins_lines` is the
    scanner's attribute.
    """

    state: str | None = None
    joins_lines: bool = False


@cached_per_patch
def scan_patch(context: Context) -> LineScan:
    patch = context.patch
    # checkpatch.pl reads the CRs of a message with CRLF
    has_crs = context.options.checkpatch_compat and "CRLF" in patch.damage and not patch.is_decoded
    return scan_patch_lines(
        [f"{line}\r" for line in patch.lines] if has_crs else patch.lines,
        context.options.strict,
        compat=context.options.checkpatch_compat,
        read_start=_make_start_reader(context),
        tab_size=context.options.tab_size,
    )


def scan_patch_lines(
    patch_lines: Sequence[str],
    strict: bool,
    *,
    compat: bool = False,
    read_start: Callable[[int], HunkStart] = lambda _: HunkStart(),
    tab_size: int = TAB,
) -> LineScan:
    """Scan the message and the diff of a patch.

    In compatibility mode, headers end only at a line that checkpatch.pl considers empty.
    """
    # checkpatch.pl reads a lone CR as a folded header line, so it skips the first line of a DOS
    # message
    empty = "" if compat else "\r"
    raws = [to_byte_text(line) for line in patch_lines]
    lines: list[ScannedLine] = []
    texts, has_open_string = _mask_diff_lines(raws, read_start, keeps_macros=not compat)
    file, section, new_line, lines_left, hunk_start, strict_in_file = (
        "",
        "",
        0,
        0,
        0,
        strict,
    )
    in_header, in_log = True, False
    previous: ScannedLine | None = None
    for number, (raw, text) in enumerate(zip(raws, texts, strict=True), 1):
        sign = text[:1]
        hunk_header = _HUNK.match(text) if sign == "@" and not in_log else None
        if hunk_header:
            new_line, lines_left = (
                int(hunk_header[1]) - 1,
                _new_line_count(hunk_header) + 1,
            )
            hunk_start, section = number + 1, hunk_header[3]
        elif sign in _NOT_REMOVED:
            new_line += 1
            lines_left -= lines_left > 0
        elif lines_left == 1:
            lines_left = 0
        file_pattern = _NAMES.get(sign)
        # inside of a hunk, "+++ x;" is the added line "++ x;"
        is_hunk_line = sign == "+" and lines_left > 0 and not compat
        file_header = file_pattern.match(text) if file_pattern and not is_hunk_line else None
        if file_header:
            file = file_header[1].partition("/")[2] or file_header[1]
            if not compat:
                file = _read_file_name(text) or file
            in_log = False
            strict_in_file = strict or file.startswith(_ALWAYS_STRICT)
        elif in_log and (text == "---" or _SIGNED_OFF.match(text)):
            in_log = False
        ends_header = (
            in_header
            and not file_header
            and not hunk_header
            and not file
            and (raw == empty or not (_INDENTED.match(raw) or _HEADER.match(raw)))
        )
        line = ScannedLine(
            number,
            raw,
            text,
            file,
            new_line,
            0 if hunk_header else lines_left,
            previous,
            sign,
            file_header is not None,
            hunk_header is not None,
            section,
            hunk_start,
            strict_in_file,
            in_header,
            in_log,
            in_log or ends_header,
            *(measure_line(raw, tab_size) if sign in _NOT_REMOVED else (0, 0)),
        )
        previous = line if sign in _NOT_REMOVED else previous
        in_header = in_header and not ends_header
        in_log = line.log_after
        lines.append(line)
    return LineScan(lines, [line for line in lines if line.added], strict, has_open_string)


def _read_file_name(header: str) -> str | None:
    """Return the new path in a `diff --git` or `+++` line, or None if there is none."""
    line = from_byte_text(header)
    path = parse_header_path(line[4:]) if line.startswith("+++ ") else parse_git_paths(line)[1]
    return path and to_byte_text(path)


_DEFINE = compile_cached(r"^.\s*#\s*define\b", re.ASCII)


def _mask_diff_lines(
    raws: Sequence[str], read_start: Callable[[int], HunkStart], *, keeps_macros: bool
) -> tuple[list[str], bool]:
    """Mask comments and strings on the new side of hunks; leave other lines unchanged.

    If `keeps_macros` is set, the backslash that continues a macro is kept in a comment.
    checkpatch.pl masks it as well, so that the macro seems to end there. Return the lines, and
    whether a string does not end in its line.
    """
    scanner = CScanner()
    texts: list[str] = []
    lines_left = 0
    in_macro = None
    for index, raw in enumerate(raws):
        text = raw
        if raw[:1] == "@" and (match := _HUNK.match(raw)):
            lines_left = _new_line_count(match) + 1
            state, scanner.joins_lines = read_start(index + 1)
            if state is None:
                is_start = int(match[1]) <= 1
                state = "" if is_start else guess_state(_list_new_lines(raws, index, lines_left))
            scanner.inside, in_macro = state, None
        elif lines_left and raw[:1] in _NOT_REMOVED:
            text = mask_code(scanner, raw)
            is_continued = keeps_macros and raw.endswith("\\")
            # a hunk that begins with a continued line may begin in a macro
            in_macro = is_continued and (in_macro is not False or bool(_DEFINE.match(text)))
            if in_macro and text.endswith(COMMENT):
                text = f"{text[:-1]}\\"
        texts.append(text)
        if lines_left > 1:
            lines_left -= text[:1] in _NOT_REMOVED
        else:
            lines_left = 0
    return texts, scanner.has_open_string


def _new_line_count(header: re.Match[str]) -> int:
    return int(header[2]) if header[2] is not None else 1


def _list_new_lines(raws: Sequence[str], header: int, count: int) -> Iterator[str]:
    """Yield the new side of the hunk at index `header`, without signs."""
    for raw in islice(raws, header + 1, None):
        if count <= 1 or raw.startswith("@@ "):
            # the hunk may be shorter than its header claims
            return
        if raw[:1] != "-":
            count -= 1
            yield raw[1:]


def _make_start_reader(context: Context) -> Callable[[int], HunkStart]:
    """Return a function that reads how a hunk starts from the hunk's file."""
    changes = {
        hunk.patch_line: (index, change.path.endswith(C_FILES))
        for index, change in enumerate(context.patch.files)
        for hunk in change.hunks
    }
    read_states = cache(lambda index: dict(_read_file_states(context, context.patch.files[index])))
    joins_lines = context.options.checkpatch_compat or context.joins_lines

    def read_start(line: int) -> HunkStart:
        index, is_c = changes.get(line, (0, False))
        if not is_c:
            # checkpatch.pl reads all files as C
            return HunkStart(joins_lines=joins_lines or context.options.matches_script)
        return HunkStart(read_states(index).get(line), joins_lines)

    return read_start


def _read_file_states(context: Context, change: FileChange) -> Iterator[tuple[int, str]]:
    """Yield (patch line, state) for each hunk that may begin in a comment, if the file is known."""
    tree, path = context.tree, change.old_path
    if path is None or tree is None or change.is_binary:
        return
    sides = [split_hunk_sides(hunk) for hunk in change.hunks]
    is_needed = [
        hunk.new_start > 1 and may_start_inside(new)
        for hunk, (_, new) in zip(change.hunks, sides, strict=True)
    ]
    content = tree.read(path) if any(is_needed) and not is_guessed_content(tree, path) else None
    if content is None:
        return
    lines = split_text_lines(content)
    before: list[str] = []
    end = 0
    for hunk, (old, new), needs_state in zip(change.hunks, sides, is_needed, strict=True):
        start = hunk.old_start - 1 if old else hunk.old_start
        if start < end or lines[start : start + len(old)] != old:
            # this is not the file to which the patch applies
            return
        before += lines[end:start]
        if needs_state:
            yield hunk.patch_line, find_state_after("".join(before))
        before += new
        end = start + len(old)
