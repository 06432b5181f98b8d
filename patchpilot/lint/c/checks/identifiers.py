# SPDX-License-Identifier: GPL-2.0-or-later
"""Check CamelCase names, and of exports that do not follow the symbol they export."""

import re
from weakref import WeakKeyDictionary

from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import (
    ATTRIBUTE,
    CONSTANT,
    IDENT,
    LVAL,
    NOTE,
    STORAGE,
    pattern,
)
from patchpilot.lint.c.line_scan import as_text
from patchpilot.lint.c.types import TypePattern, Types
from patchpilot.model.source_tree import Tree, changed_below, ground_of, is_safe_path

_MIXED = r"[A-Z][a-z]|[a-z][A-Z]"
_MIXED_NAME = r"(\w*(?:[A-Z][a-z]|[a-z][A-Z])\w*)"
_TYPEDEF = TypePattern(rf"\s+{_MIXED_NAME}")
_DECLARED = TypePattern(rf"\s+{_MIXED_NAME}\s*[(\[,;]", storage=True)
_VALUE = rf"(?:{CONSTANT}|{LVAL})"
_WORD = rf"\b({IDENT})"
_LABEL_END = rf"\s*{NOTE}*(?:\s*\{{)?\s*{NOTE}*(?:\s*\\)?\s*$|\s*return\s+"
_REPORTED, _KNOWN = "mixed case: reported", "mixed case: known"
# change this number to invalidate caches written by other versions of this code
_KIND = Kind("mixed-case", (__file__,))
_HEADERS: "WeakKeyDictionary[Tree, frozenset[str]]" = WeakKeyDictionary()


@check(ADDED)
def mixed_case(context: LineContext) -> Results:
    """Report CamelCase names such as `someName`."""
    text = context.text
    if not pattern(_MIXED).search(text, 1):
        return
    for value in pattern(_VALUE).finditer(text, _skip_label(text)):
        name = value.group()
        if (
            not pattern(_MIXED).search(name)
            or pattern(CONSTANT).fullmatch(name)
            or _is_usual(name)
        ):
            continue
        yield from (
            ("mixed-case-name", context.hit(value.start() + word.start(), name=word[1]))
            for word in pattern(_WORD).finditer(name)
            if pattern(_MIXED).search(word[1])
            and _is_new(context, word[1])
            and context.line.strict
        )


def _skip_label(text: str) -> int:
    """Return the start of the search, after a case label that is followed only by a return."""
    label = pattern(r".\s*(?:case\s*.*|default\s*):").match(text)
    label_end = pattern(_LABEL_END).match(text, label.end()) if label else None
    return label_end.end() if label_end else 0


def _is_usual(name: str) -> bool:
    """Return whether mixed case is usual for a name: a page flag, a unit such as mV, or a
    generated name.
    """
    return (
        pattern(
            r"(?:[A-Z]+_){1,5}[A-Z]{1,3}[a-z]|(?:Clear|Set|TestClear|TestSet|)Page[A-Z]"
            r"|(?:[a-z0-9_]*|[A-Z0-9_]*)?_?[a-z][A-Z](?:_[a-z0-9_]+|_[A-Z0-9_]+)?$"
            r"|(?:[a-z_]*?)_?(?:[KMGT]iB|[KMGT]?Hz)(?:_[a-z_]+)?$"
        ).match(name)
        is not None
    )


def _is_new(context: LineContext, name: str) -> bool:
    """Return whether a name is new in the patch and, if that matters, in the headers and the
    file.
    """
    reported: set[str] = context.walk.patch.setdefault(_REPORTED, set())
    if name in reported:
        return False
    reported.add(name)
    return not context.line.strict or name not in _known_names(context)


def _known_names(context: LineContext) -> frozenset[str]:
    """Return the mixed-case names in the tree's headers and in the first file that has any."""
    patch = context.walk.patch
    known: frozenset[str] | None = patch.get(_KNOWN)
    if known is None:
        tree = context.walk.context.tree
        known = frozenset()
        if tree is not None:
            known = names_of_headers(tree)
            file = as_text(context.line.file)
            if (
                not context.walk.context.options.whole_files
                and is_safe_path(file)
                and (data := tree.read(file))
            ):
                known |= _find_names(data, context.types)
        patch[_KNOWN] = known
    return known


def names_of_headers(tree: Tree) -> frozenset[str]:
    """Return the CamelCase names that the tree's include/ directory declares.

    The result is cached in the process, and on disk until the directory changes.
    """
    if ground_of(tree) is not tree:
        types = Types()
        changed = (
            tree.read(path)
            for path in changed_below(tree, "include")
            if path.endswith(".h")
        )
        return names_of_headers(ground_of(tree)).union(
            *(_find_names(data, types) for data in changed if data)
        )
    names = _HEADERS.get(tree)
    if names is None:
        key = _key(tree)
        kept = recall(_KIND, key) if key else None
        names = _HEADERS[tree] = (
            kept if isinstance(kept, frozenset) else _read_headers(tree, key)
        )
    return names


