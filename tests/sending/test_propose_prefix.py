# SPDX-License-Identifier: GPL-2.0-or-later
"""Test warnings about the tree in a subject prefix.

They cannot occur when commits are checked.
"""

from pathlib import Path

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.checking.result import CheckResult
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.lint.lint_context import Options
from patchpilot.sending.propose_prefix import find_prefix_warnings, refuse_unknown_tree
from tests.kit.repos import Repo

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


@pytest.mark.parametrize(
    ("prefix", "unknown"),
    [
        ("PATCH net-next", None),
        ("PATCH RFC bpf", None),
        ("PATCH frob-fixes", None),
        ("PATCH for-linus", None),
        ("PATCH 6.1.y", None),
        ("PATCH stable 6.1", None),
        ("PATCH banana", "banana"),
        ("PATCH banana-next", "banana-next"),
        ("PATCH net banana", "banana"),
        ("PATCH NET", "NET"),
        ("PATCH linux/../net", "linux/../net"),
        ("PATCH", "PATCH"),
        ("PATCH RFC", "PATCH RFC"),
        ("", ""),
    ],
)
def test_tree_in_the_subject_must_be_known(
    tmp_path: Path, prefix: str, unknown: str | None
) -> None:
    repo = Repo(tmp_path / "r")
    tree = "T:\tgit git://git.example.org/frob-fixes.git for-linus\n"
    section = f"FROB\nM:\tBen <ben@example.org>\n{tree}"
    repo.commit("start", {"MAINTAINERS": f"Maintainers\n-----------\n\n{section}F:\tfrob/\n"})
    with Repository.open(repo.path) as repository:
        if unknown is None:
            refuse_unknown_tree(repository, prefix)
            return
        with pytest.raises(UsageError) as raised:
            refuse_unknown_tree(repository, prefix)
    assert raised.value.message == f"no known tree: {unknown!r}"
