# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules as loaded from a rule pack."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from patchpilot.model.finding import LEAST, Severity
from patchpilot.model.json_form import json_form

FIX_KINDS = ("safe", "suggest", "none")
"""The kinds of fixes: applied by --fix, a suggestion, no fix."""
SCOPES = ("mail", "subject", "message", "trailers", "diff", "series", "tree", "history")
WHOLE = ("message", "trailers", "series")
"""The scopes of rules whose findings belong to no file."""
CONCERNS = (
    *("history", "mail", "tree", "build", "checkers", "semantics", "series"),
    *("tags", "checkpatch-newer", "checkpatch-message", "message", "subject"),
)
"""The packs in the order in which their findings bring a new version; the others are about style.

Whether mainline has it, and whether it applies, compiles and is right, comes before its tags, the
reasons in its message, and its form.
"""
Kernel = tuple[int, int]


@json_form("kind", "text", "equivalent")
class RuleFix(NamedTuple):
    """The fix of a rule's findings: its kind, one of `FIX_KINDS`, and a description in `text`.

    `fixer` applies a safe fix. `equivalent` explains why code with other tokens has the same
    meaning after it.
    """

    kind: str = "none"
    text: str = ""
    fixer: str = ""
    equivalent: str = ""


def version(kernel: Kernel | None) -> str | None:
    """Format a kernel version, or return None."""
    return f"{kernel[0]}.{kernel[1]}" if kernel else None


@json_form(
    "id",
    "name",
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
    """A rule: its names, its severity, its rationale, and the detector that finds violations.

    - `since`, `until`: the kernel versions in which the rule is in force, both inclusive
    - `module`: the detector's module in lint/detectors, imported when the rule first runs
    - `why`, `reference`: the texts that `explain` prints
    - `on_moved`: whether the rule checks lines that the patch only moves
    - `message`: the text of a finding, with placeholders that the detector fills; the summary if it
      is empty
    - `messages`, `severities`: the exceptions for single cases that the detector distinguishes
    - `checkpatch_severity`: the level in checkpatch.pl, if it differs; `checkpatch_severities` has
      the levels of single cases
    - `needs`: the functions that the rule recommends, each as "HEADER FUNCTION"; the rule is silent
      in trees without them
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
    options: Mapping[str, str] = MappingProxyType({})
    known_problems: tuple[str, ...] = ()
    checkpatch_severity: Severity | None = None
    checkpatch_severities: Mapping[str, Severity] = MappingProxyType({})
    needs: tuple[str, ...] = ()

    @property
    def first_kernel(self) -> str | None:
        """Return the first kernel version to which the rule applies, or None for any."""
        return version(self.since)

    @property
    def last_kernel(self) -> str | None:
        """Return the last kernel version to which the rule applies, or None for any."""
        return version(self.until)

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words that select the rule in --select and --ignore: id, name, checkpatch
        type, pack.
        """
        return (
            self.id,
            self.name,
            *([self.checkpatch] if self.checkpatch else []),
            self.pack,
        )

    def rank(self, severity: Severity) -> int:
        """Return the rank of a finding with this severity; see `Finding`."""
        concern = CONCERNS.index(self.pack) if self.pack in CONCERNS else len(CONCERNS)
        return min(4 * concern + severity.rank, LEAST)

    def message_for(self, case: str) -> str:
        """Return the message of a case, with placeholders."""
        return self.messages.get(case) or self.message or self.summary


class Example(NamedTuple):
    """A bad or good example of a rule, from its pack.

    It has one of `subject`, `message`, `trailers`, `code` (lines added to `path`), `diff` or
    `patch`, and the rest of the message is generated. `series` has whole messages or subjects.

    The finding's line must contain the text `at`, and the other rules in `also` must fire as
    well. With `stays`, the rule's fixer must not change the example. `build` is the output of
    make with the patch, and `build_before` without it; `problem` is another build problem, as
    "KIND: text".
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
        """Return the relevant part as text."""
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
    """A loaded rule pack: its rules, and their examples by rule id."""

    name: str
    rules: tuple[Rule, ...]
    examples: Mapping[str, tuple[Example, ...]]
