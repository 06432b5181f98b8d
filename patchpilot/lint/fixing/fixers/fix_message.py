# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the subject and the prose of the message.

In the diff, they change only words in comments.
"""

import re
import textwrap

from patchpilot.lint.c.line_scan import as_bytes
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    PROSE,
    ColumnSpan,
    FixSite,
    Proposal,
    delete,
    fixer,
)
from patchpilot.lint.message_prose import paragraphs, pasted
from patchpilot.lint.usual_prefix import agreed_in_history
from patchpilot.model.finding import FixEdit
from patchpilot.model.trailer import is_trailer

COLUMNS = 75
"""The length of a line of the message; what a fix makes longer is wrapped again."""
_NO_PROSE = re.compile(r"[-*+#>|=~$%\[]|\(?\w[.)]\s|o\s|\d+[.)]\s")
"""What a wrapped line must not start with: it would look like an item of a list, a quote or a
command.
"""
_DOCUMENTS = (".rst", ".txt", ".md")


def _in_message(site: FixSite) -> bool:
    patch = site.context.patch
    return patch.message_line <= site.number < patch.message_line + len(patch.message)


def _subject_line(site: FixSite) -> int | None:
    """Returns the patch line of the subject if it is one unencoded line."""
    patch = site.context.patch
    header = next(
        (header for header in patch.headers if header.name.lower() == "subject"), None
    )
    if not header or header.line >= len(patch.lines):
        return None
    raw, below = patch.lines[header.line - 1], patch.lines[header.line]
    # a subject in the body overrides the header
    plain = (
        "=?" not in raw
        and below[:1] not in (" ", "\t")
        and raw.rstrip("\r").endswith(patch.subject.title)
        and patch.subject.title
    )
    return header.line if plain else None


def _retitled(site: FixSite, title: str) -> Proposal:
    number = _subject_line(site)
    if number is None or not title or title == site.context.patch.subject.title:
        return None
    raw = site.text(number)
    ending = "\r" if raw.endswith("\r") else ""
    return FixEdit(
        number,
        1,
        (
            raw.rstrip("\r").removesuffix(site.context.patch.subject.title)
            + title
            + ending,
        ),
    )


@fixer("subject-end", PROSE)
def subject_end(site: FixSite) -> Proposal:
    """Removes the period, comma or semicolon at the end of a subject.

    It is kept if the subject may be truncated or the character is intended.
    """
    title = site.context.patch.subject.title
    return (
        _retitled(site, title[:-1].rstrip())
        if re.search(r"[^.…,;!?][.,;]$", title)
        else None
    )


@fixer("prefix-spaces", PROSE)
def prefix_spaces(site: FixSite) -> Proposal:
    """Puts one space after the colon of each prefix, and none before it."""
    title = site.context.patch.subject.title
    match = re.match(r"^[\w/.-]+(?: ?: ?[\w/.-]+)* ?:(?!:)", title)
    if not match or "::" in title or "//" in title:
        return None
    head = re.sub(r" *: *", ": ", match[0]).rstrip()
    return _retitled(site, f"{head} {title[match.end() :].lstrip()}")


@fixer("agreed-prefix", PROSE)
def agreed_prefix(site: FixSite) -> Proposal:
    """Adds the files' usual prefix to a subject without one, if their history agrees on it."""
    if not site.finding.value("usual"):
        return None
    best = agreed_in_history(site.context)
    return (
        _retitled(site, f"{best} {site.context.patch.subject.title}") if best else None
    )


@fixer("drop-line", PROSE)
def drop_line(site: FixSite) -> Proposal:
    """Deletes a line of the message, and one of two blank lines that become adjacent."""
    if not _in_message(site):
        return None
    lines, at = site.context.patch.lines, site.number - 1
    blank = (
        at > 0
        and not lines[at - 1].strip()
        and at + 1 < len(lines)
        and not lines[at + 1].strip()
    )
    return delete([site.number, site.number + 1] if blank else [site.number])


