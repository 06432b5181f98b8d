# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix the subject and the message. In the diff, only comments are changed."""

import re
import textwrap

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.fixing.fixer import FixSite, Proposal, fixer
from patchpilot.lint.habits import LEAST_COMMITS, add_usual_prefix, find_prefix_habits
from patchpilot.lint.message_parts import find_paragraphs, find_pasted_lines
from patchpilot.model.rule import FixEdit
from patchpilot.model.trailer import is_trailer

COLUMNS, NARROW = 75, 60
"""Maximum length of a message line, and minimum length of a full one. Lines that a fix makes
longer are wrapped again.
"""
_NO_PROSE = re.compile(r"[-*+#>|=~$%\[]|\(?\w[.)]\s|o\s|\d+[.)]\s")
"""The start of a list item, a quote or a command, which no wrapped line may have."""
_LAID_OUT = re.compile(r"\r|^\s|^$|\S(?: {3,}|\t)|\|")
"""Lines of prose whose line breaks or columns may be intentional."""
_DOCUMENTS = (".rst", ".txt", ".md")


def _is_in_message(site: FixSite) -> bool:
    patch = site.context.patch
    return 0 <= site.number - patch.message_line < len(patch.message)


def _replace_title(site: FixSite, title: str) -> Proposal:
    patch = site.context.patch
    old = patch.subject.title
    number = patch.header_line("Subject")
    if not number or not old or not title:
        return None
    line, *following = patch.lines[number - 1 : number + 1]
    start = line.rstrip("\r").removesuffix(old)
    # a subject in the body overrides the header
    is_whole = line.startswith(start + old) and "=?" not in line
    if not is_whole or not following or following[0].startswith((" ", "\t")):
        return None
    return FixEdit(number, 1, (start + title + line[len(start + old) :],))


@fixer("subject-end", is_prose=True)
def strip_subject_punctuation(site: FixSite) -> Proposal:
    """Remove the period, comma or semicolon at the end of the subject, unless the subject may be
    truncated.
    """
    title = site.context.patch.subject.title
    return (
        _replace_title(site, title[:-1].rstrip()) if re.search(r"[^.…,;!?][.,;]$", title) else None
    )


@fixer("agreed-prefix", is_prose=True)
def add_agreed_prefix(site: FixSite) -> Proposal:
    """Add the files' usual prefix to a subject that has no prefix, if almost all commits use it."""
    habits = find_prefix_habits(site.context) if site.finding.value("usual") else None
    # add a prefix only if 95 % of several commits have it
    if habits is None or habits.exact < 95 or habits.total < LEAST_COMMITS:
        return None
    return _replace_title(site, add_usual_prefix(habits, site.context.patch.subject.title))


@fixer("drop-line", is_prose=True)
def drop_line(site: FixSite) -> Proposal:
    """Delete a message line, and one of the blank lines around it."""
    neighbors = site.context.patch.lines[site.number - 2 : site.number + 1 : 2]
    is_gap = len(neighbors) == 2 and not "".join(neighbors).strip()
    return FixEdit(site.number, 1 + is_gap, ())


def parse_suggested_reference(site: FixSite) -> re.Match[str] | None:
    """Parse the id and title of the commit that a finding suggests, or return None."""
    text = site.finding.fix.text if site.finding.fix else ""
    return re.search(r"(?P<id>[0-9a-f]{12,40}) \(\"(?P<title>.*)\"\)$", text)


def is_same_commit(commit_id: str, title: str, suggested: re.Match[str]) -> bool:
    """Return whether an id and an optional title match a suggested reference.

    A different title may belong to a different commit.
    """
    actual, expected = (
        " ".join(text.rstrip(".…").split()).lower() for text in (title, suggested["title"])
    )
    is_titled = actual in ("", expected.strip("\"'() ")) or (
        len(actual) > LEAST_TITLE and expected.startswith(actual)
    )
    is_id = LEAST_ID <= len(commit_id) <= LONGEST_ID and commit_id.lower().startswith(
        suggested["id"][: len(commit_id)]
    )
    return is_id and is_titled


LEAST_ID, LONGEST_ID, LEAST_TITLE = 7, 40, 20
_REFERENCE = compile_cached(
    r"(?<![\w-])(?P<word>commit)[ \t]+(?P<id>[0-9a-f]{7,40})"
    r"(?:[ \t]*\([ \t]*[\"']?(?P<title>.*?)[\"']?[ \t]*\)|(?!\s*(?:[(\"']|$)))(?=$|[\s.,;:)\]])",
    re.IGNORECASE,
)
"""A reference whose title, if it has one, is on the same line."""


