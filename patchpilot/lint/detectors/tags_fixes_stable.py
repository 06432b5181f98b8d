# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for Fixes: and Cc: stable tags: when a patch needs them, and when it does not.

They also check the other requirements for a fix.
"""

import re
from collections.abc import Iterator

from patchpilot.lint.conditions import is_mail, names_upstream_commit
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.habits import habits
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import pasted
from patchpilot.lint.message_tags import tag_lines
from patchpilot.lint.subsystem_facts import subsystem
from patchpilot.model.fix_claim import (
    BUG_SIGN,
    bug_in,
    crash_in,
    cure_in,
    defect_in,
    describes_harm,
    explains_missing_fixes,
    find_blamed,
    is_cosmetic,
    only_documents,
)
from patchpilot.model.upstream_references import upstream_commits


@detector(
    "missing-fixes",
)
def missing_fixes(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a patch that claims to fix a bug but does not name the commit that introduced it."""
    patch = context.patch
    if (
        not patch.has_diff
        or any(tag.key == "fixes" for _, tag in tag_lines(context))
        or names_upstream_commit(context.patch)
    ):
        return
    title = patch.subject.title
    if (
        re.match(r"(?:Revert|Reapply) \"", title)
        or patch.subject.for_stable
        or explains_missing_fixes(patch.message)
    ):
        return
    tree = {word.lower() for word in patch.subject.words}
    blamed = _find_blamed_commit(context)
    if (
        blamed
        and not is_cosmetic(title, patch.paths)
        and tree.isdisjoint(context.project.tags.feature_prefixes)
    ):
        # the quoted title of a commit does not describe this patch
        text = re.sub(r"\(\".*?\"\)", "", " ".join(patch.message))
        harm = describes_harm(title, [text])
        yield make_hit(blamed[0], "blamed" if harm else "mentioned", commit=blamed[1])
        return
    fix_trees = tree.intersection(context.project.tags.fix_prefixes)
    if fix_trees and not only_documents(context.patch.paths):
        yield subject_hit(context, "fixes-tree", tree=min(fix_trees))
        return
    newest = context.options.message_kernel
    if newest >= _ASKED_SINCE and re.search(BUG_SIGN, "\n".join(patch.message)):
        # the rule fix-without-fixes asks for the tag
        return
    # with a history, a command can find the commit
    cases = (
        ("with-history", defect_in(title) if context.history else ""),
        ("crash", crash_in(title, patch.message)),
        ("subject", bug_in(title) or cure_in(title, patch.message)),
    )
    case, word = next((pair for pair in cases if pair[1]), ("", None))
    if word and not is_cosmetic(title, patch.paths):
        yield subject_hit(
            context,
            f"{case}-and-stable" if _needs_stable(context) else case,
            word=word,
            stable=context.project.lists.stable,
        )


_ASKED_SINCE = (6, 11)


def _needs_stable(context: Context) -> bool:
    """Return whether the bug is serious, and Cc: stable is missing as well."""
    return (
        bool(_serious(context))
        and bool(context.project.lists.stable)
        and not _is_unmarked(context)
        and "stable@" not in "\n".join(context.patch.message)
    )


def _serious(context: Context) -> str:
    """Return the words of the subject or message that name a serious bug, or ""."""
    text = "\n".join((context.patch.subject.title, *context.patch.message))
    found = re.search(_SERIOUS, text, re.IGNORECASE)
    return found[0].strip() if found else ""


def _is_unmarked(context: Context) -> bool:
    """Return whether the prefix names a tree whose maintainers select stable fixes without the
    tag.
    """
    return not {word.lower() for word in context.patch.subject.words}.isdisjoint(
        context.project.tags.unmarked_prefixes
    )


def _find_blamed_commit(context: Context) -> tuple[int, str] | None:
    """Return (patch line, id) of the commit that the message blames for the bug."""
    quoted = pasted(context)
    text = [
        "" if at in quoted else line for at, line in enumerate(context.patch.message)
    ]
    found = find_blamed(context.patch.subject.title, text)
    return (context.patch.message_line + found[0], found[1]) if found else None


