# SPDX-License-Identifier: GPL-2.0-or-later
"""The last line: the keys worth knowing here, drawn as one widget (Textual's Footer makes one a key, at every change of screen)."""

from collections.abc import Iterator

from rich.text import Text
from textual.binding import ActiveBinding
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

from patchpilot.tui.text import plain

GAP = 2


class KeyLine(Widget):
    """`key what it does`, from the bindings in force; those of the screen first. A click does what the key does."""

    DEFAULT_CSS = "KeyLine { height: 1; dock: bottom; background: $panel; color: $footer-foreground; }"

    def on_mount(self) -> None:
        """Draw it anew when what has the focus binds other keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def _shown(self) -> Iterator[tuple[str, str, ActiveBinding]]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.description and binding.action not in seen:
                seen.add(binding.action)
                yield self.app.get_key_display(binding), binding.description, active

    def render(self) -> Text:
        """As many as fit."""
        line, room = Text(no_wrap=True), self.size.width
        for key, words, active in self._shown():
            if len(key) + len(words) + 1 > room:
                break
            line.append(plain(f"{key} ", "bold" if active.enabled else "dim"))
            line.append(plain(words + " " * GAP, "" if active.enabled else "dim"))
            room -= len(key) + len(words) + 1 + GAP
        return line

    async def on_click(self, event: Click) -> None:
        """Find the key under the pointer."""
        at = 0
        for key, words, active in self._shown():
            wide = len(key) + len(words) + 1
            if at <= event.x < at + wide and active.enabled:
                await self.app.run_action(active.binding.action, active.node)
                return
            at += wide + GAP
