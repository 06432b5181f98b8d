# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the commit stage: the next steps and the commits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.printable import format_count
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import KEY, plain, wrap_hanging
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch
    from patchpilot.services.send.questions import PreSendQuestions


@dataclass(frozen=True, slots=True)
class TopicCommits:
    """The topic's commits as patches, oldest first.

    `has_merge` is set if a merge commit was skipped.
    """

    patches: "tuple[Patch, ...]"
    has_merge: bool = False


def load(ask: JobRequest) -> "tuple[TopicCommits, StageStatus]":
    from patchpilot.topic.topic_patches import topic_patches

    patches, has_merge = topic_patches(
        ask.repository, ask.topic.commits, ask.topic.target, ask.progress
    )
    changed = sum(
        change.added + change.removed for patch in patches for change in patch.files
    )
    words = f"{format_count(len(patches), 'commit')}, {format_count(changed, 'line')} changed"
    return TopicCommits(patches, has_merge), StageStatus(StageState.DONE, words)


class NextRow(NamedTuple):
    """A pending step: its symbol, subject and text, and the action for Enter."""

    sign: str
    name: str
    words: str
    does: str = ""


INDENT = 6
"""Columns for the sign and the key."""
_PREFIX = re.compile(r"^Subject: \[PATCH( \d+/\d+)?\]")
"""The prefix that git format-patch adds."""


def next_rows(
    shown: "TopicCommits | None", questions: "PreSendQuestions | None"
) -> list[NextRow]:
    rows: list[NextRow] = []
    if shown is not None and shown.has_merge:
        words = "merge commits are skipped (use git rebase)"
        rows.append(NextRow("warning", "merge", words))
    return (
        [*rows, *_known_rows(questions), *_open_rows(questions)] if questions else rows
    )


def _known_rows(questions: "PreSendQuestions") -> Iterator[NextRow]:
    state, posted = questions.upstream, questions.posted
    for fix in state.known[:2]:
        yield NextRow("blocked" if fix.is_sure else "warning", fix.commit, fix.words)
    for other in posted.fixes:
        yield NextRow("warning", other.message_id, other.words)
    if posted.problem:
        yield NextRow("dot", "archive", posted.problem)
    if state.stable:
        yield NextRow("blocked", "stable", state.stable.words)
    if state.stable or state.sure:
        yield NextRow("dot", "way on", str(questions.suggested_commands))


def _open_rows(questions: "PreSendQuestions") -> Iterator[NextRow]:
    from patchpilot.services.send.propose_prefix import format_tree_advice

    for question in questions.open:
        yield NextRow("todo", question.name, question.text, "answer")
    if tree := questions.missing_tree:
        yield NextRow("todo", tree, format_tree_advice(tree), "tree")
    if not questions.target or not (fit := questions.standing):
        return
    name = questions.target.label
    for title in () if questions.upstream.sure else fit.already[:2]:
        yield NextRow("warning", title, f"already in {name}: {title}")
    if fit.fails:
        files = ", ".join(fit.paths[:2])
        yield NextRow("blocked", name, f"run git rebase {name}: conflicts in {files}")
    elif not fit.already:
        how = "cleanly" if fit.applies == "clean" else "with a 3-way merge"
        yield NextRow("done", name, f"applies {how} to {name}")


def next_line(row: NextRow, room: int) -> Text:
    return Text.assemble(
        (f" {glyph(row.sign):<2}", STYLE_OF[row.sign]),
        ("a  " if row.does else "   ", KEY),
        plain(wrap_hanging(row.words, room, INDENT)),
    )


def commit_rows(patch: "Patch") -> list[str]:
    return [row for row in patch.lines if not row.startswith("From ")]


def with_prefix(rows: Sequence[str], mark: str) -> list[str]:
    """Add the subject prefix, such as `PATCH net v2`, to a commit's lines.

    The patch number is kept.
    """
    return [
        _PREFIX.sub(lambda found: f"Subject: [{mark}{found[1] or ''}]", row)
        for row in rows
    ]


def commit_line(patch: "Patch") -> Text:
    return plain(f"  {(patch.commit or '')[:12]} {patch.subject.title}")
