# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the braces and indentation of conditions, loops and switch statements."""

import re

from patchpilot.lint.c.c_check import ADDED, CONTEXT, LineContext, Results, c_check
from patchpilot.lint.c.c_patterns import (
    ALLOC_FUNCTIONS,
    BALANCED,
    IDENT,
    LABEL_END,
    LOG_FUNCTIONS,
    LVAL,
    NOTE,
    compile_ascii,
    find_match_end,
    match_ascii,
    search_ascii,
    value_pattern,
)
from patchpilot.lint.c.line_scan import SPACE, measure_line
from patchpilot.lint.c.statements import Passage, StatementSpan
from patchpilot.lint.c.types import TypePattern


@c_check(ADDED, "if", "while", "for", "else")
def unnecessary_braces(context: LineContext) -> Results:
    """Report braces around a single statement, or around only some branches of an if."""
    text = context.text
    checked_lines: set[int] = context.walk.hunk.setdefault("braces", set())
    # skip statements that cannot affect the result, because a patch may have 100,000 of them
    if (match := search_ascii(r"(^.(?=\s*(?:if|else|do)\b).*)\bif\b", text)) and not search_ascii(
        r"else\s*$", match[1]
    ):
        yield from _check_all_branches(context, checked_lines)
    keyword = match_ascii(r"(?>.*?\b(?=(?:if|while|for|else)\b))(?=.*\{)", text)
    if keyword and context.line.number - 1 not in checked_lines:
        yield from _check_single_statement(context, keyword.end())


def _check_all_branches(context: LineContext, checked_lines: set[int]) -> Results:
    level, branches = context.walk.passage.read_if_chain(context.line, 1)
    if len(branches) < 2 or level != 0:
        return
    index = context.line.number - 1
    braced = need_braces = 0
    for branch in branches:
        condition = branch.raw_condition
        start = find_match_end(r"(?:\s*\n[+-])*\s*", condition)
        checked_lines.add(index + condition.count("\n", 0, start))
        index += branch.newlines
        braced += _is_braced(branch)
        need_braces += _needs_braces(branch)
    if not braced:
        return
    if not need_braces:
        yield "unnecessary-braces", context.hit(None, "no-arm")
    elif need_braces != len(branches) and braced != len(branches):
        yield "braces-on-some-arms", context.hit()


def _check_single_statement(context: LineContext, column: int) -> Results:
    text = context.text
    if search_ascii(r"\}\s*$", text[:column]):
        return
    level, branches = context.walk.passage.read_if_chain(context.line, column)
    first, *else_branches = branches
    if (
        level == 0
        and _is_braced(first)
        and not _needs_braces(first)
        and not any(map(_is_braced, else_branches[:1]))
    ):
        yield "unnecessary-braces", context.hit(column)


def _is_braced(branch: StatementSpan) -> bool:
    return branch.raw_block.lstrip(SPACE).startswith("{")


def _needs_braces(branch: StatementSpan) -> bool:
    condition, block = (
        compile_ascii(r"(^|\n).").sub(r"\1", text)
        for text in (branch.raw_condition, branch.raw_block)
    )
    if "\n" in condition.strip(SPACE):
        return True
    if search_ascii(r"\b(?:if|for|while)\b", branch.raw_block):
        return True
    inside = compile_ascii(r"^\s*\{|\}\s*$").sub("", block).strip(SPACE)
    return "\n" in inside or inside.count(";") > 1


_NULL_TEST = rf"[ +]\s*if\s*\(\s*(!\s*|NULL\s*==\s*)?({LVAL})(\s*==\s*NULL\s*)?\s*\)"


@c_check(CONTEXT, "switch")
def misindented_case(context: LineContext) -> Results:
    if not search_ascii(r"\bswitch\s*\(.*\)", context.text):
        return
    _, lines = context.walk.passage.read_brackets(context.line, "{}")
    if any(
        match_ascii(r"\+\s*(?:case\s+|default:)", line.raw) and line.indent != context.line.indent
        for line in lines[1:]
    ):
        yield "case-indent", context.hit()


