# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog with a question, the reasons for it, and the effect of each answer; it can be left
open.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Static

from patchpilot.tui.view.rich_text import plain, with_code
from patchpilot.tui.widgets.dialog import (
    Answer,
    AnswerDialog,
    ButtonRow,
    Letters,
    room_for,
    scroll_page,
)
from patchpilot.tui.widgets.panel import Panel

LATER = "later"
"""The answer that leaves a question open."""
NOT_YET = Answer(
    LATER,
    "I don't know yet",
    "the question stays open; Commit, Recipients and Send show it until you answer it",
)
LEAST = 3
"""Lines of the explanation that are shown at least."""
KEYS = "←→ select · Enter or underlined letter answer · Esc leave it open"
SCROLLED = "PgDn more · ←→ select · Enter or letter answer · Esc leave it open"


class QuestionDialog(AnswerDialog[str | None]):
    """A dialog that returns the name of the answer, LATER for `NOT_YET`, or None on Escape.

    The focus starts on `NOT_YET`, so that pressing Enter once too often does not answer the
    question. On a low terminal only the reasons and the effects scroll.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page(1)", "scroll", show=False),
        Binding("pageup", "page(-1)", "scroll back", show=False),
    ]

    DEFAULT_CSS = """
    QuestionDialog Horizontal { height: auto; }
    QuestionDialog .question { text-style: bold; margin: 0 1 1 1; }
    QuestionDialog .label { width: 21; text-style: bold; }
    QuestionDialog .words { width: 1fr; padding: 0 1 0 0; }
    QuestionDialog .first { margin: 1 0 0 0; }
    QuestionDialog .buttons Button { margin: 0 1 0 0; padding: 0 1; min-width: 4; }
    """

    def __init__(
        self,
        title: str,
        text: str,
        reasons: Sequence[tuple[str, str]],
        answers: Sequence[Answer],
    ) -> None:
        super().__init__()
        self.title_text = title
        self._text, self._answers = text, (*answers, NOT_YET)
        self.reasons = list(reasons)

    def compose(self) -> ComposeResult:
        """The question, what explains it in a part that scrolls, and the buttons."""
        labels = [answer.words for answer in self._answers]
        self.letters = Letters(self, labels)
        with Panel(title=self.title_text, classes="dialog"):
            yield Static(with_code(self._text), markup=False, classes="question")
            with VerticalScroll(id="explanation", can_focus=False):
                for label, words in self.reasons:
                    yield _row(label, words)
                for at, answer in enumerate(self._answers):
                    yield _row(answer.words, answer.then, "" if at else "first")
            yield ButtonRow(labels, self.letters.places)
            yield Static(plain(KEYS), markup=False, classes="keys")

    def on_mount(self) -> None:
        """The answer that decides nothing has the focus."""
        self.query_one(f"#answer-{len(self._answers) - 1}", Button).focus()

    def on_resize(self) -> None:
        """The explanation has the lines that the question and the buttons leave."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        scroll = self._scroll
        if not scroll.parent:
            return
        room = max(LEAST, room_for(scroll, scroll.parent.query_children(Widget)))
        scroll.styles.max_height = room
        self.query_one(".keys", Static).update(
            plain(SCROLLED if scroll.virtual_size.height > room else KEYS)
        )

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#explanation", VerticalScroll)

    def action_page(self, step: int) -> None:
        """Scroll the explanation by a page."""
        scroll_page(self._scroll, step)

    def answered(self, number: int) -> None:
        """Return the answer's name."""
        self.dismiss(self._answers[number].name)


def _row(label: str, words: str, classes: str = "") -> Widget:
    return Horizontal(
        Static(plain(label), markup=False, classes="label"),
        Static(with_code(words), markup=False, classes="words"),
        classes=classes,
    )
