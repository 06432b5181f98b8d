# SPDX-License-Identifier: GPL-2.0-or-later
"""Check declarations, function definitions, CamelCase names and the position of exports."""

import re
from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary

from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)
from patchpilot.lint.c.c_check import ADDED, LineContext, Results, c_check
from patchpilot.lint.c.c_patterns import (
    ATTRIBUTE,
    BALANCED,
    CONSTANT,
    IDENT,
    INIT,
    INT_TYPES,
    LABEL_END,
    LVAL,
    MODIFIER,
    STORAGE,
    compile_ascii,
    find_match_end,
    match_ascii,
    search_ascii,
)
from patchpilot.lint.c.line_scan import SPACE, from_byte_text
from patchpilot.lint.c.types import (
    FoundType,
    TypePattern,
    Types,
    find_integer_type_ends,
)
from patchpilot.model.source_tree import (
    Tree,
    changed_files_below,
    is_safe_path,
    unpatched_tree,
)

_STARRED_CAST = TypePattern(r"((?:\s*(?:\*|<MODIFIER>\b))+\s*)\)", with_stars=False)
_STARRED = TypePattern(rf"((?:\s*(?:\*|<MODIFIER>\b))+\s*)({IDENT})", with_stars=False)
_SMALL_ARRAY = TypePattern(rf"\s*{IDENT}\s*\[\s*([01])\s*\]\s*;\s*$")


@c_check(ADDED, "int", "char", "short", "long", "signed")
def unusual_integer_type(context: LineContext) -> Results:
    """Report integer types with unusual word order or a redundant `int`."""
    code, end = context.code, 0
    for word in compile_ascii(r"\b(?:char|short|int|long|signed|unsigned)\b").finditer(code):
        if word.start() < end:
            continue
        misordered = find_integer_type_ends(code, word.start(), misordered=True)
        ordered = match_ascii(rf"{INT_TYPES}\b", code, word.start())
        end = misordered[0] if misordered else ordered.end() if ordered else end
        type_name = code[word.start() : end].strip(SPACE)
        if misordered:
            yield "misordered-type", context.hit(kind=type_name)
        words = type_name.split()
        if "int" in words and ("short" in words or "long" in words):
            yield "unnecessary-int", context.hit(kind=type_name)


@c_check(ADDED, "}")
def fake_flexible_array(context: LineContext) -> Results:
    """Report a struct whose last member is an array of zero or one element."""
    if not context.before.startswith("+") or not match_ascii(
        r"[+ ]\s*\}(?:\s*__packed)?\s*;\s*$", context.code
    ):
        return
    member = " ".join(context.before[1:].split())
    array = match_ascii(rf"\}}(?: ?__packed)? ?{IDENT} ?\[ ?([01]) ?\] ?;$", member)
    if array is None and (typed := context.types.match(_SMALL_ARRAY, member)):
        array = typed.match
    if array:
        yield "fake-flexible-array", context.hit(count=array[1])


@c_check(ADDED)
def misplaced_pointer_star(context: LineContext) -> Results:
    """Report a pointer star next to the type, as in `(foo*)` or `foo* bar`."""
    text = context.text
    # modifiers come before asterisks
    if not search_ascii(
        r"\*|__|const|volatile|fastcall", text
    ) and not context.types.find_learned_modifiers(text):
        return
    offset = 0
    while (bracket := text.find("(", offset)) >= 0:
        offset = bracket + 1
        if match := context.types.match(_STARRED_CAST, text, offset):
            stars = match.match[1]
            good = _format_asterisks(stars)
            if stars != good:
                yield (
                    "misplaced-star",
                    context.hit(match.end, "cast", stars=stars, good=good),
                )
            offset = match.match.end()
    for match in context.types.finditer(_STARRED, text):
        stars, name = match.match[1], match.match[2]
        good = _format_asterisks(stars)
        if _is_modifier_end(context, good):
            good += " "
        is_modifier = name in context.types.modifiers or compile_ascii(MODIFIER).fullmatch(name)
        if stars != good and not is_modifier:
            yield "misplaced-star", context.hit(match.end, stars=stars, good=good)


def _format_asterisks(stars: str) -> str:
    """Put one space before the asterisks of a pointer, and none between or after them."""
    good = stars if stars[:1] in tuple(SPACE) else f" {stars}"
    return compile_ascii(r"\*\s+(?=\*)").sub("*", good.rstrip(SPACE))


