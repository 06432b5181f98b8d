# SPDX-License-Identifier: GPL-2.0-or-later
"""The machines that write to contributors, one row each: how the mail is known, and what it is.

A row holds when everything it names holds. People answer robots under the robots' subjects, and some persons let scripts write from their own
address, so a row looks at the sender and at the words the sender wrote, never at the subject alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from patchpilot.threads.kinds import Kind


@dataclass(frozen=True, slots=True)
class Robot:
    """A row: patterns for `Name <address>`, the subject, the unquoted text and the headers (`name: value` lines); `bot` False when a person
    stands behind the script; `semi` when it is sent in a person's name."""

    name: str
    kind: Kind
    sender: str = ""
    subject: str = ""
    text: str = ""
    header: str = ""
    bot: bool = True
    semi: bool = False


_GREG = r"<(?:gregkh@linuxfoundation\.org|greg@kroah\.com|gregkh@suse\.de)>"
_SASHA = r"<(?:sashal@kernel\.org|[\w.]*sasha\.levin@\S+|sashal@\S+)>"
_STABLE = rf"{_GREG}|{_SASHA}"
_NOT_A_REPLY = r"^(?!\s*(?:re|aw|sv)\s*:)"

ROBOTS = (
    Robot("patchwork-bot", Kind.APPLIED, sender=r"patchwork-bot\+\S*@kernel\.org", text=r"was applied to|applied to \S+\.git"),
    Robot("patchwork-bot", Kind.OTHER, sender=r"patchwork-bot\+\S*@kernel\.org"),
    Robot("pr-tracker-bot", Kind.PULL_MERGED, sender=r"pr-tracker-bot@kernel\.org"),
    Robot("tip-bot", Kind.TIP_COMMIT, sender=r"tip-?bot2?@|\btip-bot2? for "),
    Robot("mm-commits", Kind.MM_COMMIT, sender=r"<akpm@", subject=_NOT_A_REPLY + r".*(?:\.patch added to\b|\.patch removed from\b)"),
    Robot("mm-commits", Kind.MM_COMMIT, sender=r"<akpm@", text=r"\A\W*(?:The (?:quilt )?patch titled\n\s+Subject: )"),
    Robot("stable queue", Kind.STABLE_ADDED, sender=_STABLE, text=r"just added the patch titled[\s\S]{1,400}?to the \S+-stable tree"),
    Robot("driver trees", Kind.APPLIED, sender=_GREG, text=r"just added the patch titled[\s\S]{1,400}?to my \S+ git tree"),
    Robot("stable queue", Kind.STABLE_FAILED, sender=_STABLE, text=r"The patch below does not apply to the \S+ ?-?stable tree"),
    Robot("stable queue", Kind.STABLE_FAILED, sender=_STABLE, subject=_NOT_A_REPLY + r"(?:\[[^]]*\]\s*)*(?:FAILED|WTF): patch\b"),
    Robot("backport helper", Kind.BACKPORT_BOT, sender=_SASHA, text=r"\[ Sasha's backport helper bot \]"),
    Robot("autosel", Kind.AUTOSEL, sender=_SASHA, subject=_NOT_A_REPLY + r".*\bAUTOSEL\b", semi=True),
    Robot(
        "stable review",
        Kind.STABLE_REVIEW,
        sender=_STABLE,
        subject=_NOT_A_REPLY,
        text=r"-stable review patch\.\s+If anyone has any obj",
        semi=True,
    ),
    Robot(
        "stable review",
        Kind.STABLE_REVIEW,
        sender=_STABLE,
        subject=_NOT_A_REPLY,
        text=r"This is the start of the stable review cycle",
        semi=True,
    ),
    Robot("stable review", Kind.STABLE_REVIEW, sender=_STABLE, subject=_NOT_A_REPLY + r"\[PATCH", header=r"^x-kerneltest-", semi=True),
    Robot(
        "stable review",
        Kind.STABLE_REVIEW,
        sender=_GREG,
        subject=_NOT_A_REPLY + r"(?:\[[^]]*\]\s*)*\[PATCH \d+\.\d+ \d+/\d+\]",
        header=r"^x-stable: review|^user-agent: quilt",
        semi=True,
    ),
    # whoever runs a stable tree with the stable team's scripts: their header says so
    Robot(
        "stable review",
        Kind.STABLE_REVIEW,
        subject=_NOT_A_REPLY,
        text=r"\A\W*\S+-stable review patch\.",
        header=r"^x-stable: review",
        semi=True,
    ),
    Robot(
        "stable queue",
        Kind.STABLE_FAILED,
        subject=_NOT_A_REPLY,
        text=r"\A\W*The patch below does not apply to the \S+ ?-?stable tree",
        header=r"^x-stable: review",
    ),
    Robot(
        "form letter",
        Kind.FORM_LETTER,
        text=r"<formletter>|not the correct way to submit patches for inclusion in the\s+stable kernel tree",
    ),
    Robot(
        "patch-bot",
        Kind.FORM_LETTER,
        sender=_GREG,
        text=r"This is the (?:semi-)?(?:friendly|hostile)?\s*(?:semi-automated )?patch-?bot|patch email bot",
    ),
    Robot(
        "0-day",
        Kind.FORM_LETTER,
        sender=r"<(?:lkp|oliver\.sang|yujie\.liu|rong\.a\.chen)@intel\.com>",
        text=r"stable kernel rule is not satisfied",
    ),
    Robot(
        "0-day",
        Kind.BUILD_FAILURE,
        sender=r"<\S*lkp@intel\.com>|build test robot|kernel test robot",
        text=r"build (?:errors?|warnings?)|auto build test (?:error|warning)|cannot apply|sparse warnings|smatch warnings|"
        r"cocci(?:nelle|check)? warnings|dtcheck warnings|includecheck|versioncheck|kernel-doc|undefined reference|>> \S+:\d+",
    ),
    Robot("0-day", Kind.TEST_RESULT, sender=r"<lkp@intel\.com>|^\W*(?:kernel|kbuild) test robot\b"),
    Robot(
        "0-day", Kind.TEST_RESULT, sender=r"@intel\.com>", text=r"\A[\s\S]{0,300}\bkernel test robot noticed|\A[\s\S]{0,120}FYI, we noticed"
    ),
    Robot(
        "smatch",
        Kind.BUILD_FAILURE,
        sender=r"dan\.carpenter@|error27@",
        text=r"^url:\s+https://github\.com/(?:0day-ci|intel-lab-lkp)/|\A\W*tree:\s+\S+://\S+ \S+\nhead:\s"
        r"|kernel test robot noticed the following build warnings",
        bot=False,
        semi=True,
    ),
    Robot(
        "test labs",
        Kind.TEST_RESULT,
        sender=r"checkpatch@dpdk\.org|robot@bytheb\.org|dpdklab@iol\.unh\.edu|snowpatch|buildbot@|zuul@|ci_notify@linaro\.org|patchew\.org|<ci@|jenkins@",
    ),
    Robot("syzbot", Kind.TEST_RESULT, sender=r"syzbot\S*@\S*(?:appspotmail|googlegroups)\.com>|^\W*syzbot\b"),
    Robot("sashiko", Kind.AI_REVIEW, sender=r"sashiko\S*@"),
    Robot("AI review", Kind.AI_REVIEW, sender=r"bot\b", text=r"\bAI[- ]reviewed your patch|\bAI[- ](?:code )?review\b"),
    Robot("bpf-ci", Kind.AI_REVIEW, sender=r"bot\+bpf-ci@kernel\.org", text=r"\bAI\b.{0,40}\breview"),
    Robot("bpf-ci", Kind.TEST_RESULT, sender=r"bot\+bpf-ci@kernel\.org"),
    Robot("bluez test bot", Kind.TEST_RESULT, sender=r"<?bluez\.test\.bot@", text=r"test result|test summary|automated email"),
    Robot(
        "bluez test bot",
        Kind.TEST_RESULT,
        sender=r"<?(?:bluez\.test\.bot|tedd\.an)@\S+",
        text=r"\A\W*This is (?:an )?automated email",
    ),
    Robot(
        "DT bot",
        Kind.TEST_RESULT,
        sender=r"<robh(?:\+dt)?@kernel\.org>",
        text=r"^My bot found errors|warnings? from 'make dtbs_check'|new warnings running 'make",
    ),
    Robot("kernelci", Kind.TEST_RESULT, sender=r"<bot@kernelci\.org>|kernelci\S*@"),
    Robot("drm CI", Kind.TEST_RESULT, sender=r"<patchwork@emeril\.freedesktop\.org>|^\W*Patchwork <patchwork@"),
    Robot(
        "media CI",
        Kind.TEST_RESULT,
        sender=r"<patchwork@\S+>|<jenkins@\S+>|<(?:no-?reply|ci)@\S*(?:ci|linuxtv|jenkins)\S*>|\bCKI Project\b",
    ),
    Robot(
        "linux-next",
        Kind.LINUX_NEXT,
        sender=r"<(?:sfr@canb\.auug\.org\.au|broonie@kernel\.org|\S+@sirena\.org\.uk)>",
        subject=r"^(?:Re:\s*)?linux-next: ",
        bot=False,
    ),
    Robot("bugzilla", Kind.OTHER, sender=r"bugzilla-?(?:daemon|noreply)@|<bugbot@kernel\.org>"),
    Robot(
        "automatic reply", Kind.OTHER, header=r"^auto-submitted: auto-|^x-autore(?:ply|spond)|^x-failed-recipients:|^precedence: auto_reply"
    ),
    Robot("bounce", Kind.OTHER, sender=r"mailer-daemon@|postmaster@|<>$"),
    Robot("a robot", Kind.OTHER, sender=r"<(?:no-?reply|do-?not-?reply)@"),
)

_COMPILED: dict[str, re.Pattern[str]] = {}


def known_robot(sender: str, subject: str, text: str, headers: Callable[[], str]) -> Robot | None:
    """The first row that holds for a mail, or None for a person's."""
    for robot in ROBOTS:
        if robot.sender and not _search(robot.sender, sender):
            continue
        if robot.subject and not _search(robot.subject, subject):
            continue
        if robot.text and not _search(robot.text, text):
            continue
        if robot.header and not _search(robot.header, headers()):
            continue
        return robot
    return None


def _search(pattern: str, text: str) -> bool:
    found = _COMPILED.get(pattern)
    if found is None:
        found = _COMPILED[pattern] = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    return bool(found.search(text))
