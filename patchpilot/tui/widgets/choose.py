# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide dialogs for choosing an answer, typing a line or word, and reading a text."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.widgets import Input, Static
from textual.widgets.option_list import Option as ListRow

from patchpilot.model.printable import make_printable
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys
from patchpilot.tui.view.rich_text import (
    KEY,
    QUIET,
    highlight_code,
    plain_text,
    wrap_text,
    wrap_with_indent,
)
from patchpilot.tui.widgets.dialog import FIELD_HELP, WIDE, Dialog, Modal
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.lists import List, Row, RowList
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.search import find_copyable_text

REPEATED = 0.6
"""Seconds during which the key that opened a dialog cannot answer it, because it may be held down
or pressed twice.
"""

FEW, SHORT = 4, 22
"""Maximum number of answers in the key line, and maximum columns of each."""

_LETTER = r"[^\W_npq]"
"""A letter or digit for an answer."""

Callback = Callable[[], object]
"""A function to call after an answer, or once a job is done."""
Judge = Callable[[str], tuple[bool, str]]
"""Returns whether a line is valid, and a note about it."""


class Answer(NamedTuple):
    """An answer: the value that the dialog returns, the label, and the effect."""

    name: str
    words: str
    then: str = ""


def assign_letters(labels: Sequence[str]) -> list[str]:
    """Return the letter that selects each answer, or "" for an answer without one.

    The letter is the first letter or digit of the label that no earlier answer uses, preferably at
    the start of a word. Keys that go to another stage or quit answer nothing.
    """
    letters = []
    for label in map(str.lower, labels):
        candidates = re.findall(rf"\b[npq]*({_LETTER})", label) + re.findall(_LETTER, label)
        letters.append(next((letter for letter in candidates if letter not in letters), ""))
    return letters


def _format_answer(letter: str, answer: Answer, indent: int, columns: int) -> Text:
    text = Text.assemble(
        plain_text(f" {letter:{indent - 1}}", KEY),
        plain_text(wrap_with_indent(answer.words, columns, indent)),
    )
    if answer.then:
        effect = wrap_with_indent(answer.then, columns, indent)
        text.append_text(highlight_code(f"\n{' ' * indent}{effect}", QUIET))
    return text


