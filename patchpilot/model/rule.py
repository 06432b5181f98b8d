# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules as loaded from a pack."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from patchpilot.model.finding import Severity
from patchpilot.model.json_form import json_form

APPLIED_FIXES = ("safe", "unsafe")
FIX_KINDS = (*APPLIED_FIXES, "suggest", "none")
"""The kinds of fixes: applied by --fix, applied with --unsafe-fixes only, a suggestion, no fix."""
SCOPES = ("mail", "subject", "message", "trailers", "diff", "series", "tree", "history")
Kernel = tuple[int, int]


@json_form("kind", "text", "equivalent")
class RuleFix(NamedTuple):
    """The fix of a finding: kind is one of `FIX_KINDS`; `text` says how; `fixer` applies it,
    `unsafe` what a safe one leaves, with --unsafe-fixes.

    `equivalent` says why code with other tokens means the same after the fix, or what to check if
    the fix is unsafe.
    """

    kind: str = "none"
    text: str = ""
    fixer: str = ""
    equivalent: str = ""
    unsafe: str = ""


def version(kernel: Kernel | None) -> str | None:
    """Returns a kernel version as text."""
    return f"{kernel[0]}.{kernel[1]}" if kernel else None


@json_form(
    "id",
    "name",
    "aliases",
    "checkpatch",
    "pack",
    "severity",
    "severities",
    "scope",
    "since=first_kernel",
    "until=last_kernel",
    "profiles",
    "summary",
    "why",
    "reference",
    "fix=remedy",
)
class Rule(NamedTuple):
    """A rule: its names, severity and reason, and the detector that finds it.

    `since` and `until` are kernel versions, both inclusive. `module` is the module of
    lint/detectors the detector is in; it is imported when the rule first runs. `why` and
    `reference` are what `explain` prints. `on_moved`: also on lines that the patch only moves.
    `message` is the text of a finding, with placeholders that the detector fills; the summary where
    it is empty. `messages` and `severities` have those of single cases that the detector
    distinguishes, where they differ. `aliases` are names that the rule had before.
    `checkpatch_severity` is the level that checkpatch.pl has for it, where ours differs, and
    `checkpatch_severities` those of single cases. `needs` are the functions that it advises, each
    as "HEADER FUNCTION": without them in the tree the rule is silent. `required` are texts of which
    each line that it reports has one, in any case; none where they are not known.
    """

    id: str
    name: str
    pack: str
    severity: Severity
    scope: str
    summary: str
    why: str
    reference: str
    detector: str
    module: str
    arguments: Mapping[str, Any] = MappingProxyType({})
    checkpatch: str | None = None
    since: Kernel | None = None
    until: Kernel | None = None
    profiles: tuple[str, ...] = ()
    remedy: RuleFix = RuleFix()
    on_moved: bool = False
    severities: Mapping[str, Severity] = MappingProxyType({})
    message: str = ""
    messages: Mapping[str, str] = MappingProxyType({})
    aliases: tuple[str, ...] = ()
    options: Mapping[str, str] = MappingProxyType({})
    known_problems: tuple[str, ...] = ()
    checkpatch_severity: Severity | None = None
    checkpatch_severities: Mapping[str, Severity] = MappingProxyType({})
    needs: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    @property
    def first_kernel(self) -> str | None:
        """The first kernel version that it is for; None: every one."""
        return version(self.since)

    @property
    def last_kernel(self) -> str | None:
        """The last kernel version that it is for; None: every one."""
        return version(self.until)

    @property
    def words(self) -> tuple[str, ...]:
        """The words that --select and --ignore accept for it: id, name, aliases, checkpatch type,
        pack.
        """
        return (
            self.id,
            self.name,
            *self.aliases,
            *([self.checkpatch] if self.checkpatch else []),
            self.pack,
        )

    def message_for(self, case: str) -> str:
        """The message of a case, with its placeholders."""
        return self.messages.get(case) or self.message or self.summary


class Example(NamedTuple):
    """A bad or good example of a rule, from its pack.

    One of `subject`, `message`, `trailers`, `code` (lines added to `path`), `diff` or `patch` is
    given, and the rest of the mail is generated; `at` is a text that the finding's line must have,
    `also` names other rules that must fire too. `series` has whole mails or subjects. `stays`: the
    rule's fixer must not change it. `build` is what make prints with the patch, `build_before`
    without it; `problem` is what else a build finds, as "KIND: text".
    """

    bad: bool
    subject: str | None = None
    message: str | None = None
    trailers: str | None = None
    code: str | None = None
    path: str | None = None
    new_file: bool = False
    diff: str | None = None
    patch: str | None = None
    series: tuple[str, ...] = ()
    tree: Mapping[str, str] = MappingProxyType({})
    history: Mapping[str, str] = MappingProxyType({})
    kernel: Kernel | None = None
    profile: str | None = None
    at: str | None = None
    stays: bool = False
    count: int = 1  # type: ignore[assignment]  # in place of tuple.count
    also: tuple[str, ...] = ()
    build: str = ""
    build_before: str = ""
    problem: str = ""

    @property
    def text(self) -> str:
        """Its relevant part."""
        parts = [
            f"Subject: {self.subject}" if self.subject else "",
            (self.message or "").strip("\n"),
            (self.trailers or "").strip("\n"),
            f"{self.path}:" if self.path else "",
            (self.code or self.diff or "").strip("\n"),
            (self.patch or "").strip("\n"),
            "\n".join(mail.strip("\n") for mail in self.series),
            f"before the patch: {self.build_before}" if self.build_before else "",
            f"with the patch: {self.build}" if self.build else "",
            self.problem.partition(": ")[2],
        ]
        return "\n".join(part for part in parts if part)


class Pack(NamedTuple):
    """A pack as read: its rules, and the examples of each by rule id."""

    name: str
    rules: tuple[Rule, ...]
    examples: Mapping[str, tuple[Example, ...]]