def _is_modifier_end(context: LineContext, text: str) -> bool:
    if search_ascii(rf"\b{MODIFIER}$", text):
        return True
    last = search_ascii(r"\w+$", text)
    return last is not None and last.group() in context.types.modifiers


@c_check(ADDED, "init")
def misplaced_init_attribute(context: LineContext) -> Results:
    """Report an init attribute before the name, as in `static __initdata int x;`."""
    text = context.text
    attribute = search_ascii(rf"\b{INIT}\b", text)
    if not attribute:
        return
    name = attribute.group()
    match = match_ascii(rf"\+\s*static\s+(?:const\s+)?(?:{name}\s+)?", text)
    if not match:
        return
    tail = TypePattern(
        rf"\s+(?:{name}\s+)?(?P<variable>{IDENT}(?:\[[^]]*\])?)\s*[=;]",
        with_stars=False,
    )
    start = match.end()
    typed = context.types.match(tail, text, start) or _match_tagged_init(text, start, name)
    if typed:
        is_struct_name = search_ascii(rf"\b(?:union|struct)\s+{name}\b", typed.type)
        rule = "init-attribute-for-struct-name" if is_struct_name else "misplaced-init-attribute"
        variable = typed.match["variable"]
        yield rule, context.hit(attribute.start(), attribute=name, variable=variable)


def _match_tagged_init(text: str, offset: int, name: str) -> FoundType | None:
    """Match `struct __initdata foo`, which no `TypePattern` recognizes."""
    match = match_ascii(
        rf"(?:struct|union)\s+{name}\s+{IDENT}()\s+(?:{name}\s+)?(?P<variable>{IDENT}(?:\[[^]]*\])?)\s*[=;]",
        text,
        offset,
    )
    return FoundType(offset, match.end(1), match) if match else None


_BODY_ON_LINE = TypePattern(rf"\s*{IDENT}\s*{BALANCED}\s*\{{")
_EXTERN = TypePattern(rf"\s+({IDENT})(\s*)\(")
_ARGUMENTS = TypePattern(rf"\s*(?:{IDENT}|\(\s*\*\s*{IDENT}\s*\))\s*\(\s*([^{{]+)\s*\)\s*;")
_ARGUMENT = TypePattern(rf"\s*(?:{IDENT}|\(\s*\*\s*(?:{IDENT})?\s*\)\s*{BALANCED})?")
_WHOLE = TypePattern(r"$")
_DEFINITION = TypePattern(rf"\s*({IDENT})\s*{BALANCED}\s*\{{")


@c_check(ADDED, "{")
def brace_on_function_line(context: LineContext) -> Results:
    """Report an opening brace on the line of the function name, as in `int f(void) {`."""
    code = context.code
    if (
        "}" not in code
        and search_ascii(r"\)\s*\{", code)
        and not search_ascii(r"#\s*define\b.*do\s*\{", code)
        and context.types.search(_BODY_ON_LINE, code, inside=True)
    ):
        yield "function-brace-on-same-line", context.hit(code.find("{"))


@c_check(ADDED)
def extern_in_source_file(context: LineContext) -> Results:
    """Report prototypes and extern declarations in .c files.

    This includes prototypes whose arguments start on the line after the function name.
    """
    statement = context.statement
    if not statement or not context.line.file.endswith(".c"):
        return
    start = find_match_end(r".\s*(?:extern\s+)?", statement)
    if match := context.types.match(_EXTERN, statement, start):
        if match_ascii(r"\s*;", statement, len(context.condition)):
            yield "extern-in-source", context.hit()
        if "\n" in match.match[2]:
            yield "arguments-below-name", context.hit()
    elif match_ascii(r".\s*extern\s+", statement):
        yield "extern-in-source", context.hit()


@c_check(ADDED)
def unnamed_arguments(context: LineContext) -> Results:
    """Report arguments without names in a prototype, as in `int f(int);`."""
    statement = context.statement
    if "(" not in statement or not statement.rstrip(SPACE).endswith(";"):
        return
    start = find_match_end(r".\s*(?:extern\s+)?", statement)
    prototype = context.types.match(_ARGUMENTS, statement, start)
    if not prototype or prototype.match[1] == "void":
        return
    arguments = prototype.match[1].strip(SPACE)
    for match in context.types.finditer(_ARGUMENT, arguments, inside=True):
        argument = arguments[match.start : match.match.end()].strip(SPACE)
        if context.types.match(_WHOLE, argument) and not search_ascii(
            rf"enum\s+{IDENT}$", argument
        ):
            yield "unnamed-argument", context.hit(argument=argument)


