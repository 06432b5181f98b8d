# SPDX-License-Identifier: GPL-2.0-or-later
"""Check conditions on the kind of patch. Rule packs may set them for any generic detector."""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.detector import Hit, RegisteredDetector
from patchpilot.lint.habits import subsystem_meets_condition
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_parts import find_tags_by_name, normalize_prefix
from patchpilot.lint.new_side import drop_close_hits
from patchpilot.lint.pack_patterns import compile_rule_pattern
from patchpilot.model.commit_references import find_fixed_commits
from patchpilot.model.patch import Patch
from patchpilot.projects.commit_marks import claimed_upstream_commit, is_backport

_FACTS: Mapping[str, Callable[[Patch], bool]] = {
    "has_diff": lambda patch: patch.has_diff,
    "has_joined_subject": lambda patch: patch.has_joined_subject,
    "is_backport": is_backport,
    "is_marked": lambda patch: is_marked(patch),
    "repeats_fixed_subject": lambda patch: any(
        fixed.subject.casefold() == patch.subject.title.casefold()
        for fixed in find_fixed_commits("\n".join(patch.message))
    ),
    "for_stable": lambda patch: patch.subject.is_for_stable,
    "names_upstream": lambda patch: claimed_upstream_commit(patch) is not None,
    "has_commit": lambda patch: patch.commit is not None,
    "in_series": lambda patch: patch.subject.number is not None and patch.subject.total != 1,
}
_TESTS: Mapping[str, tuple[type, Callable[[Context, Any], bool]]] = {
    "has_cover": (bool, lambda context, value: bool(context.series.cover) is value),
    "damage": (str, lambda context, kind: kind in context.patch.damage),
    "headers": (list, lambda context, names: all(map(context.patch.header, names))),
    "without_tags": (
        list,
        lambda context, names: not find_tags_by_name(context, *map(str.lower, names)),
    ),
    "subject_pattern": (
        str,
        lambda context, text: _matches_text(text, context.patch.subject.title),
    ),
    "prefix_pattern": (
        str,
        lambda context, text: _matches_text(text, normalize_prefix(context.patch.subject.title)),
    ),
    "all_paths_pattern": (
        str,
        lambda context, text: all(map(compile_rule_pattern(text).search, context.patch.paths)),
    ),
    "unless_subsystem": (
        str,
        lambda context, fact: not subsystem_meets_condition(context, fact),
    ),
    "unless_message_pattern": (
        str,
        lambda context, text: not _matches_text(text, "\n".join(context.patch.message)),
    ),
    "unless_in_tree": (bool, lambda context, value: not (value and _is_text_in_tree(context))),
    "least_version": (
        int,
        lambda context, least: context.patch.subject.version >= least,
    ),
}
CONDITIONS: Mapping[str, type] = {
    **dict.fromkeys(_FACTS, bool),
    **{name: kind for name, (kind, _) in _TESTS.items()},
}
"""The names and types of the conditions. A detector accepts those that it passes to `applies`."""


_TYPOGRAPHIC = lazy_pattern("[\u00a0\u201c\u201d]")


def _is_text_in_tree(context: Context) -> bool:
    """Return whether the tree has the unchanged and removed lines with typographic characters."""
    tree = context.tree
    lines = [
        (change.old_path or "", line.text)
        for change in context.patch.files
        for kind in " -"
        for line in change.lines(kind)
        if not line.text.isascii() and _TYPOGRAPHIC.search(line.text)
    ]
    if tree is None or not lines:
        return False
    texts = {path: tree.read(path) or b"" for path, _ in lines}
    return all(text.encode("utf-8", "surrogateescape") in texts[path] for path, text in lines)


def _matches_text(pattern: str, text: str) -> bool:
    return compile_rule_pattern(pattern).search(text) is not None


def find_hits(
    registered: RegisteredDetector, context: Context, arguments: Mapping[str, Any]
) -> Iterable[Hit]:
    """Return a detector's hits if the patch meets the conditions.

    `spaced` drops hits that are close to another, and `first` keeps only the first hit.
    """
    if not meets_conditions(context, arguments):
        return ()
    hits = registered.function(context, *([arguments] if registered.arguments else ()))
    if arguments.get("spaced"):
        hits = drop_close_hits(context, hits)
    return islice(hits, 1) if arguments.get("first") is True else hits


def meets_conditions(context: Context, arguments: Mapping[str, Any]) -> bool:
    """Return whether the patch meets all conditions in these arguments."""
    if CONDITIONS.keys().isdisjoint(arguments):
        return True
    return all(
        _FACTS[name](context.patch) is value if name in _FACTS else _TESTS[name][1](context, value)
        for name, value in arguments.items()
        if name in CONDITIONS
    )


def is_mail(patch: Patch) -> bool:
    """Return whether the patch is a message (sent or not), which has a Message-ID or recipients."""
    return any(patch.header(name) for name in ("To", "Cc", "Message-ID"))


def is_marked(patch: Patch) -> bool:
    """Return whether the message's subject starts with a prefix in brackets.

    A Subject: line in the body overrides the header, but a prefix in the header counts as well.
    """
    return (
        bool(patch.subject.marks) or re.match(r"\s*\[", patch.header("Subject") or "") is not None
    )
