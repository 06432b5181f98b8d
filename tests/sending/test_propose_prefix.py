# SPDX-License-Identifier: GPL-2.0-or-later
"""Test warnings about the tree in a subject prefix.

They cannot occur when commits are checked.
"""

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.checking.result import CheckResult
from patchpilot.lint.lint_context import Options
from patchpilot.sending.propose_prefix import find_prefix_warnings

MAIL = """From: Ada Fixer <ada@example.org>
To: Ben Reader <ben@example.org>
Subject: [{mark}] net: frob: wait for the link before it is used
Message-ID: <1@example.org>

Old boards need a moment until the link is up. Wait for it.

{tag}Signed-off-by: Ada Fixer <ada@example.org>
---
 {path} | 1 -
 1 file changed, 1 deletion(-)

diff --git a/{path} b/{path}
index 1111111111..2222222222 100644
--- a/{path}
+++ b/{path}
@@ -10,3 +10,2 @@ static int frob_probe(struct device *dev)
 \tint ret;
-\tint unused;
 
"""


def check(*mails: bytes) -> CheckResult:
    options = Options(profile="linux", fail_on="never")
    return Driver(options).check_mails(mail.replace(b"\r\n", b"\n") for mail in mails)


@pytest.mark.parametrize(
    ("mark", "tag", "path", "advised"),
    [
        ("PATCH", "", "drivers/net/frob.c", "[PATCH net-next]"),
        (
            "PATCH",
            'Fixes: 123456789012 ("net: frob")\n',
            "drivers/net/frob.c",
            "[PATCH net]",
        ),
        (
            "PATCH",
            'This was broken by commit 0123456789ab ("net: frob: be fast").\n\n',
            "drivers/net/frob.c",
            "[PATCH net]",
        ),
        ("PATCH net", "", "drivers/net/frob.c", ""),
        ("PATCH", "", "drivers/hwmon/frob.c", ""),
    ],
)
def test_missing_networking_tree_is_reported(mark: str, tag: str, path: str, advised: str) -> None:
    raw_mail = MAIL.format(mark=mark, tag=tag, path=path).replace("\n", "\r\n").encode()
    problems = find_prefix_warnings(check(raw_mail, raw_mail), "linux")
    assert [problem.name for problem in problems] == (["missing-target-tree"] if advised else [])
    assert all(advised in problem.message for problem in problems)
    # a fix for a regression need not wait for the next merge window
    regression = find_prefix_warnings(check(raw_mail), "linux", is_regression=True)
    assert all("use [PATCH net] " in problem.message for problem in regression)
    assert len(regression) == len(problems)


@pytest.mark.parametrize(
    ("mark", "tag", "reported"),
    [
        ("PATCH net-next v2", 'Fixes: 123456789012 ("net: frob")\n', True),
        ("PATCH net v2", 'Fixes: 123456789012 ("net: frob")\n', False),
        ("PATCH net-next", "", False),
        ("PATCH wireless-next", 'Fixes: 123456789012 ("net: frob")\n', False),
    ],
)
def test_feature_prefix_on_a_fix_is_reported(mark: str, tag: str, reported: bool) -> None:
    raw_mail = MAIL.format(mark=mark, tag=tag, path="drivers/net/frob.c")
    mail = raw_mail.replace("\n", "\r\n").encode()
    problems = find_prefix_warnings(check(mail, mail), "linux")
    assert [problem.name for problem in problems] == (["tree-for-the-rest"] if reported else [])
    assert all("[PATCH net]" in problem.message for problem in problems)


def test_oversized_message_has_one_warning() -> None:
    long = MAIL.format(mark="PATCH net", tag="", path="drivers/net/frob.c").replace(
        "-\tint unused;\n", "-\tint unused;\n" * 40_001
    )
    raw = long.replace("-10,3 +10,2", "-10,40003 +10,2").encode()
    assert find_prefix_warnings(check(raw), "linux") == ()
