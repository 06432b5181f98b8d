# SPDX-License-Identifier: GPL-2.0-or-later
"""Find text and style that the patch's author did not introduce because the changed files already
contained it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.message_parts import find_quoted_lines
from patchpilot.model.patch import FileChange, Hunk, quote_path
from patchpilot.model.rule import Finding, Rule, Severity
from patchpilot.projects.commit_marks import find_upstream_commits, read_commit_marks

Report = Callable[[Context, Rule], Iterable[Finding]]
"""A function that returns a rule's findings in another state of the patch."""
_Earlier = tuple[frozenset[str | None], frozenset[tuple[int | None, str]]]
HABIT = 2
"""Number of times that a style must occur in a file's old lines to be intentional."""
ALIKE = 0.6
"""Minimum similarity between an added line and the removed line that it replaces."""
_NEAR = 40
"""Number of lines before and after a line that are compared with it."""
_AROUND, _WIDTH = 15, 200
"""Number of lines above and below, and of characters in each, that indicate a line's purpose."""
_STYLE = ("checkpatch-c-", "checkpatch-api", "checkpatch-strings", "code", "devicetree")
_STYLE_RULES = ("long-comment-line", "long-line", "leading-space")
"""Prefixes of packs, and of rules in other packs, about code style."""
_REVERT = lazy_pattern(r"\breverts?\b.* commit ([0-9a-f]{7,40})\b", re.IGNORECASE)
"""A title that names the reverted commit."""
_LINKER_SCRIPT = lazy_pattern(r"\.lds(?:\.[hS])?$")
_DEFINITION = lazy_pattern(r"^\+\s*#\s*define\s+(?P<name>\w+)")
_CASE = r"[ \t]*(?:case\b[^;\n]*|default[ \t]*):[ \t]*[^;{}\n]*;(?:[ \t]*(?:break|return)[^;\n]*;)?[ \t]*"  # noqa: E501
_ELSE_IF = lazy_pattern(r"\0\+[ \t]*(?:\} )?else[ \t]*\n[ +][ \t]*if\b")
_AT_DIRECTIVE = r"\0.*\n[ +][ \t]*#[ \t]*(?:if|el|end)"
_CAPITAL_HEX = r"^ .*\b0[xX]\d*[A-F][\dA-F]*[uUlL]*\b.*\n"
_ASM = r"\b(?:__)?asm(?:__|_inline|_volatile_goto)?\b[\w \t]*\("
_CONSTANT = r"(?:[A-Z][A-Z0-9_]+|\d\w*)"
_INTENDED = {
    "volatile-data": lazy_pattern(
        r"\Atools/|\0[^\n/]*\([^;()/\n]*\bvolatile [\w ]*\*"
        r"|\0.[ \t]*(?:const )?volatile [\w ]*\* ?\w+ ?[,)]"
    ),
    "extern-in-source": lazy_pattern(
        r"\0.\s*extern\s[^;(]*\b(?:char|u8)\s+\w+\[\]"
        r"|\0.\s*extern\s+(?:const |unsigned )*\w+\s+\w*(?:start|stop|end|begin)(?:\[\])?[,;]"
    ),
    "no-blank-line-after-block": lazy_pattern(r"\0.\s*#"),
    "repeated-word": lazy_pattern(r"\0.\s*#\s*define\s+(\w+)\s+\1\b"),
    "complex-macro-without-parentheses": lazy_pattern(
        r"\0.\s*#\s*define\s+\w+(?:\s+(?:,|[\w. \t]+(?:,[\w. \t]+)+)$"
        r"|(?:\([^)]*\))?\s+(?:(?:__)?asm(?:__)?\b|__attribute__\b|#\w+\s+\w+$))",
        re.MULTILINE,
    ),
    "constant-on-the-left": lazy_pattern(
        rf"\0.*?[^\w.>]{_CONSTANT}\s*(?:[<>]=?|[!=]=)\s*{_CONSTANT}\b(?!\s*[(\[.-])"
    ),
    "suspect-indent": lazy_pattern(rf"{_ELSE_IF.pattern}|{_AT_DIRECTIVE}|\0. {{4}}"),
    "unbalanced-else": lazy_pattern(rf"{_ELSE_IF.pattern}|{_AT_DIRECTIVE}"),
    "space-before-newline": lazy_pattern(rf"{_ASM}(?:(?!;[ \t]*\\?\n)[^\0])*\0|\0.*{_ASM}"),
    "open-ended-line": lazy_pattern(
        r"\0.[ \t]*(?:TP_\w+|(?:TRACE|DECLARE|DEFINE)_EVENT\w*)\($", re.MULTILINE
    ),
    "upper-case-hex": lazy_pattern(
        rf"{_CAPITAL_HEX}(?:[ +].*\n)*\0|\0.*\n(?:[ +].*\n)*{_CAPITAL_HEX}",
        re.MULTILINE,
    ),
    "trailing-statement": lazy_pattern(
        rf"^[ +]{_CASE}\n(?:[ +]\n)*\0\+{_CASE}$|^\0\+{_CASE}\n(?:[ +]\n)*[ +]{_CASE}$",
        re.MULTILINE,
    ),
    "malformed-commit-reference": lazy_pattern(r"\0commit [0-9a-f]{40}\n(?:Merge: .*\n)?Author: "),
    "unused-macro-argument": lazy_pattern(
        r"\0.*\s(?:(?:do ?)?\{ ?\}(?: ?while ?\(0\))?|\(\(void\) ?0\)|__attribute__.*)$",
        re.MULTILINE,
    ),
    "leading-space": lazy_pattern(r"\0\+ {8}"),
    "spdx-tag": lazy_pattern(r"\0 "),
    "long-line": lazy_pattern(r"\A\S+\.sh\n[^\"\0]*\"(?:[^\"\0]*\"[^\"\0]*\")*[^\"\0]*\0"),
}
"""Intended uses of what a rule reports: maps each rule to a pattern for the file, the lines around
the finding and, after a NUL, its own line.
"""
_ASSEMBLY = lazy_pattern(
    r"(?:\A\S+\.[Sh]\n[\s\S]*?^[ +][ \t]*|^[ +][ \t]*\"[ \t]*)\.macro\b(?:(?!\.endm\b)[\s\S])*\0"
    r"|[ +]\t[a-z][\w.]*\t[^;{}=\n]+\n(?:.\s*(?:/\*.*)?\n)*\0.(?:\t[a-z][\w.]*\t|\.?L\w+(?:\\@)?:)",
    re.MULTILINE,
)
_LABEL = lazy_pattern(r'(?:"|\\n|\s)(\w+):')
_COMMENT = lazy_pattern(r"^\+\s*(?:#|//|/?\*+)(?!\s*(?:define|include|if|else|endif)\b)(.*)")


