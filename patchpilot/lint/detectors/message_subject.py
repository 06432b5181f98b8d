# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the subject: its subsystem prefix, its words, and its [PATCH] prefix."""

import re
from collections.abc import Iterator

from patchpilot.lint.conditions import is_mail, is_marked
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.habits import case_of, first_word, habits, have_same_convention
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compiled
from patchpilot.lint.subject_prefix import (
    is_plain,
    split_prefix,
    written_prefix,
)
from patchpilot.lint.subsystem_facts import subsystem
from patchpilot.lint.word_lists import imperative_of, word_set
from patchpilot.model.finding import FindingFix
from patchpilot.model.patch import Patch


@detector(
    "no-prefix",
)
def no_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a title without a subsystem prefix.

    The finding is less severe for a patch file without recipients, which may never be sent to a
    list.
    """
    patch = context.patch
    title = patch.subject.title
    if (
        not is_plain(title)
        or not patch.has_diff
        or re.match(r"(?:fixup|squash|amend)!", title)
    ):
        return
    prefixes, _ = split_prefix(title)
    if prefixes or re.match(r"^[\w/.-]+：", title):
        return
    near = re.match(r"^(\w[\w/-]*)(?: -|;| \()", title)
    found = habits(context)
    usual = found.prefix if found and found.share >= _LEAST_SHARE else ""
    kind, values = "", {}
    if near:
        kind, values = "other-sign", {"instead": near[1]}
    elif usual:
        kind, values = "usual", {"usual": usual}
    loose = "" if patch.commit or is_mail(patch) else "loose-file"
    yield subject_hit(
        context,
        "-".join(part for part in (loose, kind) if part),
        FindingFix("suggest", f"{usual} {title}") if usual and not near else None,
        **values,
    )


_LEAST_SHARE = 40
"""A prefix that a smaller percentage of commits have is not offered."""


@detector(
    "subject-not-imperative",
)
def subject_not_imperative(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a title that is not imperative ("fixed", "adds", "adding")."""
    title = context.patch.subject.title
    if not is_plain(title):
        return
    _, rest = split_prefix(title)
    found = re.match(r"(?P<verb>[A-Za-z]+)\s+\S", rest)
    if not found:
        return
    verb, order = found["verb"], imperative_of(found["verb"])
    if order and not (
        verb.lower() == order
        or verb.lower() in word_set("message", "nouns")
        or re.match(r"[A-Za-z]+ing\s+(?:of|is|for|fix|fixes|cleanups?)\b", rest)
        or re.match(r"\w+ (?:to|for|in|of)\b", rest)
    ):
        yield subject_hit(context, quoted=verb, verb=order)


@detector(
    "patch-prefix",
)
def patch_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a version or the word PATCH outside of the brackets or in a malformed prefix."""
    patch = context.patch
    title = patch.subject.title
    if re.match(r"^\(?[vV]\d{1,2}\)?\s*[:\]-]?\s+\S", title) or re.search(
        r"\s[\[(][vV]\d{1,2}[\])]$", title
    ):
        yield subject_hit(context, "outside")
    elif unread := _unread_version(patch):
        yield subject_hit(context, "unread", quoted=unread)
    elif (
        len([mark for mark in patch.subject.marks if re.search(r"\bPATCH\b", mark)]) > 1
    ):
        yield subject_hit(context, "two-marks")
    elif (
        patch.has_diff
        and (
            found := re.match(
                r"\s*((?:Re|Fwd?|FW|AW|WG)\s*:)",
                patch.subject.raw,
                re.IGNORECASE,
            )
        )
        and patch.tags("Signed-off-by")
    ):
        yield subject_hit(context, "reply", quoted=found[1])
    elif re.match(r"^PATCH\b", title) or (
        patch.subject.words
        and not patch.subject.is_patch
        and re.search(
            r"\bpatch(?!-[a-z])", " ".join(patch.subject.words), re.IGNORECASE
        )
    ):
        yield subject_hit(context, "unrecognized")
    elif (
        patch.subject.number is not None
        and patch.subject.total
        and patch.subject.number > patch.subject.total
    ):
        yield subject_hit(
            context, "number", number=patch.subject.number, total=patch.subject.total
        )
    elif (
        patch.header("Message-ID")
        and patch.has_diff
        and not patch.subject.is_patch
        and not is_marked(patch)
    ):
        yield subject_hit(context, "no-mark")


def _unread_version(patch: Patch) -> str | None:
    """Return a version or number in the brackets that no tool can parse: "version 2", "ver2",
    "1 of 3".
    """
    if patch.subject.version > 1:
        return None
    marks = " ".join(patch.subject.marks)
    found = re.search(
        r"\b(?:version\s*|ver\.?\s*|rev\.?\s*|v\.\s*|v\s+|PATCH[,-]\s*v)\d+\b|\b\d+ of \d+\b",
        marks,
        re.IGNORECASE,
    )
    return found[0] if found else None


@detector("prefix-convention")
def prefix_convention(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a title without the usual prefix of its subsystem.

    This is the prefix that the subsystem documents or, if nearly all have the same, the prefix of
    the commits to the files.
    """
    patch = context.patch
    title = patch.subject.title if is_plain(patch.subject.title) else ""
    # another rule covers markers of vendor trees
    marks = r"^(?:(?:FROM\w+(?:\([^)]*\))?|WIP|HACK|UPSTREAM|BACKPORT|ANDROID|CHROMIUM|RFC)\s*:\s*)+"  # noqa: E501
    title = re.sub(marks, "", title)
    prefixes, _ = split_prefix(title)
    if not prefixes or not patch.has_diff or not context.project.kernel:
        return
    own, usual = subsystem(context), habits(context)
    # accept prefixes that earlier commits in this repository use
    known = usual is not None and usual.is_known(prefixes[0])
    if own and own.prefix_pattern and not compiled(own.prefix_pattern).search(title):
        if not known:
            written = ": ".join(prefixes)
            yield subject_hit(
                context, prefix=written, instead=own.prefix, subsystem=own.title
            )
        return
    weight = usual.weight(usual.share) if usual else ""
    if usual is None or not weight or re.match(r"(?i)tree-?wide", prefixes[0]):
        return
    case = "learned" if weight == "speaks" else "question"
    if known:
        partial = (
            have_same_convention(prefixes[0], usual.first[0][0]) and case == "learned"
        )
        case = "part" if partial and not usual.has_further(prefixes) else ""
    if case:
        values = {"usual": usual.prefix, "share": usual.share, "total": usual.total}
        prefix, rest = written_prefix(title), split_prefix(title)[1]
        fix = FindingFix("suggest", f"{usual.prefix} {rest}")
        yield subject_hit(
            context, case, fix, prefix=prefix, folder=usual.where, **values
        )


@detector(
    "case-after-prefix",
)
def case_after_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a first word in a case unusual for the subsystem, unless earlier subjects for the
    files have it.
    """
    title = context.patch.subject.title
    if not is_plain(title) or not context.patch.has_diff or not context.project.kernel:
        return
    case, own, usual = case_of(title), subsystem(context), habits(context)
    if not case or (usual and case in dict(usual.cases[:1])):
        return
    if own and own.after_prefix not in ("", case):
        right = _CASES[own.after_prefix]
        yield subject_hit(
            context, word=first_word(title), usual=right, subsystem=own.title
        )


_CASES = {"capital": "a capital letter", "lower": "a lower-case letter"}
