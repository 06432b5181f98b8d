# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems in the subject (prefixes and words) and the text of a commit message: missing,
badly wrapped, indented or not imperative.

Also check for a changelog.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from patchpilot.cache.cached_re import (
    cached_match,
    cached_search,
    compile_cached,
    lazy_pattern,
)
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan_patch
from patchpilot.lint.conditions import is_mail
from patchpilot.lint.detector import (
    Arguments,
    Hit,
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.detectors.generic import cached_part_lines, make_subject_hit
from patchpilot.lint.detectors.tags import KNOWN
from patchpilot.lint.habits import (
    LEAST_SHARE,
    Habits,
    add_usual_prefix,
    find_patch_habits,
    find_patch_subsystem,
    find_prefix_habits,
    first_word,
    first_word_case,
    have_same_convention,
    names_file,
    replace_prefix,
)
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_parts import (
    find_paragraphs,
    find_pasted_lines,
    find_tag_lines,
    find_written_prefix,
    is_plain,
    is_prose,
    split_prefix,
)
from patchpilot.lint.pack_patterns import compile_lazily, compile_rule_pattern
from patchpilot.lint.word_lists import find_imperative, load_word_set
from patchpilot.model.patch import REPLY, Patch
from patchpilot.model.rule import FindingFix
from patchpilot.model.source_tree import Tree
from patchpilot.model.trailer import is_trailer
from patchpilot.projects.commit_marks import strip_vendor_prefixes

TOO_LONG = 90
"""Lines of prose longer than this are reported by the rule about long lines."""


@detector("badly-wrapped", narrow=int)
def badly_wrapped_paragraph(context: Context, arguments: Arguments) -> Hits:
    """Report a paragraph of prose in which several lines are wrapped much too early.

    A line is wrapped too early if the first word of the next line would still fit within `narrow`
    columns.
    """
    narrow_width = arguments["narrow"]
    for paragraph in find_paragraphs(context):
        lines = [line.rstrip() for line in paragraph.lines]
        widest = max(map(len, lines))
        # another rule reports long lines
        if widest > TOO_LONG:
            continue
        early_lines = [
            index
            for index, (line, following) in enumerate(pairwise(lines))
            if len(line) + 1 + len(following.split()[0]) <= narrow_width
            and not _ends_clause(line, following)
        ]
        if len(early_lines) >= 2 and (
            len(early_lines) * 2 >= len(lines) - 1 or widest >= narrow_width
        ):
            yield make_hit(paragraph.start + early_lines[0])
            return


def _ends_clause(line: str, following: str) -> bool:
    return line.endswith((".", ":", "!", "?", ";", ",", "-")) or not (following[:1].isalnum())


_STAT = lazy_pattern(r"^ \S.*\| +(?:\d|Bin)| \d+ files? changed|^ \.\.\.\S+.*\|")


@detector(
    "no-changelog",
    heading_pattern=str,
)
def missing_changelog(context: Context, arguments: Arguments) -> Hits:
    """Report a later version of a patch without a changelog.

    In a series, the changelog may be in the cover letter, if that is available.
    """
    patch, cover = context.patch, context.series.cover
    version = patch.subject.version
    if version < 2 or patch.commit or not patch.has_diff:
        return
    is_unthreaded = (
        patch.subject.number == 1
        and patch.header("Message-ID")
        and not patch.header("In-Reply-To")
        and not patch.header("References")
    )
    if (patch.subject.total or 1) > 1 and cover is None and not is_unthreaded:
        return
    heading = compile_rule_pattern(arguments["heading_pattern"])
    cover_lines = [*cover.message, *cover.notes] if cover else []
    texts = [*patch.notes, "", *patch.message, "", *cover_lines]
    notes = [
        line
        for line in patch.notes
        if not _STAT.match(line) and len(re.findall(r"[a-z]{2,}", line)) >= 4 and "://" not in line
    ]
    if not notes and not any(
        _describes_change(heading, texts, index) for index in range(len(texts))
    ):
        yield make_subject_hit(context, version=version, previous=version - 1)


def _describes_change(heading: re.Pattern[str], lines: list[str], index: int) -> bool:
    line = lines[index]
    if _STAT.match(line):
        return False
    if heading.match(line) or cached_search(
        r"\b[Cc]hange(?:s|d|[- ]?log)?\b(?: since| in| from| between| for|:|$)|\b[Ss]ince [vV]"
        r" ?\d|\bno (?:functional )?changes?\b|\b[Rr]evision \d",
        line,
    ):
        following = [line.partition(":")[2], *lines[index + 1 : index + 5]]
        described = [
            text
            for text in following
            if cached_search(r"[a-z]{3}", text)
            and not cached_search(r"://|<", text)
            and not _STAT.match(text)
        ]
        return bool(described)
    return (
        bool(cached_match(r"^\s*(?:[-*]\s*)?(?:[vV]\d+\b|[Rr]ebased?\b|no changes?\b)", line))
        and "://" not in line
    )


@detector("indented-message")
def indented_message(context: Context) -> Hits:
    """Report a message in which all lines are indented, except perhaps its tags."""
    patch = context.patch
    tags = {tag.line for _, tag in find_tag_lines(context)}
    lines = [(index, line) for index, line in enumerate(patch.message) if line.strip()]
    untagged_lines = [line for index, line in lines if index not in tags]
    long = [line for line in untagged_lines if len(line.split()) > _FEW_WORDS]
    is_text = len(long) > 1 and all(
        line[:1] == "\t" or line[:4] == " " * 4 for line in untagged_lines
    )
    if is_text or (len(lines) > 1 and all(line[:1] in " \t" for _, line in lines)):
        yield make_hit(patch.message_line)


_FEW_WORDS = 5


LOG_WIDTH = 75
_OOPS = compile_lazily(r"^\s*(?:WARNING:|BUG:)|^\s*\[\s*\d+\.\d{6}\s*\]|^\s*\[<[0-9a-fA-F]{8,}>\]")
_REGISTERS = compile_lazily(
    r"^(?:\s+\w+:\s+[0-9a-fA-F]+){3}|^\s*#\d+\s*\[[0-9a-fA-F]+\]\s*\w+ at [0-9a-fA-F]+"
)
_MAY_BE_LONG = compile_lazily(
    rf"^\s*[a-zA-Z0-9_/.]+\s+\|\s+\d+|^\s*(?:[\w.\-+]*/)++[\w.\-+]+:|^\s*(?i:Fixes:|Link:|(?:{'|'.join(KNOWN)}):)",
)
_CHARSET = compile_lazily(r'^Content-Type:.+charset="(.+)".*$')
_CLEAN = compile_lazily(r"[\t\n\r\x20-\x7e]*")
_ANY_UTF8 = compile_lazily(r"[\xc2-\xf4][\x80-\xbf]")
_PATH = compile_lazily(r"(?:^|\s)(/\S*)")
_PATH_WITH_LINE = compile_lazily(r"^(.*?)(?::\d+)+:?$")


_OUTPUT = compile_lazily(
    r"\s*(?:>+ )?(?:[\w./+-]*\b(?:ld|as|gcc|clang|make)(?:\[\d+\])?: "
    r"|\S+: (?:fatal )?(?:error|warning|note|in function)\b"
    # match only up to the first digit, so that a long word is searched only once
    r"|[\w-]+ [a-zA-Z_.:-]*\d[\w.:-]*(?<=:) )"
)
_UNWRAPPED = 100
"""Longer lines were never wrapped, rather than wrapped a word too late."""
_NO_TEXT = ("signed-off-by", "change-id")
_CHANGE_ID = lazy_pattern(r"change-id:", re.IGNORECASE)


def is_after_commit_message(lines: LineScan, number: int) -> bool:
    """Return whether the previous patch line is part of the commit message."""
    return number > 1 and lines.lines[number - 2].log_after


@typed_detector(
    "checkpatch-message",
)
def check_message(context: Context) -> TypedHits:
    """Report problems in the commit message and the headers."""
    lines = scan_patch(context)
    if context.options.matches_script or not context.patch.has_joined_subject:
        yield from _check_description(lines, matches_script=context.options.matches_script)
    yield from _check_line_lengths(context, lines)
    yield from _check_encoding(lines)
    if context.tree is not None:
        yield from _find_absolute_paths(lines, context.tree)


def starts_register_dump(line: ScannedLine) -> bool:
    """Return whether the line looks like the start of a stack or register dump, which ends at the
    next blank line.
    """
    return bool(
        (line.in_log and _OOPS.match(line.text))
        or (line.text[:1] in (" ", "\t", "#") and _REGISTERS.match(line.text))
    )


def _check_description(lines: LineScan, *, matches_script: bool) -> TypedHits:
    """Report a patch with fewer than two nonempty lines between the headers and the diff.

    The script counts a Change-Id: as well, which describes nothing.
    """
    texts: list[str] = []
    has_log = False
    for line in lines.lines:
        if not (line.starts_file or line.starts_hunk):
            if is_after_commit_message(lines, line.number):
                if text := line.text.strip(" \t\r\f\v"):
                    texts.append(text)
            elif has_log:
                if not matches_script and all(map(is_trailer, texts)):
                    texts = [text for text in texts if not _CHANGE_ID.match(text)]
                if len(texts) < 2:
                    yield "COMMIT_MESSAGE", Hit(line.number)
                return
        has_log = has_log or line.log_after


def _check_line_lengths(context: Context, lines: LineScan) -> TypedHits:
    as_script = context.options.matches_script
    has_oops = long_seen = False
    for line in lines.lines:
        text = line.text
        if line.starts_file or line.starts_hunk:
            continue
        if line.file and not (
            line.in_header or line.in_log or is_after_commit_message(lines, line.number)
        ):
            # stop at the first file, where the message ends
            return
        has_oops = has_oops or starts_register_dump(line)
        if not line.in_log:
            continue
        if (
            len(text) > LOG_WIDTH
            and not long_seen
            and not has_oops
            and not _may_exceed_limit(text, context.options.message_kernel)
            and (as_script or not _is_program_output(context, line))
        ):
            long_seen = True
            yield (
                "COMMIT_LOG_LONG_LINE",
                make_hit(
                    line.number,
                    "far" if len(text) > _UNWRAPPED else "",
                    columns=len(text),
                    limit=LOG_WIDTH,
                ),
            )
        if has_oops and not text.strip(" \t\r\f\v"):
            has_oops = False


def _is_program_output(context: Context, line: ScannedLine) -> bool:
    index = line.number - context.patch.message_line
    return index in find_pasted_lines(context) or _OUTPUT.match(line.text) is not None


def _may_exceed_limit(text: str, kernel: tuple[int, int]) -> bool:
    """Return whether a line may exceed the limit because it is a diffstat, a path or a tag.

    Closes: counts as a tag since Linux 6.4.
    """
    return bool(_MAY_BE_LONG.match(text)) or (
        kernel >= (6, 4) and text.lstrip(" \t")[:7].lower() == "closes:"
    )


def _check_encoding(lines: LineScan) -> TypedHits:
    if _CLEAN.fullmatch("\n".join(line.raw for line in lines.lines)):
        return
    other_charset = False
    for line in lines.lines:
        if line.starts_file or line.starts_hunk:
            continue
        raw = line.raw
        if line.in_header and raw.startswith("Content-Type:") and (match := _CHARSET.match(raw)):
            other_charset = other_charset or "utf-8" not in match[1].lower()
        if (line.file and line.sign != "+") or _CLEAN.fullmatch(raw):
            continue
        if other_charset and line.log_after and not line.file and _ANY_UTF8.search(raw):
            yield "UTF8_BEFORE_PATCH", Hit(line.number)


def _find_absolute_paths(lines: LineScan, tree: Tree) -> TypedHits:
    for line in lines.lines:
        if line.log_after and "/" in line.text and not (line.starts_file or line.starts_hunk):
            for match in _PATH.finditer(line.text):
                path_with_line = _PATH_WITH_LINE.match(match[1])
                if (
                    path_with_line and _is_path_in_tree(path_with_line[1], tree)
                ) or _is_path_in_tree(match[1], tree):
                    yield "USE_RELATIVE_PATH", Hit(line.number)


def _is_path_in_tree(path: str, tree: Tree) -> bool:
    suffix = path
    while "/" in suffix:
        suffix = suffix.partition("/")[2]
        if suffix and tree.exists(suffix) and not tree.is_dir(suffix):
            return True
    return False


@cache
def _this_patch_pattern() -> re.Pattern[str]:
    return compile_cached(
        r"\b(?:[Tt]his|[Tt]he(?= following) following) (?:small |simple |tiny |single )?(?P<what>patch(?:set| set|[ -]series)?"  # noqa: E501
        r"|commit|submission)\b(?! (?:was|is|has been) (?:introduced|reverted|applied))"
        r"|^[Tt]h(?:e|is) (?P<other>patch|series|fix|commit) (?=(?:adds|fixes|changes|removes|introduces|implements|makes|updates|replaces"  # noqa: E501
        r"|moves|converts|enables|does|is to|aims|tries|will|corrects|addresses|resolves|solves)\b)"
    )


@detector(
    "this-patch",
)
def this_patch_wording(context: Context) -> Hits:
    """Report "this patch adds" and similar phrases, because messages should be imperative."""
    for paragraph in find_paragraphs(context):
        if cached_match(r"This reverts commit\b", paragraph.text):
            continue
        for match in _this_patch_pattern().finditer(paragraph.text):
            phrase = match["what"] or match["other"]
            # in a revert, "this commit" is the one being reverted
            if phrase == "commit" and context.patch.subject.title.startswith("Revert "):
                continue
            yield make_hit(paragraph.line_at(match.start()), "patch", quoted=match[0], what=phrase)
            return
    for first in find_paragraphs(context)[:1]:
        opening = cached_match(r"This (?:also |now )?(?P<verb>[a-z]+s)\b(?! commit\b)", first.text)
        verb = find_imperative(opening["verb"]) if opening else None
        if opening and verb:
            values = {"quoted": opening[0], "verb": verb.capitalize()}
            yield make_hit(first.start, "this", **values)


@detector(
    "no-prefix",
)
def missing_subject_prefix(context: Context) -> Hits:
    """Report a title without a subsystem prefix.

    The finding is less severe for a patch file without recipients, which may never be sent.
    """
    patch = context.patch
    title = patch.subject.title
    if (
        not is_plain(title)
        or not patch.has_diff
        # elsewhere, a bracket besides [PATCH] may be the prefix
        or (len(patch.subject.marks) > 1 and not context.project.kernel)
        or cached_match(r"(?:fixup|squash|amend)!", title)
    ):
        return
    prefixes, _ = split_prefix(title)
    if prefixes or cached_match(r"^[\w/.-]+：", title):
        return
    other_separator = cached_match(r"^(\w[\w/-]*)(?: -|;|::| \()", title)
    usual_habits = find_prefix_habits(context)
    usual_prefix = (
        usual_habits.prefix if usual_habits and usual_habits.prefix_share >= LEAST_SHARE else ""
    )
    kind, values = "", {}
    if other_separator:
        kind, values = "other-sign", {"instead": other_separator[1]}
    elif usual_habits and usual_prefix:
        kind, values = "usual", _describe_usual_prefix(usual_habits)
    file_case = "" if patch.commit or is_mail(patch) else "loose-file"
    yield make_subject_hit(
        context,
        "-".join(part for part in (file_case, kind) if part),
        FindingFix("suggest", add_usual_prefix(usual_habits, title))
        if usual_habits and usual_prefix and not other_separator
        else None,
        **values,
    )


@detector(
    "subject-not-imperative",
)
def subject_not_imperative(context: Context) -> Hits:
    """Report a title that is not imperative ("fixed", "adds", "adding")."""
    title = context.patch.subject.title
    if not is_plain(title):
        return
    _, summary = split_prefix(title)
    match = cached_match(r"(?P<verb>[A-Za-z]+)\s+\S", summary)
    if not match:
        return
    verb, imperative = match["verb"], find_imperative(match["verb"])
    if imperative and not (
        verb.lower() == imperative
        or verb.lower() in load_word_set("message", "nouns")
        or cached_match(r"[A-Za-z]+ing\s+(?:of|is|for|fix|fixes|cleanups?)\b", summary)
        or cached_match(r"\w+ (?:to|for|in|of)\b", summary)
    ):
        yield make_subject_hit(context, quoted=verb, verb=imperative)


@detector(
    "patch-prefix",
)
def malformed_patch_prefix(context: Context) -> Hits:
    """Report a version or the word PATCH outside the brackets or in a malformed prefix."""
    patch = context.patch
    title = patch.subject.title
    if re.match(r"^\(?[vV]\d{1,2}\)?\s*[:\]-]?\s+\S", title) or re.search(
        r"\s[\[(][vV]\d{1,2}[\])]$", title
    ):
        yield make_subject_hit(context, "outside")
    elif unread := _find_unparsed_version(patch):
        yield make_subject_hit(context, "unread", quoted=unread)
    elif len([mark for mark in patch.subject.marks if re.search(r"\bPATCH\b", mark)]) > 1:
        yield make_subject_hit(context, "two-marks")
    elif (
        patch.has_diff and (match := REPLY.match(patch.subject.raw)) and patch.tags("Signed-off-by")
    ):
        yield make_subject_hit(context, "reply", quoted=match.group().strip())
    elif re.match(r"^PATCH\b", title) or (
        patch.subject.words
        and not patch.subject.is_patch
        and re.search(r"\bpatch(?!-[a-z])", " ".join(patch.subject.words), re.IGNORECASE)
    ):
        yield make_subject_hit(context, "unrecognized")


def _find_unparsed_version(patch: Patch) -> str | None:
    """Return a version or number in the brackets that no tool parses ("version 2", "ver2" or "1 of
    3"), or None.
    """
    if patch.subject.version > 1:
        return None
    marks = " ".join(patch.subject.marks)
    match = re.search(
        r"\b(?:version\s*|ver\.?\s*|rev\.?\s*|v\.\s*|v\s+|PATCH[,-]\s*v)\d+\b|\b\d+ of \d+\b",
        marks,
        re.IGNORECASE,
    )
    return match[0] if match else None


_KINDS = r"^(?:(?:FROM\w+(?:\([^)]*\))?|WIP|HACK|RFC)\s*:\s*)+"


def _strip_markers(title: str) -> str:
    """Return a title without the markers of vendor trees, which another rule covers.

    They are the ones in the project files, in capital letters, and words for unfinished patches.
    """
    previous = ""
    while title != previous:
        previous = title
        title = re.sub(_KINDS, "", title)
        if title[:2].isupper():
            title = strip_vendor_prefixes(title)
    return title


@detector("prefix-convention")
def unusual_subject_prefix(context: Context) -> Hits:
    """Report a title without the usual prefix of its subsystem or file.

    This is the prefix that the subsystem documents or, if there is none, a prefix used by nearly
    all commits to the file or to its directory.
    """
    patch = context.patch
    whole = patch.subject.title if is_plain(patch.subject.title) else ""
    title = _strip_markers(whole)
    prefixes, _ = split_prefix(title)
    if not prefixes or not patch.has_diff or not context.project.kernel:
        return
    subsystem = find_patch_subsystem(context)
    found = (find_prefix_habits(context), find_patch_habits(context))
    habits = [usual for usual in dict.fromkeys(found) if usual]
    is_known = any(usual.is_known(prefixes[0]) for usual in habits)
    if (
        subsystem
        and subsystem.prefix_pattern
        and not any(map(compile_rule_pattern(subsystem.prefix_pattern).search, (title, whole)))
    ):
        # accept prefixes that earlier commits use, but not the subsystem's in another form
        usual_form = re.sub(r"^[\w-]+", prefixes[0], subsystem.prefix)
        if not is_known or re.search(subsystem.prefix_pattern, usual_form):
            yield make_subject_hit(
                context,
                prefix=": ".join(prefixes),
                instead=subsystem.prefix,
                subsystem=subsystem.title,
            )
        return
    if cached_match(r"(?i)tree-?wide", prefixes[0]):
        return
    for usual in habits:
        if case := _find_prefix_deviation(patch, prefixes, usual, is_known=is_known):
            # the first habits are those of the changed files
            shown = habits[0] if habits[0].extends_prefix(usual) else usual
            fix = FindingFix("suggest", replace_prefix(shown, patch, title))
            values = _describe_usual_prefix(shown)
            prefix = find_written_prefix(title)
            yield make_subject_hit(context, case, fix, prefix=prefix, **values)
            return


def _find_prefix_deviation(
    patch: Patch, prefixes: Sequence[str], usual: Habits, *, is_known: bool
) -> str:
    """Return the case of the rule for prefixes that deviate from the usual ones, or ""."""
    if not is_known:
        strength = usual.weigh_share(usual.prefix_share)
        return {"speaks": "learned", "asks": "question", "": ""}[strength]
    is_partial = (
        usual.wants_full_prefix
        and have_same_convention(prefixes[0], usual.first[0][0])
        and not usual.has_further(prefixes)
        # as in "iio: bmp280:"
        and not (len(prefixes) == 2 and any(names_file(prefixes[1], path) for path in patch.paths))
    )
    return "part" if is_partial else ""


def _describe_usual_prefix(usual: Habits) -> dict[str, object]:
    basis = usual.describe_basis(usual.total)
    return {"usual": usual.prefix, "share": usual.full_prefix_share, "basis": basis}


@detector(
    "case-after-prefix",
)
def unusual_case_after_prefix(context: Context) -> Hits:
    """Report the case of the title's first word if it is unusual in the subsystem and in earlier
    commits to the files.
    """
    title = context.patch.subject.title
    if not is_plain(title) or not context.patch.has_diff or not context.project.kernel:
        return
    case, subsystem, usual = (
        first_word_case(title),
        find_patch_subsystem(context),
        find_patch_habits(context),
    )
    if not case or (usual and case in dict(usual.cases[:1])):
        return
    if subsystem and subsystem.after_prefix not in ("", case):
        yield make_subject_hit(
            context,
            word=first_word(title),
            usual=_CASES[subsystem.after_prefix],
            subsystem=subsystem.title,
        )


_CASES = {"capital": "a capital letter", "lower": "a lower-case letter"}


_BARE_NAME = compile_cached(r"(?<![\w./>%#@&*$-])(?<!::)[a-z]\w*_\w+(?![\w/*=:-]|\.\w|\s*[(\[])")
_NAMED_OTHERWISE = compile_cached(
    r"(?:struct|enum|union|macro|field|member|variable|flag|option|parameter|pointer)s? \W?$"
)


@detector("bare-function")
def function_without_parentheses(context: Context) -> Hits:
    """Report the first name without parentheses in the subject or the message that the diff only
    uses as a function.
    """
    names = [
        (number, match[0])
        for part in ("title", "prose")
        for number, text in cached_part_lines(context, part)
        for match in _BARE_NAME.finditer(text)
        if not _NAMED_OTHERWISE.search(text[: match.start()])
    ]
    diff = "\n".join(context.patch.lines[context.patch.diff_line - 1 :]) if names else ""
    uses = set(re.findall(r"\b([a-z]\w*_\w+)\b(\(?)", diff))
    for number, name in names:
        if (name, "(") in uses and (name, "") not in uses:
            yield make_hit(number, name=name)
            return


@detector(
    "message-without-reason",
    fewest=int,
)
def message_without_reason(context: Context, arguments: Arguments) -> Hits:
    """Report a message of a fix or cleanup that only repeats the subject, has fewer than `fewest`
    words or only tags, and a revert without a reason.

    Nothing is reported if the message has pasted text, a list, a link or a table, and nothing about
    additions, which need no symptom. An empty message has a separate rule.
    """
    patch = context.patch
    title = patch.subject.title
    if not patch.has_diff:
        return
    # a trailer whose name is unknown is no text, either
    trailers = {trailer.line for trailer in patch.trailers}
    texts = [
        line
        for index, line in enumerate(patch.message, 1)
        if line.strip() and index not in trailers and not is_trailer(line)
    ]
    if title.startswith(('Revert "', 'Reapply "')):
        own = _REVERTED.sub(" ", " ".join(line.strip() for line in texts))
        if len(re.findall(r"[^\W\d_]{2,}", own)) < _FEW_WORDS:
            yield make_hit(patch.message_line, "revert")
        return
    summary = split_prefix(title)[1]
    if (
        _NEEDS_NO_REASON.search(summary)
        or all(map(_DESCRIBES_HARDWARE.search, patch.paths))
        or not all(map(is_prose, texts))
    ):
        return
    if not texts:
        if any(tag.key not in _NO_TEXT for _, tag in find_tag_lines(context)):
            yield make_hit(patch.message_line, "only-tags")
        return
    words = re.findall(r"[^\W\d_][\w'-]*", " ".join(texts).lower())
    in_subject = {word[:5] for word in re.findall(r"\w{3,}", title.lower())}
    fillers = load_word_set("message", "fillers")
    fresh = {
        word
        for word in words
        if len(word) > 2 and word[:5] not in in_subject and word not in fillers
    }
    line = next(number for number, text in enumerate(patch.message) if text.strip())
    if len(fresh) <= 1:
        yield make_hit(patch.message_line + line, "repeats-subject")
    elif len(words) < arguments["fewest"]:
        yield make_hit(patch.message_line + line, "short")


_REVERTED = compile_lazily(
    r"This (?:partially )?reverts commit [0-9a-f]{7,40}(?: \(.*?\"\))?[.,]?"
    r"|\bcommit [0-9a-f]{7,40}(?: upstream)?\b(?: \(.*?\"\))?"
)
_NEEDS_NO_REASON = compile_lazily(
    r"(?i)^(?:linux |merge |release |add|introduc|enabl|support|document|implement|updat)"
    r"|\b(?:typos?|spelling|misspell\w*|comments?|whitespace|maintainers|mailmap|e-?mail address)\b"
    r"|\"[^\"]+\" (?:to|->|=>|with) \""
)
_DESCRIBES_HARDWARE = compile_lazily(r"\.dtsi?$|^Documentation/devicetree/|^MAINTAINERS$")


@detector("several-fixes")
def fixes_of_several_subsystems(context: Context) -> Hits:
    """Report a patch with a Fixes: tag or for stable trees that changes C files of two subsystems'
    drivers, if the changed lines have no name in common, as they would if both used the same
    function.
    """
    patch = context.patch
    if not patch.tags("Fixes") and not any("stable@" in tag.value for tag in patch.tags("Cc")):
        return
    changed: dict[str, set[str]] = {}
    for change in patch.files:
        folder = _SUBSYSTEM_FOLDER.match(change.path)
        if not folder or change.old_path is None:
            # headers, documents, the core and new files connect the parts of one change
            return
        changed.setdefault(folder[1], set()).update(
            word
            for sign in "-+"
            for line in change.lines(sign)
            for word in re.findall(r"[A-Za-z_]\w{2,}", line.text)
        )
    if len(changed) == 2 and set.isdisjoint(
        *(words - load_word_set("message", "usual_names") for words in changed.values())
    ):
        first, second = changed
        yield make_subject_hit(context, first=first, second=second)


_SUBSYSTEM_FOLDER = compile_lazily(r"((?:drivers|sound|fs|net|crypto|block)/[\w-]+)/.*\.c$")
