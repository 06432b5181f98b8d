# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect C syntax with tree-sitter queries on the functions that a patch changes.

Nothing is reported unless tree-sitter is installed; `lint.selection` finds the rules that do not
run.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.detector import Arguments, Hits, detector, make_hit
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.new_side import NewHunk, find_c_hunks
from patchpilot.lint.pack_patterns import (
    compile_built_pattern,
    compile_rule_pattern,
    fill_message,
)

if TYPE_CHECKING:
    from tree_sitter import Node, Query, Tree

_LOOP = lazy_pattern(r"(?m)^(\s*)((?:\w+_)?for_each_\w+)(?=\s*\(.*[{)]\s*$)")
_ATTRIBUTE = lazy_pattern(r"\b__(?:user|iomem|rcu|percpu|force|init|exit|must_check)\b")
_WORD = lazy_pattern(r"\w+")
_HEAD_ENDS = (";", "}", "*/", "\\")
MOST_BYTES = 60_000
"""Longer functions are skipped."""
MOST_MATCHES = 500
_WITH_BODY = ("if_statement", "while_statement", "compound_statement", "declaration")


class _CodePart(NamedTuple):
    """A function or table, with the patch line of each of its lines (0 if not added).

    `file` is the text of the whole file, if it is known.
    """

    text: bytes
    added: tuple[int, ...]
    file: str


@cached_per_patch
def _join_added_lines(context: Context) -> str:
    added = (line for line in context.patch.lines if line.startswith("+"))
    return "\n".join(added).lower()


@detector(
    "syntax",
    "**captures",
    generic=True,
    needles=list,
    function_needles=list,
    query=str,
    captures=list,
    shown=bool,
    capture_patterns=dict,
    unless_capture_patterns=dict,
    unless_inside_pattern=str,
    between_pattern=str,
    unless_between_pattern=str,
    before_pattern=str,
    unless_before_pattern=str,
    after_pattern=str,
    file_pattern=str,
    unless_file_pattern=str,
    rows=list,
)
def find_syntax_matches(context: Context, arguments: Arguments) -> Hits:
    """Report matches of a tree-sitter `query` in the functions and tables that the patch changes.

    The query runs on each whole function and table, and with `shown` also on the part of a function
    that a hunk shows. The finding is on the line of the capture `@at` if the patch adds that line,
    otherwise on the line of `@from` if the patch adds that one.

    The lines that the patch adds contain one of `needles`, and the function contains one of
    `function_needles`.

    `capture_patterns` and `unless_capture_patterns` apply to the text of captures, and
    `unless_inside_pattern` to the start of any statement around `@at`. The patterns of `between`
    apply to the text from the end of `@from` to `@at`, and those of `before` and `after` to the
    rest of the function. The patterns of `file` apply to the whole file, and match nothing without
    a tree. {name} is the text of a capture, or a value from the first of the `rows` for which all
    patterns match.
    """
    if not any(needle.lower() in _join_added_lines(context) for needle in arguments["needles"]):
        return
    if _load_c_parser() is None:
        return
    call_pattern = arguments.get("capture_patterns", {}).get("call", "")
    # compiling the query is slow, and few functions contain a word that `@call` may match
    calls = compile_built_pattern(
        "|".join(fill_message(call_pattern, row) for row in arguments.get("rows", ({},))),
        call_pattern,
    )
    for unit in _find_changed_parts(context, arguments.get("shown", False)):
        if not any(
            needle.encode() in unit.text
            for needle in arguments.get("function_needles", arguments["needles"])
        ) or not any(map(calls.search, _find_identifiers(unit.text))):
            continue
        tree = _parse_c(context, unit.text)
        if tree is None:
            continue
        query = _compile_query(arguments["query"])
        for line, values in _find_query_matches(unit, tree, query, arguments):
            yield make_hit(line, **values)


@lru_cache
def _find_identifiers(text: bytes) -> frozenset[str]:
    # cached, because many rules search the same function
    return frozenset(_WORD.findall(text.decode("latin-1")))


