# SPDX-License-Identifier: GPL-2.0-or-later
"""What a commit message refers to and others cannot look up: internal numbers, marks of other trees, links that lead nowhere."""

import re
from collections.abc import Iterator
from functools import cache

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.generic import subject_line
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import pasted


@detector("own-id")
def own_id(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """An identifier that means something only inside the sender's company."""
    patch = context.patch
    for at, line in enumerate(patch.message):
        if (found := _own_id().match(line)) and at not in pasted(context):
            yield Hit(
                patch.message_line + at, f'"{found[0].strip()}" means nothing outside your organisation: remove it, or give a public link'
            )


@detector("vendor-mark")
def vendor_mark(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A mark in the subject that says where a vendor's tree has the patch from."""
    if found := re.match(
        r"(?:FROM(?:LIST|GIT|TREE|PULL)(?:\([^)]*\))?|UPSTREAM|BACKPORT|ANDROID|CHROMIUM|VENDOR|INTERNAL)\b(?=\s*[:\[])",
        context.patch.subject.title,
    ):
        yield Hit(subject_line(context), f'"{found[0]}" is a mark of your own tree: remove it before sending')
    elif found := re.match(r"\[?(?!CVE-)[A-Z][A-Z0-9]{1,9}-\d{2,}\]?\s*[: ]\s*(?=\S+: )", context.patch.subject.title):
        yield Hit(subject_line(context), f'"{found[0].strip()}" is an internal number of your own tracker: nobody outside can look it up')


@cache
def _own_id() -> re.Pattern[str]:
    return re.compile(
        r"^\s*(?:(?:BUG|Bug|TEST|Test|JIRA|Jira|CRs?-Fixed|Task|Ticket|Issue|Git-commit|Gerrit|Reviewed-on|Commit-Ready"
        r"|Tracked-On|Bug-[Ii]d|BugLink-Id|Patch-mainline|Conflicts|Dropped-from|Squash"
        r"|Topic)\s*[=:]\s*(?!https?://)(?:[A-Z]{2,}-\d+|b[:/]\d+|#?\d{3,}|None\b|\S+:\d+).*|[A-Z]{3,}-\d{3,}\s*$|UPSTREAM:"
        r"|FROMLIST:|FROMGIT:|BACKPORT:|CHROMIUM:|ANDROID:|Reviewed-on: \S+|git-svn-id: \S+|Bug-ID: .+|Test: [a-zA-Z].+"
        r"|[A-Z][\w-]*\s*[=:]\s*[A-Z][A-Z0-9]{1,9}-\d+\s*$)"
    )


@detector("split-link")
def split_link(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A link broken over two lines, or wrapped by a mail system so that it leads elsewhere."""
    patch = context.patch
    for at, line in enumerate(patch.message):
        if at in pasted(context):
            continue
        if re.search(r"safelinks\.protection|urldefense\.|clicktime\.|proofpoint\.com/v\d", line):
            yield Hit(patch.message_line + at, "a mail filter rewrote this link: give the original one")
        if context.options.kernel < LINKS_JUDGED and (found := re.match(r"(?:Link|Closes)\s*:\s*(?!\[\d|<\S+@|\S*://\S)(\S.*)$", line)):
            yield Hit(patch.message_line + at, f'"{found[1][:40]}" is no link: Link: and Closes: take an address that can be followed')
        following = patch.message[at + 1] if at + 1 < len(patch.message) else ""
        broken = (
            line.endswith(_GOES_ON)
            and re.search(r"https?://", line.split()[-1])
            and re.match(r"\s{0,8}[\w%.=&?/#-]{6,}(?:\s|[,.)]|$)", following)
        )
        if broken and len(line) >= 25 and re.search(r"[-_/=%.\d]", following.split()[0][1:-1]):
            yield Hit(
                patch.message_line + at,
                "the link is broken over two lines, so that it cannot be followed: keep it on one line, however long",
            )


_GOES_ON = ("-", "_", "/", "=", "%", "?", "&")


@detector("private-link")
def private_link(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A link that will not lead anywhere in some years: shortened, a paste site, a chat, a private host."""
    patch = context.patch
    for at, line in enumerate(patch.message):
        if at in pasted(context):
            continue
        if context.options.kernel < ARCHIVES_JUDGED and (found := _archive().search(line)):
            yield Hit(
                patch.message_line + at, f'"{found[0]}": link to lore.kernel.org, which keeps every mail for good under its Message-ID'
            )
        elif found := _private_link().search(line):
            yield Hit(
                patch.message_line + at,
                f'"{found[0]}" is no permanent public place: link to lore.kernel.org, a bug tracker or a document that stays',
            )


LINKS_JUDGED = (6, 4)
ARCHIVES_JUDGED = (6, 2)
"""The kernels whose checkpatch.pl began to look at links of tags, and at archives."""


@cache
def _archive() -> re.Pattern[str]:
    return re.compile(
        r"https?://(?:(?:www\.)?(?:lkml\.org|lkml\.iu\.edu|spinics\.net|mail-archive\.com)|marc\.info|lists\.openwall\.net"
        r"|(?:\w+\.)?gmane\.org|lkml\.indiana\.edu|patchwork\.kernel\.org/(?:project/[\w-]+/)?patch)/"
    )


@cache
def _private_link() -> re.Pattern[str]:
    return re.compile(
        r"https?://(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|(?:[\w-]+\.)?pastebin\.\w+|paste\.\w+\.\w+|(?:drive|docs"
        r"|photos)\.google\.com|(?:www\.)?dropbox\.com|discord\.\w+|[\w-]+\.slack\.com|[\w-]+\.sharepoint\.com"
        r"|gist\.github\.com|(?:\w+\.)?imgur\.com|teams\.microsoft\.com|we\.tl|(?:[\w-]+\.)*gerrit\.[\w.-]+|[\w-]+-review\.googlesource\.com"
        r"|(?:b|buganizer)\.corp\.google\.com|(?:jira|redmine|confluence)\.[\w.-]+|[\w.-]+\.(?:lan|intra|atlassian\.net)\b"
        r"|(?:[\w-]+\.)*(?:intranet|internal|corp|local)\b|localhost|10\.\d+\.\d+\.\d+|192\.168\.|[\w.-]+-internal\.)"
    )
