# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the keys that a screen of the TUI names, and test that they have the named effect."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.key_bindings import display_key
from patchpilot.tui.widgets.choose import Choose, Reader
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.message_row import MessageRow
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.title_line import TitleLine
from tests.kit.walk import settled, text_of, until

_LONG = r"Ctrl-[A-Z]|Enter|Space|Esc|Tab|PgDn|PgUp|End"
_KEY = rf"(?P<key>{_LONG}|[A-Za-z0-9?/<>\[\]+])"
_LETTER = rf"(?P<key>{_LONG}|[A-Za-z?/<>\[\]])"
_PLACE = r"(?: at (?:stage )?(?P<stage>[1-8])\b| (?P<home>on Home))?"
_WORDS = r"[ :,]+(?P<words>(?:[^\s·;]+ ?){0,8})"
_PATTERNS = tuple(
    map(
        re.compile,
        (
            # "press a to set up your mail account", "stage 1 Commit: press a to answer"
            rf"(?:stage (?P<before>[1-8]) [A-Z]\S*: )?\b[Pp]ress {_KEY}(?![\w-]){_PLACE}"
            rf"(?:{_WORDS})?",
            # "a at stage 1 answers it"
            rf"(?<![\w-]){_LETTER} at (?:stage )?(?P<stage>[1-8])\b",
            # "1 new message: f goes to the next", "u undoes it"
            rf"(?:^|[:;,·] ){_LETTER} (?P<words>(?!(?:series|process|class|this|always)\b)"
            r"[a-z]+s\b(?: [^\s·;]+){0,6})",
            # "answer the review (r)"
            rf"(?<=[a-z0-9] )\({_LETTER}\)",
            # "g retry · Esc close" and "0/1 ticked · Space" in a panel's border
            rf"(?:^|· )(?P<key>{_LONG}|[a-z])(?: (?P<words>[a-z][^·:;]*))?(?= ·|$)",
        ),
    )
)
_ROW_END = re.compile(rf"(?<=  ){_LETTER} (?:answer|fix|open|show)$")
"""The key at the end of a row."""
_NO_KEYS = (DiffView, KeyLine, StageBar, TitleLine)
"""Widgets whose text is not about keys: code, mail and titles; the key line has bindings."""
_BORDER = "│╭╮╰╯─▌▅▆▄▃▂▇█▁"
_REFUSALS = ("not ready", "no ", "nothing to")
"""The start of a message of a key that did nothing."""


class NamedKey(NamedTuple):
    """A key that a text names: where it must be pressed, and the words about its effect.

    `stage` is a stage's number, or 0 for the screen that shows the text. `text` is the text.
    """

    key: str
    words: str
    text: str
    stage: int = 0
    at_home: bool = False

    @property
    def textual_key(self) -> str:
        """Return Textual's name of the key."""
        names = {"Enter": "enter", "Space": "space", "Esc": "escape", "Tab": "tab", "End": "end"}
        names |= {"PgDn": "pagedown", "PgUp": "pageup", "?": "question_mark", "/": "slash"}
        names |= {"<": "less_than_sign", ">": "greater_than_sign", "+": "plus"}
        names |= {"[": "left_square_bracket", "]": "right_square_bracket"}
        return names.get(self.key) or self.key.replace("Ctrl-", "ctrl+").replace(
            self.key[-1], self.key[-1].lower() if "-" in self.key else self.key[-1]
        )


def list_named_keys(app: PatchpilotApp) -> list[NamedKey]:
    """Return the keys named by the texts that the top screen draws, and the key line's hints.

    The other keys in the key line come from enabled bindings.
    """
    screen, found = app.screen, dict[tuple[str, int, bool, str], NamedKey]()
    for text in _drawn_texts(app, screen):
        for named in find_in_text(text):
            found.setdefault((named.key, named.stage, named.at_home, named.words), named)
    for line in screen.query(KeyLine):
        for row in line.fit_keys():
            for key, label, active in row:
                if active is None and len(key.split()) == 1:
                    found.setdefault((key, 0, False, label), NamedKey(key, label, f"{key} {label}"))
    return list(found.values())


