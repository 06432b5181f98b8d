# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the commit stage: the next steps and the commits."""

from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.printable import format_count
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import KEY, plain_text, wrap_with_indent
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch
    from patchpilot.sending.questions import PreSendQuestions


class TopicCommits(NamedTuple):
    """The topic's commits as patches, oldest first.

    `has_merge` is set if a merge commit was skipped.
    """

    patches: "tuple[Patch, ...]"
    has_merge: bool = False


def load_stage(request: JobRequest) -> "tuple[TopicCommits, StageStatus]":
    from patchpilot.topic.patches import read_topic_patches

    patches, has_merge = read_topic_patches(
        request.repository,
        request.topic.commits,
        request.topic.target,
        request.progress,
    )
    changed_lines = sum(
        change.added + change.removed for patch in patches for change in patch.files
    )
    note = f"{format_count(len(patches), 'commit')}, {format_count(changed_lines, 'line')} changed"
    return TopicCommits(patches, has_merge), StageStatus(StageState.DONE, note)


class OpenStep(NamedTuple):
    """A pending step: its symbol, subject and text, and the action for Enter."""

    sign: str
    name: str
    words: str
    does: str = ""


INDENT = 6
"""Columns for the sign and the key."""


def list_open_steps(
    commits: "TopicCommits | None", questions: "PreSendQuestions | None"
) -> list[OpenStep]:
    steps = []
    if commits is not None and commits.has_merge:
        message = "merge commits are skipped (use git rebase)"
        steps.append(OpenStep("warning", "merge", message))
    return (
        [*steps, *_known_fix_steps(questions), *_question_steps(questions)] if questions else steps
    )


def _known_fix_steps(questions: "PreSendQuestions") -> Iterator[OpenStep]:
    state, posted = questions.upstream, questions.posted
    for fix in state.known[:2]:
        yield OpenStep("blocked" if fix.is_sure else "warning", fix.commit, fix.words)
    for posted_fix in posted.fixes:
        yield OpenStep("warning", posted_fix.message_id, posted_fix.words)
    if posted.problem:
        yield OpenStep("dot", "archive", posted.problem)
    if state.stable:
        yield OpenStep("blocked", "stable", state.stable.words)
    if state.stable or state.sure:
        yield OpenStep("dot", "way on", str(questions.suggested_commands))


def _question_steps(questions: "PreSendQuestions") -> Iterator[OpenStep]:
    from patchpilot.sending.propose_prefix import format_tree_advice

    for question in questions.open:
        yield OpenStep("todo", question.name, question.text, "answer")
    if tree := questions.missing_tree:
        yield OpenStep("todo", tree, format_tree_advice(tree), "tree")
    if not questions.target or not (target_fit := questions.target_fit):
        return
    name = questions.target.label
    for title in () if questions.upstream.sure else target_fit.already[:2]:
        yield OpenStep("warning", title, f"already in {name}: {title}")
    if target_fit.fails:
        files = ", ".join(target_fit.paths[:2])
        yield OpenStep("blocked", name, f"run git rebase {quote(name)}: conflicts in {files}")
    elif not target_fit.already:
        manner = "cleanly" if target_fit.applies == "clean" else "with a 3-way merge"
        yield OpenStep("done", name, f"applies {manner} to {name}")


def format_open_step(step: OpenStep, columns: int) -> Text:
    return Text.assemble(
        (f" {glyph(step.sign):<2}", STYLE_OF[step.sign]),
        ("a  " if step.does else "   ", KEY),
        plain_text(wrap_with_indent(step.words, columns, INDENT)),
    )


def commit_summary(patch: "Patch") -> Text:
    return plain_text(f"  {(patch.commit or '')[:12]} {patch.subject.title}")
