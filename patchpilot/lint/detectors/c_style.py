# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems of C style in declarations, switch cases, strings and comments, and run all C
checks.

C code is parsed once per patch to run all C checks, and each rule selects the hits of its check.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, takewhile
from posixpath import dirname, normpath

from patchpilot.cache.cached_re import cached_match, cached_search, lazy_pattern
from patchpilot.lint.c.c_patterns import BALANCED, STRING
from patchpilot.lint.c.line_scan import ScannedLine
from patchpilot.lint.c.walk import parse_c_code
from patchpilot.lint.detector import (
    Arguments,
    Hit,
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.detectors.c_pattern import all_added_c_lines
from patchpilot.lint.habits import find_file_subsystem
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import (
    MOST_ABOVE,
    NewHunk,
    NewLine,
    find_added_lines,
    find_c_hunks,
    find_next_code_line,
    find_previous_code_line,
    is_declaration,
    walk_lines_above,
)
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.lint.word_lists import load_word_table


@detector("unsorted-declarations", spaced=bool)
def unsorted_declarations(context: Context, _arguments: Arguments) -> Hits:
    """Report new declarations in a block that are not in reverse Christmas tree order (from the
    longest line to the shortest).

    Subsystems that do not use this order are skipped.
    """

    for hunk in find_c_hunks(context, (".c",)):
        subsystem = find_file_subsystem(context, hunk.change.path)
        order = subsystem.declarations if subsystem else ""
        if order == "any":
            continue
        for block in find_declaration_blocks(hunk):
            for first, second in pairwise(block):
                longer = len(second.text.expandtabs(8)) > len(first.text.expandtabs(8))
                if longer and (second.added or first.added) and not _uses_variable(first, second):
                    patch_line = second.patch_line if second.added else first.patch_line
                    yield (
                        make_hit(patch_line, "required", subsystem=subsystem.title)
                        if subsystem and order == "longest-first"
                        else Hit(patch_line)
                    )
                    break


def find_declaration_blocks(hunk: NewHunk) -> Iterator[list[NewLine]]:
    """Yield the blocks of one-line declarations in a hunk.

    A block starts after an opening brace, or at the start of a hunk inside a function.
    """
    lines = hunk.lines
    if "(" in (hunk.hunk.section or "") and (block := _following_declarations(lines, 0)):
        yield block
    for index, line in enumerate(lines):
        if not cached_search(r"\{\s*$", line.code) or cached_search(
            r"=\s*\{|\b(?:struct|union|enum)\b[\w\s]*\{|\bswitch\b", line.code
        ):
            continue
        if block := _following_declarations(lines, index + 1):
            yield block


def _following_declarations(lines: Sequence[NewLine], start: int) -> list[NewLine]:
    """Return the one-line declarations from index `start`, or [] if there are fewer than two."""
    block: list[NewLine] = []
    for line in lines[start:]:
        if not is_declaration(line.code) or line.code.strip().startswith("static "):
            break
        block.append(line)
    return block if len(block) >= 2 else []


def _uses_variable(first: NewLine, second: NewLine) -> bool:
    match = cached_search(r"(\w+)(?:\[[^\]]*\])*\s*(?:=.*)?;\s*$", first.code)
    return bool(
        match
        and "=" in second.code
        and re.search(rf"\b{match[1]}\b", second.code.partition("=")[2])
    )


_GLOBAL = lazy_pattern(
    r"^(?:const\s+)?(?:struct|enum|union|int|char|u\d+|bool|unsigned)\s+(?:\w+\s+){0,9}"
    r"\*?(?P<name>\w+)(?:\[[^\]]*\])?\s*=\s*[^=]"
)
_FUNCTION = lazy_pattern(
    r"^(?!(?:static|extern|typedef|return|else|goto|case)\b|.*\b(?:__weak|asmlinkage|inline)\b)"
    r"(?:[a-z_]\w*[\s*]+){1,9}(?P<name>[a-z_]\w*)\([^;{]*$"
)
_DECLARES = lazy_pattern(r"^\s*extern\b|^\s*EXPORT_\w+\(|^\w[^={]*\);\s*$")
_INCLUDE = lazy_pattern(r"(?m)^#include ([\"<])([\w./-]+)[\">]")


@detector("missing-static")
def missing_static_keyword(context: Context) -> Hits:
    """Report a global function or variable in a driver or a new file that is neither static nor
    exported.

    A function may be declared in any header of the series, and in the headers of the tree that its
    file includes; in an unknown file, nothing is reported about it.
    """
    used_outside = {
        word
        for patch in (context.patch, *context.series.patches)
        for change in patch.files
        for kind in "+- "
        for line in change.lines(kind)
        if kind == "-" or change.path.endswith(".h") or _DECLARES.match(line.text)
        for word in re.findall(r"\w+(?=\()" if kind == "-" else r"\w+", line.text)
    }
    for hunk, index, line in find_added_lines(context, (".c",)):
        variable = _GLOBAL.match(line.code)
        match = variable or (_FUNCTION.match(line.code) if _opens_body(hunk, index) else None)
        if (
            match
            and match["name"] not in used_outside
            and (hunk.is_new or hunk.change.path.startswith("drivers/"))
            and (variable or not _may_be_declared(context, hunk, match["name"]))
        ):
            yield make_hit(line.patch_line, name=match["name"])


def _opens_body(hunk: NewHunk, index: int) -> bool:
    """Return whether a body starts after the line, without the end of a statement before it."""
    following = (line.code for line in hunk.lines[index : index + 9])
    return next((code[:1] for code in following if ";" in code or code[:1] == "{"), "") == "{"


def _may_be_declared(context: Context, hunk: NewHunk, name: str) -> bool:
    """Return whether the file or a header that it includes contains the name, or one is unknown."""
    tree, old_path = context.tree, hunk.change.old_path
    before = tree.read(old_path) if tree and old_path else b""
    if tree is None or before is None or re.search(rb"\b%b\b" % name.encode(), before):
        return True
    text = before.decode("latin-1") + "\n".join(line.text for line in hunk.lines)
    in_patch = {change.path for change in context.patch.files}
    for _ in range(2):
        found = []
        for sign, header in _INCLUDE.findall(text):
            folder = "include" if sign == "<" else dirname(hunk.change.path)
            path = normpath(f"{folder}/{header}")
            content = tree.read(path)
            if content is None and sign != "<" and path not in in_patch:
                return True
            found.append(content or b"")
        text = b"\n".join(found).decode("latin-1")
        if re.search(rf"\b{name}\b", text):
            return True
    return False


@detector("unsorted-includes")
def unsorted_includes(context: Context) -> Hits:
    """Report the first #include of a new file that belongs before the one in the line above."""
    for hunk in find_c_hunks(context, (".c",)):
        for above, below in pairwise(hunk.lines if hunk.is_new else ()):
            first, second = _INCLUDE.match(above.text), _INCLUDE.match(below.text)
            if (
                first
                and second
                and first[1] == second[1]
                and dirname(first[2]) == dirname(second[2])
                and re.sub(r"\W|_", "", second[2]) < re.sub(r"\W|_", "", first[2])
                and second[2] < first[2]
            ):
                yield make_hit(below.patch_line, name=second[2])
                return


_LABEL = lazy_pattern(r"^\s*(?:case\b[^?]*|default\s*):")
_LEAVES = lazy_pattern(
    r"(?:break|return|goto|continue|(?:__)?fallthrough|unreachable|errx?|usage|__builtin_\w+)\b"
    r"|(?:[A-Z][A-Z\d_]*|(?:\w*_)?(?:fail[a-z]*|die|abort|panic|exit)(?:_\w*)?)\s*\("
)
_CONTINUED = lazy_pattern(r"(?:[-+*/%|&^=<>?,(]| :)\s*$")
_FALLTHROUGH_COMMENT = lazy_pattern(
    r"fall(?:s|ing)?[ -]?(?:s |through|thru)|no break", re.IGNORECASE
)


_MOST_STATEMENT_LINES = 40


@detector("missing-break")
def missing_break(context: Context) -> Hits:
    """Report a case that falls through without a break or fallthrough.

    The patch must add the case's last statement or the next label.
    """
    for hunk in find_c_hunks(context):
        for index, line in enumerate(hunk.lines):
            if not _LABEL.match(line.code):
                continue
            indexes_above = range(index - 1, max(-1, index - 1 - MOST_ABOVE), -1)
            previous = next(
                (candidate for candidate in indexes_above if hunk.lines[candidate].code.strip()),
                None,
            )
            if previous is None or not (line.added or hunk.lines[previous].added):
                continue
            code = hunk.lines[previous].code.rstrip()
            if not code.endswith(";") or any(
                _FALLTHROUGH_COMMENT.search(line_between.text)
                for line_between in hunk.lines[previous:index]
            ):
                continue
            statement = _find_ending_statement(hunk.lines, previous)
            if statement and not _LEAVES.match(statement):
                yield Hit(line.patch_line)


def _find_ending_statement(lines: Sequence[NewLine], index: int) -> str:
    """Return the statement that ends on a line, excluding a label before it.

    Return "" if there is none, or if it starts outside the hunk or depends on an `if`.
    """
    first = max(0, index - _MOST_STATEMENT_LINES)
    text = lines[index].code.strip().removesuffix(";")
    while text.count(")") > text.count("(") or (index and _CONTINUED.search(lines[index - 1].code)):
        index -= 1
        if index < first:
            return ""
        text = f"{lines[index].code.strip()} {text}"
    text = text.rsplit(";", 1)[-1].strip()
    return _LABEL.sub("", text).strip()


_STRING = compile_lazily(STRING)
_ATTRIBUTE = compile_lazily(rf"\b__attribute__\s*\(\s*({BALANCED})\s*\)")
_ATTRIBUTE_BODY = compile_lazily(r"\s*\(\s*(.*)\)\s*")
_ATTRIBUTE_WORD = compile_lazily(rf"\s*(\w+)\s*({BALANCED})?")
_UAPI = compile_lazily(r"\binclude/uapi/")
_FORMAT_KIND = compile_lazily(r"^\s*\(\s*(\w+)\s*,\s*(.*)")


@typed_detector(
    "checkpatch-strings",
)
def check_strings(context: Context) -> TypedHits:
    """Report attributes that have a macro, and function names in strings."""
    for line in all_added_c_lines(context):
        if "__attribute__" in line.raw and not _UAPI.search(line.file):
            yield from _check_attributes(line)
        name = parse_c_code(context).function(line.number)
        string = _STRING.search(line.text) if '"' in line.text else None
        text = line.raw[string.start() : string.end()] if string else ""
        if (
            name
            and name in text
            and len(text) != len(name) + 2
            and re.search(rf"\b{re.escape(name)}\b", text, re.ASCII)
        ):
            yield "EMBEDDED_FUNCTION_NAME", make_hit(line.number, name=name)


def _check_attributes(line: ScannedLine) -> TypedHits:
    attribute = _ATTRIBUTE.search(line.raw)
    if not attribute:
        return
    body = _ATTRIBUTE_BODY.sub(lambda inner: inner[1], attribute[1], count=1)
    for match in _ATTRIBUTE_WORD.finditer(body):
        macro = load_word_table("c", "attributes").get(match[1].strip("_"))
        if macro:
            if (
                match[1].strip("_") == "format"
                and match[2]
                and (format_match := _FORMAT_KIND.match(match[2]))
            ):
                macro = f"__{format_match[1]}({format_match[2]}"
            yield (
                "PREFER_DEFINED_ATTRIBUTE_MACRO",
                line.make_hit_here(attribute=match[1], macro=macro),
            )
    if body.lstrip("_").startswith("unused"):
        yield "PREFER_DEFINED_ATTRIBUTE_MACRO", make_hit(line.number, "unused")


_HEAD = lazy_pattern(r"\t+(?:if|for|while) \(.*\) \{$")
_LONE_STATEMENT = lazy_pattern(r"\t+(?!if\b|for\b|while\b|do\b|switch\b|case\b)[^/{}#]+;$")


@detector("trailing-comma")
def missing_trailing_comma(context: Context) -> Hits:
    """Report a missing comma after the last entry of a list.

    Without it, the next patch that adds an entry must change this line too.
    """
    for hunk, index, line in find_added_lines(context):
        entry = cached_match(
            r"^\s+(?:(?P<member>[.\[][\w.\]\[]+\s*=\s*\S.*|\{.*\})|(?P<constant>[A-Z][A-Z0-9_]+(?:\s*=\s*[^,{;]+)?))\s*$",
            line.code,
        )
        if not entry or line.code.rstrip().endswith((",", "{", ";", "(", "\\", "|", "&", "+")):
            continue
        if cached_match(r"^\s*\{\s*(?:0|NULL)?\s*\}$", line.code) or "\\" in line.text:
            continue
        if entry["constant"] and (
            cached_search(
                r"NUM|MAX|COUNT|LAST|END|_NR|^\s*NR_|__|SIZE|INVALID|TOTAL|LEN",
                entry["constant"],
            )
        ):
            continue
        following, previous = (
            find_next_code_line(hunk.lines, index),
            find_previous_code_line(hunk.lines, index),
        )
        if (
            not following
            or not cached_match(r"^\s*\}\s*(?:;|,|\w+;)", following.code)
            or not previous
        ):
            continue
        # the patch may have changed the line above only by adding the comma
        with_comma = [f"{line.text.rstrip()}," for line in hunk.hunk.lines if line.kind == "-"]
        if cached_search(r"(?:,|\{)\s*$", previous.code) and (
            (previous.added and previous.text.rstrip() in with_comma)
            or _is_in_list(hunk.lines, index, enum=bool(entry["constant"]))
        ):
            yield Hit(line.patch_line)


def _is_in_list(lines: Sequence[NewLine], index: int, *, enum: bool) -> bool:
    depth = 0
    for line in walk_lines_above(lines, index):
        depth += line.code.count("}") - line.code.count("{")
        if depth < 0:
            opening = r"\benum\b" if enum else r"[=)]\s*\{\s*$|^\s*\{\s*$|\]\s*=\s*\{"
            return cached_search(opening, line.code) is not None
    return False


@detector("c99-comment", spaced=bool)
def c99_comment(context: Context, _arguments: Arguments) -> Hits:
    """Report a // comment in code with /* */ comments, unless it is in the file header."""
    for hunk, index, line in find_added_lines(context):
        if line.comment or "//" not in line.text or "SPDX" in line.text:
            continue
        if hunk.is_new and any(line.text.startswith("//") for line in hunk.lines[1:12]):
            continue
        bare = re.sub(
            r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/',
            lambda found: " " * len(found[0]),
            line.text,
        )
        offset = bare.find("//")
        if (
            offset < 0
            or (hunk.is_new and index < 12 and offset == 0)
            or (not bare[:offset].strip() and _continues_comment(hunk.lines, index))
        ):
            continue
        yield Hit(line.patch_line, column=offset + 1)


def _continues_comment(lines: Sequence[NewLine], index: int) -> bool:
    """Return whether a line is in a block of `//` lines, some of which the patch does not add."""
    neighbors = (
        lines[max(0, index - _NEAR) : index][::-1],
        lines[index : index + _NEAR],
    )
    return any(
        not line.added
        for half in neighbors
        for line in takewhile(lambda line: line.text.lstrip()[:2] == "//", half)
    )


_NEAR = 20
"""Number of comment lines that are searched in each direction."""


@detector("comment-form", spaced=bool)
def text_on_comment_start(context: Context, _arguments: Arguments) -> Hits:
    """Report text on the first line of a new block comment, in subsystems that leave that line
    empty.
    """

    for hunk, index, line in find_added_lines(context):
        next_line = hunk.lines[index + 1] if index + 1 < len(hunk.lines) else None
        if (
            line.comment
            or not next_line
            or not next_line.added
            or not next_line.comment
            or not cached_match(r"^\s*/\*[^*\s-]*\s*\w", line.text)
        ):
            continue
        subsystem = find_file_subsystem(context, hunk.change.path)
        if subsystem and subsystem.comments == "empty-first-line":
            yield make_hit(line.patch_line, subsystem=subsystem.title)


@detector("leftover-braces")
def leftover_braces(context: Context) -> Hits:
    """Report braces that the patch leaves around a single statement."""
    for hunk in find_c_hunks(context):
        for index, head in enumerate(hunk.lines[:-2]):
            body, end = hunk.lines[index + 1 : index + 3]
            next_line = find_next_code_line(hunk.lines, index + 2)
            added = head.added + body.added + end.added
            # there may be removed lines in between
            fewer = end.patch_line - head.patch_line - 2 - added
            if (
                (0 < added < 3 or (not added and fewer > 0))
                and end.code.strip() == "}"
                and _LONE_STATEMENT.match(body.text)
                and _HEAD.match(head.code)
                and head.code.count("(") == head.code.count(")")
                and not (next_line and next_line.code.strip().startswith("else"))
            ):
                yield Hit(head.patch_line)


@detector("c", check=str)
def find_c_check_hits(context: "Context", arguments: Arguments) -> Iterable[Hit]:
    """Return the hits of a C check (see patchpilot/lint/c/checks)."""
    return parse_c_code(context).hits.get(arguments["check"], [])