@c_check(ADDED)
def brace_ending_function_head(context: LineContext) -> Results:
    """Report an opening brace at the end of a function head that spans lines."""
    statement = context.statement
    if "{" not in statement:
        return
    start = find_match_end(rf".\s*(?:{STORAGE}\s+)?", statement)
    definition = context.types.match(_DEFINITION, statement, start)
    if not definition:
        return
    context.walk.function = definition.match[1]
    passage = context.walk.passage
    first = passage.index(context.line.number)
    last = first + statement.count("\n")
    for number, line in enumerate(passage.lines[first : last + 1]):
        if "{" in line.raw:
            if number == 0 or line.raw.startswith("{", 1):
                return
            break
    yield "function-brace-on-same-line", context.hit()


_MIXED = r"[A-Z][a-z]|[a-z][A-Z]"
_MIXED_NAME = r"(\w*(?:[A-Z][a-z]|[a-z][A-Z])\w*)"
_TYPEDEF = TypePattern(rf"\s+{_MIXED_NAME}")
_DECLARED = TypePattern(rf"\s+{_MIXED_NAME}\s*[(\[,;]", with_storage=True)
_REPORTED, _KNOWN = "mixed case: reported", "mixed case: known"
_KIND = CacheKind("mixed-case", (__file__,))
_HEADERS: "WeakKeyDictionary[Tree, frozenset[str]]" = WeakKeyDictionary()


@c_check(ADDED)
def camelcase_name(context: LineContext) -> Results:
    """Report CamelCase names such as `someName`."""
    text = context.text
    if not search_ascii(_MIXED, text, 1):
        return
    for value in compile_ascii(rf"{CONSTANT}|{LVAL}").finditer(text, _skip_case_label(text)):
        name = value.group()
        if (
            not search_ascii(_MIXED, name)
            or compile_ascii(CONSTANT).fullmatch(name)
            or _is_usual(name)
        ):
            continue
        yield from (
            ("mixed-case-name", context.hit(value.start() + word.start(), name=word[1]))
            for word in compile_ascii(rf"\b({IDENT})").finditer(name)
            if search_ascii(_MIXED, word[1]) and _is_new(context, word[1]) and context.line.strict
        )


def _skip_case_label(text: str) -> int:
    """Return the column where a case label and a `return` after it end, or 0 if other code
    follows.
    """
    label = match_ascii(r".\s*(?:case\s*.*|default\s*):", text)
    label_end = match_ascii(LABEL_END, text, label.end()) if label else None
    return label_end.end() if label_end else 0


def _is_usual(name: str) -> bool:
    """Return whether mixed case is normal for a name, as for page flags, units (mV) and generated
    names.
    """
    return (
        match_ascii(
            r"(?:[A-Z]+_){1,5}[A-Z]{1,3}[a-z]|(?:Clear|Set|TestClear|TestSet|)Page[A-Z]"
            r"|(?:[a-z0-9_]*|[A-Z0-9_]*)?_?[a-z][A-Z](?:_[a-z0-9_]+|_[A-Z0-9_]+)?$"
            r"|(?:[a-z_]*?)_?(?:[KMGT]iB|[KMGT]?Hz)(?:_[a-z_]+)?$",
            name,
        )
        is not None
    )


def _is_new(context: LineContext, name: str) -> bool:
    """Return whether to report a name; each is reported once per patch.

    With --strict, names that are already declared elsewhere are not reported.
    """
    reported: set[str] = context.walk.patch.setdefault(_REPORTED, set())
    if name in reported:
        return False
    reported.add(name)
    return not context.line.strict or name not in _known_camelcase_names(context)


def _known_camelcase_names(context: LineContext) -> frozenset[str]:
    """Return the CamelCase names in the tree's headers and in the file with the first such name."""
    patch = context.walk.patch
    names: frozenset[str] | None = patch.get(_KNOWN)
    if names is None:
        tree = context.walk.context.tree
        names = frozenset()
        if tree is not None:
            names = find_camelcase_header_names(tree)
            file = from_byte_text(context.line.file)
            if (
                not context.walk.context.options.whole_files
                and is_safe_path(file)
                and (data := tree.read(file))
            ):
                names = names.union(_find_names(data, context.types))
        patch[_KNOWN] = names
    return names


