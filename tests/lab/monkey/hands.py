# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user may do on a terminal: keys, held keys, text, paste, the mouse, another size of the
window.
"""

import random
from collections.abc import Iterator, Sequence

from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.keys import _character_to_key

MOVES = (
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
    "tab",
    "shift+tab",
    "enter",
    "space",
    "escape",
    "j",
    "k",
    "G",
)
ODD = (
    "f1",
    "f5",
    "delete",
    "backspace",
    "insert",
    "ctrl+a",
    "ctrl+c",
    "ctrl+d",
    "ctrl+f",
    "ctrl+b",
    "ctrl+e",
    "ctrl+k",
    "ctrl+l",
)
ODDER = (
    "ctrl+n",
    "ctrl+p",
    "ctrl+q",
    "ctrl+s",
    "ctrl+u",
    "ctrl+w",
    "ctrl+z",
    "ctrl+space",
    "alt+x",
    "shift+up",
    "ctrl+right",
    "ä",
    "あ",
)
LETTERS = tuple(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ;:/?|()[]<>!@#$%^&*-_=+,.'\"`~\\{}"
)
LEAVING = frozenset(("q", "ctrl+q"))
"""Keys that end the TUI: pressed seldom, or nothing else would be tried."""
TEXTS = (
    "send",
    "yes",
    "net/acme",
    "a@b.example.org",
    "--passwordeval=x",
    "\u4f60\u597d \U0001f600",
    "../../up",
    "/proc/1/x",
    "~/x",
    "",
    " ",
    "%s{}[/]",
    "HEAD~1",
    "v6.1",
    "x" * 3000,
    "a\nb\r\n\tc",
    "\x1b[31m\x00\u202e\u2028",
)
SIZES = (
    (80, 24),
    (80, 24),
    (120, 36),
    (160, 50),
    (160, 50),
    (100, 30),
    (40, 10),
    (300, 90),
    (20, 5),
    (3, 2),
    (1, 1),
    (79, 23),
    (200, 12),
)
Step = tuple[str, str]
"""What is done and with what."""


class Hands:
    """Acts on one application; every random choice is made with `chance`."""

    def __init__(self, app: App[int], chance: random.Random) -> None:
        self._app, self._chance = app, chance

    def choose(self) -> Step:
        """The next thing to do."""
        kinds = (
            "useful",
            "move",
            "letter",
            "odd",
            "hold",
            "type",
            "paste",
            "click",
            "wheel",
            "drag",
            "resize",
            "stage",
        )
        (kind,) = self._chance.choices(kinds, (30, 20, 10, 4, 4, 6, 2, 8, 3, 1, 2, 8))
        pool: dict[str, Sequence[str]] = {
            "useful": self._useful(),
            "move": MOVES,
            "letter": LETTERS,
            "odd": ODD + ODDER,
            "hold": (*MOVES, "n", "p", "f", "u", "x"),
            "type": TEXTS,
            "paste": TEXTS,
            "stage": tuple("012345678"),
        }
        if kind in pool:
            what = self._chance.choice(pool[kind] or MOVES)
            return (
                kind,
                "escape" if what in LEAVING and self._chance.random() < 0.9 else what,
            )
        if kind == "resize":
            return kind, "{}x{}".format(*self._chance.choice(SIZES))
        wide, high = self._app.size
        return (
            kind,
            f"{self._chance.randrange(max(1, wide))},{self._chance.randrange(max(1, high))}",
        )

    def _useful(self) -> tuple[str, ...]:
        """The keys that the screen answers now."""
        return tuple(
            key
            for key, known in self._app.screen.active_bindings.items()
            if known.enabled and key not in LEAVING
        )

    def act(self, step: Step) -> None:
        """Do it: the events are queued as the terminal's driver queues them."""
        driver = self._app._driver
        assert isinstance(driver, HeadlessDriver)
        kind, what = step
        if kind == "resize":
            size = Size(*map(int, what.split("x")))
            driver._size = size
            driver.send_message(events.Resize(size, size))
            return
        for event in self._events(kind, what):
            driver.process_message(event)

    def _events(self, kind: str, what: str) -> Iterator[events.Event]:
        if kind == "paste":
            yield events.Paste(what)
        elif kind == "type":
            yield from (_key(_character_to_key(letter), letter) for letter in what[:80])
            if self._chance.random() < 0.5:
                yield _key("enter", "\r")
        elif kind in ("click", "wheel", "drag"):
            at = tuple(map(int, what.split(",")))
            yield from self._mouse(kind, at[0], at[1])
        else:
            times = self._chance.randrange(5, 40) if kind == "hold" else 1
            character = what if len(what) == 1 else None
            name = _character_to_key(what) if character and not what.isalnum() else what
            yield from (_key(name, character) for _ in range(times))

    def _mouse(self, kind: str, x: int, y: int) -> Iterator[events.Event]:
        if kind == "wheel":
            wheel = self._chance.choice((events.MouseScrollDown, events.MouseScrollUp))
            yield from (
                self._at(wheel, x, y, 0) for _ in range(self._chance.randrange(1, 9))
            )
            return
        for _ in range(self._chance.choice((1, 1, 1, 2, 3))):
            yield self._at(events.MouseMove, x, y, 0)
            button = self._chance.choice((1, 1, 1, 1, 2, 3))
            yield self._at(events.MouseDown, x, y, button)
            if kind == "drag":
                x, y = (
                    self._chance.randrange(max(1, self._app.size.width)),
                    self._chance.randrange(max(1, self._app.size.height)),
                )
                yield self._at(events.MouseMove, x, y, button)
            yield self._at(events.MouseUp, x, y, button)

    def _at(
        self, kind: type[events.MouseEvent], x: int, y: int, button: int
    ) -> events.MouseEvent:
        return kind(None, x, y, 0, 0, button, False, False, False, x, y)


def _key(name: str, character: str | None) -> events.Key:
    return events.Key(name, character)
