# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the word that summarizes the bots' reports on a version."""

import pytest

from patchpilot.model.mail import parse_mail
from patchpilot.reading.ci_verdict import find_worst_verdict
from patchpilot.reading.mail_classifier import classify
from tests.kit.mails import build_reply

LABS = "bluez.test.bot@gmail.com"
PASSED = (
    "This is an automated email.\n"
    "\nTest summary:\n"
    "CheckPatch   PASS   0.90 seconds\n"
    "Build   PASS   2 seconds"
)
FAILED = f"{PASSED}\nMake Check   FAIL   9 seconds"
SASHA = "Sasha Levin <sashal@kernel.org>"
HELPER = "[ Sasha's backport helper bot ]\n\nHi,\n"
LKP = "kernel test robot <lkp@intel.com>"
SYZBOT = "syzbot <syzbot+a@syzkaller.appspotmail.com>"

W1 = (
    "kernel test robot noticed the following build warnings:\n"
    "\n[auto build test WARNING on demo/next]\n\nreproduce (this is a W=1 build): (https://x/y)\n"
    "\nAll warnings (new ones prefixed by >>):\n\n   a.c: In function 'pump_read':\n"
    ">> a.c:1:2: warning: 'rc' may be used uninitialized\n"
)


@pytest.mark.parametrize(
    ("mails", "verdict"),
    [
        ([(LABS, PASSED)], "passed"),
        ([(LABS, FAILED)], "failed"),
        ([(LABS, PASSED), (LKP, "kernel test robot noticed the following build errors:\n\n>> a.c:1: error")], "failed"),  # noqa: E501
        ([(SYZBOT, "syzbot tried to test the proposed patch but the build/boot failed:\n\nx")], "failed"),  # noqa: E501
        ([(SYZBOT, "syzbot has tested the proposed patch and the reproducer did not trigger any issue:\n\nReported-by: x")], "passed"),  # noqa: E501
        ([(LKP, "tree: x\nstatus: BUILD SUCCESS\n\nelapsed time: 720m")], "passed"),
        ([(LKP, "kernel test robot noticed the following build warnings:\n\n>> a.c:1: warning: unused"), (LABS, PASSED)], "warned"),  # noqa: E501
        ([(LKP, f"{W1}\n\n    99\t\n   100\t\terror = pump_read(dev);\n   101\terror:\n   102\t\tdev_err(dev, \"error: %d\");\n")], "warned"),  # noqa: E501
        ([(LKP, f"{W1}   a.c:2:3: warning: x\n>> a.c:9 pump_read() error: uninitialized symbol 'rc'.\n")], "warned"),  # noqa: E501
        ([(LKP, W1.replace("WARNING", "ERROR"))], "failed"),
        ([(LKP, f"{W1}   a.c:2:3: error: 'x' undeclared (first use in this function)\n")], "failed"),  # noqa: E501
        ([(LKP, f"{W1}>> ERROR: modpost: \"pump_read\" [pump.ko] undefined!\n")], "failed"),
        ([(LKP, f"{W1}>> ld.lld: error: undefined symbol: pump_read\n")], "failed"),
        ([(LKP, f"{W1}>> a.h:1:10: fatal error: b.h: No such file or directory\n")], "failed"),
        ([(LKP, W1.replace("build warnings", "build errors"))], "failed"),
        ([("bot@kernelci.org", "  Results:     1 PASS, 0 FAIL, 0 SKIP")], "passed"),
        ([("Rita Reviewer <rita@example.net>", "My tests FAIL with it.")], ""),
        ([(SYZBOT, "syzbot has tested the proposed patch but the reproducer is still triggering an issue:\n\nx")], "failed"),  # noqa: E501
        ([("syzbot ci <syzbot+cib@syzkaller.appspotmail.com>", "syzbot ci has tested the following series\n\nand found the following issue:\nWARNING in x")], "failed"),  # noqa: E501
        ([(SASHA, f"{HELPER}\n❌ Build failures detected")], "failed"),
        ([(SASHA, f"{HELPER}\n| stable/linux-5.10.y | Success | Failed |")], "failed"),
        ([(SASHA, f"{HELPER}\n| stable/linux-5.10.y | Failed | N/A |")], "failed"),
        ([(SASHA, f"{HELPER}\n| stable/linux-5.10.y | Success | Success |")], "passed"),
        ([], ""),
    ],
)  # fmt: skip
def test_worst_report_is_used(mails: list[tuple[str, str]], verdict: str) -> None:
    classified = [
        classify(
            parse_mail(
                build_reply("[PATCH] demo: x", text, sender=sender, id=str(index), reply_to="v1")
            )
        )
        for index, (sender, text) in enumerate(mails)
    ]
    assert find_worst_verdict(mail.verdict for mail in classified) == (verdict or None)


def test_report_of_warnings_is_no_build_failure() -> None:
    raw = build_reply("[PATCH] demo: x", W1, sender=LKP, id="w", reply_to="v1")
    mail = classify(parse_mail(raw))
    assert (mail.label, mail.wanted_answer) == (
        "build-warning",
        "kernel test robot reports build warnings",
    )