@fixer("commit-reference", PROSE)
def commit_reference(site: FixSite) -> Proposal:
    """Corrects the id and subject of a `commit 0123456 ("…")` reference from the repository.

    The line must name one commit completely. If it becomes too long, its paragraph is wrapped
    again from there on.
    """
    right = site.finding.fix.text if site.finding.fix else ""
    match = re.match(r"commit ([0-9a-f]{12,40}) \(\"(.*)\"\)$", right)
    if not match or not _in_message(site):
        return None
    text = site.text(site.number)
    named = list(re.finditer(r"\b[0-9a-f]{7,40}\b", text))
    if len(named) != 1 or not (
        match[1].startswith(named[0][0]) or named[0][0].startswith(match[1])
    ):
        return None
    written = re.search(
        r"(?<![\w-])(commit)[ \t]+[0-9a-f]{7,40}(?:[ \t]*\([ \t]*(.*?)[ \t]*\))?(?=$|[\s.,;:)\]])",
        text,
        re.IGNORECASE,
    )
    if not written or (written[2] is not None and written[2].strip("\"'") != match[2]):
        return None
    # a title that starts after the id and continues on the next line is not rewrapped
    if written[2] is None and re.match(r"\s*(?:[(\"']|$)", text[written.end() :]):
        return None
    reference = f'{written[1]} {match[1]} ("{match[2]}")'
    line = text[: written.start()] + reference + text[written.end() :]
    if len(line) <= COLUMNS:
        return FixEdit(site.number, 1, (line,))
    paragraph = _prose_from(site)
    if any("\r" in row for row in paragraph):
        return None
    wrapped = textwrap.wrap(
        " ".join((line, *paragraph[1:])),
        COLUMNS,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return FixEdit(site.number, len(paragraph), tuple(wrapped))


def _prose_from(site: FixSite) -> tuple[str, ...]:
    """The lines of prose from the finding's line to the end of its paragraph."""
    lines = tuple(site.context.patch.lines[site.number - 1 :])
    end = next(
        (
            at
            for at, line in enumerate(lines)
            if at and (not line[:1].isalnum() or is_trailer(line) or line == "---")
        ),
        len(lines),
    )
    return lines[:end]


@fixer("wrap", PROSE)
def wrap(site: FixSite) -> Proposal:
    """Wraps a long line of prose, and the following lines of its paragraph as long as they are
    full.
    """
    context = site.context
    if not _in_message(site) or site.number - context.patch.message_line in pasted(
        context
    ):
        return None
    paragraph = next(
        (
            one
            for one in paragraphs(context)
            if one.start <= site.number < one.start + len(one.lines)
        ),
        None,
    )
    if not paragraph:
        return None
    lines = paragraph.lines[site.number - paragraph.start :]
    if any(
        "\r" in row or not re.match(r"\S", row) or re.search(r"\S(?: {3,}|\t)|\|", row)
        for row in lines
    ):
        return None
    taken = 1
    # a short line was broken on purpose
    while (
        taken < len(lines)
        and len(lines[taken - 1]) + len(lines[taken].split()[0]) >= COLUMNS
    ):
        taken += 1
    wrapped = textwrap.wrap(
        " ".join(lines[:taken]), COLUMNS, break_long_words=False, break_on_hyphens=False
    )
    if any(is_trailer(row) or _NO_PROSE.match(row) for row in wrapped[1:]):
        return None
    return FixEdit(site.number, taken, tuple(wrapped))


@fixer("spelling", PROSE)
def spelling(site: FixSite) -> Proposal:
    """Corrects a misspelled word in prose or in a comment, if there is only one correction."""
    typo, arrow, better = (site.finding.fix.text if site.finding.fix else "").partition(
        " → "
    )
    if not arrow or "," in better or not better or not typo.isascii():
        return None
    return _word(site, typo, better)


@fixer("stated-spelling", PROSE)
def stated_spelling(site: FixSite) -> Proposal:
    """Corrects a misspelled word with the correction that the finding suggests.

    A capitalized word is not changed, since it may be a name.
    """
    typo, better = site.finding.value("word"), site.finding.value("right")
    return (
        _word(site, typo, better)
        if re.fullmatch(r"[a-z]{6,}", typo) and re.fullmatch(r"[a-z]+", better)
        else None
    )


def _word(site: FixSite, typo: str, better: str) -> Proposal:
    raw = as_bytes(site.text(site.number))
    places = [
        match
        for match in re.finditer(
            rf"(?<![\w'`/.@:_=$-]){re.escape(typo)}(?![\w'`@_=(/:$-]|\.\w)", raw
        )
        if _is_prose(site, *match.span())
    ]
    if _in_message(site) and (
        not places or _is_about_spelling(site, raw, typo, better, places[0].start())
    ):
        return None
    return [ColumnSpan(site.number, *place.span(), better) for place in places]


def _is_about_spelling(
    site: FixSite, raw: str, typo: str, better: str, at: int
) -> bool:
    """Whether the message is about the misspelled word: it mentions spelling, quotes the word, has
    the correct word, or the patch removes the word.
    """
    patch = site.context.patch
    if any(typo in line.text for change in patch.files for line in change.lines("-")):
        return True
    message = " ".join((patch.subject.title, *patch.message)).lower()
    return (
        raw.count('"', 0, at) % 2 == 1
        or re.search(rf"\btypos?\b|spell|\b{re.escape(better.lower())}\b", message)
        is not None
    )


def _is_prose(site: FixSite, start: int, end: int) -> bool:
    """Whether a place is in a sentence: of the message without tags and quoted text, of a comment,
    or of a document.
    """
    text = site.text(site.number)
    if _in_message(site):
        return (
            not is_trailer(text)
            and text[:1] not in (" ", "\t", ">", "#", "$", "[", "|")
            and "://" not in text
        )
    line = site.added(site.number)
    if line is None:
        return False
    if line.file.endswith(_DOCUMENTS):
        return "``" not in text and not text[1:].startswith((" ", "\t"))
    return line.file.endswith((".c", ".h")) and set(line.text[start:end]) == {NOTE}
