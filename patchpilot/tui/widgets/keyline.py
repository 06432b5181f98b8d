# SPDX-License-Identifier: GPL-2.0-or-later
"""The key line: the most useful keys of the screen in one widget.

Textual's Footer has one widget per key and rebuilds them at every change of screen.
"""

from collections.abc import Iterator

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

GAP = 2
NEXT, MATCH, JUMP = "step(1)", "match(1)", "jump(1)"
Shown = tuple[str, str, ActiveBinding]
"""A key as it is displayed, its label, and the binding."""


class KeyLine(Widget):
    """The keys and labels of the active bindings, in one line.

    The action of Enter comes first, then the screen's own keys, the key for the next stage, and
    the global keys. If the line is too short, the global keys are dropped last. A click on a key
    has the same effect as pressing it.

    The screen's `shown_keys` determine which keys are shown; while a dialog is open, only its own
    keys are.
    """

    DEFAULT_CSS = (
        "KeyLine { height: 1; dock: bottom; background: "
        "$panel; color: $footer-foreground; }"
    )

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def _known(self) -> list[Shown]:
        """The keys of the screen, or of the dialog above it: what Enter does first, the keys of
        every screen last.
        """
        screen, stage = self.app.screen, getattr(self.app.screen, "stage", None)
        keys: ShownKeys = getattr(screen, "shown_keys", ALL_KEYS)
        seen, labels = set(keys.hidden), dict(keys.labels)
        if stage:
            following = _following(stage)
            labels.setdefault(NEXT, f"go to {following.label}" if following else "")
            labels.setdefault(JUMP, getattr(screen, "jump_label", ""))
        active = list(screen.active_bindings.values())
        if stage in getattr(screen, "without_topic", ()):
            keys = ShownKeys(added=frozenset(("base", "home")))
            seen = {NEXT}
            active = [one for one in active if one.node is self.app]
        # while there is a search, n is for its matches
        if any(one.binding.action == MATCH for one in active):
            seen.add(NEXT)
        known: dict[str, Shown] = {}
        for one in active:
            action = one.binding.action
            label = labels.get(action, description_of(one.node, one.binding))
            is_added = action in keys.added and one.node is self.app
            is_shown = one.binding.show or is_added
            if is_shown and label and action not in seen:
                seen.add(action)
                shown = self.app.get_key_display(one.binding)
                known[shown] = (shown, label, one)
        return sorted(
            known.values(),
            key=lambda shown: (
                shown[2].binding.action != keys.first,
                shown[2].binding.key != "enter",
                shown[2].node is self.app,
                shown[2].binding.action == "app.help",
            ),
        )

    def _shown(self) -> Iterator[Shown]:
        """As many keys as fit: those of every screen (such as help) first take their room."""
        known = self._known()
        room, fits = self.size.width - 1 + GAP, set[int]()
        for at in sorted(range(len(known)), key=lambda at: self._rank(known[at][2])):
            if _wide(known[at]) <= room:
                room -= _wide(known[at])
                fits.add(at)
            elif known[at][2].node is not self.app:
                break
        return (shown for at, shown in enumerate(known) if at in fits)

    def _rank(self, active: ActiveBinding) -> int:
        return int(active.node is not self.app and active.binding.key != "enter")

    def render(self) -> Text:
        line = Text(" ", no_wrap=True)
        for key, words, active in self._shown():
            line.append(plain(f"{key} ", KEY if active.enabled else "dim"))
            line.append(plain(words + " " * GAP, "" if active.enabled else "dim"))
        return line

    async def on_click(self, event: Click) -> None:
        at = 1
        for key, words, active in self._shown():
            if at <= event.x < at + width(key) + 1 + width(words) and active.enabled:
                await self.app.run_action(active.binding.action, active.node)
                return
            at += _wide((key, words, active))


def _following(stage: Stage | None) -> Stage | None:
    stages = list(Stage)
    at = stages.index(stage) + 1 if stage else len(stages)
    return stages[at] if at < len(stages) else None


def _wide(shown: Shown) -> int:
    return width(shown[0]) + 1 + width(shown[1]) + GAP
