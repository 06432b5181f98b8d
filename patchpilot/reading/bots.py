# SPDX-License-Identifier: GPL-2.0-or-later
"""The bots that write to contributors: for each, how to recognize its messages, and their kind.

A row matches if all its patterns match. People reply under a bot's subject, and some people run
scripts that send from their own address, so a row checks the sender and the text that the sender
wrote, never the subject alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from patchpilot.model.address import Address
from patchpilot.reading.mail_kinds import MailKind


@dataclass(frozen=True, slots=True)
class Bot:
    """A row of the bot table.

    The patterns match `Name <address>`, the subject, the unquoted text and the headers (`name:
    value` lines). `bot` is False if a person runs the script; `semi` is True if the message is
    sent in a person's name.
    """

    name: str
    kind: MailKind
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
    Bot(
        "patchwork-bot",
        MailKind.APPLIED,
        sender=r"patchwork-bot\+\S*@kernel\.org",
        text=r"was applied to|applied to\s+\S+\.git",
    ),
    Bot("patchwork-bot", MailKind.OTHER, sender=r"patchwork-bot\+\S*@kernel\.org"),
    Bot("pr-tracker-bot", MailKind.PULL_MERGED, sender=r"pr-tracker-bot@kernel\.org"),
    Bot("tip-bot", MailKind.TIP_COMMIT, sender=r"tip-?bot2?@|\btip-bot2? for "),
    Bot(
        "mm-commits",
        MailKind.MM_COMMIT,
        sender=r"<akpm@",
        subject=_NOT_A_REPLY + r".*(?:\.patch added to\b|\.patch removed from\b)",
    ),
    Bot(
        "mm-commits",
        MailKind.MM_COMMIT,
        sender=r"<akpm@",
        text=r"\A\W*(?:The (?:quilt )?patch titled\n\s+Subject: )",
    ),
    Bot(
        "stable queue",
        MailKind.STABLE_ADDED,
        sender=_STABLE,
        text=r"just added the patch titled[\s\S]{1,400}?to the \S+-stable tree",
    ),
    Bot(
        "driver trees",
        MailKind.APPLIED,
        sender=_GREG,
        text=r"just added the patch titled[\s\S]{1,400}?to my \S+ git tree",
    ),
    Bot(
        "stable queue",
        MailKind.STABLE_FAILED,
        sender=_STABLE,
        text=r"The patch below does not apply to the \S+ ?-?stable tree",
    ),
    Bot(
        "stable queue",
        MailKind.STABLE_FAILED,
        sender=_STABLE,
        subject=_NOT_A_REPLY + r"(?:\[[^]]*\]\s*)*(?:FAILED|WTF): patch\b",
    ),
    Bot(
        "backport helper",
        MailKind.BACKPORT_BOT,
        sender=_SASHA,
        text=r"\[ Sasha's backport helper bot \]",
    ),
    Bot(
        "autosel",
        MailKind.AUTOSEL,
        sender=_SASHA,
        subject=_NOT_A_REPLY + r".*\bAUTOSEL\b",
        semi=True,
    ),
    Bot(
        "stable review",
        MailKind.STABLE_REVIEW,
        sender=_STABLE,
        subject=_NOT_A_REPLY,
        text=r"-stable review patch\.\s+If anyone has any obj",
        semi=True,
    ),
    Bot(
        "stable review",
        MailKind.STABLE_REVIEW,
        sender=_STABLE,
        subject=_NOT_A_REPLY,
        text=r"This is the start of the stable review cycle",
        semi=True,
    ),
    Bot(
        "stable review",
        MailKind.STABLE_REVIEW,
        sender=_STABLE,
        subject=_NOT_A_REPLY + r"\[PATCH",
        header=r"^x-kerneltest-",
        semi=True,
    ),
    Bot(
        "stable review",
        MailKind.STABLE_REVIEW,
        sender=_GREG,
        subject=_NOT_A_REPLY + r"(?:\[[^]]*\]\s*)*\[PATCH \d+\.\d+ \d+/\d+\]",
        header=r"^x-stable: review|^user-agent: quilt",
        semi=True,
    ),
    # others who run a stable tree with the stable team's scripts, recognized by their header
    Bot(
        "stable review",
        MailKind.STABLE_REVIEW,
        subject=_NOT_A_REPLY,
        text=r"\A\W*\S+-stable review patch\.",
        header=r"^x-stable: review",
        semi=True,
    ),
    Bot(
        "stable queue",
        MailKind.STABLE_FAILED,
        subject=_NOT_A_REPLY,
        text=r"\A\W*The patch below does not apply to the \S+ ?-?stable tree",
        header=r"^x-stable: review",
    ),
    Bot(
        "form letter",
        MailKind.FORM_LETTER,
        text=(
            r"<formletter>|not the correct way to submit patches for inclusion in the\s+stable"
            r" kernel tree"
        ),
    ),
    Bot(
        "form letter",
        MailKind.FORM_LETTER,
        text=r"^Please don't send content free pings\b",
        bot=False,
        semi=True,
    ),
    Bot(
        "patch-bot",
        MailKind.FORM_LETTER,
        sender=_GREG,
        text=(
            r"This is the (?:semi-)?(?:friendly|hostile)?\s*(?:semi-automated )?patch-?bot|patch"
            r" email bot"
        ),
    ),
    Bot(
        "0-day",
        MailKind.FORM_LETTER,
        sender=r"<(?:lkp|oliver\.sang|yujie\.liu|rong\.a\.chen)@intel\.com>",
        text=r"stable kernel rule is not satisfied",
    ),
    Bot(
        "0-day",
        MailKind.BUILD_FAILURE,
        sender=r"<\S*lkp@intel\.com>|build test robot|kernel test robot",
        text=r"build (?:errors?|warnings?)|auto build test (?:error|warning)|cannot apply|sparse warnings|smatch warnings|"  # noqa: E501
        r"cocci(?:nelle|check)? warnings|dtcheck"
        r" warnings|includecheck|versioncheck|kernel-doc|undefined reference|>> \S+:\d+",
    ),
    Bot(
        "0-day",
        MailKind.TEST_RESULT,
        sender=r"<lkp@intel\.com>|^\W*(?:kernel|kbuild) test robot\b",
    ),
    Bot(
        "0-day",
        MailKind.TEST_RESULT,
        sender=r"@intel\.com>",
        text=r"\A[\s\S]{0,300}\bkernel test robot noticed|\A[\s\S]{0,120}FYI, we noticed",
    ),
    Bot(
        "smatch",
        MailKind.BUILD_FAILURE,
        sender=r"dan\.carpenter@|error27@",
        text=r"^url:\s+https://github\.com/(?:0day-ci|intel-lab-lkp)/|\A\W*tree:\s+\S+://\S+ \S+\nhead:\s"  # noqa: E501
        r"|kernel test robot noticed the following build warnings",
        bot=False,
        semi=True,
    ),
    Bot(
        "test labs",
        MailKind.TEST_RESULT,
        sender=r"checkpatch@dpdk\.org|robot@bytheb\.org|dpdklab@iol\.unh\.edu|snowpatch|buildbot@|zuul@|ci_notify@linaro\.org|patchew\.org|<ci@|jenkins@",
    ),
    Bot(
        "tester of stable kernels",
        MailKind.TEST_RESULT,
        subject=r"^\s*re:.*\b\d+\.\d+(?:\.\d+)?\S* review",
        text=(
            r"^\W*(?:(?:all|build|boot|test) )?(?:tests|results|test"
            r" results|builds)\b[^\n]{0,60}\b(?:pass|fail|for|total)"
        ),
        bot=False,
    ),
    Bot(
        "syzbot",
        MailKind.TEST_RESULT,
        sender=r"syzbot\S*@\S*(?:appspotmail|googlegroups)\.com>|^\W*syzbot\b",
    ),
    Bot("sashiko", MailKind.AI_REVIEW, sender=r"sashiko\S*@"),
    Bot(
        "AI review",
        MailKind.AI_REVIEW,
        sender=r"bot\b",
        text=r"\bAI[- ]reviewed your patch|\bAI[- ](?:code )?review\b",
    ),
    Bot(
        "bpf-ci",
        MailKind.AI_REVIEW,
        sender=r"bot\+bpf-ci@kernel\.org",
        text=r"\bAI\b.{0,40}\breview",
    ),
    Bot("bpf-ci", MailKind.TEST_RESULT, sender=r"bot\+bpf-ci@kernel\.org"),
    Bot(
        "bluez test bot",
        MailKind.TEST_RESULT,
        sender=r"<?bluez\.test\.bot@",
        text=r"test result|test summary|automated email",
    ),
    Bot(
        "bluez test bot",
        MailKind.TEST_RESULT,
        sender=r"<?(?:bluez\.test\.bot|tedd\.an)@\S+",
        text=r"\A\W*This is (?:an )?automated email",
    ),
    Bot(
        "DT bot",
        MailKind.TEST_RESULT,
        sender=r"<robh(?:\+dt)?@kernel\.org>",
        text=r"^My bot found errors|warnings? from 'make dtbs_check'|new warnings running 'make",
    ),
    Bot("kernelci", MailKind.TEST_RESULT, sender=r"<bot@kernelci\.org>|kernelci\S*@"),
    Bot(
        "drm CI",
        MailKind.TEST_RESULT,
        sender=r"<patchwork@emeril\.freedesktop\.org>|^\W*Patchwork <patchwork@",
    ),
    Bot(
        "media CI",
        MailKind.TEST_RESULT,
        sender=(
            r"<patchwork@\S+>|<jenkins@\S+>|<(?:no-?reply|ci)@\S*(?:ci|linuxtv|jenkins)\S*>|\bCKI"
            r" Project\b"
        ),
    ),
    Bot(
        "linux-next",
        MailKind.LINUX_NEXT,
        sender=r"<(?:sfr@canb\.auug\.org\.au|broonie@kernel\.org|\S+@sirena\.org\.uk)>",
        subject=r"^(?:Re:\s*)?linux-next: ",
        bot=False,
    ),
    Bot(
        "bugzilla",
        MailKind.OTHER,
        sender=r"bugzilla-?(?:daemon|noreply)@|<bugbot@kernel\.org>",
    ),
    Bot(
        "automatic reply",
        MailKind.OTHER,
        header=(
            r"^auto-submitted: auto-|^x-autore(?:ply|spond)|^x-failed-recipients:|^precedence:"
            r" auto_reply"
        ),
    ),
    Bot(
        "forge",
        MailKind.OTHER,
        sender=r"^\W*Git(?:Hub|Lab|ea)\b|<(?:notifications|noreply)@git(?:hub|lab)\.|<(?:github|gitlab|gerrit)@",
    ),
    Bot("bounce", MailKind.OTHER, sender=r"mailer-daemon@|postmaster@|<>$"),
    Bot("a robot", MailKind.OTHER, sender=r"<(?:no-?reply|do-?not-?reply)@"),
)

_ADDRESSES = re.compile(
    r"patchwork-bot\+[a-z0-9._-]+@kernel\.org|pr-tracker-bot@kernel\.org|tip-bot2@linutronix\.de|tip-bot@zytor\.com|tipbot@zytor\.com"
    r"|akpm@linux-foundation\.org|(?:gregkh@linuxfoundation\.org|greg@kroah\.com|gregkh@suse\.de)"
    r"|sashal@kernel\.org|sasha\.levin@oracle\.com|alexander\.levin@(?:microsoft|verizon)\.com"
)
"""The exact addresses of the bots, and of those who run scripts, that report what becomes of
patches.
"""

_COMPILED: dict[str, re.Pattern[str]] = {}


def known_robot(
    sender: str, subject: str, text: str, headers: Callable[[], str]
) -> Bot | None:
    """Returns the first bot that matches a message, or None if a person wrote it."""
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


def is_bot_address(address: Address) -> bool:
    """Whether this is the exact address of a bot, or of a person who runs a script, that reports
    on patches.
    """
    return bool(_ADDRESSES.fullmatch(address.key))


def _search(pattern: str, text: str) -> bool:
    compiled = _COMPILED.get(pattern)
    if compiled is None:
        compiled = _COMPILED[pattern] = re.compile(
            pattern, re.IGNORECASE | re.MULTILINE
        )
    return bool(compiled.search(text))
