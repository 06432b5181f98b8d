# SPDX-License-Identifier: GPL-2.0-or-later
"""Show the screen's most useful keys in one widget, the key line.

Textual's Footer has one widget per key and rebuilds them on every screen change.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.text import Text
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widget import Widget

from patchpilot.model.printable import width
from patchpilot.tui.view.rich_text import KEY, plain
from patchpilot.tui.view.shown_keys import ALL_KEYS, ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.lists import description_of
from patchpilot.tui.widgets.message_row import MessageRow

GAP = 2
NEXT, MATCH, JUMP = "step(1)", "match(1)", "jump(1)"
GLOBAL = (NEXT, "home", "help", "leave")
"""The actions that are always shown, on every screen."""
Shown = tuple[str, str, ActiveBinding | None]
"""A key as displayed, its label, and the binding (None for a hint)."""


class KeyLine(Widget):
    """The keys and labels of the active bindings, on one line.

    The hints of a dialog come first, then the action of Enter, the screen's own keys, the key for
    the next stage, and the global keys. Keys that do not fit, and the screen's rarely needed keys,
    are shown in the message row while it is empty.

    The screen's `shown_keys` determine which keys are shown; while a dialog is open, only its own
    keys are shown.
    """

    # the keys have their own style
    auto_links = False
    DEFAULT_CSS = (
        "KeyLine { height: 1; dock: bottom; background: "
        "$panel; color: $footer-foreground; }"
    )

    _laid: tuple[int, tuple[list[Shown], list[Shown]]] | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.draw()

    def draw(self) -> None:
        self._laid = None
        self.refresh()
        self.screen.query(MessageRow).refresh()

    def _stage_keys(self, screen: Any, stage: Stage) -> ShownKeys:
        """Return a stage's keys including the defaults, with the key for its next step first."""
        keys: ShownKeys = screen.shown_keys
        if stage in screen.without_topic:
            return ShownKeys(("b", "0"), frozenset((NEXT,)))
        app: Any = self.app
        needed, following = app.next_key(screen), list(Stage)[stage.number :][:1]
        labels = {
            NEXT: "".join(f"go to {it.label}" for it in following),
            JUMP: screen.jump_label,
            "enlarge": "shrink" if screen.maximized else "enlarge",
            **keys.labels,
        }
        if screen.has_class("-detail"):
            labels["cancel"] = "close"
        # the next stage's key is n, which is always shown
        if needed and needed.key not in [str(it.number) for it in following]:
            keys = replace(keys, first=(needed.key, *keys.first))
        return replace(keys, labels=labels)

    def _screen_keys(self) -> tuple[list[Shown], list[Shown]]:
        """Return the keys of the screen or of its dialog, and the rarely used keys."""
        app, screen = self.app, self.app.screen
        stage: Stage | None = getattr(screen, "stage", None)
        keys: ShownKeys = getattr(screen, "shown_keys", ALL_KEYS)
        known, seldom = dict[str, Shown](), dict[str, Shown]()
        if stage:
            keys = self._stage_keys(screen, stage)
        seen, active = set(keys.hidden), list(screen.active_bindings.values())
        if stage in getattr(screen, "without_topic", ()):
            active = [it for it in active if it.node is app]
        # during a search, n goes to the next match
        if any(it.binding.action == MATCH for it in active):
            seen.add(NEXT)
            keys = replace(keys, first=("n", "N", "Esc"))

        def order(one: ActiveBinding) -> tuple[int, ...]:
            key = app.get_key_display(one.binding)
            return (
                (*keys.first, key).index(key),
                one.binding.key != "enter",
                one.node is app,
                one.binding.action == "app.help",
            )

        for one in sorted(active, key=order):
            action, binding = one.binding.action, one.binding
            label = keys.labels.get(action, description_of(one.node, binding))
            is_own, key = one.node is app, app.get_key_display(binding)
            is_shown = binding.show or key in keys.first
            if action in seen or not label or (is_own and not is_shown):
                continue
            if is_shown:
                seen.add(action)
                known[key] = (key, label, one)
            elif one.node is screen and binding.tooltip and key not in known:
                seldom[key] = (key, label, one)

        hints = [(key, words, None) for key, words in getattr(screen, "hints", ())]
        return [*hints, *known.values()], list(seldom.values())

    def rows(self) -> tuple[list[Shown], list[Shown]]:
        if self._laid and self._laid[0] == self.size.width:
            return self._laid[1]
        known, seldom = self._screen_keys()
        fits = _fitting(sorted(known, key=self._rank), self.size.width)
        line = [shown for shown in known if shown in fits]
        rest = [shown for shown in known if shown not in fits]
        self._laid = (
            self.size.width,
            (line, _fitting([*rest, *seldom], self.size.width - 1)),
        )
        return self._laid[1]

    def _rank(self, row: Shown) -> int:
        """Return how early a key is dropped if space is short.

        A list's Enter is dropped before hints.
        """
        if (active := row[2]) is None:
            return 1
        if active.binding.key == "enter":
            return 2 if getattr(self.app.screen, "hints", ()) else 0
        return int(active.binding.action not in GLOBAL)

    def text(self, row: int) -> Text:
        """Return the keys in the key line (0) or in the line above it (1).

        Clicking a key runs it.
        """
        line = Text(" ", no_wrap=True)
        named = {self.app: "app", self.app.screen: "screen"}
        for key, words, active in self.rows()[row]:
            is_enabled = active is None or active.enabled
            style = "" if is_enabled else "dim"
            shown = Text.assemble((f"{key} ", style or KEY), plain(words, style))
            if active and is_enabled:
                owner = named.get(active.node, "focused")
                shown.apply_meta({"@click": f"{owner}.{active.binding.action}"})
            line.append(shown).append(" " * GAP)
        return line

    def render(self) -> Text:
        return self.text(0)


def _fitting(keys: Sequence[Shown], columns: int) -> list[Shown]:
    room, fits = columns - 1 + GAP, list[Shown]()
    for shown in keys:
        if _wide(shown) <= room:
            room -= _wide(shown)
            fits.append(shown)
    return fits


def _wide(row: Shown) -> int:
    return width(row[0]) + 1 + width(row[1]) + GAP
