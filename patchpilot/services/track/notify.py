# SPDX-License-Identifier: GPL-2.0-or-later
"""News of tracked series as notifications: what is new in a line, and the programs that show it."""

import html
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.run import environment, run
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.model.counted import counted
from patchpilot.model.printable import crop, one_line
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.settings.read_settings import user_settings
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.followed.story import reply_words

_TIMEOUT = 20.0
_MOST = 5
"""Series of one check that get a notification of their own."""
_TITLE, _TEXT = 100, 300


class Notification(NamedTuple):
    """A title and a line of text: without control characters, and neither begins with what a mail's
    sender wrote, so that no program takes it for an option."""

    title: str
    text: str


class Notifier(NamedTuple):
    """How to notify: ways of `config.NOTIFY`, and the words of a command ((): none)."""

    ways: tuple[str, ...]
    command: tuple[str, ...] = ()


def notifier(ways: Sequence[str], command: str | None) -> Notifier:
    """The notifier for these options.

    What is not given is as git is configured outside of any repository, which cannot be someone
    else's.
    """
    settings = user_settings(
        Path("/"), flags={"notify": ",".join(ways) or None, "notify-command": command}
    )
    line = settings.get("notify-command")
    try:
        return Notifier(settings.list_value("notify"), tuple(shlex.split(line)))
    except ValueError as error:
        raise UsageError(
            f"notify-command: {line!r}: {error}",
            hint="quote the words of the command as for a shell",
        ) from error


def news_lines(series: Tracked) -> tuple[str, ...]:
    """The new mails of others, each in a line: `review by Rita Reviewer`.

    Empty where there is nothing to report.
    """
    replies = {
        reply.mail.mail.message_id: reply.mail
        for reply in (series.status.replies if series.status else ())
    }
    return tuple(
        one_line(_words(replies.get(message_id)))
        for message_id in series.new
        if message_id in series.unread
    )


def _words(mail: Classified | None) -> str:
    if mail is None:
        return "a mail about it"
    if said := reply_words(mail):
        return said[1]
    kind = "reply" if mail.kind is MailKind.OTHER else mail.label.replace("-", " ")
    return f"{kind} by {mail.who}"


def notifications(news: Sequence[Tracked]) -> tuple[Notification, ...]:
    """A notification for each series with news, the last one for all that are left over."""
    found = []
    for series in news[:_MOST]:
        said = ", ".join(dict.fromkeys(news_lines(series)))
        title = f"series {series.entry.id}: {one_line(series.subject)}"
        found.append(
            Notification(
                crop(title, _TITLE),
                crop(f"{said}; next: {one_line(series.next_step)}", _TEXT),
            )
        )
    if len(news) > _MOST:
        left = counted(len(news) - _MOST, "more series", "more series")
        found.append(Notification("patchpilot", f"news of {left}: patchpilot track"))
    return tuple(found)


def terminal_text(notifier: Notifier, found: Sequence[Notification]) -> str:
    """The escape sequences that show the notifications on a terminal."""
    parts = []
    if found and "bell" in notifier.ways:
        parts.append("\a")
    for title, text in found:
        if "osc9" in notifier.ways:
            parts.append(f"\x1b]9;{title}: {text}\a")
        if "osc777" in notifier.ways:
            parts.append(
                f"\x1b]777;notify;{title.replace(';', ',')};{text.replace(';', ',')}\a"
            )
    return "".join(parts)


def run_notifiers(notifier: Notifier, found: Sequence[Notification]) -> tuple[str, ...]:
    """Run notify-send and the command for each notification, without a shell.

    What went wrong, each in a line.
    """
    wrong: dict[str, None] = {}
    for title, text in found:
        calls: list[tuple[str, ...]] = []
        if "desktop" in notifier.ways:
            calls.append(
                (
                    "notify-send",
                    "--app-name=patchpilot",
                    "--",
                    title,
                    html.escape(text, quote=False),
                )
            )
        if notifier.command:
            calls.append((*notifier.command, title, text))
        for call in calls:
            try:
                done = run(call, env=environment(parsed=False), timeout=_TIMEOUT)
            except PatchpilotError as error:
                wrong[error.message] = None
                continue
            if done.code:
                said = done.error_text.splitlines()
                wrong[
                    f"{call[0]} failed: {said[-1] if said else f'exit {done.code}'}"
                ] = None
    return tuple(wrong)
