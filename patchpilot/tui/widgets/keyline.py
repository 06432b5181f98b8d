# SPDX-License-Identifier: GPL-2.0-or-later
"""The key line: the most useful keys of the screen in one widget.

Textual's Footer has one widget per key and rebuilds them at every change of screen.
"""

from typing import Any

from rich.text import Text
from textual.binding import ActiveBinding
from textual.events import Click
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
GLOBAL = (NEXT, "help", "leave")
"""The actions of every screen that are always shown."""
Shown = tuple[str, str, ActiveBinding | None]
"""A key as it is displayed, its label, and the binding; a hint has none."""


class KeyLine(Widget):
    """The keys and labels of the active bindings, in one line.

    The hints of a dialog come first, then the action of Enter, the screen's own keys, the key for
    the next stage, and the global keys. What has no room, and the screen's seldom needed keys, are
    in the message row while it is empty. A click on a key has the same effect as pressing it.

    The screen's `shown_keys` determine which keys are shown; while a dialog is open, only its own
    keys are.
    """

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
        """Draw the keys again, in both lines."""
        self._laid = None
        self.refresh()
        for row in self.screen.query(MessageRow):
            row.refresh()

    def _screen_keys(self) -> tuple[list[Shown], list[Shown]]:
        """Return the keys of the screen or of the dialog above it, and its rarely used keys."""
        app: Any = self.app
        screen: Any = app.screen
        stage: Stage | None = getattr(screen, "stage", None)
        keys: ShownKeys = getattr(screen, "shown_keys", ALL_KEYS)
        seen, labels = set(keys.hidden), dict(keys.labels)
        first = keys.first
        if stage:
            following = list(Stage)[stage.number : stage.number + 1]
            labels.setdefault(NEXT, "".join(f"go to {one.label}" for one in following))
            labels.setdefault(JUMP, screen.jump_label)
            needed = app.next_key(screen)
            # n is shown anyway
            if needed and needed.key != str(stage.number + 1):
                first = (needed.key, *first)
        active = list(screen.active_bindings.values())
        if stage in getattr(screen, "without_topic", ()):
            first, seen = ("b", "0"), {NEXT}
            active = [one for one in active if one.node is app]
        # during a search, n goes to the next match
        if any(one.binding.action == MATCH for one in active):
            seen.add(NEXT)
        known, seldom = dict[str, Shown](), dict[str, Shown]()
        for one in active:
            action, binding = one.binding.action, one.binding
            label = labels.get(action, description_of(one.node, binding))
            is_own, key = one.node is app, app.get_key_display(binding)
            is_shown = binding.show or key in first
            if action in seen or not label or (is_own and not is_shown):
                continue
            if is_shown:
                seen.add(action)
                known[key] = (key, label, one)
            elif one.node is screen and binding.tooltip and key not in known:
                seldom[key] = (key, label, one)

        def order(shown: Shown) -> tuple[int, ...]:
            assert shown[2]
            node, binding = shown[2].node, shown[2].binding
            return (
                first.index(shown[0]) if shown[0] in first else len(first),
                binding.key != "enter",
                node is app,
                binding.action == "app.help",
            )

        hints = [(key, words, None) for key, words in getattr(screen, "hints", ())]
        return [*hints, *sorted(known.values(), key=order)], list(seldom.values())

    def rows(self) -> tuple[list[Shown], list[Shown]]:
        """Return the keys that fit in the line, global ones such as help first, and those that
        fit above it.
        """
        if self._laid and self._laid[0] == self.size.width:
            return self._laid[1]
        known, seldom = self._screen_keys()
        all_columns = self.size.width - 1 + GAP
        room, fits = all_columns, list[Shown]()
        for shown in sorted(known, key=self._rank):
            if _wide(shown) <= room:
                room -= _wide(shown)
                fits.append(shown)
        room, above = all_columns, []
        for shown in [*(one for one in known if one not in fits), *seldom]:
            room -= _wide(shown)
            above += [shown] if room >= 0 else []
        line = [shown for shown in known if shown in fits]
        self._laid = self.size.width, (line, above)
        return line, above

    def _rank(self, shown: Shown) -> int:
        """Return a key's priority for space: a list's Enter yields to hints."""
        if (active := shown[2]) is None:
            return 1
        if active.binding.key == "enter":
            return 2 if getattr(self.app.screen, "hints", ()) else 0
        return int(active.binding.action not in GLOBAL)

    def text(self, row: int) -> Text:
        """Return the keys of the line (0) or of the one above it (1)."""
        line = Text(" ", no_wrap=True)
        for key, words, active in self.rows()[row]:
            is_enabled = active is None or active.enabled
            line.append(plain(f"{key} ", KEY if is_enabled else "dim"))
            line.append(plain(words + " " * GAP, "" if is_enabled else "dim"))
        return line

    def render(self) -> Text:
        return self.text(0)

    async def on_click(self, event: Click) -> None:
        at = 1
        for key, words, active in self.rows()[0]:
            is_hit = at <= event.x < at + width(key) + 1 + width(words)
            if is_hit and active and active.enabled:
                await self.app.run_action(active.binding.action, active.node)
                return
            at += _wide((key, words, active))


def _wide(shown: Shown) -> int:
    return width(shown[0]) + 1 + width(shown[1]) + GAP
