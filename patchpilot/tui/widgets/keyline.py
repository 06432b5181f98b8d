# SPDX-License-Identifier: GPL-2.0-or-later
"""The key line: the most useful keys of the screen in one widget (Textual's Footer has one per key, rebuilt at every change of screen), or a message."""

from collections.abc import Iterator

from rich.text import Text
from textual.binding import ActiveBinding
from textual.events import Click
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from patchpilot.tui.rich_text import plain

GAP = 2
Shown = tuple[str, str, ActiveBinding]
"""A key as it is displayed, its label, and the binding."""


class KeyLine(Widget):
    """Keys and labels from the active bindings, the screen's own first. A click does what the key does.

    A message replaces the keys for some seconds, as in other terminal programs, so that it covers no text.
    """

    DEFAULT_CSS = "KeyLine { height: auto; max-height: 3; dock: bottom; background: $panel; color: $footer-foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Draw it again when the focus, and with it the bindings, changed."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def say(self, text: str, seconds: float) -> None:
        """Show a message instead of the keys for so many seconds, or until the next one."""
        if self._timer:
            self._timer.stop()
        self.said = text
        self._timer = self.set_timer(seconds, self.be_quiet)
        self.refresh(layout=True)

    def be_quiet(self) -> None:
        """Show the keys again."""
        if self._timer:
            self._timer.stop()
        if self.said:
            self.said = ""
            self.refresh(layout=True)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def _known(self) -> Iterator[Shown]:
        seen: set[str] = set(getattr(self.screen, "quiet", ()))
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.description and binding.action not in seen:
                seen.add(binding.action)
                yield self.app.get_key_display(binding), binding.description, active

    def _shown(self) -> Iterator[Shown]:
        """As many keys as fit; those of every screen (such as help) always."""
        known = list(self._known())
        room = self.size.width + GAP - sum(_wide(shown) for shown in known if shown[2].node is self.app)
        for shown in known:
            if shown[2].node is not self.app:
                room -= _wide(shown)
            if shown[2].node is self.app or room >= 0:
                yield shown

    def render(self) -> Text:
        """Keys bold, labels plain; a message bold, in as many lines as it needs."""
        if self.said:
            return plain(self.said, "bold")
        line = Text(no_wrap=True)
        for key, words, active in self._shown():
            line.append(plain(f"{key} ", "bold" if active.enabled else "dim"))
            line.append(plain(words + " " * GAP, "" if active.enabled else "dim"))
        return line

    async def on_click(self, event: Click) -> None:
        """Find the key under the pointer."""
        if self.said:
            self.be_quiet()
            return
        at = 0
        for key, words, active in self._shown():
            if at <= event.x < at + len(key) + 1 + len(words) and active.enabled:
                await self.app.run_action(active.binding.action, active.node)
                return
            at += _wide((key, words, active))


def _wide(shown: Shown) -> int:
    return len(shown[0]) + 1 + len(shown[1]) + GAP