def _find_query_matches(
    unit: _CodePart, tree: "Tree", query: "Query", arguments: Arguments
) -> Iterator[tuple[int, Mapping[str, str]]]:
    from tree_sitter import QueryCursor

    reported_lines = set()
    for _, nodes in islice(QueryCursor(query).matches(tree.root_node), MOST_MATCHES):
        captures = {name: capture_nodes[0] for name, capture_nodes in nodes.items()}
        location = captures["at"]
        line = _find_added_line(unit, location)
        if not line and "from" in captures:
            line = unit.added[captures["from"].start_point[0]]
        if not line or line in reported_lines or _is_broken(location):
            continue
        values = {name: _node_text(unit, node) for name, node in captures.items()}
        for row in arguments.get("rows", ({},)):
            if _captures_match_patterns(values, row, arguments) and _captures_meet_conditions(
                unit, captures, values, row, arguments
            ):
                reported_lines.add(line)
                named_values = {**values, **row}
                yield (
                    line,
                    {name: named_values[name] for name in arguments.get("captures", ())},
                )
                break


def _find_added_line(unit: _CodePart, node: "Node") -> int:
    """Return the first added line of a node. If the node has a body, search only its head."""
    last = node.start_point[0] if node.type in _WITH_BODY else node.end_point[0]
    lines = unit.added[node.start_point[0] : last + 1]
    return next((line for line in lines if line), 0)


def _node_text(unit: _CodePart, node: "Node") -> str:
    return unit.text[node.start_byte : node.end_byte].decode("latin-1")


def _is_broken(node: "Node") -> bool:
    return node.has_error or any(parent.type == "ERROR" for parent in _walk_parents(node))


def _walk_parents(node: "Node") -> "Iterator[Node]":
    parent: Node | None = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _captures_match_patterns(
    values: Mapping[str, str], row: Mapping[str, str], arguments: Arguments
) -> bool:
    return all(
        bool(_fill_pattern(pattern, values, row).search(values[name])) is expected
        for key, expected in (
            ("capture_patterns", True),
            ("unless_capture_patterns", False),
        )
        for name, pattern in arguments.get(key, {}).items()
    )


def _captures_meet_conditions(
    unit: _CodePart,
    captures: "Mapping[str, Node]",
    values: Mapping[str, str],
    row: Mapping[str, str],
    arguments: Arguments,
) -> bool:
    node = captures["at"]
    start = captures["from"].end_byte if "from" in captures else 0
    text = unit.text.decode("latin-1")
    parts = {
        "between_pattern": text[start : node.start_byte],
        "before_pattern": text[: node.start_byte],
        "after_pattern": text[node.end_byte :],
        "file_pattern": unit.file,
    }
    for name, part in parts.items():
        for key, expected in ((name, True), (f"unless_{name}", False)):
            if key in arguments:
                pattern = _fill_pattern(arguments[key], values, row)
                if bool(pattern.search(part)) is not expected:
                    return False
    if "file_pattern" in arguments and not unit.file:
        return False
    return "unless_inside_pattern" not in arguments or not _is_inside(
        unit, node, _fill_pattern(arguments["unless_inside_pattern"], values, row)
    )


def _is_inside(unit: _CodePart, node: "Node", pattern: re.Pattern[str]) -> bool:
    return any(
        pattern.match(_node_text(unit, parent))
        for parent in takewhile(
            lambda parent: parent.type != "function_definition", _walk_parents(node)
        )
    )


def _fill_pattern(
    pattern: str, values: Mapping[str, str], row: Mapping[str, str]
) -> re.Pattern[str]:
    if "{" not in pattern:
        return compile_rule_pattern(pattern)
    escaped = {name: re.escape(text) for name, text in values.items()}
    return compile_built_pattern(fill_message(fill_message(pattern, row), escaped), pattern)


@lru_cache(maxsize=1)
def _load_c_parser() -> Any:
    """Return (language, parser), or None without tree-sitter."""
    try:
        import tree_sitter
    except ImportError:
        return None
    # load the parser without its package, which imports importlib.resources and takes longer than
    # parsing
    package = find_spec("tree_sitter_c")
    binding = package and PathFinder.find_spec("_binding", package.submodule_search_locations)
    if binding is None or binding.loader is None:
        return None
    grammar = module_from_spec(binding)
    binding.loader.exec_module(grammar)
    language = tree_sitter.Language(grammar.language())
    return language, tree_sitter.Parser(language)


@lru_cache(maxsize=256)
def _compile_query(text: str) -> "Query":
    from tree_sitter import Query

    return Query(_load_c_parser()[0], text)


@cached_per_patch
def _parse_c(_context: Context, text: bytes) -> "Tree | None":
    if len(text) > MOST_BYTES:
        return None
    tree: Tree = _load_c_parser()[1].parse(_expand_loop_macros(text))
    return tree


