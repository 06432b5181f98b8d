# SPDX-License-Identifier: GPL-2.0-or-later
"""Write notes about a topic's recipients, with a remedy for each if there is one.

The TUI shows each note as a card.
"""

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series
from patchpilot.model.recipient import RecipientPlan, Remedy, RemedyKind
from patchpilot.outgoing.target_tree import find_remote_tree, make_remote_command
from patchpilot.projects.project import Project
from patchpilot.sending.propose_prefix import (
    format_tree_advice,
    propose_tree_prefix,
)
from patchpilot.sending.questions import (
    is_regression_fix,
    list_pre_send_questions,
)
from patchpilot.settings.read_settings import is_in_demo
from patchpilot.topic.base import Base, find_base

BUTTON_LABELS = {
    RemedyKind.EXCLUDE: "Exclude {}",
    RemedyKind.REPLACE: "Use {}",
    RemedyKind.ADD: "Add {}",
    RemedyKind.PREFIX: "Name the tree",
    RemedyKind.ANSWER: "Answer",
}


class RecipientAdvice(NamedTuple):
    """A note about a topic's recipients.

    `severity` is `warning` or `note`. `remedy` is an action that resolves the note, or None.
    """

    severity: str
    title: str
    text: str
    remedy: Remedy | None = None

    @property
    def words(self) -> str:
        """Return the label of the button that applies the remedy, or "" if there is no remedy."""
        if self.remedy is None:
            return ""
        return BUTTON_LABELS[self.remedy.kind].format(self.remedy.instead or self.remedy.values[0])


TITLES = {
    RemedyKind.EXCLUDE: "doubtful address",
    RemedyKind.REPLACE: "address that bounces",
    RemedyKind.ADD: "omitted list",
    RemedyKind.REBASE: "other tree",
}


def find_recipient_advice(
    repository: Repository,
    plan: RecipientPlan,
    series: Series,
    draft: Draft,
    project: Project,
    base: str | None,
) -> tuple[RecipientAdvice, ...]:
    """Return notes about a recipient plan; those with a remedy come first.

    `base` is the base that the user gave. Notes without a remedy are combined.
    """
    all_advice = [
        *_open_question_notes(repository, series, draft, project),
        *_subject_tree_notes(series, draft, project),
        *_warning_advice(repository, plan, base),
    ]
    warnings = sorted(
        (advice for advice in all_advice if advice.severity == "warning"),
        key=lambda advice: advice.remedy is None,
    )
    note_texts = [advice.text for advice in all_advice if advice.severity != "warning"]
    combined_advice = RecipientAdvice(
        "note", "good to know", "\n".join(f"- {text}" for text in note_texts)
    )
    return (*warnings, *((combined_advice,) if note_texts else ()))


def _open_question_notes(
    repository: Repository, series: Series, draft: Draft, project: Project
) -> Iterator[RecipientAdvice]:
    for question in list_pre_send_questions(repository, series, draft, project):
        if question.is_open:
            remedy = Remedy(RemedyKind.ANSWER, (question.name,))
            yield RecipientAdvice(
                "warning",
                f"{question.name} question open",
                f"{question.text} If yes: {question.effects[question.answers.index('yes')]}.",
                remedy,
            )


def _subject_tree_notes(
    series: Series, draft: Draft, project: Project
) -> Iterator[RecipientAdvice]:
    prefix = propose_tree_prefix(
        series, draft.prefix, project.name, is_regression=is_regression_fix(draft)
    )
    if prefix:
        yield RecipientAdvice(
            "warning",
            "target tree not named",
            format_tree_advice(prefix),
            Remedy(RemedyKind.PREFIX, (prefix,)),
        )


def _warning_advice(
    repository: Repository,
    plan: RecipientPlan,
    base: str | None,
) -> Iterator[RecipientAdvice]:
    remedies = dict(plan.remedies)
    for text in dict.fromkeys(plan.warnings):
        remedy = remedies.get(text)
        if text.startswith("removed manually") or (
            remedy and remedy.kind is RemedyKind.EXCLUDE and _is_excluded(plan, remedy)
        ):
            continue
        if remedy and remedy.kind is RemedyKind.REBASE:
            yield from _base_tree_notes(repository, text, remedy, base)
        else:
            yield RecipientAdvice(
                "warning" if remedy else "note",
                TITLES[remedy.kind] if remedy else "note",
                text,
                remedy,
            )


def _is_excluded(plan: RecipientPlan, remedy: Remedy) -> bool:
    return not any(recipient.address.email in remedy.values for recipient in plan.recipients)


def explain_remedy(
    repository: Repository, plan: RecipientPlan, warning: str, base: str | None
) -> str:
    """Return how to rebase onto the tree that a recipient plan's warning names, or ""."""
    remedy = dict(plan.remedies).get(warning)
    if remedy is None or remedy.kind is not RemedyKind.REBASE:
        return ""
    notes = _base_tree_notes(repository, warning, remedy, base)
    return next(notes).text.removeprefix(f"{warning}; ")


def _base_tree_notes(
    repository: Repository, text: str, remedy: Remedy, base: str | None
) -> Iterator[RecipientAdvice]:
    labels = [
        branch.label for tree in remedy.values if (branch := find_remote_tree(repository, tree))
    ]
    try:
        base_result = find_base(repository, base)
    except PatchpilotError:
        base_result = None
    instruction = (
        f"run git rebase {shlex.quote(labels[0])}"
        if labels
        else f"to rebase onto it: {_format_rebase(repository, remedy.values[0], base_result)}"
    )
    if not labels and is_in_demo():
        yield RecipientAdvice("note", TITLES[RemedyKind.REBASE], f"{text}; not needed in the demo")
    else:
        yield RecipientAdvice("warning", TITLES[RemedyKind.REBASE], f"{text}; {instruction}")


def _format_rebase(repository: Repository, tree: str, base: Base | None) -> str:
    """Return one line for the shell that fetches `git URL [BRANCH]` and rebases onto it."""
    url, _, branch = tree.removeprefix("git ").partition(" ")
    remote, add = make_remote_command(repository, url)
    name = shlex.quote(remote)
    steps = [*filter(None, (add,)), f"git fetch {name}"]
    if not branch:
        steps.append(f"git remote set-head {name} --auto")
    tip = shlex.quote(f"{remote}/{branch or 'HEAD'}")
    steps.append(f"git rebase --onto {tip} {base.start[:12]}" if base else f"git rebase {tip}")
    return " && ".join(steps)
