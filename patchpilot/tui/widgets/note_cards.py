# SPDX-License-Identifier: GPL-2.0-or-later
"""Notes as cards, one of which is marked; the key runs the action of the marked card."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.containers import VerticalScroll

from patchpilot.tui.widgets.badge import Tone
from patchpilot.tui.widgets.card import Card, CardAction

if TYPE_CHECKING:
    from patchpilot.services.send.recipient_advice import RecipientAdvice


def tone_of(note: "RecipientAdvice") -> Tone:
    """Return the tone of a note: one that needs an answer differs from a warning."""
    if note.remedy and note.severity != Tone.ERROR:
        return Tone.YOURS
    return Tone(note.severity) if note.severity in set(Tone) else Tone.QUIET


class NoteCards(VerticalScroll):
    """The cards of the notes.

    Notes that need an answer are numbered, in the order in which the stage bar counts them.
    """

    def __init__(self, *, ident: str) -> None:
        super().__init__(id=ident)
        self._notes: Sequence[RecipientAdvice] = ()
        self._at, self._title = 0, ""

    @property
    def marked(self) -> "RecipientAdvice | None":
        """The marked note."""
        return self._notes[self._at] if self._at < len(self._notes) else None

    def show(self, notes: "Sequence[RecipientAdvice]") -> None:
        """Show these notes; the one that was marked stays marked."""
        self._notes = notes
        self.set_class(not notes, "-empty")
        cards = list(self.query(Card))
        for card in cards[len(notes) :]:
            card.remove()
        numbered = [note for note in notes if note.remedy]
        for at, note in enumerate(notes):
            tone = tone_of(note)
            actions = [CardAction("a", note.words, "settle")] if note.remedy else []
            actions.append(CardAction("f", "next note", "note(1)"))
            count = f"{numbered.index(note) + 1}/{len(numbered)}" if note.remedy else ""
            if at < len(cards):
                cards[at].fill(tone, note.title, note.text, actions, count=count)
            else:
                self.mount(Card(tone, note.title, note.text, actions, count=count))
        titles = [note.title for note in notes]
        self._at = titles.index(self._title) if self._title in titles else 0
        self.call_after_refresh(self._mark)

    def step(self, by: int) -> None:
        """Mark the next or the previous note."""
        if self._notes:
            self._at = (self._at + by) % len(self._notes)
            self._mark()

    def _mark(self) -> None:
        self._title = self.marked.title if self.marked else ""
        for at, card in enumerate(self.query(Card)):
            card.set_class(at == self._at, "-current")
            card.mark(at == self._at)
            if at == self._at:
                card.scroll_visible(animate=False)
        self.screen.refresh_bindings()

    def on_card_chosen(self, message: Card.Chosen) -> None:
        """Mark the card that was clicked."""
        cards = list(self.query(Card))
        # it may have been removed since
        if message.card in cards:
            self._at = cards.index(message.card)
            self._mark()
