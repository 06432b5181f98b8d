# SPDX-License-Identifier: GPL-2.0-or-later
"""Cards and badges: how they look, and what a click on an action does."""

from typing import Any

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.color import Color
from textual.widgets import Static

from patchpilot.tui.themes import CONTRAST, own_variables
from patchpilot.tui.widgets.badge import LEGIBLE, Tone, badge, contrast
from patchpilot.tui.widgets.card import Card, CardAction

LONG = (
    "NETWORKING DRIVERS uses the tree git://git.example.org/netdev/net.git; your branch is based on"
    " origin"
)


class Cards(App[int]):
    """Three cards, of which the second has the keys, and a badge of each tone."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return own_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Card(
            Tone.ERROR,
            "does not apply",
            "drivers/net/acme.c [bold]conflicts[/]\x1b[31m",
            [CardAction("g", "Retry")],
        )
        actions = [
            CardAction("a", "Rebase onto net/main", "app.done('rebase')"),
            CardAction("f", "Next note", "app.done('next')"),
        ]
        yield Card(Tone.WARNING, "other tree", LONG, actions, count="1/2", ident="tree")
        yield Card(
            Tone.QUIET,
            "note",
            "THE REST has its own rules",
            [CardAction("f", "Next note")],
            count="2/2",
            ident="rest",
        )
        yield Static(id="badges")

    def on_mount(self) -> None:
        self.query_one("#rest", Card).mark(False)
        self.query_one("#badges", Static).update(
            Text(" ").join(badge(self, str(tone), tone) for tone in Tone)
        )

    def action_done(self, what: str) -> None:
        self.done.append(what)


@pytest.fixture(autouse=True)
def colors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_cards_and_badges_look_as_they_did(snap_compare: Any) -> None:
    assert snap_compare(Cards(), terminal_size=(60, 20))


async def test_a_click_on_an_action_runs_it_and_elsewhere_chooses_the_card() -> None:
    chosen: list[str | None] = []

    class Watched(Cards):
        def on_card_chosen(self, message: Card.Chosen) -> None:
            chosen.append(message.card.id)

    app = Watched()
    async with app.run_test(size=(60, 20)) as pilot:
        card = app.query_one("#tree", Card)
        bottom = card.outer_size.height - 1
        label = "a Rebase onto net/main · f Next note"
        first = card.outer_size.width - 3 - len(label)
        await pilot.click(card, offset=(first, bottom))
        await pilot.click(card, offset=(first + len(label) - 1, bottom))
        assert app.done == ["rebase", "next"]
        await pilot.click(card, offset=(first - 2, bottom))
        await pilot.click("#rest", offset=(3, 1))
        assert chosen == ["tree", "rest"]
        assert app.done == ["rebase", "next"]


async def test_what_does_not_fit_into_the_border_is_left_out_from_the_end() -> None:
    app = Cards()
    async with app.run_test(size=(34, 30)):
        card = app.query_one("#tree", Card)
        assert (
            Text.from_markup(str(card.border_subtitle)).plain
            == "a Rebase onto net/main"
        )
        assert not app.query_one("#rest", Card).border_subtitle


@pytest.mark.parametrize(
    "theme",
    [
        "textual-dark",
        "textual-light",
        "nord",
        "gruvbox",
        "solarized-light",
        CONTRAST.name,
    ],
)
async def test_badges_are_legible_in_every_theme(theme: str) -> None:
    app = Cards()
    async with app.run_test():
        app.register_theme(CONTRAST)
        app.theme = theme
        for tone in Tone:
            style = badge(app, "word", tone).style
            assert not isinstance(style, str)
            assert style.color
            assert style.bgcolor
            over, under = (
                Color.from_rich_color(color) for color in (style.color, style.bgcolor)
            )
            assert contrast(under, over) >= LEGIBLE, tone


async def test_without_colors_badges_are_words_in_brackets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Cards()
    async with app.run_test():
        assert badge(app, "conflict", Tone.ERROR).plain == "[conflict]"
