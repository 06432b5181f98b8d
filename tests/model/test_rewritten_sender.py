# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the author of a patch is found if a mailing list rewrote From:."""

import pytest

from patchpilot.model.mail import parse_patch

DIFF = """\
Subject: [PATCH] widget: change it

{body}It was wrong.

Signed-off-by: Ada Fixer <ada@example.org>
---
diff --git a/w.c b/w.c
--- a/w.c
+++ b/w.c
@@ -1 +1 @@
-int a;
+int b;
"""
LIST = "widget@lists.example.org"
REWRITTEN = {
    "Mailman": f"From: Ada Fixer via widget <{LIST}>\nReply-To: Ada Fixer <ada@example.org>\n",
    "Mailman, also the list": f"From: Ada Fixer via widget <{LIST}>\n"
    f"Reply-To: {LIST}, Ada Fixer <ada@example.org>\nList-Post: <mailto:{LIST}>\n",
    "Google Groups": "From: 'Ada Fixer' via widget <widget@groups.example.org>\n"
    "X-Original-From: Ada Fixer <ada@example.org>\nReply-To: widget@groups.example.org\n",
    "only the address": 'From: "Ada Fixer via widget" <widget@groups.example.org>\n'
    "X-Original-Sender: ada@example.org\n",
    "parentheses": f'From: "Ada Fixer (via widget)" <{LIST}>\nReply-To: ada@example.org\n',
    "no via": f"From: Ada Fixer <{LIST}>\nReply-To: Ada Fixer <ada@example.org>\n"
    "List-Id: Widgets <widget.lists.example.org>\n",
    "B4 Relay": "From: Ada Fixer via B4 Relay <devnull+ada.example.org@kernel.org>\n"
    "Reply-To: ada@example.org\n",
}


@pytest.mark.parametrize("form", REWRITTEN)
def test_author_is_the_original_sender(form: str) -> None:
    patch = parse_patch((REWRITTEN[form] + DIFF.format(body="")).encode(), "a.patch")
    assert str(patch.author) == "Ada Fixer <ada@example.org>"
    assert patch.in_body_from is None


def test_author_in_the_body_takes_precedence() -> None:
    body = "From: Ben Author <ben@example.org>\n\n"
    patch = parse_patch((REWRITTEN["Mailman"] + DIFF.format(body=body)).encode(), "a.patch")
    assert str(patch.author) == "Ben Author <ben@example.org>"


@pytest.mark.parametrize(
    "head",
    [
        "From: Ada Fixer <ada@example.org>\nReply-To: Ben <ben@example.org>\n",
        "From: Ada Fixer <ada@example.org>\nX-Original-From: Ben <ben@example.org>\n"
        f"List-Id: <{LIST.replace('@', '.')}>\n",
    ],
)
def test_other_sender_is_kept(head: str) -> None:
    patch = parse_patch((head + DIFF.format(body="")).encode(), "a.patch")
    assert str(patch.author) == "Ada Fixer <ada@example.org>"