class Choose(Dialog[Any]):
    """A dialog with a question and answers that returns the answer's name, or None on Escape.

    An answer is (name, words) or (name, words, effect), and is also selected by its letter. The
    first paragraph of the text is the question; the other paragraphs, and the lines of a `diff`,
    are below the answers. `at` is the name of the answer with the initial focus (default: the
    first), and `letters` replaces the letters derived from the words. `labels` are the names of the
    first answers' keys in the footer; by default, a name is the words up to a colon.
    """

    def __init__(
        self,
        text: str,
        answers: Sequence[tuple[str, str] | tuple[str, str, str]],
        title: str = "",
        *,
        at: str = "",
        diff: Sequence[str] = (),
        letters: Sequence[str] = (),
        labels: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.text, _, self.why = text.partition("\n\n")
        self.title_text, self._at, self._diff = title, at, diff
        self.answers = [Answer(*answer) for answer in answers]
        words = [answer.words for answer in self.answers]
        self.letters = list(letters) or assign_letters(words)
        self._opener, self._opened = "", time.monotonic()
        short = [*labels, *(word.partition(":")[0] for word in words[len(labels) :])]
        fits = len(words) <= FEW and max(map(len, short)) <= SHORT
        self.hints = list(zip(self.letters, short, strict=True)) if fits else []

    def compose_head(self) -> ComposeResult:
        if self.text:
            yield Static(highlight_code(self.text, "bold"), markup=False)
        max_columns = min(WIDE, self.app.size.width) - 6
        indent = max(1, *map(len, self.letters)) + 3
        yield List(
            *(
                ListRow(_format_answer(letter, answer, indent, max_columns))
                for letter, answer in zip(self.letters, self.answers, strict=True)
            ),
            ident="answers",
            enter="choose",
        )

    def compose_rest(self) -> ComposeResult:
        if self._diff:
            yield DiffView(ident="rest")
        elif self.why:
            with VerticalScroll(id="rest", can_focus=False):
                yield Static(highlight_code(self.why), markup=False)

    def on_mount(self) -> None:
        self._opener = getattr(self.app, "last_key", "")
        names = [answer.name for answer in self.answers]
        answers = self.query_one("#answers", List)
        answers.highlighted = names.index(self._at) if self._at in names else 0
        if self._diff:
            max_columns = min(WIDE, self.app.size.width) - 8
            rows = [*wrap_text(self.why, max_columns), ""] if self.why else []
            view = self.query_one("#rest", DiffView)
            view.set_rows([*rows, *self._diff])

    def on_key(self, event: events.Key) -> None:
        """Choose an answer by its letter, unless it is typed into a field."""
        key = (event.character or "").lower()
        is_held = event.key == self._opener and time.monotonic() - self._opened < REPEATED
        if key and key in self.letters and not isinstance(self.focused, Input):
            event.stop()
            if not is_held:
                self.accept_answer(self.answers[self.letters.index(key)].name)

    def on_option_list_option_selected(self, event: List.OptionSelected) -> None:
        event.stop()
        self.accept_answer(self.answers[event.option_index].name)

    def accept_answer(self, name: str) -> None:
        self.dismiss(name)


class LineDialog(Dialog[str | None]):
    """A dialog for one line of text, which returns None on Escape.

    `judge` validates the line while it is typed; by default, any line but an empty one is valid.
    """

    BINDINGS = bind_keys(
        Binding("ctrl+s", "save", "confirm", show=False),
        *FIELD_HELP,
    )

    def __init__(
        self,
        text: str,
        judge: Judge = lambda line: (bool(line.strip()), ""),
        value: str = "",
        placeholder: str = "",
        title: str = "",
    ) -> None:
        super().__init__()
        self.text, self.value = text, value
        self.hints = [("Enter", "confirm")]
        self._judge, self._placeholder = judge, placeholder
        self.title_text = title

    def compose_head(self) -> ComposeResult:
        yield Static(highlight_code(self.text), markup=False)
        yield LineInput(
            self.value,
            placeholder=self._placeholder,
            id="line",
            select_on_focus=False,
            compact=True,
        )
        yield PlainText("note")

    def on_input_changed(self, event: Input.Changed) -> None:
        is_valid, note = self._judge(event.value)
        self.query_one("#note", Static).update(
            plain_text(note if is_valid or not note else f"not valid yet: {note}")
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        value = self.query_one(Input).value
        if self._judge(value)[0]:
            self.dismiss(value.strip())


class Confirm(Dialog[str]):
    """A dialog that requires typing a word, to prevent accidental confirmation.

    It returns "yes" once the user has typed the word. The `mail_lines` are shown below the
    input line.
    """

    BINDINGS = bind_keys(*FIELD_HELP)

    def __init__(
        self,
        text: str | Text,
        word: str,
        title: str = "",
        mail_lines: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._text, self._word, self._mail_lines = text, word, mail_lines
        self.hints = [(f"{word} Enter", "confirm")]
        self.title_text = title

    def compose_head(self) -> ComposeResult:
        text = self._text
        yield Static(highlight_code(text) if isinstance(text, str) else text, markup=False)
        yield Static(
            f"Type {self._word} and press Enter to confirm.",
            markup=False,
            classes="typed",
        )
        yield LineInput(id="answer", compact=True)

    def compose_rest(self) -> ComposeResult:
        if self._mail_lines:
            with VerticalScroll(id="rest", can_focus=False):
                yield Static(
                    plain_text("\n".join(map(make_printable, self._mail_lines))),
                    markup=False,
                )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._word:
            self.dismiss("yes")
        else:
            event.input.value = ""
            self.notify(f"not confirmed: type {self._word}", severity="warning")


class Reader(Modal[None]):
    """A full-screen text with a title.

    `rows` may be a function of the columns.
    """

    BINDINGS = bind_keys(
        Binding("escape,q,enter", "dismiss", "close"),
        # bind this key again, because dialogs disable the application's keys
        Binding("y", "app.copy", "copy"),
    )

    def __init__(
        self,
        title: str,
        rows: Sequence[str | Text] | Callable[[int], Sequence[str | Text]],
    ) -> None:
        super().__init__()
        self._title, self._rows = title, rows
        self.hints = [("PgDn", "scroll")]

    @property
    def shown_keys(self) -> ShownKeys:
        """Label the copy key with what can be copied. Hide the key if there is nothing to copy."""
        kind, _ = find_copyable_text(self.focused)
        hidden = () if kind else ("app.copy",)
        return ShownKeys(hidden=hidden, labels={"app.copy": f"copy {kind}"})

    def on_option_list_option_highlighted(self) -> None:
        self.query_one(KeyLine).redraw_keys()

    def compose(self) -> ComposeResult:
        with Panel(title=self._title, classes="reader"):
            yield RowList(ident="text")
        yield from self.compose_foot()

    def on_mount(self) -> None:
        self.query_one("#text").focus()

    def on_resize(self) -> None:
        columns = max(20, self.size.width - 5)
        rows = self._rows(columns) if callable(self._rows) else self._rows
        texts = (row if isinstance(row, Text) else plain_text(row) for row in rows)
        self.query_one(RowList).set_rows(
            Row(text, index, index) for index, text in enumerate(texts)
        )

    def on_option_list_option_selected(self) -> None:
        self.dismiss(None)


class DialogOption(NamedTuple):
    """An action in a list: its text, its effect, and its function."""

    words: str
    then: str
    call: Callback


def ask_for_option(
    node: DOMNode, question: str, options: Sequence[DialogOption], title: str = ""
) -> None:
    answers = [(str(index), *option[:2]) for index, option in enumerate(options)]

    def run_option(choice: str) -> None:
        options[int(choice)].call()

    ask_for_answer(node, Choose(question, answers, title), run_option)


def ask_for_confirmation(
    node: DOMNode, question: Choose | Confirm, on_yes: Callback, on_no: Callback = bool
) -> None:
    def handle_answer(answer: str | None) -> None:
        (on_yes if answer == "yes" else on_no)()

    node.app.push_screen(question, handle_answer)


def ask_for_answer(
    node: DOMNode, question: Choose | LineDialog, on_answer: Callable[[str], None]
) -> None:
    node.app.push_screen(question, lambda answer: on_answer(answer) if answer else None)
