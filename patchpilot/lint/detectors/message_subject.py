# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the subject: its subsystem prefix, its words, and its [PATCH] prefix."""

import re
from collections.abc import Iterator

from patchpilot.lint.conditions import is_mail, is_marked
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.english_verbs import imperative_of
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compiled
from patchpilot.lint.subject_prefix import prefix_of, split_prefix
from patchpilot.lint.subsystem_facts import subsystem
from patchpilot.lint.usual_prefix import (
    COMMITS,
    alike,
    learned_prefix,
    paths_asked,
    prefixes_in_history,
)
from patchpilot.lint.word_lists import word_set
from patchpilot.model.finding import FindingFix
from patchpilot.model.patch import Patch


def _plain(context: Context) -> str | None:
    """Returns the title if it is written for a change (not a revert, merge, release or cover
    letter).
    """
    title = context.patch.subject.title
    if not title or re.match(r"(?:Revert|Reapply) \"|Merge |Linux \d", title):
        return None
    return title


@detector(
    "no-prefix",
)
def no_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a title without a subsystem prefix.

    The finding is less severe for a patch file without recipients, which may never be sent to a
    list.
    """
    patch = context.patch
    title = _plain(context)
    if (
        title is None
        or not patch.has_diff
        or re.match(r"(?:fixup|squash|amend)!", title)
    ):
        return
    prefixes, _ = split_prefix(title)
    if prefixes or re.match(r"^[\w/.-]+：", title):
        return
    near = re.match(r"^(\w[\w/-]*)(?: -|;| \()", title)
    usual = _usual_prefix(context)
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


def _usual_prefix(context: Context) -> str:
    """Returns the prefix that most commits to the files have, as in "net: phy:"; without history
    the one of the shipped table. Empty where neither has one.
    """
    if found := prefixes_in_history(context):
        counted, total = found
        best, number = counted.most_common(1)[0]
        return best if number / total >= _LEAST_SHARE else ""
    if context.history is not None or not context.project.kernel:
        return ""
    usual = learned_prefix(context.patch.paths)
    return f"{usual.text}:" if usual else ""


_LEAST_SHARE = 0.4
"""A prefix that fewer commits have is not offered."""


@detector(
    "subject-not-imperative",
)
def subject_not_imperative(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a title that is not imperative ("fixed", "adds", "adding")."""
    title = _plain(context)
    if title is None:
        return
    _, rest = split_prefix(title)
    found = re.match(r"(?P<verb>[A-Za-z]+)\s+\S", rest)
    if not found:
        return
    verb, order = found["verb"], imperative_of(found["verb"])
    if order and not (
        verb.lower() in word_set("message", "nouns")
        or re.match(r"[A-Za-z]+ing\s+(?:of|is|for|fix|fixes|cleanups?)\b", rest)
        or re.match(r"\w+ (?:to|for|in|of)\b", rest)
    ):
        yield subject_hit(context, quoted=verb, verb=order)


@detector(
    "patch-prefix",
)
def patch_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a version or the word PATCH outside of the brackets or in a malformed prefix."""
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
        and _signed(patch)
    ):
        yield subject_hit(context, "reply", quoted=found[1])
    elif re.match(r"^PATCH\b", title) or (
        patch.subject.words
        and not patch.subject.is_patch
        and re.search(r"\bpatch", " ".join(patch.subject.words), re.IGNORECASE)
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
    """Returns a version or number in the brackets in a form that no tool parses: "version 2",
    "ver2", "1 of 3".
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


def _signed(patch: Patch) -> bool:
    return any(tag.key == "signed-off-by" for tag in patch.trailers)


@detector(
    "prefix-convention",
    unless_prefix_pattern=str,
)
def prefix_convention(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a title without the prefix that is usual for its subsystem.

    This is the prefix that the subsystem documents or, without history, the prefix of other
    patches to the directory. Prefixes that match `unless_prefix_pattern` have a separate rule.
    """
    patch = context.patch
    title = _plain(context)
    # markers of a vendor's tree have their own rule
    marks = r"^(?:(?:FROM\w+(?:\([^)]*\))?|WIP|HACK|UPSTREAM|BACKPORT|ANDROID|CHROMIUM|RFC)\s*:\s*)+"  # noqa: E501
    unless = compiled(arguments["unless_prefix_pattern"])
    if unless.search(prefix_of(title or "")):
        return
    title = re.sub(marks, "", title or "")
    prefixes, _ = split_prefix(title)
    if not prefixes or not patch.has_diff or not context.project.kernel:
        return
    own = subsystem(context)
    written = ": ".join(prefixes)
    if own and own.prefix_pattern and not compiled(own.prefix_pattern).search(title):
        yield subject_hit(
            context, prefix=written, instead=own.prefix, subsystem=own.title
        )
    elif context.history is None and (
        usual := learned_prefix([path for path in patch.paths if path != "MAINTAINERS"])
    ):
        values = {
            "prefix": written,
            "usual": usual.text,
            "folder": usual.where,
            "total": usual.total,
        }
        if not usual.is_known(prefixes[0]) and not re.search(
            r"tree-?wide", prefixes[0], re.IGNORECASE
        ):
            yield subject_hit(context, "learned", **values)
        elif alike(prefixes[0], usual.best) and not usual.has_further(prefixes):
            yield subject_hit(context, "part", **values)


_STRONG_SHARE = 0.9
_LEAST_TITLES = 10


@detector(
    "case-after-prefix",
)
def case_after_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a first word after the prefix whose case is wrong for the subsystem.

    The right case is documented by the subsystem, or used in nearly all other subjects of the
    files.
    """
    title = _plain(context)
    if title is None or not context.patch.has_diff or not context.project.kernel:
        return
    word, case = _first_word(title), case_of(title)
    if not case:
        return
    own = subsystem(context)
    learned = _learned_case(context)
    if own and own.after_prefix and own.after_prefix != case and learned != case:
        yield subject_hit(
            context, word=word, usual=_CASES[own.after_prefix], subsystem=own.title
        )
    elif learned and learned != case and not (own and own.after_prefix):
        yield subject_hit(context, "learned", word=word, usual=_CASES[learned])


_CASES = {"capital": "a capital letter", "lower": "a lower-case letter"}


def _first_word(title: str) -> str:
    """Returns the first word after the prefixes, and after a driver in the form "Input: driver - do
    this".
    """
    return re.sub(r"^[\w/.,()]+ - ", "", split_prefix(title)[1]).split(" ", 1)[0]


def case_of(title: str) -> str:
    """Returns the case of the first word after the prefixes: "capital", "lower" or "".

    It is "" without prefixes, or if the word may be a name or a number.
    """
    prefixes, _ = split_prefix(title)
    word = _first_word(title)
    if not prefixes:
        return ""
    if re.fullmatch(r"[A-Z][a-z]+", word):
        return "capital"
    return "lower" if re.fullmatch(r"[a-z]+", word) else ""


def _learned_case(context: Context) -> str:
    """Returns the case of the first words of nearly all subjects in the history of the files, or by
    the table where there is no history; "" if mixed.
    """
    if context.history is None:
        usual = learned_prefix(
            [path for path in context.patch.paths if path != "MAINTAINERS"]
        )
        return usual.case if usual else ""
    for paths in paths_asked(context.patch):
        cases = [
            case
            for subject in context.history.subjects_touching(paths, COMMITS)
            if (case := case_of(subject))
        ]
        if len(cases) >= _LEAST_TITLES:
            return next(
                (
                    case
                    for case in _CASES
                    if cases.count(case) / len(cases) >= _STRONG_SHARE
                ),
                "",
            )
    return ""
