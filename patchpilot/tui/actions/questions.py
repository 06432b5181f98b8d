# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the pre-send questions: security, regression, and the tree named in the subject.

The answers are stored with the topic, so that each question is asked only once.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.draft import TESTED, TO_COVER
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Callback, Choose, LineDialog

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.sending.questions import PreSendQuestion
    from patchpilot.tui.stage.stage_screen import AnyScreen

LATER = "later"
"""The answer that leaves a question unanswered."""
_KEYS = {
    TO_COVER: f"o at stage {Stage.PREVIEW.number}",
    TESTED: f"o at stage {Stage.PREVIEW.number}",
}
"""Maps a question to the key that asks it again; Commit asks the others."""
COMMIT = "COMMIT"
TREE = "tree"
_TREE_LABELS = ("Fix", "New feature")
_WORDS = {"no": "No", "yes": "Yes", "all": "All patches to all", "own": "Only their own"}
_TESTED_LABELS = {
    # no answer has a letter of "send", which people type when they expect the confirmation
    "hardware": "Hardware",
    "qemu": "Virtual machine, such as QEMU",
    "built": "Built only",
    "no": "Untested",
}
_SINCE = {"yes": "Yes, since the commit in Fixes:", COMMIT: "Yes, since another commit"}
"""The answers to a question that also asks for the first affected commit."""


def ask_questions(
    screen: "AnyScreen",
    questions: "Sequence[PreSendQuestion]",
    on_done: Callback,
    answers: tuple[tuple[str, str], ...] = (),
) -> None:
    """Ask the questions one by one, and then call `on_done`. The user may leave questions open.

    The `answers` (name and value) are saved after the last question, so that a key meant for
    a question does not act on the stage. Escape ends the questions without calling `on_done`.
    """
    if not questions:
        _save_answers(screen, answers, on_done)
        return
    question, remaining = questions[0], questions[1:]

    def handle_answer(choice: str | None) -> None:
        if choice == LATER:
            name = question.name
            words = f"The {name} question stays open; press {_key_to_answer(name)}"
            screen.notify(f"{words} to answer it")
            ask_questions(screen, remaining, on_done, answers)
        elif choice == COMMIT:
            text = "Which commit, release or range (good..bad) introduced the regression?"
            screen.app.push_screen(LineDialog(text, _check_revision), handle_value)
        else:
            handle_value(choice)

    def handle_value(value: str | None) -> None:
        if value is None:
            _save_answers(screen, answers, lambda: None)
        else:
            ask_questions(screen, remaining, on_done, (*answers, (question.name, value)))

    screen.app.push_screen(question_dialog(question), handle_answer)


def _key_to_answer(name: str) -> str:
    return _KEYS.get(name, f"a at stage {Stage.COMMIT.number}")


def ask_named_questions(screen: "AnyScreen", name: str, on_done: Callback) -> None:
    from patchpilot.sending.questions import (
        PreSendQuestions,
        find_pre_send_questions,
    )

    session = screen.session

    def handle_questions(questions: PreSendQuestions) -> None:
        selected = [question for question in questions.open if name in ("", question.name)]
        ask_questions(screen, selected, on_done)

    screen.run_in_thread(
        "checking for open questions",
        lambda repository, _: find_pre_send_questions(
            repository, session.target, base=session.topic_base
        ),
        handle_questions,
    )


