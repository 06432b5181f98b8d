# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the pre-send questions: security, regression, and the tree named in the subject.

The answers are stored with the topic, so that each question is asked only once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose, LineDialog

if TYPE_CHECKING:
    from patchpilot.services.send.questions import PreSendQuestion
    from patchpilot.topic.open_repository import Repository
    from patchpilot.tui.stage.stage_screen import AnyScreen

WHY_TREE = (
    "This subsystem has one tree for fixes and one for new features; the subject must"
    " name the tree that the patch is for"
)
LATER = "later"
"""The answer that leaves a question unanswered."""
NOT_YET = (LATER, "I don't know yet", "stays open; Commit and Send ask again")
COMMIT = "COMMIT"
_WORDS = {"no": "No", "yes": "Yes"}
_SINCE = {"yes": "Yes, commit in Fixes:", COMMIT: "Yes, another commit"}
"""The answers to a question that also asks for the first affected commit."""


def ask(
    screen: "AnyScreen",
    questions: "Sequence[PreSendQuestion]",
    then: Callable[[], None],
    given: tuple[tuple[str, str], ...] = (),
) -> None:
    """Ask the questions one by one, and then call `then`. The user may leave questions open.

    The answers (`given`: name and value) are saved after the last question, so that a key meant for
    a question does not act on the stage. Escape ends the questions without calling `then`.
    """
    if not questions:
        _keep(screen, given, then)
        return
    question, rest = questions[0], questions[1:]

    def handle_answer(choice: str | None) -> None:
        if choice == LATER:
            name, stage = question.name, Stage.COMMIT.number
            words = f"The {name} question stays open; press a at stage {stage}"
            screen.notify(f"{words} to answer it")
            ask(screen, rest, then, given)
        elif choice == COMMIT:
            text = (
                "Which commit, release or range (good..bad) introduced the regression?"
            )
            screen.app.push_screen(LineDialog(text, _is_revision), handle_name)
        else:
            handle_name(choice)

    def handle_name(value: str | None) -> None:
        if value is None:
            _keep(screen, given, lambda: None)
        else:
            ask(screen, rest, then, (*given, (question.name, value)))

    screen.app.push_screen(dialog(question), handle_answer)


def ask_named(screen: "AnyScreen", name: str, then: Callable[[], None]) -> None:
    from patchpilot.services.send.questions import (
        PreSendQuestions,
        find_pre_send_questions,
    )

    session = screen.session

    def handle_found(asked: PreSendQuestions) -> None:
        wanted = [one for one in asked.open if name in ("", one.name)]
        ask(screen, wanted, then)

    screen.in_thread(
        "checking for open questions",
        lambda repository, _: find_pre_send_questions(
            repository, session.target, base=session.topic_base
        ),
        handle_found,
    )


def dialog(question: "PreSendQuestion") -> Choose:
    """Return the dialog for a question.

    It shows why the question is asked, evidence in the patch for "yes", and the effect of each
    answer.
    """
    reasons = {
        "Why asked": question.why,
        'Reasons for "yes"': "; ".join(question.evidence),
        "Answered": question.answer or "",
    }
    effects = question.effects or ("",) * len(question.answers)
    words = _WORDS | _SINCE if COMMIT in question.answers else _WORDS
    answers = [
        (name, words.get(name, name), effect)
        for name, effect in zip(question.answers, effects, strict=True)
    ]
    return _asking(question.name, question.text, reasons, answers)


def _asking(
    name: str,
    text: str,
    reasons: Mapping[str, str],
    answers: Sequence[tuple[str, str, str]],
) -> Choose:
    """Return the dialog for a question. The default answer leaves it open."""
    why = (f"`{label}`  {words}" for label, words in reasons.items() if words)
    title = f"{name.capitalize()} question"
    return Choose("\n\n".join((text, *why)), [*answers, NOT_YET], title, at=LATER)


def ask_tree(screen: "AnyScreen", proposed: str, then: Callable[[], None]) -> None:
    """Ask which tree the subject should name and set the subject prefix.

    `proposed` is the tree according to the subsystem's rules.
    """
    fixes = proposed.removesuffix("-next")
    answers = [
        (tree, f"{label}: [{tree}]", f"the subject becomes [{tree}]: {purpose}")
        for tree, label, purpose in (
            (fixes, "Fix", "goes into the release that is being stabilized"),
            (
                f"{fixes}-next",
                "New feature",
                "goes into the next release; closed during the merge window",
            ),
        )
    ]
    doubt = (
        f" until there is a Fixes: tag; if the patch fixes a bug, choose [{fixes}]"
        if proposed != fixes
        else ""
    )
    reasons = {"Why asked": WHY_TREE, "Proposed": f"[{proposed}]{doubt}"}

    def handle_answer(choice: str | None) -> None:
        if choice in (None, LATER):
            then()
        else:
            set_prefix(screen, str(choice), then, proposed)

    text = "Which tree should the subject name?"
    screen.app.push_screen(_asking("tree", text, reasons, answers), handle_answer)


def set_prefix(
    screen: "AnyScreen", prefix: str, then: Callable[[], None], proposed: str = ""
) -> None:
    """Set the subject prefix of the topic's messages and call `then`.

    Report the new prefix and, if different, the proposed one.
    """

    from patchpilot.services.send.edit_draft import DraftChanges, change_draft

    def handle_done(_: object) -> None:
        screen.session.changed("draft")
        stage = Stage.PREVIEW.number
        words = (
            f"The subjects start with [{prefix}]; press o at stage {stage} to change it"
        )
        if proposed not in ("", prefix) and not proposed.endswith("-next"):
            against = f"[{proposed}] was proposed for this patch. {words}"
            screen.notify(against, severity="warning")
        else:
            screen.notify(words)
        screen.tui.jobs.refresh_stale()
        then()

    session = screen.session
    screen.in_thread(
        "saving the prefix",
        lambda repository, _: change_draft(
            repository, DraftChanges(prefix=prefix), session.target, session.topic_base
        ),
        handle_done,
    )


def _is_revision(text: str) -> tuple[bool, str]:
    valid = bool(re.fullmatch(r"v?[\w./~^-]+(?:\.\.v?[\w./~^-]+)?", text.strip()))
    return valid, "" if valid else "enter a commit, v6.12, or good..bad"


def _keep(
    screen: "AnyScreen",
    given: Sequence[tuple[str, str]],
    then: Callable[[], None],
) -> None:
    from patchpilot.services.send.mail_recipients import save_question_answer

    session = screen.session
    if not given:
        then()
        return

    def save(repository: "Repository", _: object) -> list[str]:
        request = session.request(repository)
        return [save_question_answer(repository, *answer, request) for answer in given]

    def handle_done(changed: list[str]) -> None:
        session.changed("answers")
        session.open_questions = max(0, session.open_questions - len(given))
        screen.tui.jobs.refresh_stale()
        words = [": ".join(answer) for answer in given]
        effects = "".join(f". {effect}" for effect in changed if effect)
        screen.notify(f"{', '.join(words)}{effects}; press a at stage 1 to change it")
        then()

    screen.in_thread("saving the answers", save, handle_done)
