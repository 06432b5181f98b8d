# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse and apply waivers: exceptions from rules, each with a reason.

A waiver may be limited to certain paths, and may expire after a given day.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from patchpilot.errors import InputError, UsageError, unknown_word_error
from patchpilot.lint.selection import unknown_rule_hint
from patchpilot.model.action import Action
from patchpilot.model.bounded import parse_day
from patchpilot.model.json_form import json_form
from patchpilot.model.rule import Finding, Rule, Severity
from patchpilot.model.source_tree import Tree
from patchpilot.projects.commit_marks import strip_vendor_prefixes

KEYS = ("rule", "path", "subject", "reason", "until")
NEVER_A_TREES = frozenset(("mail", "trailers"))
"""Scopes that a tree's file cannot waive because anyone may have written that file: errors about
incomplete mails, hidden text and missing sign-offs.
"""
TREE, TOPIC = "tree", "topic"


@json_form("rule paths origin until")
class Waiver(NamedTuple):
    """An exception from a rule, with its reason and its last day.

    `rule` is a rule's id or name, a checkpatch type or a pack; `paths` are glob patterns (empty:
    all files). `origin` is the file or option that contains the waiver. `kind` is "tree" for a
    waiver in the tree's file, "topic" for one stored by an earlier command, and otherwise "person".
    `subject` limits the waiver to patches with that subject or matching that glob pattern (empty:
    every patch). Vendor prefixes in a patch's subject do not count.
    """

    rule: str
    reason: str
    paths: tuple[str, ...] = ()
    until: date | None = None
    origin: str = "--waive"
    kind: str = "person"
    subject: str = ""

    def covers_finding(self, finding: Finding, words: Iterable[str]) -> bool:
        """Return whether the waiver covers a finding.

        `words` contains the names of the finding's rule. A waiver with paths does not cover
        findings about the message.
        """
        if self.rule.lower() not in {word.lower() for word in words}:
            return False
        finding_path = finding.path
        return not self.paths or (
            finding_path is not None
            and any(_path_matches(finding_path, path) for path in self.paths)
        )

    def covers_subject(self, title: str) -> bool:
        """Return whether the waiver covers a patch with this subject."""
        titles = (title, strip_vendor_prefixes(title))
        return not self.subject or any(
            each == self.subject or fnmatchcase(each, self.subject) for each in titles
        )

    def has_expired(self, today: date) -> bool:
        return self.until is not None and today > self.until

    @property
    def title(self) -> str:
        places = ", ".join((*self.paths, *filter(None, [self.subject])))
        return f"{self.rule} ({places})" if places else self.rule


def _path_matches(path: str, pattern: str) -> bool:
    return path.startswith(pattern) if pattern.endswith("/") else fnmatchcase(path, pattern)


def find_unmatched_paths(
    waiver: Waiver, tree: Tree, changed_paths: Collection[str]
) -> tuple[str, ...]:
    """Return the patterns of a waiver that match no file of the tree, and none of these paths."""
    return tuple(
        pattern
        for pattern in waiver.paths
        if not any(_path_matches(path, pattern) for path in changed_paths)
        and not _matches_tree(tree, pattern)
    )


def _matches_tree(tree: Tree, pattern: str) -> bool:
    if pattern.endswith("/"):
        return tree.is_dir(pattern.rstrip("/"))
    fixed = re.split(r"[*?[]", pattern, maxsplit=1)[0]
    if fixed == pattern:
        return tree.exists(pattern)
    folder = fixed.rpartition("/")[0]
    return any(fnmatchcase(path, pattern) for path in tree.files(folder))


def parse_waiver_tables(tables: Sequence[Mapping[str, Any]], label: str) -> tuple[Waiver, ...]:
    """Parse the `[[waiver]]` tables of a tree's file.

    Raise InputError with the file, the waiver and the key.
    """
    return tuple(
        _parse_waiver(table, f"{label}: waiver {number}", label)
        for number, table in enumerate(tables, 1)
    )


def _parse_waiver(table: Mapping[str, Any], position: str, label: str) -> Waiver:
    for key in table:
        if key not in KEYS:
            error = unknown_word_error("key", key, KEYS)
            raise InputError(f"{position}: {error.message}", hint=error.advice)
    for key in ("rule", "reason"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise InputError(f"{position}: missing {key}", hint=f'add {key} = "…"')
    paths = table.get("path", ())
    paths = (paths,) if isinstance(paths, str) else paths
    if (
        not isinstance(paths, list | tuple)
        or not all(isinstance(path, str) and path for path in paths)
        or ("path" in table and not paths)
    ):
        raise InputError(
            f"{position}: path is not a pattern or a list of patterns",
            hint='use a pattern, for example path = "drivers/foo/*"',
        )
    subject = table.get("subject", "")
    if not isinstance(subject, str) or ("subject" in table and not subject.strip()):
        raise InputError(
            f"{position}: subject is not a subject or a pattern",
            hint='use a subject or a pattern, for example subject = "UPSTREAM: foo: *"',
        )
    return Waiver(
        table["rule"].strip(),
        " ".join(table["reason"].split()),
        tuple(paths),
        _parse_expiry_date(table.get("until"), position),
        label,
        TREE,
        subject.strip(),
    )


def _parse_expiry_date(value: Any, position: str) -> date | None:
    if value is None or type(value) is date:
        return value
    if (
        isinstance(value, str)
        and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
        and (day := parse_day(value))
    ):
        return day
    raise InputError(
        f"{position}: until is not a date",
        hint='use the last day, for example until = "2027-01-31"',
    )


def parse_waiver_words(words: Sequence[str]) -> tuple[Waiver, ...]:
    """Parse the `RULE=REASON` values of --waive.

    Raise UsageError if a reason is missing.
    """
    result = []
    for word in words:
        rule, equals, reason = word.partition("=")
        if not equals or not rule.strip() or not reason.strip():
            raise UsageError(
                f"--waive {word}: a waiver needs a reason",
                hint="use RULE=REASON, for example --waive long-line='the table reads better'",
            )
        result.append(Waiver(rule.strip(), " ".join(reason.split())))
    return tuple(result)


def verify_waivers(waivers: Sequence[Waiver], rules: Sequence[Rule]) -> None:
    """Check that each waiver names an existing rule that may be waived.

    Raise UsageError or InputError with a hint.
    """
    words_by_key = {word.lower(): word for rule in rules for word in rule.words}
    not_waivable = {
        word.lower()
        for rule in rules
        if rule.scope in NEVER_A_TREES and rule.severity is Severity.ERROR
        for word in rule.words
    }
    for waiver in waivers:
        word = waiver.rule.lower()
        if word not in words_by_key and waiver.kind == TOPIC:
            # ignore the waiver, because its rule no longer exists
            continue
        if word not in words_by_key:
            hint = unknown_rule_hint(waiver.rule, words_by_key.values())
            message = f"unknown rule {waiver.rule!r}"
            raise (
                InputError(f"{waiver.origin}: {message}", hint=hint)
                if waiver.kind == TREE
                else UsageError(f"--waive: {message}", hint=hint)
            )
        if waiver.kind == TREE and word in not_waivable:
            raise InputError(
                f"{waiver.origin}: {waiver.rule} cannot be waived in the settings of a tree",
                hint=Action(
                    "check",
                    ("--waive", f"{waiver.rule}=REASON"),
                    "waive it on the command line, for your topic: {}",
                ),
            )
