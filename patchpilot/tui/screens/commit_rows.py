# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the commit stage: the next steps and the commits."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.printable import crop, width
from patchpilot.model.trailer import is_trailer
from patchpilot.tui.screens.commit_status import TopicCommits
from patchpilot.tui.view.glyphs import OF_STATE, glyph
from patchpilot.tui.view.rich_text import STRONG, plain, wrapped
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.badge import Tone, ink
from patchpilot.tui.widgets.panel import WIDE

if TYPE_CHECKING:
    from textual.app import App

    from patchpilot.model.patch import Patch
    from patchpilot.services.send.questions import PreSendQuestions


class NextRow(NamedTuple):
    """An open step of the topic.

    It has the action of Enter and its argument, the name of its glyph, its key, title, and
    description.
    """

    does: str
    name: str
    sign: str
    key: str
    title: str
    words: str


TONES = {
    "done": Tone.SUCCESS,
    "blocked": Tone.ERROR,
    "stale": Tone.WARNING,
    "warning": Tone.WARNING,
    "todo": Tone.YOURS,
    "offered": Tone.ACCENT,
    "busy": Tone.ACCENT,
}
SIGNS, TITLE = 6, 11
_PREFIX = re.compile(r"^Subject: \[PATCH( \d+/\d+)?\]")
"""Columns of the sign and the key, and of the name of a stage or question."""


def next_rows(
    session: Session, shown: "TopicCommits | None", asked: "PreSendQuestions | None"
) -> tuple[NextRow, ...]:
    """Return the open steps in the order in which to do them.

    These are the base, the questions and the stages; the choice of the tree follows the tags.
    """
    from patchpilot.services.send.propose_prefix import tree_choice

    rows: list[NextRow] = []
    if shown is not None and shown.has_merge:
        rows.append(
            NextRow(
                "",
                "merge",
                "warning",
                "",
                "merges",
                "merge commits skipped (use git rebase)",
            )
        )
    if asked and asked.target and asked.standing:
        name = asked.target.label
        rows += [
            NextRow(
                "",
                commit.subject,
                "warning",
                "",
                "merged",
                f"already in {name}: {commit.subject} ({commit.how})",
            )
            for commit in asked.standing.already[:2]
        ]
        if asked.standing.fails:
            files = ", ".join(asked.standing.paths[:2])
            rows.append(
                NextRow(
                    "",
                    name,
                    "blocked",
                    "",
                    "rebase",
                    f"run git rebase {name}: conflicts in {files}",
                )
            )
    rows += [
        NextRow("answer", question.name, "todo", "a", question.name, question.text)
        for question in (asked.open if asked else ())
    ]
    was_sent = session.status(Stage.SEND).state is StageState.DONE
    for stage in Stage:
        status = session.status(stage)
        if stage is Stage.BACKPORTS and asked and asked.missing_tree:
            # which tree it is depends on the Fixes: tag
            rows.append(
                NextRow(
                    "tree",
                    asked.missing_tree,
                    "todo",
                    "a",
                    "tree",
                    tree_choice(asked.missing_tree),
                )
            )
        if stage is Stage.FOLLOW and not was_sent:
            continue
        if stage is not Stage.COMMIT and status.state not in (
            StageState.DONE,
            StageState.NOTHING,
        ):
            rows.append(
                NextRow(
                    "stage",
                    str(stage),
                    OF_STATE[status.state],
                    str(stage.number),
                    stage.label,
                    status.note or str(status.state),
                )
            )
    return tuple(rows)


def next_line(app: "App[int]", row: NextRow, room: int) -> Text:
    """Return the line of an open step, in `room` columns.

    In the wide layout, a description that is too long for the line is wrapped below the title.
    """
    line = Text(no_wrap=True).append(
        f"{glyph(row.sign):<2}", ink(app, TONES.get(row.sign, Tone.QUIET))
    )
    line.append(f"{f'[{row.key}]' if row.key else '':<4}", STRONG).append(
        plain(f"{row.title:<{TITLE}}", STRONG)
    )
    if app.size.width < WIDE or width(row.words) <= room - SIGNS - TITLE:
        return line.append(plain(row.words))
    first, *more = wrapped(row.words, room - SIGNS)
    words = (first, crop(" ".join(more), room - SIGNS)) if more else (first,)
    return line.append(plain("".join(f"\n{' ' * SIGNS}{part}" for part in words)))


def commit_rows(patch: "Patch") -> list[str]:
    """Return the lines of a commit as a message, without the "From " envelope line.

    A blank line precedes the trailers.
    """
    rows = [row for row in patch.lines if not row.startswith("From ")]
    end = next((at for at, row in enumerate(rows) if row == "---"), len(rows))
    first = end
    while first and is_trailer(rows[first - 1]):
        first -= 1
    if first < end and first and rows[first - 1].strip():
        rows.insert(first, "")
    return rows


def with_prefix(rows: Sequence[str], mark: str) -> list[str]:
    """Return the lines of a commit with its subject prefix, such as `PATCH net v2`.

    The number in the series is kept.
    """
    return [
        _PREFIX.sub(lambda found: f"Subject: [{mark}{found[1] or ''}]", row)
        for row in rows
    ]


def commit_line(patch: "Patch") -> Text:
    """Return a commit's id and subject."""
    return plain(f"  {(patch.commit or '')[:12]} {patch.subject.title}")
