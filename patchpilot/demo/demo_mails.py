# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the replies in the demo in the style of people and bots on the lists."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from patchpilot.demo.demo_people import (
    BUILD_BOT,
    KERNEL_LIST,
    MAINTAINER,
    NET_LIST,
    NET_MAINTAINER,
    NET_REVIEWER,
    NEWCOMER,
    STABLE,
)
from patchpilot.model.address import Address

PACE = timedelta(seconds=1 / 3)
"""Duration of an hour of the demo, so that no message is dated after its arrival."""
PATCHWORK = Address("", "patchwork-bot+netdevbpf@kernel.org")


@dataclass(frozen=True, slots=True)
class Sent:
    """The data of a sent message that a reply needs.

    These are its id, subject, text, date and other recipients.
    """

    message_id: str
    subject: str
    body: str
    date: datetime
    others: tuple[Address, ...] = ()


def make_reply(
    to: Sent,
    sender: Address,
    text: str,
    *,
    hours: float,
    message_id: str,
    subject: str | None = None,
) -> bytes:
    message = _make_mail(
        sender,
        subject or _prefix_reply_subject(to.subject),
        text,
        to.date + hours * PACE,
        message_id,
        tuple(recipient for recipient in to.others if recipient.key != sender.key),
    )
    message["In-Reply-To"] = f"<{to.message_id}>"
    message["References"] = f"<{to.message_id}>"
    return message.as_bytes()


def make_announcement() -> bytes:
    """Return the first message in the archive.

    It is needed because an empty archive looks like an unreachable one.
    """
    text = (
        "This list is for network drivers of the sandbox. Be kind, quote little, wrap at 75"
        " columns.\n"
    )
    return _make_mail(
        NET_MAINTAINER,
        "Welcome to the list",
        text,
        datetime(2026, 8, 1, 9, 0, tzinfo=UTC),
        "welcome@example.org",
    ).as_bytes()


def make_question(to: Sent) -> bytes:
    text = (
        _quote_message(to, NEWCOMER, "driver returned EINVAL", 2)
        + "\nWhich firmware is that? And please say in the message that the probe\n"
        "function already treats -EOPNOTSUPP as harmless, or the next reader will\n"
        f"wonder. Could you send a v2 with that?\n\nThanks,\n{MAINTAINER.name.split()[0]}\n"
    )
    return make_reply(
        to, MAINTAINER, text, hours=15, message_id="sandbox.question@acme.example.com"
    )


def make_review(to: Sent) -> bytes:
    text = (
        _quote_message(to, NEWCOMER, "Fixes:", 1)
        + "\nThe change itself is right: the caller does not look at the count then.\n\n"
        f"Reviewed-by: {NET_REVIEWER.trailer()}\n"
    )
    return make_reply(to, NET_REVIEWER, text, hours=20, message_id="sandbox.review@example.org")


UNUSED = "u32 seq = rsp"
"""Text of a patch with the unused variable that the test robot reports."""


def make_answer(to: Sent) -> bytes:
    unused_note = "It also drops the unused variable that the test robot reported.\n"
    text = (
        _quote_message(to, MAINTAINER, "Which firmware", 3)
        + "\nFirmware older than 2.4: the command came with 2.4. v2 names it in the\n"
        "message, and says that the probe function treats -EOPNOTSUPP as harmless.\n"
        f"{unused_note}\nThanks,\n{NEWCOMER.name.split()[0]}\n"
    )
    return make_reply(to, NEWCOMER, text, hours=20, message_id="sandbox.answer@example.net")


def make_build_report(to: Sent, *, has_warning: bool = True) -> bytes:
    """Return the report of a build robot: the unused variable, or that the build succeeded."""
    warning = (
        f"Hi {NEWCOMER.name.split()[0]},\n\nkernel test robot noticed the following build"
        " warnings:\n\n[auto build test WARNING on net/main]\n[also build test WARNING on"
        " linus/master v7.2-rc1]\n\nIf you fix the issue in a separate patch/commit (i.e. not just"
        " a new version of\nthe same patch/commit), kindly add following tags\n| Reported-by:"
        f" {BUILD_BOT.trailer()}\n| Closes:"
        " https://lore.example.org/oe-kbuild-all/sandbox.build@build.example.org/\n\nAll warnings"
        " (new ones prefixed by >>):\n\n>> drivers/net/ethernet/acme/acme_mcp.c:72:7: warning:"
        " unused variable 'seq' [-Wunused-variable]\n"
    )
    success = (
        "tree: net/main\n\nBUILD SUCCESS\n\nelapsed time: 731m\n\nconfigs tested: 2\nconfigs"
        " skipped: 0\n"
    )
    return make_reply(
        to,
        Address("kernel test robot", "lkp@intel.com"),
        warning if has_warning else success,
        hours=26,
        message_id="sandbox.build@build.example.org",
    )