def _drawn_texts(app: PatchpilotApp, screen: Screen[object]) -> Iterator[str]:
    """Yield the text of each drawn widget, and the borders of each panel, with unwrapped lines."""
    lines = text_of(app).split("\n")
    for widget in screen.walk_children(Widget):
        if not widget.is_on_screen or isinstance(widget, _NO_KEYS):
            continue
        region = screen.find_widget(widget).visible_region
        if isinstance(widget, Panel):
            for row in (region.y, region.bottom - 1):
                yield from _crop(lines, Region(region.x, row, region.width, 1))
        elif isinstance(widget, MessageRow) and not widget.content:
            continue
        elif not any(child.is_on_screen for child in widget.children) and not isinstance(
            screen, Reader
        ):
            rows = _crop(lines, region)
            yield from (row for row in rows if _ROW_END.search(row))
            yield " ".join(" ".join(rows).split())


def _crop(lines: list[str], region: Region) -> list[str]:
    rows = lines[region.y : region.bottom]
    return [row[region.x : region.right].strip(_BORDER + " ") for row in rows]


def find_in_text(text: str) -> Iterator[NamedKey]:
    for match in (match for pattern in (*_PATTERNS, _ROW_END) for match in pattern.finditer(text)):
        groups = match.groupdict()
        stage = int(groups.get("stage") or groups.get("before") or 0)
        words = (groups.get("words") or "").strip()
        yield NamedKey(groups["key"], words, text, stage, bool(groups.get("home")))


def find_disabled(app: PatchpilotApp, named: NamedKey) -> str:
    """Return why a key cannot be pressed on the top screen, or "" if it can."""
    screen = app.screen
    letters = screen.letters if isinstance(screen, Choose) else []
    if named.key in letters:
        return ""
    for key, (_, _, enabled, _) in screen.active_bindings.items():
        if display_key(key) == named.key:
            return "" if enabled else "disabled"
    return "not bound"


async def find_missing_effect(pilot: Pilot[int], named: NamedKey) -> str:
    """Press a named key where its text requires it. Return what is wrong, or "" if it worked."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    if named.stage:
        await pilot.press(str(named.stage))
        await until(pilot, lambda: settled(app), "the stage")
    elif named.at_home:
        await pilot.press("0")
        await pilot.pause(0.5)
    if problem := find_disabled(app, named):
        return problem
    before, app.message = _look(app), ""
    await pilot.press(named.textual_key)
    # a key's effect may need a thread
    for _ in range(100):
        await pilot.pause(0.02)
        if not app.is_running or app.message or _look(app) != before:
            break
    else:
        return "no effect"
    if app.message.startswith(_REFUSALS):
        return f"refused: {app.message}"
    return ""


def _look(app: PatchpilotApp) -> tuple[object, ...]:
    scrolled = tuple(widget.scroll_offset for widget in app.screen.walk_children(Widget))
    return (len(app.screen_stack), id(app.screen), app.screen.focused, scrolled, text_of(app))


def is_about(app: PatchpilotApp, named: NamedKey) -> bool:
    """Return whether the words of a text are about what the key does on the top screen.

    They must share a word with the key's label, its sentence in the help, or an answer. The keys
    that go to another stage are not checked.
    """
    screen = app.screen
    leaves = named.stage or named.at_home or named.words.startswith("to go to stage")
    if leaves or named.key in "n12345678":
        return True
    texts = [
        f"{binding.description} {binding.tooltip}"
        for key, (_, binding, _, _) in screen.active_bindings.items()
        if display_key(key) == named.key
    ]
    if isinstance(screen, Choose) and named.key in screen.letters:
        texts.append(screen.answers[screen.letters.index(named.key)].words)
    shown_keys = [row for line in screen.query(KeyLine) for row in (*line.fit_keys()[0],)]
    texts += [label for key, label, _ in shown_keys if key == named.key]
    words = _stems(named.words)
    return not words or bool(words & _stems(" ".join(texts)))


def _stems(words: str) -> set[str]:
    all_words = set(re.findall(r"[a-z]{3,}", words.lower())) - {"the", "this", "and", "for"}
    return {word[:4].removesuffix("s") for word in all_words}