def _expand_loop_macros(text: bytes) -> bytes:
    """Replace loop macros with `while`, and attributes that the C grammar does not support with
    spaces.

    The text keeps its length.
    """
    plain = _ATTRIBUTE.sub(lambda found: " " * len(found[0]), text.decode("latin-1"))
    return _LOOP.sub(lambda found: found[1] + "while".ljust(len(found[2])), plain).encode("latin-1")


@cached_per_patch
def _find_changed_parts(context: Context, include_context: object) -> list[_CodePart]:
    """Return the changed functions and tables.

    If `include_context` is set, also return the visible parts of functions in unknown files.
    """
    result = []
    for lines, is_whole in _read_new_sides(context):
        file = "\n".join(line for line, _ in lines) if is_whole else ""
        parts = list(_find_functions(lines))
        if include_context and not is_whole:
            lines = _complete_function(lines)
            parts = [(0, len(lines))]
        for start, end in parts:
            added = tuple(number for _, number in lines[start:end])
            if any(added):
                text = "".join(f"{line}\n" for line, _ in lines[start:end])
                # encode each character as one byte, so that byte offsets equal character offsets
                result.append(_CodePart(text.encode("latin-1", "replace"), added, file))
    return result


_Lines = list[tuple[str, int]]


def _read_new_sides(context: Context) -> Iterator[tuple[_Lines, bool]]:
    """Yield the new side of each file, and whether it is the whole file.

    If the tree lacks a file, yield the new side of each hunk.
    """
    by_file: dict[str, list[NewHunk]] = {}
    for hunk in find_c_hunks(context):
        by_file.setdefault(hunk.change.path, []).append(hunk)
    for hunks in by_file.values():
        file_lines = _read_patched_file(context, hunks)
        if file_lines is not None:
            yield file_lines, True
            continue
        for hunk in hunks:
            yield _hunk_new_lines(hunk), False


def _complete_function(lines: _Lines) -> _Lines:
    """Add the missing braces to a hunk inside a function; return other lines unchanged."""
    first = next((line for line, _ in lines if line.strip()), "")
    if not first.startswith(("\t", " ")):
        return lines
    depth = lowest = 0
    inner = lines
    for index, (line, _) in enumerate(lines):
        if line.startswith("}"):
            # stop at the end of the function, because another function follows
            inner = lines[:index]
            break
        depth += line.count("{") - line.count("}")
        lowest = min(lowest, depth)
    depth = sum(line.count("{") - line.count("}") for line, _ in inner)
    opened: _Lines = [("int shown(void)", 0), ("{", 0)] + [("{", 0)] * -lowest
    return opened + inner + [("}", 0)] * (depth - lowest + 1)


def _hunk_new_lines(hunk: NewHunk) -> _Lines:
    return [(line.text, line.patch_line if line.added else 0) for line in hunk.lines]


def _read_patched_file(context: Context, hunks: Sequence[NewHunk]) -> _Lines | None:
    """Return the file after the patch, or None if the file is unknown or a hunk does not apply."""
    path = hunks[0].change.old_path
    if path is None:
        return _hunk_new_lines(hunks[0]) if len(hunks) == 1 else None
    content = context.tree.read(path) if context.tree else None
    if content is None:
        return None
    result = [(line, 0) for line in content.decode("utf-8", "replace").split("\n")]
    # go through the hunks in reverse order, because a hunk shifts the lines below it
    for hunk in reversed(hunks):
        start = max(hunk.hunk.old_start - 1, 0)
        before = [(line.text, 0) for line in hunk.hunk.lines if line.kind in " -"]
        if result[start : start + len(before)] != before:
            return None
        result[start : start + len(before)] = _hunk_new_lines(hunk)
    return result


def _find_functions(lines: _Lines) -> Iterator[tuple[int, int]]:
    opened = None
    for index, (line, _) in enumerate(lines):
        if line.startswith("{"):
            opened = index
        elif line.endswith("= {") and not line[:1].isspace():
            yield from _find_table(lines, index)
        elif line.startswith("}") and opened is not None:
            start = _find_head(lines, opened)
            if start < opened:
                yield start, index + 1
            opened = None


def _find_table(lines: _Lines, start: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the table that starts at index `start`, if it is complete."""
    for index, (line, _) in enumerate(lines[start + 1 :], start + 1):
        if line[:1] and not line[0].isspace() and not line.startswith(("#", "/*")):
            if line.startswith("};"):
                yield start, index + 1
            return


def _find_head(lines: _Lines, index: int) -> int:
    while index and (previous := lines[index - 1][0].rstrip()):
        if previous.endswith(_HEAD_ENDS) or previous.startswith("#"):
            break
        index -= 1
    return index
