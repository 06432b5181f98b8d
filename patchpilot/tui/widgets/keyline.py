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
from patchpilot.tui.view.key_bindings import ALL_KEYS, ShownKeys
from patchpilot.tui.view.rich_text import KEY, plain_text
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.lists import describe_key
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

    # disable Textual's link style, because the keys have another style
    auto_links = False
    DEFAULT_CSS = (
        "KeyLine { height: 1; dock: bottom; background: $panel; color: $footer-foreground; }"
    )

    _laid: tuple[int, tuple[list[Shown], list[Shown]]] | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._redraw_if_current)

    def _redraw_if_current(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.redraw_keys()

    def redraw_keys(self) -> None:
        self._laid = None
        self.refresh()
        self.screen.query(MessageRow).refresh()

    def _stage_keys(self, screen: Any, stage: Stage) -> ShownKeys:
        """Return the keys of a stage, including the default keys. The key for the next step is
        first.
        """
        keys: ShownKeys = screen.shown_keys
        if stage in screen.stages_without_topic:
            return ShownKeys(("b", "0"), (NEXT,))
        app: Any = self.app
        next_key, next_stages = app.next_key(screen), list(Stage)[stage.number :][:1]
        labels = {
            NEXT: "".join(f"go to {next_stage.label}" for next_stage in next_stages),
            JUMP: screen.jump_label,
            "enlarge": "shrink" if screen.maximized else "enlarge",
            **keys.labels,
        }
        if screen.has_open_card:
            labels["cancel"] = "close"
        # the next stage's key is n, which is always shown
        if next_key and next_key.key not in [str(next_stage.number) for next_stage in next_stages]:
            keys = replace(keys, first=(next_key.key, *keys.first))
        return replace(keys, labels=labels)

    def _screen_keys(self) -> tuple[list[Shown], list[Shown]]:
        app, screen = self.app, self.app.screen
        stage: Stage | None = getattr(screen, "stage", None)
        keys: ShownKeys = getattr(screen, "shown_keys", ALL_KEYS)
        shown_keys, rare_keys = dict[str, Shown](), dict[str, Shown]()
        if stage:
            keys = self._stage_keys(screen, stage)
        handled_actions = set(keys.hidden)
        active = list(screen.active_bindings.values())
        if stage in getattr(screen, "stages_without_topic", ()):
            active = [active_key for active_key in active if active_key.node is app]
        # during a search, n goes to the next match
        if any(active_key.binding.action == MATCH for active_key in active):
            handled_actions.add(NEXT)
            keys = replace(keys, first=("n", "N", "Esc"))

        def sort_key(active_binding: ActiveBinding) -> tuple[int, ...]:
            key = app.get_key_display(active_binding.binding)
            return (
                (*keys.first, key).index(key),
                active_binding.binding.key != "enter",
                active_binding.node is app,
                active_binding.binding.action == "app.help",
            )

        for active_binding in sorted(active, key=sort_key):
            action, binding = active_binding.binding.action, active_binding.binding
            label = keys.labels.get(action, describe_key(active_binding.node, binding))
            is_own, key = active_binding.node is app, app.get_key_display(binding)
            is_shown = binding.show or key in keys.first
            if action in handled_actions or not label or (is_own and not is_shown):
                continue
            if is_shown:
                handled_actions.add(action)
                shown_keys[key] = (key, label, active_binding)
            elif active_binding.node is screen and binding.tooltip and key not in shown_keys:
                rare_keys[key] = (key, label, active_binding)

        hints = [(key, words, None) for key, words in getattr(screen, "hints", ())]
        return [*hints, *shown_keys.values()], list(rare_keys.values())

    def fit_keys(self) -> tuple[list[Shown], list[Shown]]:
        if self._laid and self._laid[0] == self.size.width:
            return self._laid[1]
        all_keys, rare_keys = self._screen_keys()
        fitting_keys = _keys_that_fit(sorted(all_keys, key=self._key_priority), self.size.width)
        line = [key for key in all_keys if key in fitting_keys]
        remaining = [key for key in all_keys if key not in fitting_keys]
        self._laid = (
            self.size.width,
            (line, _keys_that_fit([*remaining, *rare_keys], self.size.width - 1)),
        )
        return self._laid[1]

    def _key_priority(self, row: Shown) -> int:
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
        namespaces = {self.app: "app", self.app.screen: "screen"}
        for key, label, active in self.fit_keys()[row]:
            is_enabled = active is None or active.enabled
            style = "" if is_enabled else "dim"
            key_text = Text.assemble((f"{key} ", style or KEY), plain_text(label, style))
            if active and is_enabled:
                owner = namespaces.get(active.node, "focused")
                key_text.apply_meta({"@click": f"{owner}.{active.binding.action}"})
            line.append(key_text).append(" " * GAP)
        return line

    def render(self) -> Text:
        return self.text(0)


def _keys_that_fit(keys: Sequence[Shown], columns: int) -> list[Shown]:
    remaining_columns, fitting_keys = columns - 1 + GAP, list[Shown]()
    for key in keys:
        key_columns = width(f"{key[0]} {key[1]}") + GAP
        if key_columns <= remaining_columns:
            remaining_columns -= key_columns
            fitting_keys.append(key)
    return fitting_keys
