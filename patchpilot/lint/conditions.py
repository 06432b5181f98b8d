# SPDX-License-Identifier: GPL-2.0-or-later
"""Conditions on the kind of patch, which a rule pack may set for any generic detector."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from patchpilot.lint.detector import Hit, RegisteredDetector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_tags import tag_lines
from patchpilot.lint.new_side import spaced
from patchpilot.lint.pack_patterns import compiled
from patchpilot.lint.subject_prefix import prefix_of
from patchpilot.lint.subsystem_facts import subsystem_has
from patchpilot.model.fix_claim import bug_in
from patchpilot.model.patch import Patch
from patchpilot.model.upstream_references import upstream_commits

CONDITIONS: Mapping[str, type] = {
    "has_diff": bool,
    "is_backport": bool,
    "is_marked": bool,
    "for_stable": bool,
    "names_upstream": bool,
    "has_commit": bool,
    "names_bug": bool,
    "in_series": bool,
    "has_cover": bool,
    "damage": str,
    "headers": list,
    "without_tags": list,
    "project_list": str,
    "sent_to_list": bool,
    "subject_pattern": str,
    "prefix_pattern": str,
    "all_paths_pattern": str,
    "unless_subsystem": str,
    "unless_message_pattern": str,
    "least_version": int,
    "least_number": int,
    "most_number": int,
    "least_total": int,
}
"""The names and types of the conditions. A detector accepts those that it passes to `applies`."""


def hits_of(
    registered: RegisteredDetector, context: Context, arguments: Mapping[str, Any]
) -> Iterable[Hit]:
    """Returns the hits of a detector if the patch meets the conditions; with `spaced` not those
    that closely follow another one, with `first` only the first.
    """
    if not applies(context, arguments):
        return ()
    hits = registered.function(context, arguments)
    if arguments.get("spaced"):
        hits = spaced(context, hits)
    return islice(hits, 1) if arguments.get("first") is True else hits


def applies(context: Context, arguments: Mapping[str, Any]) -> bool:
    """Returns whether the patch meets all conditions in these arguments."""
    if CONDITIONS.keys().isdisjoint(arguments):
        return True
    patch = context.patch
    return (
        _is(arguments, "has_diff", lambda: patch.has_diff)
        and _is(
            arguments,
            "in_series",
            lambda: patch.subject.number is not None and patch.subject.total != 1,
        )
        and _is(
            arguments,
            "has_cover",
            lambda: bool(context.series.cover),
        )
        and arguments.get("damage", "") in ("", *patch.damage)
        and _numbers(patch, arguments)
        and all(patch.header(name) for name in arguments.get("headers", ()))
        and _lists(context, arguments)
        and _tags(context, arguments)
        and _texts(patch, arguments)
        and not (
            "unless_subsystem" in arguments
            and subsystem_has(context, arguments["unless_subsystem"])
        )
        and _is(
            arguments,
            "is_backport",
            lambda: patch.subject.for_stable or names_upstream_commit(patch),
        )
        and _is(arguments, "for_stable", lambda: patch.subject.for_stable)
        and _is(arguments, "names_upstream", lambda: names_upstream_commit(patch))
        and _is(arguments, "is_marked", lambda: is_marked(patch))
        and _is(arguments, "has_commit", lambda: patch.commit is not None)
        and _is(arguments, "names_bug", lambda: bug_in(patch.subject.title) is not None)
    )


def is_mail(patch: Patch) -> bool:
    """Returns whether the patch is an email message, so that its prefix and recipients matter.

    The message may be sent already or still to be sent.
    """
    return any(patch.header(name) for name in ("To", "Cc", "Message-ID"))


def is_marked(patch: Patch) -> bool:
    """Returns whether the subject of the message starts with a prefix in brackets.

    This is the header of the message, even if a Subject: line in its body has the commit's title.
    """
    return (
        bool(patch.subject.marks)
        or re.match(r"\s*\[", patch.header("Subject") or "") is not None
    )


def names_upstream_commit(patch: Patch) -> bool:
    """Returns whether the message names the mainline commit that the patch backports."""
    return bool(upstream_commits("\n".join(patch.message)))


def _is(arguments: Mapping[str, Any], name: str, fact: Any) -> bool:
    return name not in arguments or bool(fact() is arguments[name])


def _numbers(patch: Patch, arguments: Mapping[str, Any]) -> bool:
    subject = patch.subject
    number, total = subject.number or 0, subject.total or 0
    return bool(
        subject.version >= arguments.get("least_version", 0)
        and number >= arguments.get("least_number", 0)
        and number <= arguments.get("most_number", number)
        and total >= arguments.get("least_total", 0)
    )


def project_list(context: Context, arguments: Mapping[str, Any]) -> str:
    """Returns the address of the mailing list that the rule is for, or "" if there is none."""
    return (
        str(getattr(context.project.lists, arguments["project_list"], ""))
        if "project_list" in arguments
        else ""
    )


def _lists(context: Context, arguments: Mapping[str, Any]) -> bool:
    if "project_list" not in arguments:
        return True
    address, patch = project_list(context, arguments), context.patch
    sent = any(
        recipient.key == address
        for name in ("To", "Cc")
        for recipient in patch.addresses(name)
    )
    return bool(address) and (sent or not arguments.get("sent_to_list"))


def _tags(context: Context, arguments: Mapping[str, Any]) -> bool:
    without = arguments.get("without_tags")
    return not without or {tag.key for _, tag in tag_lines(context)}.isdisjoint(
        map(str.lower, without)
    )


def _texts(patch: Patch, arguments: Mapping[str, Any]) -> bool:
    text = "\n".join(patch.message)
    if "subject_pattern" in arguments and not compiled(
        arguments["subject_pattern"]
    ).search(patch.subject.title):
        return False
    if "prefix_pattern" in arguments and not compiled(
        arguments["prefix_pattern"]
    ).search(prefix_of(patch.subject.title)):
        return False
    if "all_paths_pattern" in arguments and not all(
        map(compiled(arguments["all_paths_pattern"]).search, patch.paths)
    ):
        return False
    return "unless_message_pattern" not in arguments or not compiled(
        arguments["unless_message_pattern"]
    ).search(text)