@c_check(CONTEXT, "if", "while", "for", "switch", "do", "else")
def brace_on_next_line(context: LineContext) -> Results:
    """Report a brace that belongs on the line of its condition, and stray semicolons."""
    text = context.text
    match = search_ascii(
        r"^(.*)\b((?:if|while|for|switch|(?:[a-z_]+|)for_each[a-z_]+)\s*\(|do\b|else\b)",
        text,
    )
    if not match or match_ascii(r".\s*#", text):
        return
    passage = context.walk.passage
    level, lines = passage.read_brackets(context.line, "()")
    next_index = passage.index(context.line.number) + len(lines)
    following = passage.lines[next_index] if next_index < len(passage.lines) else None
    if following is None:
        return
    condition = "\n".join(line.raw for line in lines)
    if "{" not in condition and match_ascii(r"\+\s*\{", following.text):
        yield "brace-on-next-line", context.hit()
    is_stray = (
        level == 0
        and not search_ascii(r"\}\s*while\s*\($", match[1] + match[2])
        and search_ascii(r"\)\s*;\s*$", condition)
    )
    if is_stray and measure_line(following.text, context.tab_size)[1] > context.line.indent:
        yield "stray-semicolon", context.hit()


@c_check(CONTEXT, "if", "while", "for", "do", "else")
def misindented_body(context: LineContext) -> Results:
    """Report the body of a condition that is not indented by one tab."""
    text = context.text
    if (
        not search_ascii(
            r"\b(?:(?:if|while|for|(?:[a-z_]+|)for_each[a-z_]+)\s*\(|(?:do|else)\b)",
            text,
        )
        or match_ascii(r".\s*#", text)
        or search_ascii(r"\}\s*while\s*", text)
    ):
        return
    context.get_span()
    statement, condition = context.statement, context.condition
    body = statement[len(condition) :].replace(NOTE, " ")
    lines = condition.count("\n")
    body = compile_ascii(r"\n.", re.DOTALL).sub("\n", body)
    while (shorter := compile_ascii(r"\n\s+\\\n").sub("\n", body)) != body:
        lines += len(compile_ascii(r"\n\s+\\\n").findall(body))
        body = shorter
    body = compile_ascii(r"^.*\bdo\b").sub("", body, count=1)
    body = compile_ascii(r"^\s*\{").sub("", body, count=1)
    continuation = match_ascii(r"^\s*\\", body)
    if continuation:
        body = body[continuation.end() :]
    is_checked = False
    if blank := match_ascii(r"\s*?\n", body):
        body, is_checked = body[blank.end() :], True
        lines += 1
    if not continuation and (
        match_ascii(r".\s*#\s*define\s", context.before) or search_ascii(r"\\\s*$", context.before)
    ):
        is_checked = False
    body, lines = _skip_to_first_statement(body, lines)
    if not is_checked or not body:
        return
    body_line = context.walk.scan.raw_line(context.line.number, lines)
    if body_line is None or (not statement.startswith("+") and not body_line.startswith("+")):
        return
    first_line = body.partition("\n")[0]
    indent, depth = context.line.indent, measure_line(f"+{first_line}", context.tab_size)[1]
    if (
        depth % context.tab_size
        or depth < indent
        or (depth == indent and not match_ascii(r"\s*(?:\}|\{|else\b)", body))
        or depth > indent + context.tab_size
    ):
        yield "suspect-indent", context.hit(depth=str(depth), indent=str(indent))


def _skip_to_first_statement(body: str, lines: int) -> tuple[str, int]:
    """Return the text from the first statement on, and its line number.

    Blank lines, directives and labels are skipped. The text is empty after an #else, because the
    statement belongs to several conditions.
    """
    is_continued = False
    while not match_ascii(r"\s*#\s*(?:else|elif)", body):
        first, newline, remaining = body.partition("\n")
        is_skipped = match_ascii(rf"\s*?\n|\s*#|\s*{IDENT}\s*:", body)
        # keep a label on the last line, because it belongs to the statement after it
        if not newline or not (is_continued or is_skipped):
            return body, lines
        is_continued = first.endswith("\\")
        body = remaining
        lines += 1
    return "", lines


@c_check(ADDED, "return")
def parenthesized_return(context: LineContext) -> Results:
    statement = context.statement
    if not statement or not match_ascii(r".\s*return\s*\(", statement, flags=re.DOTALL):
        return
    if value := match_ascii(rf".\s*return\s*({BALANCED})\s*;\s*$", statement):
        inside = _strip_parentheses(value[1])
        if match_ascii(rf"\s*{value_pattern()}\s*(?:\?|$)", inside):
            yield "return-with-parentheses", context.hit()


def _strip_parentheses(text: str) -> str:
    while match_ascii(r"\s*\(.*\)\s*$", text):
        text = compile_ascii(r"\s*\)\s*$").sub(
            "", compile_ascii(r"^\s*\(\s*").sub("", text, count=1), count=1
        )
    return compile_ascii(r"\s+").sub(" ", text)


