# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the commit stage: the next steps and the commits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.counted import counted
from patchpilot.model.trailer import is_trailer
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import KEY, hanging, plain
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch
    from patchpilot.services.send.questions import PreSendQuestions


@dataclass(frozen=True, slots=True)
class TopicCommits:
    """The topic's commits as patches, oldest first; `has_merge`: a merge commit was skipped."""

    patches: "tuple[Patch, ...]"
    has_merge: bool = False


def load(ask: JobRequest) -> "tuple[TopicCommits, StageStatus]":
    """Return the topic's commits as patches."""
    from patchpilot.topic.topic_patches import topic_patches

    patches, has_merge = topic_patches(
        ask.repository, ask.topic.commits, ask.topic.target, ask.progress
    )
    changed = sum(
        change.added + change.removed for patch in patches for change in patch.files
    )
    words = f"{counted(len(patches), 'commit')}, {counted(changed, 'line')} changed"
    return TopicCommits(patches, has_merge), StageStatus(StageState.DONE, words)


class NextRow(NamedTuple):
    """An open step of this stage: the action of Enter with its argument, the sign, and the text."""

    does: str
    name: str
    sign: str
    words: str


INDENT = 5
"""Columns of the sign and the key."""
_PREFIX = re.compile(r"^Subject: \[PATCH( \d+/\d+)?\]")
"""The prefix that git format-patch writes."""


def next_rows(
    shown: "TopicCommits | None", asked: "PreSendQuestions | None"
) -> tuple[NextRow, ...]:
    """Return what is to do at this stage: the base, the questions, and the tree."""
    from patchpilot.services.send.propose_prefix import tree_choice

    rows: list[NextRow] = []
    if shown is not None and shown.has_merge:
        words = "merge commits are skipped (use git rebase)"
        rows.append(NextRow("", "merge", "warning", words))
    if asked is None:
        return tuple(rows)
    rows += _upstream_rows(asked)
    rows += [
        NextRow("answer", question.name, "todo", question.text)
        for question in asked.open
    ]
    if asked.missing_tree:
        words = tree_choice(asked.missing_tree)
        rows.append(NextRow("tree", asked.missing_tree, "todo", words))
    if asked.target and (fit := asked.standing):
        name = asked.target.label
        if not asked.upstream.sure:
            rows += [
                NextRow("", title, "warning", f"already in {name}: {title}")
                for title in fit.already[:2]
            ]
        if fit.fails:
            files = ", ".join(fit.paths[:2])
            words = f"run git rebase {name}: conflicts in {files}"
            rows.append(NextRow("", name, "blocked", words))
        elif not fit.already:
            how = "cleanly" if fit.applies == "clean" else "with a 3-way merge"
            rows.append(NextRow("", name, "done", f"applies {how} to {name}"))
    return tuple(rows)


def _upstream_rows(asked: "PreSendQuestions") -> list[NextRow]:
    state = asked.upstream
    rows = [
        NextRow("", fix.commit, "blocked" if fix.is_sure else "warning", fix.words)
        for fix in state.known[:2]
    ]
    posted = asked.posted
    rows += [NextRow("", fix.message_id, "warning", fix.words) for fix in posted.fixes]
    if posted.problem:
        rows.append(NextRow("", "archive", "dot", posted.problem))
    if state.stable:
        rows.append(NextRow("", "stable", "blocked", state.stable.words))
    if state.stable or state.sure:
        rows.append(NextRow("", "way on", "dot", str(asked.way_on)))
    return rows


def next_line(row: NextRow, room: int) -> Text:
    """Return the lines of an open step, in `room` columns."""
    first, *more = hanging(row.words, room, INDENT)
    return Text.assemble(
        (f"{glyph(row.sign):<2}", STYLE_OF[row.sign]),
        ("a  " if row.does else "   ", KEY),
        plain("\n".join((first, *more))),
    )


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