_CHECKPATCH_FILES = lazy_pattern(
    r"(?:^|/)(?:checkpatch(?:es)?\.(?:pl|rst|sh|py)|spelling\.txt|const_structs\.checkpatch"
    r"|checkpatch/\S+)$"
)
"""The script checkpatch.pl, its data and its documentation."""
_OF_TEXT = (
    *("misspelling", "possible-misspelling", "repeated-word", "fsf-address", "gerrit-change-id"),
    *("malformed-commit-reference", "unknown-commit", "malformed-tag", "unknown-tag"),
    "malformed-fixes",
)
"""Rules about words and references, which a patch to checkpatch.pl contains as data."""


def is_about_checkpatch(context: Context, rule: Rule, finding: Finding) -> bool:
    """Return whether a patch to checkpatch.pl or its data only quotes what a rule reports.

    In the message, the last paragraph is not quoted.
    """
    if rule.name not in _OF_TEXT or not context.patch.paths:
        return False
    number = finding.patch_line
    if number is None or number >= context.patch.diff_line:
        return _CHECKPATCH_FILES.search(finding.path or "") is not None
    return number <= _find_end_of_quotes(context)


@cached_per_patch
def _find_end_of_quotes(context: Context) -> int:
    """Return the line before the last paragraph of a patch to checkpatch.pl only, otherwise -1."""
    patch = context.patch
    if not all(_CHECKPATCH_FILES.search(path) for path in patch.paths):
        return -1
    blank = (number for number, line in enumerate(patch.message) if not line.strip())
    return max(blank, default=-1) + patch.message_line


def is_from_origin(context: Context, rule: Rule, finding: Finding) -> bool:
    """Return whether a finding is about what a backport took from the commit that it names.

    This is every common line, the line that names the commit, and the subject and the text
    as a whole. Findings about whether the backport applies, compiles and is correct remain.
    """
    if rule.scope not in _TAKEN or rule.pack in _OF_BACKPORTS or context.history is None:
        return False
    origin = context.history.compare_with_origin(context.patch)
    if origin is None:
        return False
    patch, number = context.patch, finding.patch_line
    if number is None:
        return rule.scope in ("subject", "message")
    text = patch.lines[number - 1] if number <= len(patch.lines) else ""
    if number >= patch.diff_line:
        return all(text not in each.lines for each in origin.differences)
    if number < patch.message_line:
        return patch.subject.title in origin.commit.subject
    marks = find_upstream_commits("\n".join(patch.message), patch.subject.title)
    return text.strip() in map(str.strip, origin.commit.lines) or any(
        mark.at == number - patch.message_line for mark in marks
    )


