# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems with kernel interfaces in C: wrong formats, sizes and permissions in calls,
interfaces that are misused or need a comment, kernel-doc comments, and licenses.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from patchpilot.cache.cached_re import cached_match, cached_search, lazy_pattern
from patchpilot.lint.c.c_patterns import (
    BALANCED,
    CONSTANT,
    LVAL,
    MODE_NAMES,
    STRING,
    parse_file_mode,
    value_pattern,
)
from patchpilot.lint.c.line_scan import ScannedLine, scan_patch
from patchpilot.lint.detector import (
    Arguments,
    Hit,
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.detectors.c_pattern import (
    added_c_text,
    all_added_c_lines,
    new_side_c_text,
)
from patchpilot.lint.detectors.generic_c import find_added_statements
from patchpilot.lint.detectors.words import read_checkpatch_data
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewHunk, NewLine, find_c_hunks
from patchpilot.lint.pack_patterns import compile_lazily, compile_rule_pattern
from patchpilot.lint.word_lists import load_word_set
from patchpilot.model.source_tree import Tree

_FORMAT_CALL = compile_lazily(rf"^\+(?![^{{]*\{{\s*).*\b(\w+)\s*\(.*{STRING}\s*,", re.DOTALL)
_STRING_ARGUMENT = compile_lazily(r'"\s*,')
_VOLATILE = compile_lazily(r"^_*volatile_*$")
_STRING = compile_lazily(STRING)
_POINTER = compile_lazily(r"(%[*\d.]*p(\w)(\w*))")
_FOUR_CC = compile_lazily(r"cc")
_FOUR_CC_NEWER = compile_lazily(r"c(?:[hlbc]|hR)$")
_EXTENSIONS = frozenset("4SsBKRraEehMmIiUDdgVCbGNOxtf")
_CONSTANT = compile_lazily(CONSTANT)
_ARGUMENT = value_pattern()
_ALLOCATES = compile_lazily(r"^\+[^;]*=[^;]*(?:kv|k)[mz]alloc\s*\([^;]*\*")
_SLEEP = compile_lazily(
    rf"^\+.*?\busleep_range\s*\(\s*(?P<min>{_ARGUMENT})\s*,\s*(?P<max>{_ARGUMENT})\s*\)"
)
_MULTIPLIED = compile_lazily(
    rf"^\+\s*(?:{LVAL})\s*=\s*(?:{BALANCED})?\s*(?P<call>(?:kv|k)[mz]alloc)\s*\(\s*(?P<one>{_ARGUMENT})\s*\*\s*(?P<two>{_ARGUMENT})\s*,"
)
_NAMED_CONSTANT = compile_lazily(r"^[A-Z_][A-Z0-9_]*$")
_SIZEOF = compile_lazily(r"^sizeof\s*\S")

_StatementCheck = Callable[[Context, ScannedLine, str], TypedHits]
_LineCheck = Callable[[Context, ScannedLine], TypedHits]
_SYMBOLIC = compile_lazily(rf"\b({MODE_NAMES})\b")


@typed_detector(
    "checkpatch-calls",
)
def check_calls(context: Context) -> TypedHits:
    """Report problems in calls and their arguments.

    Statements may span lines.
    """
    if "S_I" in added_c_text(context):
        yield from _check_symbolic_modes(context)
    new_text = new_side_c_text(context)
    rules = [(words, rule) for words, rule in _RULES if any(word in new_text for word in words)]
    for line, _, statement in find_added_statements(context) if rules else ():
        for words, rule in rules:
            # a second statement on a line is never returned separately, so check it here
            if any(word in statement or word in line.text for word in words):
                yield from rule(context, line, statement)


def _check_pointer_formats(context: Context, line: ScannedLine, statement: str) -> TypedHits:
    lines = scan_patch(context)
    last = line.number + statement.count("\n")
    if (
        "{" in statement
        or not _STRING_ARGUMENT.search(statement)
        or not _POINTER.search(lines.join_raw_lines(line.number, last))
    ):
        return
    call = _FORMAT_CALL.match(statement)
    if not call or _VOLATILE.match(call[1]):
        return
    reported = False
    four = _FOUR_CC_NEWER if context.options.kernel >= (6, 17) else _FOUR_CC
    for part in lines.lines[line.number - 1 : last]:
        string = _STRING.search(part.text)
        raw = lines.raw_line(part.number) or ""
        text = raw[slice(*string.span())].replace("%%", "") if string else ""
        for specifier, kind, extension in _POINTER.findall(text):
            if (
                kind not in _EXTENSIONS
                or (kind == "f" and not extension.startswith("w"))
                or (kind == "4" and not four.match(extension))
            ):
                yield "VSPRINTF_POINTER_EXTENSION", _bad_extension_hit(line, specifier)
                break
            if kind == "x" and not reported:
                reported = True
                yield "VSPRINTF_SPECIFIER_PX", line.make_hit_here()


def _bad_extension_hit(line: ScannedLine, specifier: str) -> Hit:
    if "pA" in specifier:
        return line.make_hit_here(None, "rust", specifier=specifier)
    for kind, replacement in (("pF", "%pS"), ("pf", "%ps")):
        if kind in specifier:
            return line.make_hit_here(None, "symbol", specifier=specifier, instead=replacement)
    return line.make_hit_here(specifier=specifier)


def _check_sleep_range(_context: Context, line: ScannedLine, statement: str) -> TypedHits:
    match = _SLEEP.match(statement)
    if not match:
        return
    low, high = match["min"], match["max"]
    are_short = low.isdecimal() and high.isdecimal() and len(low + high) < 40
    if low == high:
        yield "USLEEP_RANGE", line.make_hit_here(None, "no-range")
    elif are_short and int(low) > int(high):
        yield "USLEEP_RANGE", line.make_hit_here()


def _check_multiplication(_context: Context, line: ScannedLine, statement: str) -> TypedHits:
    is_likely = "*" in statement and "sizeof" in statement
    if not is_likely or not _ALLOCATES.match(statement):
        return
    match = _MULTIPLIED.match(statement)
    if not match:
        return
    count, size = match["one"], match["two"]
    if _SIZEOF.match(count):
        count, size = size, count
    constant = _CONSTANT.fullmatch(count) or _NAMED_CONSTANT.match(count)
    is_size = cached_match(r"sizeof\b", count, re.ASCII)
    if not is_size and _SIZEOF.match(size) and not constant:
        better = _ARRAY_CALLS.get(match["call"], "kmalloc_array")
        yield (
            "ALLOC_WITH_MULTIPLY",
            line.make_hit_here(better=better, call=match["call"]),
        )


def _check_symbolic_modes(context: Context) -> TypedHits:
    for line in all_added_c_lines(context):
        for match in _SYMBOLIC.finditer(line.text) if "S_I" in line.text else ():
            values = {"octal": f"{parse_file_mode(match[1]):04o}", "mode": match[1]}
            yield "SYMBOLIC_PERMS", make_hit(line.number, "", match.start(), **values)


_ARRAY_CALLS = {
    "kvmalloc": "kvmalloc_array",
    "kvzalloc": "kvcalloc",
    "kzalloc": "kcalloc",
}
_RULES: tuple[tuple[tuple[str, ...], _StatementCheck], ...] = (
    (('"',), _check_pointer_formats),
    (("usleep_range",), _check_sleep_range),
    (("alloc",), _check_multiplication),
)
"""Checks, each with words of which a statement must contain at least one."""


_ASM_INCLUDE = compile_lazily(r"^.\s*#\s*include\s*<asm/(.*)\.h>")
_OWN_ASM = ("irq", "memory", "time", "reboot")
_CONST = compile_lazily(r"\bconst\b")
_SETUP = compile_lazily(r'\b__setup\("([^"]*)"')
_PARAMETERS = "Documentation/admin-guide/kernel-parameters.txt"
_STRUCT = compile_lazily(r"\bstruct\s+(\w+)\b(?!\s*\{)")
_LICENSE = compile_lazily(rf"\bMODULE_LICENSE\s*\(\s*({STRING})\s*\)")
_TEXT = compile_lazily(rf"({STRING})")


@typed_detector(
    "checkpatch-api",
)
def check_interfaces(context: Context) -> TypedHits:
    added_text = added_c_text(context)
    for needles, rule in _BY_WORD:
        if any(needle in added_text for needle in needles):
            for line in all_added_c_lines(context):
                if any(needle in line.raw for needle in needles):
                    yield from rule(context, line)
    yield from _check_const_structs(context, added_text)


def _check_asm_include(context: Context, line: ScannedLine) -> TypedHits:
    match = _ASM_INCLUDE.match(line.raw)
    if not match or context.tree is None or any(word in match[1] for word in _OWN_ASM):
        return
    header = f"{match[1]}.h"
    if line.file != f"include/linux/{header}" and _wraps_asm_header(context.tree, header):
        kind = "ARCH_INCLUDE_LINUX" if line.file.startswith("arch/") else "INCLUDE_LINUX"
        yield kind, line.make_hit_here(header=header)


def _wraps_asm_header(tree: Tree, header: str) -> bool:
    text = tree.read(f"include/linux/{header}")
    return (
        text is not None
        and re.search(rb"#include[ \t\r\f\v]+<asm/%s>" % header.encode("latin-1"), text) is not None
    )


def _check_setup_option(context: Context, line: ScannedLine) -> TypedHits:
    match = _SETUP.search(line.raw)
    if match and not any(
        match[1] in added_line.text
        for added_line in scan_patch(context).added
        if added_line.file.endswith(_PARAMETERS)
    ):
        yield "UNDOCUMENTED_SETUP", line.make_hit_here(option=match[1])


def _check_module_license(context: Context, line: ScannedLine) -> TypedHits:
    match = _LICENSE.search(line.text)
    if not match:
        return
    # checkpatch.pl checks the first string in the line, even if it belongs to another macro
    quoted = (context.options.checkpatch_compat and _TEXT.search(line.text)) or match
    name = line.raw[quoted.start(1) : quoted.end(1)]
    if name.strip('"') not in load_word_set("c", "module_licenses") or name[:1] != '"':
        yield "MODULE_LICENSE", line.make_hit_here(name=name)
    if name == '"GPL v2"' and not context.options.whole_files:
        yield "MODULE_LICENSE", line.make_hit_here(None, "v2")


_BY_WORD: tuple[tuple[tuple[str, ...], _LineCheck], ...] = (
    (("asm/",), _check_asm_include),
    (("__setup",), _check_setup_option),
    (("MODULE_LICENSE",), _check_module_license),
)
"""Checks, each with words of which a line must contain at least one."""


def _check_const_structs(context: Context, added_text: str) -> TypedHits:
    if "struct" not in added_text:
        return
    data = read_checkpatch_data(context, "const_structs.checkpatch")
    if not data:
        return
    names = frozenset(data.decode("latin-1").split())
    for line in all_added_c_lines(context):
        if "struct" in line.text and not _CONST.search(line.text):
            name = next(
                (match[1] for match in _STRUCT.finditer(line.text) if match[1] in names),
                None,
            )
            if name:
                yield "CONST_STRUCT", make_hit(line.number, name=name)


_RETURNS = lazy_pattern(r"^(?:Returns?|RETURNS?|Return value)\b")
_DOC_ARGUMENT = lazy_pattern(r"\(\s*\*\s*(\w+)\s*\)|(\w+)\s*(?:\[[^\]]*\])*$")


class _Comment(NamedTuple):
    """A new kernel-doc comment, with its lines, their text, and the lines of the hunk below it."""

    opening: NewLine
    lines: Sequence[NewLine]
    texts: Sequence[str]
    end: NewLine
    below: Sequence[NewLine]

    @property
    def described_names(self) -> Iterator[str]:
        for words in self.texts:
            if match := cached_match(r"^@(\w+|\.\.\.)\s*:", words):
                yield match[1]


@detector("kernel-doc")
def kernel_doc_mismatch(context: Context) -> Hits:
    """Report a new kernel-doc comment that does not match the code below it."""
    for hunk in find_c_hunks(context):
        for start, comment in _find_new_kernel_docs(hunk):
            yield from _check_comment(comment)
            yield from _check_comment_kind(comment, is_header=hunk.is_new and start < 4)


def _find_new_kernel_docs(hunk: NewHunk) -> Iterator[tuple[int, _Comment]]:
    """Yield each kernel-doc comment in which all lines are new, with its index in the hunk."""
    start: int | None = None
    for index, line in enumerate(hunk.lines):
        if cached_match(r"^\s*/\*\*\s*$", line.text) and line.added:
            start = index
        elif start is not None and not line.added:
            start = None
        elif start is not None and "*/" in line.text:
            lines = hunk.lines[start + 1 : index]
            texts = [re.sub(r"^\s*\*\s?", "", line.text) for line in lines]
            lines_below = hunk.lines[index + 1 :]
            if texts:
                yield (
                    start,
                    _Comment(hunk.lines[start], lines, texts, line, lines_below),
                )
            start = None


def _check_comment(comment: _Comment) -> Hits:
    lines = comment.lines
    for line, words in zip(lines, comment.texts, strict=True):
        if match := cached_match(r"^[@\\](brief|param|returns?|details|note)\b", words):
            yield make_hit(line.patch_line, "doxygen", tag=match[1])
            return
    signature = _parse_signature(comment.below[:11])
    head = cached_match(
        r"^(?!(?:struct|union|enum|typedef|DOC:)\b)(\w+)\s*(?:\(\))?\s*[-:–].*$",
        comment.texts[0],
    )
    if not signature or head is None:
        return
    name, arguments, returns = signature
    first, described = lines[0].patch_line, set(comment.described_names)
    if head[1] != name:
        yield make_hit(first, "other-function", described=head[1], function=name)
        return
    undescribed = [argument for argument in arguments if argument not in described]
    extra = sorted(described - {*arguments, "..."})
    if extra:
        line = next(
            line
            for line, words in zip(lines, comment.texts, strict=True)
            if words.startswith(f"@{extra[0]}")
        )
        yield make_hit(line.patch_line, "extra-argument", function=name, argument=extra[0])
    elif undescribed and described:
        yield make_hit(first, "missing-argument", argument=undescribed[0], function=name)
    elif returns and described and not any(map(_RETURNS.match, comment.texts)):
        yield make_hit(comment.end.patch_line, "missing-return", function=name)


def _check_comment_kind(comment: _Comment, *, is_header: bool) -> Hits:
    """Report a kernel-doc comment that describes a file, or a struct without the word `struct`."""
    first = comment.texts[0]
    next_code = next((line.code.strip() for line in comment.below if line.text.strip()), "")
    is_code = cached_match(r"^[\w ]*[\w*]+\s*\(|^(?:struct|union|enum|typedef)\b", next_code)
    declaration = cached_match(r"^(struct|union|enum)\s+(\w+)\s*\{", next_code)
    if is_header and not is_code and not first.startswith("DOC:"):
        yield make_hit(comment.opening.patch_line, "file-header")
    elif declaration and re.match(rf"^{re.escape(declaration[2])}\b", first):
        first_line = comment.lines[0].patch_line
        yield make_hit(first_line, "no-keyword", kind=declaration[1], name=declaration[2])


def _parse_signature(lines: Sequence[NewLine]) -> tuple[str, list[str], bool] | None:
    """Return the name and arguments of the function at the start of these lines, and whether it
    returns a value.

    Return None if there is no function.
    """
    joined = " ".join(line.code.strip() for line in lines)
    match = cached_match(
        r"^(?P<type>[\w\s*]+?)\b(?P<name>\w+)\s*\((?P<arguments>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?:__\w+(?:\(.*?\))?\s*)*[{;]",
        joined,
    )
    if not match or cached_search(
        r"\b(?:return|if|while|EXPORT_SYMBOL\w*|define)\b",
        match["type"] + match["name"],
    ):
        return None
    arguments = [
        argument[1] or argument[2]
        for part in re.split(r",(?![^(]*\))", match["arguments"])
        if (argument := _DOC_ARGUMENT.search(part.strip())) and argument[2] != "void"
    ]
    returns = not cached_search(r"(?:^|\s)void$", match["type"].strip())
    return match["name"], arguments, returns


_COMMENT_END = lazy_pattern(r"\s*(?:--!?|[?%#]|#?\}|\"\)?[;,]?)\s*$")
"""The end of a comment in languages other than C, without its last > or *."""


@detector("spdx-license", known_pattern=str)
def unexpected_spdx_license(context: Context, arguments: Arguments) -> Hits:
    """Report a new file whose SPDX license does not match `known_pattern`."""
    known_license = compile_rule_pattern(arguments["known_pattern"])
    for change in context.patch.files:
        if change.old_path is not None:
            continue
        for line in list(change.lines("+"))[:3]:
            match = cached_search(r"SPDX-License-Identifier:\s*([^*>]*)", line.text)
            expression = _COMMENT_END.sub("", match[1]) if match else ""
            names = re.split(r"[\s()]+", re.sub(r"\bWITH \S+", "", expression.strip()))
            wrong = [
                name
                for name in names
                if name and name.upper() not in ("AND", "OR") and not known_license.match(name)
            ]
            if wrong:
                yield make_hit(line.patch_line, license=wrong[0])
