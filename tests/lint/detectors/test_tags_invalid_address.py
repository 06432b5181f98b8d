# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an invalid address of the author or of a sign-off is reported where it is."""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from tests.kit.snippets import HUNK, PATH, PROSE, build_file_diff, mail

ADA, BEN = "Ada Fixer <ada@example.org>", "Ben Two <ben@example.org>"
UPSTREAM = f"commit {'1' * 40} upstream.\n\n"


def list_reported_lines(author: str, *signers: str, start: str = "") -> list[str]:
    sign_offs = "\n".join(f"Signed-off-by: {signer}" for signer in signers)
    text = mail("frob: wait", f"{start}{PROSE}\n\n{sign_offs}", build_file_diff(PATH, HUNK))
    patch = parse_patch(text.replace(f"From: {ADA}", f"From: {author}", 1).encode(), "a.patch")
    rules = choose_rules(load_rules(), kernel=(6, 18), profile="linux", select=["invalid-address"])
    findings = find_findings(Context(patch), rules)
    return [patch.lines[it.patch_line - 1].partition(":")[0] for it in findings if it.patch_line]


@pytest.mark.parametrize(
    "email", ["ada@localhost..", "root@(none)", "ada@pc.local", "ada@localhost", "a..b@x.org"]
)
def test_invalid_address_is_reported_once(email: str) -> None:
    own = f"Ada Fixer <{email}>"
    assert list_reported_lines(own, own) == ["Signed-off-by"]
    assert list_reported_lines(ADA, own) == ["Signed-off-by"]
    assert list_reported_lines(BEN, own, BEN) == ["Signed-off-by"]


@pytest.mark.parametrize(
    "email", ["ada@example.org", "ada@intranet", "ada@b\u00fccher.example.org"]
)
def test_possible_address_is_not_reported(email: str) -> None:
    own = f"Ada Fixer <{email}>"
    assert not list_reported_lines(own, own)


def test_author_without_a_sign_off_is_reported_at_the_subject() -> None:
    assert list_reported_lines("Ada Fixer <ada@pc.local>", BEN) == ["Subject"]


def test_backport_keeps_the_addresses_of_the_upstream_commit() -> None:
    old = "Ada Fixer <ada@pc.local>"
    assert not list_reported_lines(old, old, BEN, start=UPSTREAM)
    assert list_reported_lines(BEN, BEN, old, start=UPSTREAM) == ["Signed-off-by"]
