# SPDX-License-Identifier: GPL-2.0-or-later
"""Test whether a patch applies to its named base, the subsystem's tree and linux-next, and with
which certainty.
"""

from datetime import UTC, datetime

import pytest

from patchpilot.lint.engine import run
from patchpilot.lint.lint_context import Context, Options, Tip
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from tests.kit.snippets import (
    HUNK,
    PATH,
    PROSE,
    SIGN_OFF,
    MemoryHistory,
    MemoryTree,
    file_diff,
    mail,
)

BASE = "1" * 40
FITS = MemoryTree(
    {PATH: "\tint ret;\n\n\tret = frob_start(frob);\n\tif (ret)\n\t\treturn ret;\n\n"}
)
OTHER = MemoryTree({PATH: "\tint other;\n"})
SECTION = (
    "\nFROB\n"
    "M:\tAda Fixer <ada@example.org>\n"
    "S:\tMaintained\n"
    "T:\tgit git://example.org/frob.git\n"
    "F:\tdrivers/frob/\n"
)


class History(MemoryHistory):
    """A repository with a base, the tip of the subsystem's tree, and linux-next."""

    def __init__(
        self,
        base: MemoryTree,
        target: MemoryTree | None = None,
        later: MemoryTree | None = None,
        day: int = 6,
    ) -> None:
        super().__init__({BASE: "frob: add the link"}, base)
        self._target, self._later, self._date = (
            target,
            later,
            datetime(2026, 1, day, tzinfo=UTC),
        )

    def tip_of(self, tree: str) -> Tip | None:
        """Return the tip of the subsystem's tree."""
        return (
            Tip("frob/main", self._target, self._date)
            if self._target and "example.org/frob.git" in tree
            else None
        )

    def next_tip(self) -> Tip | None:
        """Return the tip of linux-next."""
        return (
            Tip("linux-next/master", self._later, self._date) if self._later else None
        )


def _reported_findings(
    history: History,
    foot: str = "",
    subject: str = "[PATCH] frob: wait for the link",
    before: str = "",
) -> list[tuple[str, str]]:
    text = mail(subject, f"{PROSE}\n\n{SIGN_OFF}", file_diff(PATH, HUNK)).replace(
        "-- \n", f"{foot}-- \n"
    )
    patch = parse_patch(text.encode(), "example.patch")
    members = (
        (parse_patch(before.encode(), "before.patch"), patch) if before else (patch,)
    )
    wanted = [
        rule
        for rule in load_rules()
        if rule.name in ("does-not-apply-to-base", "does-not-apply-to-tip")
    ]
    tree = MemoryTree({"MAINTAINERS": SECTION})
    found = run(
        Context(patch, Series(members), tree, history, Options(strict=True)), wanted
    )
    return [(str(finding.severity), finding.message) for finding in found]


def test_patch_applying_everywhere_is_accepted() -> None:
    assert not _reported_findings(History(FITS, FITS, FITS), f"base-commit: {BASE}\n")


def test_base_named_in_the_mail_is_certain() -> None:
    assert _reported_findings(History(OTHER), f"base-commit: {BASE}\n") == [
        (
            "warning",
            (
                "patch does not apply to base-commit 111111111111: the context of this hunk was not"
                f" found in {PATH}"
            ),
        )
    ]


def test_missing_prerequisite_may_be_the_reason() -> None:
    assert _reported_findings(
        History(OTHER),
        f"base-commit: {BASE}\nprerequisite-patch-id: {'a' * 40}\nprerequisite-patch-id:"
        f" {'b' * 40}\n",
    ) == [
        (
            "note",
            (
                f"patch may not apply to base-commit 111111111111: context not found in {PATH}; 2"
                " prerequisite patches may be the reason"
            ),
        )
    ]


def test_unknown_base_is_reported() -> None:
    assert _reported_findings(History(FITS), f"base-commit: {'2' * 40}\n") == [
        (
            "note",
            (
                "base-commit 222222222222 is not in this repository, so it is unknown whether the"
                " patch applies; name a public commit"
            ),
        )
    ]


def test_subsystem_tree_precedes_linux_next() -> None:
    assert _reported_findings(History(FITS, OTHER, OTHER)) == [
        (
            "check",
            (
                "patch does not apply to frob/main as of 2026-01-06: the context of this hunk"
                " was not"
                f" found in {PATH}"
            ),
        )
    ]
    assert _reported_findings(History(FITS, FITS, OTHER)) == [
        (
            "note",
            (
                "patch may conflict in linux-next/master as of 2026-01-06: the context of this"
                f" hunk was not found in {PATH}"
            ),
        )
    ]


def test_outdated_tip_proves_nothing() -> None:
    history = History(FITS, OTHER, OTHER)
    history._date = datetime(2025, 6, 1, tzinfo=UTC)
    assert not _reported_findings(history)


@pytest.mark.parametrize("known", [True, False])
def test_lines_from_earlier_patches_are_not_checked(
    known: bool,
) -> None:
    first = (
        mail("[PATCH 1/2] frob: first", f"{PROSE}\n\n{SIGN_OFF}", file_diff(PATH, HUNK))
        if known
        else ""
    )
    assert not _reported_findings(
        History(OTHER, OTHER, OTHER),
        f"base-commit: {BASE}\n",
        "[PATCH 2/2] frob: second",
        first,
    )
