# SPDX-License-Identifier: GPL-2.0-or-later
"""Test whether a patch applies to its named base."""

import pytest

from patchpilot.lint.engine import run
from patchpilot.lint.lint_context import Context, Options
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


def _history(base: MemoryTree) -> MemoryHistory:
    return MemoryHistory({BASE: "frob: add the link"}, base)


def _reported_findings(
    history: MemoryHistory,
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
    wanted = [rule for rule in load_rules() if rule.name == "does-not-apply-to-base"]
    found = run(
        Context(patch, Series(members), None, history, Options(strict=True)), wanted
    )
    return [(str(finding.severity), finding.message) for finding in found]


def test_patch_applying_to_its_base_is_accepted() -> None:
    assert not _reported_findings(_history(FITS), f"base-commit: {BASE}\n")


def test_base_named_in_the_mail_is_certain() -> None:
    assert _reported_findings(_history(OTHER), f"base-commit: {BASE}\n") == [
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
        _history(OTHER),
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
    assert _reported_findings(_history(FITS), f"base-commit: {'2' * 40}\n") == [
        (
            "note",
            (
                "base-commit 222222222222 is not in this repository, so it is unknown whether the"
                " patch applies; name a public commit"
            ),
        )
    ]


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
        _history(OTHER),
        f"base-commit: {BASE}\n",
        "[PATCH 2/2] frob: second",
        first,
    )