_TAKEN = ("diff", "history", "message", "subject", "trailers")
_OF_BACKPORTS = ("backport", "build", "checkers")
"""The scopes of rules about what a backport takes, and the packs that are about the backport."""


def is_not_the_authors(context: Context, rule: Rule, finding: Finding, report: Report) -> bool:
    """Return whether a finding is about code or text that the author did not introduce.

    This includes text in the replaced line, lines that a revert restores, style in a linker script
    or a pasted log, style that is common in the file, and macros at their definition.
    """
    number, lines = finding.patch_line, context.patch.lines
    is_style = rule.pack.startswith(_STYLE) or rule.name.startswith(_STYLE_RULES)
    if number and _is_intended(context, rule, finding):
        return True
    if is_style and finding.severity is not Severity.ERROR:
        usual, _ = _find_earlier_findings(context, rule, report)
        if finding.path in usual:
            return True
    if rule.on_moved or not number or number < context.patch.diff_line:
        return False
    line = lines[number - 1]
    if line[:1] != "+":
        return False
    if is_style and (
        _LINKER_SCRIPT.search(finding.path or "") or _is_pasted_comment(context, number)
    ):
        return True
    is_minor = is_style or finding.severity is not Severity.ERROR
    defined = _DEFINITION.match(line)
    if defined and re.search(rf"use {defined[1]}\b", finding.message):
        return True
    if is_minor and (finding.path, line[1:]) in _find_restored_lines(context):
        return True
    return _is_on_replaced_line(context, rule, finding, report)


def was_there_before(context: Context, rule: Rule, finding: Finding, report: Report) -> bool:
    """Return whether the line that the finding's line replaces, or from which it was moved, has the
    same finding.
    """
    number, lines = finding.patch_line, context.patch.lines
    if not number or lines[number - 1][:1] != "+":
        return False
    if _is_on_replaced_line(context, rule, finding, report):
        return True
    _, old = _find_earlier_findings(context, rule, report)
    text, part = "".join(lines[number - 1][1:].split()), _comparable_part(rule, finding)
    return any(
        old_part == part
        and old_number
        and lines[old_number - 1][:1] == "-"
        and "".join(lines[old_number - 1][1:].split()) == text
        for old_number, old_part in old
    )


def _is_on_replaced_line(context: Context, rule: Rule, finding: Finding, report: Report) -> bool:
    number = finding.patch_line or 0
    _, old = _find_earlier_findings(context, rule, report)
    return (
        bool(old) and (_find_replaced_line(context, number), _comparable_part(rule, finding)) in old
    )


@cached_per_patch
def _find_restored_lines(context: Context) -> frozenset[tuple[str | None, str]]:
    """Return the paths and texts of lines removed by the commits that the patch says to revert.

    A title alone proves nothing, so without a repository there are none.
    """
    title, history = context.patch.subject.title, context.history
    if history is None:
        return frozenset()
    named = _REVERT.findall(title)
    named += read_commit_marks("\n".join(context.patch.message)).reverts
    return frozenset(
        line
        for commit_id in dict.fromkeys(named)
        for line in history.list_removed_lines(commit_id.lower(), context.patch)
    )


def _is_intended(context: Context, rule: Rule, finding: Finding) -> bool:
    is_c = rule.pack.startswith("checkpatch-c-")
    return _is_intended_place(context, rule.name, is_c, finding.path, finding.patch_line)


@cached_per_patch
def _is_intended_place(
    context: Context, name: str, is_c: bool, path: str | None, number: int | None
) -> bool:
    patterns = [_INTENDED[name]] if name in _INTENDED else []
    if is_c:
        patterns.append(_ASSEMBLY)
    if not patterns:
        return False
    lines, index = context.patch.lines, (number or 1) - 1
    first = max(0, index - _AROUND)
    text = "\n".join(
        f"\0{line[:_WIDTH]}" if place == index else line[:_WIDTH]
        for place, line in enumerate(lines[first : index + _AROUND], first)
        if place == index or not line.startswith("-")
    )
    text = f"{path}\n{text}\n"
    return any(pattern.search(text) for pattern in patterns) or (
        name == "extern-in-source"
        and not _find_assembly_labels(context).isdisjoint(re.findall(r"\w+", lines[index]))
    )