@c_check(ADDED, "do", "if", "while", "for")
def statement_after_condition(context: LineContext) -> Results:
    text, walk = context.text, context.walk
    if "do" in text and search_ascii(r"do\s*(?!\{)", text):
        _record_loop_end(context)
    if context.line.number in walk.hunk.get("while", ()) or context.span is None:
        return
    if not search_ascii(r"\b(?:if|while|for)\s*\(", text) or match_ascii(r".\s*#", text):
        return
    statement, condition = context.statement, context.condition
    tail = statement[len(condition) :].partition("\n")[0].replace(NOTE, "")
    if (
        condition
        and not match_ascii(r"\s*\{?\s*\\*\s*$", tail)
        and not search_ascii(r"\}\s*while\s*", condition)
    ):
        yield "trailing-statement", context.hit()


def _record_loop_end(context: LineContext) -> None:
    """Record the `while` that ends a do loop, so that `statement_after_else_or_case` ignores it."""
    span = context.get_span()
    if loop_end := match_ascii(r"\s*while\b", context.walk.passage.next_statement(span).text):
        context.walk.hunk.setdefault("while", set()).add(span.next_number + loop_end[0].count("\n"))


@c_check(ADDED, "else", "if", "case", "default")
def statement_after_else_or_case(context: LineContext) -> Results:
    """Report a statement on the line of an `else`, a closing brace or a `case` label."""
    text = context.text
    match = match_ascii(r".\s*(?:\}\s*)?else\b(.*)", text)
    if match and not match_ascii(r"\s*(?:\sif|\{?\s*\\?\s*$)", match[1].replace(NOTE, "")):
        yield "trailing-statement", context.hit(match.start(1), "else")
    if condition := search_ascii(r"\}\s*if\b", text):
        yield "trailing-statement", context.hit(condition.start(), "if")
    label = match_ascii(r".\s*(?:case\s*.*|default\s*):", text)
    if label and not match_ascii(LABEL_END, text, label.end()):
        yield "trailing-statement", context.hit(label.end(), "case")


@c_check(ADDED, "while")
def while_after_brace_line(context: LineContext) -> Results:
    previous = context.line.previous
    if (
        previous is None
        or previous.indent != context.line.indent
        or not search_ascii(r"\}\s*$", context.before)
    ):
        return
    if match_ascii(r".\s*while\s*", context.text):
        span = context.walk.passage.statement(context.line)
        if match_ascii(r"[^\S\n]*;", span.raw_block):
            yield "while-on-next-line", context.hit()


@c_check(ADDED, "{")
def opening_brace_on_next_line(context: LineContext) -> Results:
    """Report an initializer, struct, union or enum with its opening brace on the next line."""
    text, before = context.text, context.before
    if not match_ascii(r".\s*\{", text):
        return
    if search_ascii(r"(?:^|[^=])=\s*$", before):
        yield "brace-on-next-line", context.hit(None, "above")
    if declared := match_ascii(
        rf".\s*(?:typedef\s+)?(enum|union|struct)(?:\s+{IDENT})?\s*$", before
    ):
        yield "brace-on-next-line", context.hit(None, "tag", kind=declared[1])


@c_check(ADDED, "(")
def unnecessary_oom_message(context: LineContext) -> Results:
    line, walk = context.line, context.walk
    null_test = match_ascii(_NULL_TEST, context.before)
    if (
        not null_test
        or not (null_test[1] or null_test[3])
        or line.number <= 3
        or not match_ascii(rf"\+.*\b{LOG_FUNCTIONS}\s*\(", context.text)
    ):
        return
    lines = walk.scan.lines
    nearby_lines = lines[line.number - 4 : line.number + 200]
    passage = Passage(nearby_lines)
    statement = passage.statement_at(0, passage.starts[min(line.left, len(passage.lines))]).raw_text
    if search_ascii(r"\b__GFP_NOWARN\b", statement):
        return
    allocation = rf"{re.escape(null_test[2])}\s*=\s*(?:\([^)]*\)\s*)?\s*{ALLOC_FUNCTIONS}\s*\("
    declaration = TypePattern(rf"\s*{allocation}")
    for start in compile_ascii(r"(?:^|\n)[ +]").finditer(statement):
        text = statement[start.end() :].lstrip(SPACE)
        if re.compile(allocation, re.ASCII).match(text) or context.types.match(declaration, text):
            yield "unnecessary-oom-message", context.hit()
            return