def question_dialog(question: "PreSendQuestion") -> Choose:
    """Return the dialog for a question.

    It shows why the question is asked, evidence in the patch for "yes", and the effect of each
    answer.
    """
    evidence_label = 'Reasons for "yes"' if "yes" in question.answers else "Found"
    reasons = {
        "Rule of thumb": question.guide,
        "Why asked": question.why,
        evidence_label: "; ".join(question.evidence),
        "Answered": question.answer or "",
    }
    effects = question.effects or ("",) * len(question.answers)
    labels = _WORDS | (_SINCE if COMMIT in question.answers else {})
    if question.name == TESTED:
        labels = _TESTED_LABELS
    if question.name == TREE:
        labels = {
            name: f"{label}: [{name}]"
            for name, label in zip(question.answers, _TREE_LABELS, strict=True)
        }
    answers = [
        (name, labels.get(name, name.capitalize()), effect)
        for name, effect in zip(question.answers, effects, strict=True)
    ]
    reason_lines = (f"`{label}`  {reason}" for label, reason in reasons.items() if reason)
    title = f"{question.name.capitalize()} question"
    text = "\n\n".join((question.text, *reason_lines))
    if question.answer is None:
        effect = "goes on without" if question.name == TESTED else "stays open; Send asks again"
        return Choose(text, [*answers, (LATER, "I don't know yet", effect)], title, at=LATER)
    at = question.answer if question.answer in question.answers else COMMIT
    return Choose(text, answers, title, at=at)


def ask_target_tree(screen: "AnyScreen", proposed: str, on_done: Callback) -> None:
    """Ask which tree the subject should name and set the subject prefix.

    `proposed` is the tree according to the subsystem's rules.
    """
    from patchpilot.sending.questions import make_tree_question

    question = make_tree_question(proposed)

    def handle_answer(choice: str | None) -> None:
        if choice in (None, LATER):
            on_done()
        else:
            set_subject_prefix(screen, str(choice), on_done, proposed)

    screen.app.push_screen(question_dialog(question), handle_answer)


def set_subject_prefix(
    screen: "AnyScreen", prefix: str, on_done: Callback, proposed: str = ""
) -> None:
    """Set the subject prefix of the topic's messages and call `on_done`.

    Report the new prefix and, if different, the proposed one.
    """

    from patchpilot.sending.edit_draft import DraftChanges, change_draft

    def report_prefix(_: object) -> None:
        screen.session.mark_changed("draft")
        screen.session.open_questions -= {TREE}
        message = (
            f"The subjects start with [{prefix}]; press o at stage {Stage.PREVIEW.number} to"
            " change it"
        )
        if proposed not in ("", prefix) and not proposed.endswith("-next"):
            screen.notify(
                f"[{proposed}] was proposed for this patch. {message}", severity="warning"
            )
        else:
            screen.notify(message)
        screen.tui.jobs.refresh_stale_stages()
        on_done()

    session = screen.session
    screen.run_in_thread(
        "saving the prefix",
        lambda repository, _: change_draft(
            repository, DraftChanges(prefix=prefix), session.make_send_request()
        ),
        report_prefix,
    )


def _check_revision(text: str) -> tuple[bool, str]:
    from patchpilot.sending.questions import is_revision_or_range

    valid = is_revision_or_range(text.strip())
    return valid, "" if valid else "enter a commit, v6.12, or good..bad"


def _save_answers(
    screen: "AnyScreen",
    answers: Sequence[tuple[str, str]],
    on_done: Callback,
) -> None:
    from patchpilot.sending.mail_recipients import save_question_answer

    session = screen.session
    if not answers:
        on_done()
        return

    def save_all(repository: "Repository", _: object) -> list[str]:
        request = session.make_send_request(repository)
        return [save_question_answer(repository, *answer, request) for answer in answers]

    def report_saved(all_effects: list[str]) -> None:
        session.mark_changed("answers")
        session.open_questions -= {name for name, _ in answers}
        screen.tui.jobs.refresh_stale_stages()
        answer_texts = [": ".join(answer) for answer in answers]
        effects = "".join(f". {effect}" for effect in all_effects if effect)
        # at Commit, the key asks the questions that are still open, if there are any
        first = answers[0][0]
        is_open = session.open_questions and first not in _KEYS
        hint = "" if is_open else f"; press {_key_to_answer(first)} to change it"
        screen.notify(f"{', '.join(answer_texts)}{effects}{hint}")
        on_done()

    screen.run_in_thread("saving the answers", save_all, report_saved)
