# SPDX-License-Identifier: GPL-2.0-or-later
"""A summary of the topic as text."""

from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.counted import counted
from patchpilot.model.printable import crop
from patchpilot.tui.screens.commit_status import TopicCommits
from patchpilot.tui.view.rich_text import QUIET, plain, wrapped
from patchpilot.tui.view.session import Session

if TYPE_CHECKING:
    from patchpilot.services.send.questions import PreSendQuestions


TITLE = 11
"""Columns of a label."""


def about_text(
    session: Session, result: TopicCommits, asked: "PreSendQuestions | None", room: int
) -> Text:
    """Return a summary of the topic, in `room` columns.

    It has the branch, commits, base, target and answers.
    """
    text = Text()
    for label, words in _facts(session, result, asked):
        for at, part in enumerate(wrapped(words, room - TITLE - 1)):
            text.append(f"{'' if at else label:<{TITLE}}", QUIET)
            text.append(plain(crop(part, room - TITLE))).append("\n")
    text.rstrip()
    return text


def _facts(
    session: Session, result: TopicCommits, asked: "PreSendQuestions | None"
) -> list[tuple[str, str]]:
    topic = session.topic
    if topic is None:
        return []
    changes = [change for patch in result.patches for change in patch.files]
    added, removed = (
        sum(one.added for one in changes),
        sum(one.removed for one in changes),
    )
    paths = {change.path for change in changes}
    facts = [
        ("Branch", topic.branch or "detached HEAD"),
        (
            "Commits",
            f"{len(result.patches)}, {counted(len(paths), 'file')}, +{added} -{removed}",
        ),
    ]
    if topic.target:
        facts.append(("Range", f"{topic.target} (chosen; press b to change)"))
    elif result.base:
        base = result.base
        reason = base.reason if base.guessed or not session.base else "chosen here"
        facts += [
            ("Base", f"{base.name} {base.start[:12]}"),
            ("", f"{reason} (press b to change)"),
            *(("", note) for note in base.notes),
        ]
    if asked and asked.target and asked.standing:
        fit, name = asked.standing, asked.target.label
        words = {"conflict": "does not apply to", "clean": "applies cleanly to"}.get(
            fit.applies, "applies with a 3-way merge to"
        )
        facts.append(("Target", f"{words} {name}"))
        facts += [
            ("", f"{one.subject}: already there, {one.how}") for one in fit.already[:2]
        ]
    if asked:
        facts.append(("Mails", f"[{session.mark}]"))
        facts += [
            (question.name.capitalize(), f"{question.answer or 'not answered'}")
            for question in asked.questions
        ]
    return facts
