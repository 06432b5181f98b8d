# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems with files, SPDX tags and added lines in any file: undocumented sysfs attributes,
whitespace-only hunks, misplaced SPDX tags and long lines.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import takewhile

from patchpilot.cache.cached_re import cached_search, lazy_pattern
from patchpilot.lint.c.c_patterns import LOG_FUNCTIONS, STRING
from patchpilot.lint.c.line_scan import SPACE, ScannedLine, expand_tabs, from_byte_text, scan_patch
from patchpilot.lint.detector import (
    Arguments,
    Hit,
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.detectors.generic import SHOWN
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compile_lazily, compile_rule_pattern
from patchpilot.model.c_scanner import COMMENT
from patchpilot.model.patch import DiffLine, Patch

_ATTRIBUTE = lazy_pattern(
    r"^\s*(?:static )?(?:struct \w+ )?(?:DEVICE_(?:ULONG_|INT_|BOOL_)?ATTR|BIN_ATTR|DRIVER_ATTR|BUS_ATTR|CLASS_ATTR|IIO_DEVICE_ATTR)(?:_\w+)?"  # noqa: E501
    r"\((?P<attribute>\w+)"
)


_SHOW_OR_STORE = lazy_pattern(r"(?<!\w)(?P<name>\w+)_(?:show|store)\(")
_MOST_WORDS = 20
"""Maximum number of words in the name of an attribute."""


@detector("sysfs-without-documentation", except_pattern=str)
def sysfs_without_documentation(context: Context, arguments: Arguments) -> Hits:
    """Report the first added sysfs attribute if no patch of the series changes Documentation/.

    All patches of the series must be known.
    """
    is_whole = (context.patch.subject.total or 1) <= len(context.series.patches)
    if not is_whole or any(
        path.startswith("Documentation/")
        for path in context.cache_for_series("paths", _changed_paths)
    ):
        return
    excluded = compile_rule_pattern(arguments["except_pattern"])
    for change in context.patch.files:
        if not change.path.endswith(".c") or excluded.search(change.path):
            continue
        removed = {
            match["attribute"]
            for line in change.lines("-")
            if (match := _ATTRIBUTE.match(line.text))
        }
        with_functions = {
            name for line in change.lines("+") for name in _find_shown_attributes(line.text)
        }
        for line in change.lines("+"):
            match = _ATTRIBUTE.match(line.text) if "ATTR" in line.text else None
            if match and match["attribute"] not in removed and match["attribute"] in with_functions:
                yield make_hit(line.patch_line, attribute=match["attribute"])
                return


def _find_shown_attributes(text: str) -> Iterator[str]:
    """Yield the attributes that a line's show and store functions may have.

    A driver often adds its own prefix to the names of the functions.
    """
    for match in _SHOW_OR_STORE.finditer(text):
        words = match["name"].split("_")
        for start in range(max(0, len(words) - _MOST_WORDS), len(words)):
            yield "_".join(words[start:])


def _changed_paths(patches: Sequence[Patch]) -> frozenset[str]:
    return frozenset(path for patch in patches for path in patch.paths)


_SPACES = lazy_pattern(r"(?<!\w) | (?!\w)")
_BLANK_LINES = lazy_pattern(r"\n[ \t]*(?=\n[ \t]*(?:\n|\Z))")
_LITERAL = lazy_pattern(r"\"(?:\\.|[^\"\\\n])*\"|'\\?.'")
_NO_SPACES = {ord(" "): 0, ord("\t"): 1}


@detector("blank-line-at-end")
def blank_line_at_end(context: Context) -> Hits:
    """Report blank lines at the end of a file if a patch leaves more of them than before.

    The end of a file is known by the last hunk, which has less context there than elsewhere.
    """
    for change in context.patch.files:
        if not change.hunks or change.new_path is None:
            continue
        lines = [line for line in change.hunks[-1].lines if line.kind in "+- "]
        new, old = (
            list(takewhile(_is_blank, reversed([line for line in lines if line.kind in kinds])))
            for kinds in ("+ ", "- ")
        )
        context_lines = list(takewhile(lambda line: line.kind == " ", reversed(lines)))
        has_context = change.old_path is None or any(line.kind == " " for line in lines)
        if len(new) > len(old) and len(context_lines) < _CONTEXT and has_context:
            first = next((line for line in reversed(new) if line.kind == "+"), new[-1])
            yield Hit(first.patch_line)


_CONTEXT = 3
"""Number of unchanged lines after a change, unless the file ends there."""


def _is_blank(line: DiffLine) -> bool:
    return not line.text.strip()


@detector("whitespace-only-hunk")
def whitespace_only_hunk(context: Context) -> Hits:
    """Report a hunk with only whitespace changes in a patch that also makes other changes."""
    patch = context.patch
    if cached_search(
        r"white ?space|indent|style|clean ?up|tidy|format|blank|checkpatch|align|newline",
        patch.subject.title,
        re.IGNORECASE,
    ):
        return
    hunks = [
        hunk
        for change in patch.files
        if change.old_path
        and change.new_path
        # in documents, whitespace is markup
        and not change.new_path.endswith((".rst", ".txt"))
        for hunk in change.hunks
    ]
    whitespace_only = [
        hunk
        for hunk in hunks
        if _differ_only_in_space(
            [line.text for line in hunk.lines if line.kind in "- "],
            [line.text for line in hunk.lines if line.kind in "+ "],
        )
    ]
    if len(whitespace_only) == len(hunks):
        return
    for hunk in whitespace_only:
        first = next((line for line in hunk.lines if line.kind in "+-"), None)
        if first:
            yield Hit(first.patch_line)


def _differ_only_in_space(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether two versions of a hunk differ only in whitespace outside strings.

    Return False if the new version only has fewer consecutive blank lines, which is always an
    improvement.
    """
    before, after = ("\n".join(("", *side)) for side in (old, new))
    if len(new) < len(old) and _BLANK_LINES.sub("", before) == _BLANK_LINES.sub("", after):
        return False
    return _strip_spaces(before) == _strip_spaces(after)


def _strip_spaces(text: str) -> str:
    protected = _LITERAL.sub(lambda literal: literal[0].translate(_NO_SPACES), text)
    # keep spaces between words, because "upto" and "up to" differ
    return _SPACES.sub("", " ".join(protected.split()))


SOURCES = frozenset(["h", "c", "rs", "s", "S", "sh", "dtsi", "dts"])
_URL = compile_lazily(r"^\+.*\b[a-z][\w.+\-]*://\S+", re.IGNORECASE)
_LOG_STRING = compile_lazily(
    rf'^\+\s*(?:{LOG_FUNCTIONS})\s*\(\s*(?:KERN_\S+\s*|[^"]*)?({STRING}\s*(?:|,|\)\s*;)\s*)$'
)
_ONLY_STRING = compile_lazily(
    rf"^\+\s*{STRING}\s*(?:\s*|,|\)\s*;)\s*$|^\+\s*#\s*define\s+\w+\s+{STRING}$"
)
_LONG_BY_NATURE = compile_lazily(r"^\+.*\bEFI_GUID\s*\(|^\+\s*+(?:\w+\s*)?DEFINE_PER_CPU")
_STRING_TAIL = compile_lazily(rf"({STRING}(?:\s*(?:\\|,\s*|\)\s*;\s*))?)$")


_WHOLE_NAMES = (6, 17)


@typed_detector(
    "checkpatch-text",
)
def check_text(context: Context) -> TypedHits:
    """Report long lines and files that contain their own name."""
    for line in scan_patch(context).added:
        if (
            line.file in line.raw
            and ("/" in line.file or context.options.matches_script)
            and (
                context.options.kernel < _WHOLE_NAMES
                or re.search(rf"\b{re.escape(line.file)}\b", line.raw, re.ASCII)
            )
        ):
            yield "EMBEDDED_FILENAME", Hit(line.number)
        limit, tab_size = context.options.max_line_length, context.options.tab_size
        if (
            line.suffix in SOURCES
            and line.length > limit
            and (kind := _classify_long_line(line, limit, tab_size))
        ):
            column = _find_overlong_character(from_byte_text(line.raw[1:]), limit, tab_size)
            yield (
                kind,
                make_hit(line.number, "", column, columns=line.length, limit=limit),
            )


def _find_overlong_character(text: str, limit: int, tab_size: int) -> int:
    """Return the 1-based index of the first character that ends beyond column `limit`."""
    positions = range(1, len(text))
    return 1 + bisect_right(
        positions, limit, key=lambda end: len(expand_tabs(text[:end], tab_size))
    )


def _classify_long_line(line: ScannedLine, limit: int, tab_size: int) -> str | None:
    """Return the type of a long line, or None if it may be long, such as a line with a link."""
    code = line.text

    def starts_within_limit(tail: str) -> bool:
        return len(expand_tabs(code[1 : len(code) - len(tail)], tab_size)) <= limit

    if '"' in code:
        log_string = _LOG_STRING.match(code)
        if log_string and starts_within_limit(log_string[1]):
            return None
        if _ONLY_STRING.match(code):
            return None
    if _LONG_BY_NATURE.match(code) or ("://" in line.raw and _URL.match(line.raw)):
        return None
    if (
        comment := code.find(COMMENT, len(code.rstrip(f"{SPACE}{COMMENT}")))
    ) >= 0 and starts_within_limit(code[comment:]):
        return "LONG_LINE_COMMENT"
    if (log_string := _STRING_TAIL.search(line.code)) and starts_within_limit(log_string[1]):
        return "LONG_LINE_STRING"
    return "LONG_LINE"


_TAG = "SPDX-License-Identifier:"
_SHEBANG = compile_lazily(r"^[ +]\s*#!\s*/")
_TAG_WORD = compile_lazily(rf"\b{_TAG}")
_DUAL = compile_lazily(r"GPL-2\.0.*BSD-2-Clause")
_STRICTER = (6, 17)
"""The first kernel whose checkpatch.pl checks the license names of bindings."""
_DUAL_AS_WRITTEN = compile_lazily(r"GPL-2\.0(?:-only)? OR BSD-2-Clause")
_DUAL_HEADER = compile_lazily(r"GPL-2\.0(?:-only)? OR \S+")
_PERMISSIVE = r"(?:MIT|ISC|X11|0BSD|BSD-\d-Clause|Apache-2\.0)"
_PERMISSIVE_CHOICE = compile_lazily(rf" OR \(?{_PERMISSIVE}\b|\b{_PERMISSIVE}\)? OR ")
_COMMENTS = {
    **dict.fromkeys(("h", "s", "S"), "/*"),
    **dict.fromkeys(("c", "rs", "dts", "dtsi"), "//"),
    **dict.fromkeys(("sh", "pl", "py", "awk", "tc", "yaml"), "#"),
}


@detector("checkpatch-spdx")
def check_spdx(context: Context) -> Hits:
    expected_line = 1
    for line in scan_patch(context).lines:
        if line.starts_file:
            expected_line = 1
        elif line.left and line.sign != "-" and not line.starts_hunk:
            if line.new_line == expected_line:
                if _SHEBANG.match(line.raw):
                    expected_line = 2
                elif line.sign == "+":
                    yield from _check_first_line(line, expected_line, context.options.kernel)
            if (
                line.new_line != expected_line
                and _TAG in line.raw
                and line.suffix in SOURCES
                and _TAG_WORD.search(line.raw)
            ):
                yield make_hit(line.number, "line", place=expected_line)


def _check_first_line(line: ScannedLine, number: int, kernel: tuple[int, int]) -> Hits:
    raw, suffix = line.raw, line.suffix
    comment = _COMMENTS.get(suffix, "")
    if number == 2 and suffix not in ("h", "s", "S", "c", "rs", "dts", "dtsi"):
        comment = "#"
    elif not comment and suffix == "rst":
        comment = ".."
    if (
        suffix in ("c", "h", "s", "S")
        and _TAG in raw
        and not raw[1:].lstrip(" \t\r\f\v").startswith(comment)
    ):
        yield make_hit(line.number, "comment", suffix=suffix, comment=comment)
    if comment and not raw.startswith(f"+{comment} {_TAG} "):
        yield make_hit(line.number, place=number, comment=comment, tag=_TAG)
        return
    is_strict = kernel >= _STRICTER
    _, tag, license_name = raw.partition(f"{_TAG} ")
    if is_strict and line.file.startswith("include/dt-bindings/"):
        case, pattern = "binding-header", _DUAL_HEADER
    elif line.file.startswith("Documentation/devicetree/bindings/"):
        case, pattern = "binding", _DUAL_AS_WRITTEN if is_strict else _DUAL
    else:
        return
    if tag and not pattern.search(license_name):
        is_other = _PERMISSIVE_CHOICE.search(license_name)
        yield make_hit(line.number, "other-license" if is_other else case)


_SETTINGS = lazy_pattern(r"(?:^|/)\.(?:patchpilot\.toml|checkpatch\.conf)$")


@detector("changed-check-settings", hiding_attribute_pattern=str)
def changed_check_settings(context: Context, arguments: Arguments) -> Hits:
    """Report the first changed line of each file that decides what is checked.

    These are settings, the files that they name, and attributes that hide a diff. In the case
    "used", the settings of the check contain the change.
    """
    in_use = context.options.settings
    hides = compile_rule_pattern(arguments["hiding_attribute_pattern"])
    for change in context.patch.files:
        paths = {path for path in (change.old_path, change.new_path) if path}
        names = {path.rpartition("/")[2] for path in paths}
        if any(map(_SETTINGS.search, paths)) or not paths.isdisjoint(in_use.files):
            commit = in_use.conf_commit if ".checkpatch.conf" in names else in_use.commit
            lines = [line for kind in "+-" for line in change.lines(kind) if line.text.strip()]
        elif ".gitattributes" in names:
            commit, lines = None, [line for line in change.lines("+") if hides.search(line.text)]
        else:
            continue
        for line in lines[:1]:
            text = line.text.strip()
            case = "used" if commit and _contains_patch(context, commit) else ""
            column = line.text.index(text) + 1
            yield make_hit(line.patch_line, case, column, start=text[:SHOWN])


def _contains_patch(context: Context, commit: str) -> bool:
    patch, history = context.patch, context.history
    return bool(patch.commit and history and history.is_ancestor(patch.commit, commit))
