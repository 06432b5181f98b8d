# SPDX-License-Identifier: GPL-2.0-or-later
"""The last line: the keys worth knowing here, drawn as one widget (Textual's Footer makes one a key, at every change of screen); or what is said."""

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
"""A key as people write it, what it does, and the binding."""


class KeyLine(Widget):
    """`key what it does`, from the bindings in force; those of the screen first. A click does what the key does.

    What is told stands in its place for some seconds, as in other programs of a terminal: nothing that is read is covered by it.
    """

    DEFAULT_CSS = "KeyLine { height: auto; max-height: 3; dock: bottom; background: $panel; color: $footer-foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Draw it again when what has the focus binds other keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def say(self, text: str, seconds: float) -> None:
        """Show a sentence in place of the keys for so many seconds, or until the next one."""
        if self._timer:
            self._timer.stop()
        self.said = text
        self._timer = self.set_timer(seconds, self.be_quiet)
        self.refresh(layout=True)

    def be_quiet(self) -> None:
        """The keys again."""
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
        """As many as fit; those that work everywhere (help is one) always."""
        known = list(self._known())
        room = self.size.width + GAP - sum(_wide(shown) for shown in known if shown[2].node is self.app)
        for shown in known:
            if shown[2].node is not self.app:
                room -= _wide(shown)
            if shown[2].node is self.app or room >= 0:
                yield shown

    def render(self) -> Text:
        """Keys strong, words plain; what is said strong, in as many lines as it takes."""
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


def _wide(one: Shown) -> int:
    return len(one[0]) + 1 + len(one[1]) + GAP