def find_camelcase_header_names(tree: Tree) -> frozenset[str]:
    """Return the CamelCase names declared in the tree's include/ directory.

    They are cached in memory, and on disk until the directory changes.
    """
    base = unpatched_tree(tree)
    if base is not tree:
        changed = _read_headers(tree, changed_files_below(tree, "include"))
        return find_camelcase_header_names(base) | changed
    names = _HEADERS.get(tree)
    if names is None:
        key = _cache_key(tree)
        cached = read_cached_value(_KIND, key) if key else None
        if isinstance(cached, frozenset):
            names = cached
        else:
            names = _read_headers(tree, tree.files("include"))
            if key:
                cache_value(_KIND, key, names)
        _HEADERS[tree] = names
    return names


def _read_headers(tree: Tree, paths: Iterable[str]) -> frozenset[str]:
    types = Types()
    return frozenset[str]().union(
        *(
            _find_names(data, types)
            for path in paths
            if path.endswith(".h") and (data := tree.read(path))
        )
    )


def _find_names(data: bytes, types: Types) -> Iterator[str]:
    for match in re.finditer(rb"^.*(?:[A-Z][a-z]|[a-z][A-Z]).*$", data, re.MULTILINE):
        if name := _find_declared_name(match[0].decode("latin-1"), types):
            yield name


def _find_declared_name(line: str, types: Types) -> str | None:
    start = find_match_end(r"[ \t]*", line)
    if defined := match_ascii(rf"#[ \t]*define\s+{_MIXED_NAME}", line, start):
        return defined[1]
    if (
        line.startswith("typedef", start)
        and (keyword := match_ascii(r"typedef\s+", line, start))
        and (typed := types.match(_TYPEDEF, line, keyword.end()))
    ):
        return typed.match[1]
    if declared := types.match(_DECLARED, line, start):
        return declared.match[1]
    tagged = match_ascii(rf"\s*(?:union|struct|enum)\s+{_MIXED_NAME}\s*[;{{]", line)
    return tagged[1] if tagged else None


def _cache_key(tree: Tree) -> str | None:
    """Return the cache key for a tree's headers, or None if changes to them cannot be detected."""
    stamp = getattr(tree, "stamp", None)
    fingerprint = stamp("include") if stamp else None
    return make_cache_key(_KIND, [fingerprint.encode()]) if isinstance(fingerprint, str) else None


@c_check(ADDED)
def export_far_from_definition(context: LineContext) -> Results:
    walk, number = context.walk, context.line.number
    marks: dict[int, bool] = walk.hunk.setdefault("exports", {})
    if context.span is not None:
        _check_export(context, marks)
    if "EXPORT_SYMBOL" not in context.text:
        return
    if (
        number not in marks
        and match_ascii(r".\s*$", context.before)
        and search_ascii(r"EXPORT_SYMBOL.*\(.*\)", context.text)
    ):
        marks[number] = True
    if marks.get(number):
        yield "export-not-after-function", context.hit()


def _check_export(context: LineContext, marks: dict[int, bool]) -> None:
    span, lines = context.get_span(), context.walk.scan.lines
    number = span.next_number
    texts = [line.text for line in lines[number - 1 : number + 1]]
    if texts and not texts[0][span.next_column :].strip(SPACE):
        number += 1
        del texts[0]
    exported = search_ascii(r"EXPORT_SYMBOL.*\((.*)\)", texts[0]) if texts else None
    if not exported or number in marks:
        return
    name = compile_ascii(rf"^\s*({IDENT}).*").sub(r"\1", exported[1], count=1)
    statement = context.statement
    match = match_ascii(rf"(?:.\s*\}}\s*\n)?.([A-Z_]+)\s*\(\s*({IDENT})", statement)
    if match and re.match(rf"{IDENT}_{re.escape(match[2])}", name, re.ASCII):
        marks[number] = False
        return
    marks[number] = not _defines_name(context, statement, name)


def _defines_name(context: LineContext, statement: str, name: str) -> bool:
    if search_ascii(r"\n.\}\s*$", statement):
        return True
    # a pattern for each name is slow to compile
    if name not in statement:
        return False
    quoted = re.escape(name)
    if re.search(
        rf"^.(?:DEFINE|DECLARE)_{IDENT}\({quoted}\)|^.LIST_HEAD\({quoted}\)|\b{quoted}(?:\s+{ATTRIBUTE})*\s*(?:;|=|\[|\()",
        statement,
        re.ASCII,
    ):
        return True
    pointer = TypePattern(rf"\s*\(\s*\*\s*{quoted}\s*\)\s*\(")
    start = find_match_end(rf".(?:{STORAGE}\s+)?", statement)
    return context.types.match(pointer, statement, start) is not None
