# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog with a question, the reasons for it, and the effect of each answer; it can be left
open.
"""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from patchpilot.tui.view.rich_text import plain, with_code
from patchpilot.tui.widgets.dialog import Answer, ButtonRow, Dialog, Letters

LATER = "later"
"""The answer that leaves a question open."""
NOT_YET = Answer(
    LATER,
    "I don't know yet",
    "the question stays open; Commit, Recipients and Send show it until you answer it",
)


class QuestionDialog(Dialog[str | None]):
    """A dialog that returns the name of the answer, LATER for `NOT_YET`, or None on Escape.

    The focus starts on `NOT_YET`, so that pressing Enter once too often does not answer the
    question, or on the `proposed` answer if there is one.
    """

    DEFAULT_CSS = """
    QuestionDialog Horizontal { height: auto; }
    QuestionDialog .question { text-style: bold; margin: 0 0 1 0; }
    QuestionDialog .label { width: 21; text-style: bold; }
    QuestionDialog .words { width: 1fr; }
    QuestionDialog .first { margin: 1 0 0 0; }
    QuestionDialog ButtonRow { margin: 1 0 0 0; }
    """

    def __init__(
        self,
        title: str,
        text: str,
        reasons: Sequence[tuple[str, str]],
        answers: Sequence[Answer],
        proposed: str = LATER,
    ) -> None:
        super().__init__()
        self.title_text = title
        self._text, self._reasons, self._answers, self._proposed = (
            text,
            reasons,
            (*answers, NOT_YET),
            proposed,
        )

    def content(self) -> ComposeResult:
        """The question, the reasons, what happens with each answer, the buttons."""
        labels = [answer.words for answer in self._answers]
        self._letters = Letters(self, labels)
        yield Static(with_code(self._text), markup=False, classes="question")
        for label, words in self._reasons:
            yield _row(label, words)
        for at, answer in enumerate(self._answers):
            yield _row(answer.words, answer.then, "" if at else "first")
        yield ButtonRow(labels, self._letters.places)
        yield Static(
            plain("←→ select · Enter or underlined letter answer · Esc leave it open"),
            markup=False,
            classes="keys",
        )

    def on_mount(self) -> None:
        """The proposed answer has the focus, otherwise the one that decides nothing."""
        self.query_one(
            f"#answer-{[answer.name for answer in self._answers].index(self._proposed)}",
            Button,
        ).focus()

    def on_key(self, event: events.Key) -> None:
        """The underlined letters answer; no other character does anything."""
        number = self._letters.answer(event)
        if number is not None:
            event.stop()
            self.dismiss(self._answers[number].name)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer."""
        event.stop()
        self.dismiss(
            self._answers[int((event.button.id or "").removeprefix("answer-"))].name
        )


def _row(label: str, words: str, classes: str = "") -> Widget:
    return Horizontal(
        Static(plain(label), markup=False, classes="label"),
        Static(with_code(words), markup=False, classes="words"),
        classes=classes,
    )