def _read_headers(tree: Tree, key: str | None) -> frozenset[str]:
    types = Types()
    names: set[str] = set()
    for path in tree.files("include"):
        if path.endswith(".h") and (data := tree.read(path)):
            names |= _find_names(data, types)
    if key:
        remember(_KIND, key, frozenset(names))
    return frozenset(names)


def _find_names(data: bytes, types: Types) -> set[str]:
    names: set[str] = set()
    for match in re.finditer(rb"^.*(?:[A-Z][a-z]|[a-z][A-Z]).*$", data, re.MULTILINE):
        line = match.group().decode("latin-1")
        if name := _declared_name(line, types):
            names.add(name)
    return names


def _declared_name(line: str, types: Types) -> str | None:
    start = pattern(r"[ \t]*").match(line)
    at = start.end() if start else 0
    if defined := pattern(rf"#[ \t]*define\s+{_MIXED_NAME}").match(line, at):
        return defined[1]
    if (
        line.startswith("typedef", at)
        and (lead := pattern(r"typedef\s+").match(line, at))
        and (typed := types.match(_TYPEDEF, line, lead.end()))
    ):
        return typed.match[1]
    if declared := types.match(_DECLARED, line, at):
        return declared.match[1]
    tagged = pattern(rf"\s*(?:union|struct|enum)\s+{_MIXED_NAME}\s*[;{{]").match(line)
    return tagged[1] if tagged else None


def _key(tree: Tree) -> str | None:
    """Return the cache key of the tree's names, or None if changes of include/ cannot be
    detected.
    """
    stamp = getattr(tree, "stamp", None)
    fingerprint = stamp("include") if callable(stamp) else None
    return (
        key_of(_KIND, [fingerprint.encode()]) if isinstance(fingerprint, str) else None
    )


@check(ADDED)
def distant_export(context: LineContext) -> Results:
    """Report an EXPORT_SYMBOL that does not follow the function or variable it exports."""
    walk, number = context.walk, context.line.number
    marks: dict[int, bool] = walk.hunk.setdefault("exports", {})
    if context.span is not None:
        _check_export(context, marks)
    if "EXPORT_SYMBOL" not in context.text:
        return
    if (
        number not in marks
        and pattern(r".\s*$").match(context.before)
        and pattern(r"EXPORT_SYMBOL.*\(.*\)").search(context.text)
    ):
        marks[number] = True
    if marks.get(number):
        yield "export-not-after-function", context.hit()


def _check_export(context: LineContext, marks: dict[int, bool]) -> None:
    """Check the export that follows the current statement."""
    span, lines = context.span, context.walk.scan.lines
    if span is None:
        return
    number = span.next_number
    if number > len(lines) or not lines[number - 1].text[span.next_column :].strip(
        " \t\n\r\f\v"
    ):
        number += 1
    if (
        number > len(lines)
        or number in marks
        or "EXPORT_SYMBOL" not in lines[number - 1].text
    ):
        return
    exported = pattern(r"EXPORT_SYMBOL.*\((.*)\)").search(lines[number - 1].text)
    if not exported:
        return
    name = pattern(rf"^\s*({IDENT}).*").sub(r"\1", exported[1], count=1)
    statement = span.raw_text if context.statement_raw else span.text
    match = pattern(rf"(?:.\s*\}}\s*\n)?.([A-Z_]+)\s*\(\s*({IDENT})").match(statement)
    if match and re.match(rf"{IDENT}_{re.escape(match[2])}", name, re.ASCII):
        marks[number] = False
        return
    marks[number] = not _defines(context, statement, name)


def _defines(context: LineContext, statement: str, name: str) -> bool:
    quoted = re.escape(name)
    if re.search(
        rf"\n.\}}\s*$|^.(?:DEFINE|DECLARE)_{IDENT}\({quoted}\)|^.LIST_HEAD\({quoted}\)|\b{quoted}(?:\s+{ATTRIBUTE})*\s*(?:;|=|\[|\()",
        statement,
        re.ASCII,
    ):
        return True
    pointer = TypePattern(rf"\s*\(\s*\*\s*{quoted}\s*\)\s*\(")
    starts = [
        match.end()
        for text in (rf".{STORAGE}\s+", r".")
        if (match := pattern(text).match(statement))
    ]
    return any(context.types.match(pointer, statement, start) for start in starts)