@cached_per_patch
def _find_assembly_labels(context: Context) -> frozenset[str]:
    added = (line for change in context.patch.files for line in change.lines("+"))
    return frozenset(
        name for line in added if '"' in line.text for name in _LABEL.findall(line.text)
    )


@cached_per_patch
def _is_pasted_comment(context: Context, number: int) -> bool:
    first = max(0, number - _NEAR)
    comments = map(_COMMENT.match, context.patch.lines[first : number + _NEAR])
    texts = [comment[1].strip() if comment else "" for comment in comments]
    return bool(texts[number - 1 - first]) and number - 1 - first in find_quoted_lines(texts)


def _comparable_part(rule: Rule, finding: Finding) -> str:
    """Return the part of a finding to compare with findings on the replaced line.

    Return "" for layout, where names do not matter. For other findings, return the message without
    numbers.
    """
    is_layout = rule.pack.startswith(("checkpatch-c-", "checkpatch-strings"))
    return "" if is_layout else re.sub(r"\d+", "", finding.message)


def _find_earlier_findings(context: Context, rule: Rule, report: Report) -> _Earlier:
    """Return the files in which a rule's findings are common, and the lines that already had one.

    Each line is given as (patch line, message part).
    """
    key = (_find_earlier_findings, rule.id)
    if key not in context.shared:
        old, origins = build_context_before(context)
        rule_findings = [
            (origins[finding.patch_line - 1], finding)
            for finding in (report(old, rule) if origins else ())
            if finding.patch_line and finding.patch_line <= len(origins)
        ]
        times = Counter(
            finding.path
            for patch_line, finding in rule_findings
            if patch_line and context.patch.lines[patch_line - 1][1:].strip()
        )
        context.shared[key] = (
            frozenset(path for path, number in times.items() if number >= HABIT),
            frozenset(
                (patch_line, _comparable_part(rule, finding))
                for patch_line, finding in rule_findings
            ),
        )
    earlier: _Earlier = context.shared[key]
    return earlier


def _find_replaced_line(context: Context, number: int) -> int | None:
    """Return the removed line that an added line replaces, or None.

    Each of the two must be the line most similar to the other.
    """
    _, hunk = context.patch.place(number)
    if hunk is None or number - hunk.patch_line > len(hunk.lines):
        return None
    removed = _find_most_similar(hunk, number, "-")
    is_mutual = removed and _find_most_similar(hunk, removed, "+") == number
    return removed if is_mutual else None


def _find_most_similar(hunk: Hunk, number: int, kind: str) -> int | None:
    """Return the most similar of the removed or added lines near line `number`, or None."""
    index = number - hunk.patch_line - 1
    words = _count_words(hunk.lines[index].text)
    candidates = [
        (
            2 * (words & counts).total() / (words + counts).total(),
            -abs(line.patch_line - number),
            line.patch_line,
        )
        for line in hunk.lines[max(0, index - _NEAR) : index + _NEAR]
        if line.kind == kind and (counts := _count_words(line.text))
    ]
    share, _, line = max(candidates, default=(0.0, 0, None))
    return line if share >= ALIKE else None


@lru_cache(maxsize=256)
def _count_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+|[^\w\s]", text))


@cached_per_patch
def build_context_before(context: Context) -> tuple[Context, tuple[int, ...]]:
    """Return a context whose patch adds the changed files' old lines, as far as the diff shows
    them.

    Also return the patch line of each old line (0 for headers).
    """
    numbered = tuple(_read_old_lines(context.patch.files))
    patch = context.patch._replace(
        lines=tuple(text for _, text in numbered),
        headers=(),
        message=(),
        message_line=1,
        notes=(),
        diff_line=1,
    )
    return context.with_patch(patch), tuple(origin for origin, _ in numbered)


def _read_old_lines(files: Iterable[FileChange]) -> Iterator[tuple[int, str]]:
    for change in files:
        if not (change.old_path and change.new_path):
            continue
        names = quote_path(f"a/{change.path}"), quote_path(f"b/{change.path}")
        yield 0, f"diff --git {' '.join(names)}"
        yield 0, f"--- {names[0]}"
        yield 0, f"+++ {names[1]}"
        for hunk in change.hunks:
            old = [line for line in hunk.lines if line.kind in " -"]
            if old:
                head = f"-{hunk.old_start},0 +{hunk.old_start},{len(old)}"
                yield 0, f"@@ {head} @@ {hunk.section}"
                yield from ((line.patch_line, f"+{line.text}") for line in old)