@fixer("commit-reference", is_prose=True)
def correct_commit_reference(site: FixSite) -> Proposal:
    """Correct the id and subject in a reference: `commit 0123456 ("…")`.

    The line must refer to one commit only. If it becomes too long, the rest of the paragraph is
    wrapped.
    """
    suggested, text = parse_suggested_reference(site), site.text
    reference = _REFERENCE.search(text)
    names_one = len(re.findall(r"\b[0-9a-f]{7,40}\b", text)) == 1
    if not suggested or not reference or not names_one or not _is_in_message(site):
        return None
    if not is_same_commit(reference["id"], reference["title"] or "", suggested):
        return None
    start, end = reference.span()
    line = f"{text[:start]}{reference['word']} {suggested[0]}{text[end:]}"
    if len(line) > COLUMNS:
        return _wrap_paragraph(site, line)
    return FixEdit(site.number, 1, (line,))


def _wrap_paragraph(site: FixSite, first: str) -> Proposal:
    lines = next(
        (
            (first, *paragraph.lines[site.number - paragraph.start + 1 :])
            for paragraph in find_paragraphs(site.context)
            if 0 <= site.number - paragraph.start < len(paragraph.lines)
        ),
        (),
    )
    if not lines or any(map(_LAID_OUT.search, lines)):
        return None
    # accept the author's line width; a line that ends earlier was broken on purpose
    full_length = min(COLUMNS, max(NARROW, *map(len, ("", *lines[1:]))))
    count = 1
    while (
        count < len(lines) and len(lines[count - 1]) + len(lines[count].split()[0]) >= full_length
    ):
        count += 1
    text = " ".join(lines[:count])
    wrapped = textwrap.wrap(text, COLUMNS, break_long_words=False, break_on_hyphens=False)
    if any(is_trailer(row) or _NO_PROSE.match(row) for row in wrapped[1:]):
        return None
    return FixEdit(site.number, count, tuple(wrapped))


@fixer("wrap", is_prose=True)
def wrap_prose(site: FixSite) -> Proposal:
    """Wrap a long line of prose, and the full lines below it."""
    is_pasted = site.number - site.context.patch.message_line in find_pasted_lines(site.context)
    return None if is_pasted else _wrap_paragraph(site, site.text)


@fixer("spelling", is_prose=True)
def correct_spelling(site: FixSite) -> Proposal:
    """Correct a misspelled word in prose or a comment, if there is only one correction.

    A capitalized word in codespell's dictionary may be a name.
    """
    text = site.finding.fix.text if site.finding.fix else ""
    word, correction = site.finding.value("word"), site.finding.value("right")
    match = re.match(r"([ -~]*?) → ([^,]+)$", text) or re.match(
        r"([a-z]{6,}) ([a-z]+)$", f"{word} {correction}"
    )
    if not match or not _is_prose(site) or _is_about_word(site, match[1], match[2]):
        return None
    pattern = rf"(?<![\w'`/.@:_=$-]){re.escape(match[1])}(?![\w'`@_=(/:$-]|\.\w)"
    new = re.sub(pattern, lambda _: match[2], site.text)
    return FixEdit(site.number, 1, (new,))


def _is_prose(site: FixSite) -> bool:
    """Return whether the words of a line may be corrected.

    The line must be prose in the message or in a document, or an added line of C code.
    """
    text, line = site.text, site.find_added_line(site.number)
    if _is_in_message(site):
        return (
            not is_trailer(text)
            and text[:1] not in (" ", "\t", ">", "#", "$", "[", "|")
            and "://" not in text
        )
    if line and line.file.endswith(_DOCUMENTS):
        return "``" not in text and text[1:2] not in (" ", "\t")
    return line is not None and line.file.endswith((".c", ".h"))


def _is_about_word(site: FixSite, typo: str, better: str) -> bool:
    """Return whether the message is about a misspelled word.

    It mentions spelling, quotes the word or contains its correction, or the patch removes the word.
    """
    patch, text = site.context.patch, site.text
    message = " ".join((patch.subject.title, *patch.message)).lower()
    is_mentioned = re.search(rf"\btypos?\b|spell|\b{re.escape(better.lower())}\b", message)
    return _is_in_message(site) and (
        any(typo in line.text for change in patch.files for line in change.lines("-"))
        or text[: text.find(typo)].count('"') % 2 > 0
        or is_mentioned is not None
    )
