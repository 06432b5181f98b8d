# SPDX-License-Identifier: GPL-2.0-or-later
"""Notifications about new messages in tracked series, and the programs that show them."""

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
    """The title and the text of a notification, each a single line without control characters.

    Neither of them starts with text from the sender of a message, so that no program takes it
    for an option.
    """

    title: str
    text: str


class Notifier(NamedTuple):
    """The notification methods from `config.NOTIFY` and the user's command (empty if none)."""

    ways: tuple[str, ...]
    command: tuple[str, ...] = ()


def notifier(ways: Sequence[str], command: str | None) -> Notifier:
    """Returns the notifier for the given options.

    Missing options are taken from git's configuration outside of any repository, because a
    repository may belong to another user. Raises `UsageError` if the command cannot be
    parsed.
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
            hint="quote the words of the command as in a shell",
        ) from error


def news_lines(series: Tracked) -> tuple[str, ...]:
    """Returns a line for each new message from others, such as `review by Rita Reviewer`.

    Empty if there are no new messages.
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
    """Returns a notification for each series with new messages.

    The number of notifications is limited; a last one summarizes the remaining series.
    """
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
    """Returns the escape sequences that show the notifications on a terminal."""
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
    """Runs notify-send and the user's command for each notification, without a shell.

    Returns the errors, one per line.
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
