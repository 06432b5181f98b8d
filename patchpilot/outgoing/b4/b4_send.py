# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a series' messages with b4, for exactly the planned recipients, without sending."""

from collections.abc import Sequence
from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import (
    InputError,
    MissingError,
    PatchpilotError,
    RefusedError,
    UsageError,
)
from patchpilot.model.address import Address, check_email_address
from patchpilot.model.message import Message, parse_message
from patchpilot.outgoing.b4.b4_command import run_b4
from patchpilot.outgoing.header_guard import refuse_other_recipients
from patchpilot.outgoing.mail_account import Account

_ALTERNATIVE = (
    "use --via git-send-email, which sends the patch as git has it; `b4 send -o DIR` shows where b4"
    " fails"
)


def capture_b4_messages(
    repository: Repository,
    account: Account,
    to: Sequence[Address],
    cc: Sequence[Address],
    settings: Sequence[tuple[str, str]],
    options: Sequence[str],
) -> tuple[Message, ...]:
    """Return the messages that b4 would send to exactly these recipients, in b4's order.

    `settings` contains the tracking data of the branch as git configuration, and `options` the
    options from `make_send_options`. Nothing is sent.
    """
    if not to:
        raise UsageError(
            "no To: recipient: b4 would move everyone in Cc: to To:",
            hint="add a recipient with --to",
        )
    with TemporaryFolder("b4") as folder:
        result = run_b4(
            repository,
            *make_suppressing_options(),
            "-c",
            "sendemail.sendmailcmd=true",
            "send",
            "-o",
            str(folder),
            *make_recipient_options(to, cc),
            *options,
            settings=settings,
        )
        files = sorted(folder.glob("*.eml"))
        if result.code or not files:
            raise _failure_error(result.error_text)
        envelope = account.envelope or (account.sender.email if account.sender else "")
        mails = [parse_message(file.read_bytes(), envelope) for file in files]
        mails = [replace(mail, recipients=mail.to_and_cc) for mail in mails]
        planned_emails = [
            check_email_address(address.email).wire or address.email for address in (*to, *cc)
        ]
        for mail in mails:
            refuse_other_recipients(mail, planned_emails, "b4")
        return tuple(mails)


def make_suppressing_options() -> list[str]:
    """Return options that make b4 ignore the recipients in the user's configuration.

    The plan already contains these recipients.
    """
    options = []
    for name, value in (
        ("send-series-to", ""),
        ("send-series-cc", ""),
        ("send-me-too", "yes"),
        ("email-exclude", ""),
        ("prep-pre-flight-checks", "disable-all"),
    ):
        options += ["-c", f"b4.{name}={value}"]
    return options


def _format_recipient(address: Address) -> str:
    return Address(address.name, check_email_address(address.email).wire or address.email).header()


def make_recipient_options(to: Sequence[Address], cc: Sequence[Address]) -> list[str]:
    """Return the b4 options that select only these recipients."""
    # To: is empty only if recipients were removed from an earlier send; b4's messages are then
    # compared but not sent
    to, cc = (to, cc) if to else (cc, ())
    options = [
        "--no-trailer-to-cc",
        "--to",
        *(_format_recipient(address) for address in to),
    ]
    return [*options, "--cc", *(_format_recipient(address) for address in cc)] if cc else options


def make_send_options(cover: bool, sign: bool, resend: int = 0) -> list[str]:
    """Return the b4 options that force a cover letter, disable signing, or resend a version."""
    return [
        *(["--resend", f"v{resend}"] if resend else []),
        *(["--force-cover-letter"] if cover else []),
        *([] if sign else ["--no-sign"]),
    ]


class UndecodableError(InputError):
    """Raised if a patch is not valid UTF-8, which b4 requires."""


def _failure_error(text: str) -> PatchpilotError:
    """Convert the output of b4 to an error.

    The error is never about the network, because creating messages does not use it.
    """
    lines = [
        line.strip()
        for line in text.splitlines()
        if line.strip() and not line.startswith("Traceback")
    ]
    critical = [
        line.removeprefix("CRITICAL:").strip() for line in lines if "CRITICAL" in line
    ] or lines[-1:]
    if "uncommitted changes" in text:
        return RefusedError(
            "b4 sends only from a clean working tree",
            hint="commit or stash your changes first",
        )
    if "UnicodeDecodeError" in text:
        return UndecodableError("b4 cannot decode a patch: it is not UTF-8", hint=_ALTERNATIVE)
    return MissingError(
        f"b4 failed before the first mail: {critical[0] if critical else 'no message'}",
        hint=_ALTERNATIVE,
    )