def make_applied_mail(to: Sent, commit: str, title: str) -> bytes:
    text = (
        "Hello:\n\nThis patch was applied to netdev/net.git (main)\n"
        f"by {NET_MAINTAINER.trailer()}:\n\n"
        f"On {format_datetime(to.date)} you wrote:\n"
        + _quote_lines(to.body, "", 2)
        + f"> \n> [...]\n\nHere is the summary with links:\n  - [net,v2] {title}\n   "
        f" https://git.kernel.org/netdev/net/c/{commit[:12]}\n\nYou are awesome, thank you!\n--"
        " \nDeet-doot-dot, I am a bot.\nhttps://korg.docs.kernel.org/patchwork/pwbot.html\n"
    )
    return make_reply(
        to,
        PATCHWORK,
        text,
        hours=60,
        message_id="178130000000.4135.1.git-patchwork-notify@kernel.org",
    )


def make_stable_review(commit: str, title: str, body: str, version: str, date: datetime) -> bytes:
    text = (
        f"{version}-stable review patch.  If anyone has any objections, please let me"
        f" know.\n\n------------------\n\nFrom: {NEWCOMER.trailer()}\n\ncommit {commit}"
        f" upstream.\n\n{body.rstrip()}\nSigned-off-by: {STABLE.trailer()}\n---\n"
    )
    message = _make_mail(
        STABLE,
        f"[PATCH {version} 035/120] {title}",
        text,
        date,
        f"stable-{version}@example.org",
    )
    message["X-stable"] = "review"
    message["X-Patchwork-Hint"] = "ignore"
    return message.as_bytes()


def make_stable_failure(commit: str, title: str, version: str, date: datetime) -> bytes:
    """Return the message that a commit does not apply to a branch.

    The message asks the author for a backport.
    """
    text = (
        f"The patch below does not apply to the {version}-stable tree.\nIf someone wants it applied"
        " there, or to any other stable or longterm\ntree, then please email the backport,"
        " including the original git commit\nid to <stable@vger.kernel.org>.\n\nTo reproduce the"
        " conflict and resubmit, you may use the following commands:\n\ngit fetch"
        f" https://git.example.org/stable/linux.git/ linux-{version}.y\ngit checkout"
        f" FETCH_HEAD\ngit cherry-pick -x {commit}\n# <resolve conflicts, build, test, etc.>\ngit"
        " commit -s\ngit send-email --to '<stable@vger.kernel.org>' --in-reply-to"
        f" 'failed-{version}@example.org' --subject-prefix 'PATCH {version}.y' HEAD^..\n\nPossible"
        " dependencies:\n\n\n\nthanks,\n\n------------------ original commit in Linus's tree"
        f" ------------------\n\nFrom {commit} Mon Sep 17 00:00:00 2001\nFrom:"
        f" {NEWCOMER.trailer()}\nSubject: [PATCH] {title}\n"
    )
    subject = f'FAILED: patch "[PATCH] {title}" failed to apply to {version}-stable tree'
    message = _make_mail(STABLE, subject, text, date, f"failed-{version}@example.org")
    message["X-stable"] = "review"
    return message.as_bytes()


def _make_mail(
    sender: Address,
    subject: str,
    text: str,
    date: datetime,
    message_id: str,
    recipients: tuple[Address, ...] = (),
) -> EmailMessage:
    message = EmailMessage(policy=SMTP.clone(linesep="\n", max_line_length=900))
    message["From"] = HeaderAddress(sender.name, addr_spec=sender.email)
    message["To"] = HeaderAddress(NEWCOMER.name, addr_spec=NEWCOMER.email)
    message["Cc"] = [
        HeaderAddress("", addr_spec=NET_LIST),
        HeaderAddress("", addr_spec=KERNEL_LIST),
        *(HeaderAddress(address.name, addr_spec=address.email) for address in recipients),
    ]
    message["Subject"] = subject
    message["Date"] = date
    message["Message-ID"] = f"<{message_id}>"
    message.set_content(text, cte="8bit")
    return message


def _prefix_reply_subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _quote_message(to: Sent, author: Address, pattern: str, count: int) -> str:
    quote = _quote_lines(to.body, pattern, count)
    return f"On {format_datetime(to.date)}, {author.name} wrote:\n{quote}"


def _quote_lines(body: str, pattern: str, count: int) -> str:
    """Quote lines of the body, starting at the first line that contains `pattern`."""
    body_lines = body.split("\n")
    first = next((index for index, line in enumerate(body_lines) if pattern in line), 0)
    return "".join(f"> {line}\n" for line in body_lines[first : first + count])
