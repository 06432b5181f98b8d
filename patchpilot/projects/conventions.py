# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe the documented conventions of a subsystem, each with its source."""

from collections.abc import Iterator, Mapping

from patchpilot.model.path_fact import PathFact
from patchpilot.projects.project import Subsystem

LABELS: Mapping[str, str] = {
    "prefix": "subject",
    "after_prefix": "first word after the prefix",
    "trees": "target trees (fixes, the rest)",
    "other_trees": "other trees that are accepted",
    "tree_required": "the subject must name a tree",
    "fixes_to_stable": "Cc: stable with each Fixes: tag",
    "links": "links to messages",
    "closes": "Closes: points to",
    "declarations": "order of local variables",
    "comments": "block comments",
    "cover_from": "cover letter for … or more patches",
    "changes": "changes since the last version",
    "resend_hours": "hours between versions",
    "ping_days": "days before a reminder",
}
"""The keys of a subsystem that are conventions. `prefix_pattern` belongs to `prefix`."""
WORDS: Mapping[str, str] = {
    "capital": "capital letter",
    "lower": "lower-case letter",
    "longest-first": "longest line first (reverse Christmas tree)",
    "any": "no order",
    "empty-first-line": "the `/*` line is empty",
    "text-on-first-line": "text starts on the `/*` line",
    "below": "below the `---`",
    "message": "also in the commit message",
    "//": "`//`",
    "True": "yes",
}
_WITH = {"other_trees": "trees", "tree_required": "trees"}


def conventions(subsystem: Subsystem) -> Iterator[PathFact]:
    """Yield the conventions that a subsystem sets."""
    for key, label in LABELS.items():
        if value := getattr(subsystem, key):
            if isinstance(value, tuple):
                text = ", ".join(f"`{name}`" for name in value)
            else:
                text = f"`{value}`" if key == "prefix" else WORDS.get(f"{value}", f"{value}")
            source = subsystem.sources.get(key) or subsystem.sources[_WITH[key]]
            yield PathFact(label, text, source)