@detector(
    "missing-stable",
)
def missing_stable(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a serious fix of a named commit without Cc: stable, or one in a directory whose fixes
    usually have the tag.

    Stable trees do not take a fix because of its Fixes: tag alone.
    """
    patch = context.patch
    fixes = [(line, tag) for line, tag in tag_lines(context) if tag.key == "fixes"]
    lists = context.project.lists
    if (
        not fixes
        or not lists.stable
        or re.search(lists.stable_pattern, "\n".join(patch.message))
        or names_upstream_commit(context.patch)
    ):
        return
    if _is_unmarked(context) or is_cosmetic(patch.subject.title, patch.paths):
        return
    hit = _missing_stable(context, fixes[0][0])
    if hit and not (
        context.history and context.history.needs_no_backport(patch, context.project)
    ):
        yield hit


def _missing_stable(context: Context, line: int) -> Hit | None:
    patch, stable = context.patch, context.project.lists.stable
    if serious := _serious(context):
        return make_hit(line, "serious", quoted=serious, stable=stable)
    own = subsystem(context) if is_mail(patch) else None
    if own and own.fixes_to_stable:
        return make_hit(line, "documented", stable=stable, folder=own.title)
    usual = habits(context) if is_mail(patch) else None
    if usual and (weight := usual.weight(*usual.mark("Cc: stable"))):
        share, total = usual.mark("Cc: stable")
        case = "each-fix" if weight == "speaks" else "question"
        values = {"share": share, "total": total, "folder": usual.where}
        return make_hit(line, case, stable=stable, **values)
    return None


_SERIOUS = (
    r"\b(?:kernel panic|oops(?:es)?\b|crash(?:es|ed|ing)?|use[- ]after[- ]free|UAF|double[- ]free|null[- ](?:ptr"  # noqa: E501
    r"|pointer)[- ]?deref\w*|null pointer|out[- ]of[- ]bounds?|OOB|buffer overflow|heap overflow|stack overflow|"  # noqa: E501
    r"memory leak|refcount leak|dead[- ]?lock|data corruption|memory corruption|KASAN|infinite loop|lockup|information leak"  # noqa: E501
    r"|regression|hangs?)\b"
)


@detector(
    "backport-unmarked",
)
def backport_unmarked(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a stable patch whose message lacks the full id of the mainline commit."""
    patch = context.patch
    if not patch.subject.for_stable or not patch.has_diff or not patch.headers:
        return
    # vendor trees also use a bare version as prefix, and have other rules
    sent = any(
        "stable" in address.key
        for name in ("To", "Cc")
        for address in patch.addresses(name)
    )
    if not sent and not any(
        re.search(r"\.y\b|stable", word, re.IGNORECASE) for word in patch.subject.words
    ):
        return
    text = "\n".join(patch.message)
    named = upstream_commits(text)
    if any(len(commit.id) == 40 for commit in named) or re.search(
        r"(?i)\b(?:upstream|mainline|backport|commit)\b[^\n]*\b[0-9a-f]{40}\b|\b[0-9a-f]{40}\b[^\n]*\bupstream\b",
        text,
    ):
        return
    if named:
        yield make_hit(patch.message_line + named[0].at, "short-id")
    elif not re.search(r"(?i)upstream|mainline|linus", text):
        yield make_hit(None, "no-commit")


@detector("stable-size", lines=int)
def stable_size(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report a stable patch that exceeds the stable trees' size limit."""
    for line, tag in tag_lines(context):
        if tag.key == "cc" and re.search(r"\bstable@", tag.value):
            size = sum(
                len(hunk.lines)
                for change in context.patch.files
                for hunk in change.hunks
            )
            if size > arguments["lines"]:
                case = "" if size > 3 * arguments["lines"] else "slightly"
                yield make_hit(line, case, length=size, most=arguments["lines"])
            return
