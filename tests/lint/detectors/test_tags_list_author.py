# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a commit whose author is a list, which rewrote From:, is reported."""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, build_file_diff, mail

LIST = "Ada Fixer via Frob-devel <frob-devel@lists.example.org>"


def is_reported(author: str, extra: str = "", body: str = "", *, strict: bool = False) -> bool:
    text = mail("frob: wait", f"{body}{PROSE}\n\n{SIGN_OFF}", build_file_diff(PATH, HUNK))
    text = text.replace("From: Ada Fixer <ada@example.org>\n", f"From: {author}\n{extra}", 1)
    patch = parse_patch(text.encode(), "a.patch")
    rules = choose_rules(
        load_rules(), kernel=(6, 18), profile="linux", select=["NO_AUTHOR_SIGN_OFF"]
    )
    return bool(find_findings(Context(patch, options=Options(strict=strict)), rules))


@pytest.mark.parametrize(
    "author",
    [
        LIST,
        "Ada Fixer via frob devel list <frob-devel@lists.example.org>",
        "'Ada Fixer' via Frob <frob-devel@lists.example.org>",
        '"Ada Fixer (via Frob-devel)" <frob-devel@lists.example.org>',
        "Ada Fixer via B4 Relay <devnull+ada.example.org@kernel.org>",
    ],
)
def test_list_as_author_is_reported(author: str) -> None:
    assert is_reported(author)
    assert is_reported(author, strict=True)


def test_person_as_author_is_not_reported() -> None:
    assert not is_reported("Ada Fixer <ada@example.org>")
    assert not is_reported(LIST, body="From: Ada Fixer <ada@example.org>\n\n")


def test_message_from_the_list_is_not_reported() -> None:
    """Its author cannot change it any more."""
    assert not is_reported(LIST, "To: frob-devel@lists.example.org\n")
