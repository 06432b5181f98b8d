# SPDX-License-Identifier: GPL-2.0-or-later
"""Records a session of the demo: docs/assets/session.cast (asciicast v2) and
docs/assets/session.svg, which moves. Run it with
the packages of the group docs: .venv/bin/python .ci/record.py

The program runs on a terminal of its own. Keys of SCRIPT are typed when the words that they answer
are on the screen. Time in which it works is shortened to WORKING seconds, and each screen stays as
long as it takes to read it.
"""

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from fcntl import ioctl
from html import escape
from pathlib import Path
from termios import TIOCSWINSZ
from typing import NamedTuple

import pyte

ASSETS = Path(__file__).parents[1] / "docs" / "assets"
COLUMNS, ROWS = 120, 34
WORKING, QUIET, PATIENCE, TYPING, STEP = 1.0, 0.5, 120.0, 0.09, 0.2
WIDE, HIGH, SIZE = 8.4, 18, 14
"""Of the SVG: width and height of a character, and the size of the font."""
UNKNOWN = re.compile(
    r"\x1b\[[<>=][0-9;]*[A-Za-z]|\x1b\[\?[0-9;]*\$p|\x1bP.*?\x1b\\", re.DOTALL
)
"""Sequences that ask a terminal for what it can do, or switch it: pyte would print a part of them."""  # noqa: E501
NAMED = {
    "black": "#1e1e1e",
    "red": "#f44747",
    "green": "#4ebf71",
    "brown": "#ffa62b",
    "blue": "#569cd6",
    "magenta": "#c586c0",
    "cyan": "#4ec9b0",
    "white": "#d4d4d4",
}
FOREGROUND, BACKGROUND = "#e0e0e0", "#121212"


class Act(NamedTuple):
    """Words to wait for (a regular expression), seconds to read them, and the keys that are typed
    then.
    """

    words: str
    seconds: float
    keys: str


SCRIPT = (
    Act("1/8 You are Robin(.|\n)*answer the open questions", 5.0, "a"),
    Act("Security question", 3.0, "n"),
    Act("Regression question", 2.0, "n"),
    Act("Which tree should", 3.0, "f"),
    Act(r"1/8(.|\n)*Press +n ", 2.0, "n"),
    Act(r"2/8 Findings of(.|\n)*Press +A ", 4.5, "f"),
    Act("missing-fixes(.|\n)*Why", 3.0, "A"),
    Act("Apply 2 fixes and add 2 tags", 4.0, "\r"),
    Act(r"2/8(.|\n)*Press +a ", 2.0, "a"),
    Act("Developer's Certificate", 3.0, "\r"),
    Act(r"2/8(.|\n)*Press +n ", 2.0, "n"),
    Act(r"3/8 Who receives(.|\n)*Press +n ", 4.0, "n"),
    Act(r"4/8 Which commit(.|\n)*Press +n ", 4.0, "n"),
    Act(r"of 6 branches need(.|\n)*5/8|5/8(.|\n)*of 6 branches need", 5.0, "n"),
    Act(r"6/8 The message(.|\n)*Press +n ", 3.0, "n"),
    Act(r"7/8(.|\n)*Ready: 1 mail", 4.0, "s"),
    Act("Type send", 2.0, "send\r"),
    Act("1 of 1 message accepted", 3.5, "n"),
    Act(r"8/8(.|\n)*Press +r ", 5.0, "r"),
    Act("Type send", 3.0, "send\r"),
    Act(r"8/8(.|\n)*Press +M ", 3.0, "M"),
    Act(r"8/8(.|\n)*Press +7 ", 4.0, "7"),
    Act(r"Press +s (.|\n)*v1 was sent|v1 was sent(.|\n)*Press +s ", 3.0, "s"),
    Act("Type send", 2.0, "send\r"),
    Act("v2: 1 of 1 message accepted", 2.5, "n"),
    Act(r"Press +f (.|\n)*v2 in-mainline", 5.0, "f"),
    Act("Fetch from", 2.0, "\r"),
    Act("your own tree", 5.0, "\r"),
    Act("in-stable", 2.0, "5"),
    Act("using mainline commit", 4.0, "q"),
)

Run = tuple[int, str, str, str, bool]
"""Characters of a row that look alike: the column, the text, its color, its background, whether it
is bold.
"""


Row = tuple[Run, ...]


class Frame(NamedTuple):
    """A screen as it stays for a while: since when, in seconds of the recording, and its rows."""

    at: float
    rows: tuple[Row, ...]


class Recording:
    """A program on a terminal: what it wrote and when, in the recording's own time, and the screens
    that stayed.
    """

    def __init__(self, argv: list[str], env: dict[str, str], cwd: str) -> None:
        self.events: list[tuple[float, str]] = []
        self.frames: list[Frame] = []
        self.now, self._emitted = 0.0, 0.0
        self._rows: tuple[Row, ...] = ((),) * ROWS
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        self._rest = b""
        self._master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def show(self, text: str) -> None:
        """Put text on the screen that no program wrote."""
        self._stream.feed(text)
        self._emit(self.now)

    def act(self, act: Act) -> None:
        """Wait for the words and until nothing moves, let them be read, type the keys."""
        self._until(act.words)
        self._keep()
        self.now += act.seconds
        for key in act.keys:
            os.write(self._master, key.encode())
            self.now += TYPING

    def end(self) -> None:
        """Wait for the end of the program."""
        self._until("", at_end=True)
        self._keep()
        self.now += 2.0
        self.stop()

    def stop(self) -> None:
        """End the program, if it is still there."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(30)
        os.close(self._master)

    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def _until(self, words: str, *, at_end: bool = False) -> None:
        begun, first = time.monotonic(), len(self.events)
        written = begun
        while True:
            wrote = self._read()
            now = time.monotonic()
            written = now if wrote else written
            if now - self._emitted > STEP:
                self._emit(now)
            if at_end and self._process.poll() is not None and not wrote:
                break
            if not at_end and now - written > QUIET and re.search(words, self.text()):
                break
            if now - begun > PATIENCE or (
                not at_end and self._process.poll() is not None
            ):
                raise SystemExit(
                    f"record: waited in vain for {words!r}:\n{self.text()}"
                )
        self._emit(time.monotonic())
        # the time the program took, or WORKING seconds where it took longer
        took = max(written - begun, 0.01)
        scale = min(1.0, WORKING / took)
        self.events[first:] = [
            (self.now + (at - begun) * scale, text) for at, text in self.events[first:]
        ]
        self.now += took * scale

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 0.05)[0]:
            return False
        try:
            data = self._rest + os.read(self._master, 1 << 16)
        except OSError:  # the program closed the terminal
            return False
        text = data.decode("utf-8", "ignore")
        self._rest = (
            data[len(text.encode()) :] if len(data) - len(text.encode()) < 4 else b""
        )
        # pyte has no alternate screen: what was on the first one is gone instead of hidden
        self._stream.feed(
            re.sub(r"\x1b\[\?1049[hl]", "\x1b[2J\x1b[H", UNKNOWN.sub("", text))
        )
        return True

    def _emit(self, at: float) -> None:
        """Record the rows that look different now.

        What was drawn over in between is left out: nobody saw it.
        """
        rows = tuple(_runs(self._screen.buffer[row]) for row in range(ROWS))
        changed = [
            _written(number, row)
            for number, (row, old) in enumerate(zip(rows, self._rows, strict=True))
            if row != old
        ]
        if changed:
            self.events.append((at, "".join(changed)))
        self._rows, self._emitted = rows, at

    def _keep(self) -> None:
        rows = self._rows
        if not self.frames or rows != self.frames[-1].rows:
            self.frames.append(Frame(self.now, rows))


def _written(number: int, row: Row) -> str:
    """A row as a terminal reads it."""
    parts = [f"\x1b[{number + 1};1H\x1b[0m\x1b[2K"]
    for column, text, color, back, bold in row:
        look = [
            "0",
            *(["1"] if bold else []),
            *([_sgr(38, color)] if color != FOREGROUND else []),
            *([_sgr(48, back)] if back != BACKGROUND else []),
        ]
        parts.append(f"\x1b[{number + 1};{column + 1}H\x1b[{';'.join(look)}m{text}")
    return "".join(parts)


def _sgr(kind: int, color: str) -> str:
    return f"{kind};2;{int(color[1:3], 16)};{int(color[3:5], 16)};{int(color[5:], 16)}"


def _runs(line: "pyte.screens.StaticDefaultDict[int, pyte.screens.Char]") -> Row:
    runs: list[Run] = []
    for column in range(COLUMNS):
        char = line[column]
        color, back = _color(char.fg, FOREGROUND), _color(char.bg, BACKGROUND)
        if char.reverse:
            color, back = back, color
        look = (color, back, char.bold)
        if runs and runs[-1][2:] == look and runs[-1][0] + len(runs[-1][1]) == column:
            start, text, *_ = runs.pop()
            runs.append((start, text + (char.data or " "), *look))
        else:
            runs.append((column, char.data or " ", *look))
    return tuple(run for run in runs if run[1].strip() or run[3] != BACKGROUND)


def _color(name: str, default: str) -> str:
    if name == "default":
        return default
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    return NAMED.get(name.removeprefix("bright"), default)


def svg(frames: list[Frame], length: float) -> str:
    """The frames one after the other, for ever.

    Each row that looks different is in the file once.
    """
    known: dict[Row, int] = {}
    strips, steps = [], []
    width, height = COLUMNS * WIDE + 16, ROWS * HIGH + 16
    for number, frame in enumerate(frames):
        uses = [
            f'<use href="#r{known.setdefault(row, len(known))}" y="{at * HIGH + 8}"/>'
            for at, row in enumerate(frame.rows)
            if row
        ]
        strips.append(
            f'<g transform="translate({number * width:.0f})">{"".join(uses)}</g>'
        )
        steps.append(
            f"{frame.at / length * 100:.2f}%{{transform:translateX({-number * width:.0f}px)}}"
        )
    rows = [
        f'<g id="r{number}">{"".join(map(_drawn, row))}</g>'
        for row, number in known.items()
    ]
    style = (
        f"text{{font:{SIZE}px 'DejaVu Sans"
        " Mono',Menlo,Consolas,monospace;white-space:pre}.b{font-weight:bold}@keyframes"
        f" k{{{''.join(steps)}}}#f{{animation:k {length:.1f}s step-end infinite}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}"'
        f' width="{width:.0f}" height="{height}">'
        "<title>patchpilot takes a fix from the commit over v2 to mainline and the stable"
        f" kernels</title><style>{style}</style><defs>{''.join(rows)}</defs>"
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/><g'
        f' id="f">{"".join(strips)}</g></svg>\n'
    )


def _drawn(run: Run) -> str:
    column, text, color, back, bold = run
    x = column * WIDE + 8
    # a background reaches a bit further, so that no line is seen between two rows
    fill = (
        f'<rect x="{x:.1f}" width="{len(text) * WIDE:.1f}" height="{HIGH}.5" fill="{back}"/>'
        if back != BACKGROUND
        else ""
    )
    if not text.strip():
        return fill
    inner = text.strip()
    x += (len(text) - len(text.lstrip())) * WIDE
    weight = ' class="b"' if bold else ""
    return (
        f'{fill}<text x="{x:.1f}" y="{SIZE}" fill="{color}"'
        f' textLength="{len(inner) * WIDE:.1f}"{weight}>{escape(inner, quote=False)}</text>'
    )


def cast(events: list[tuple[float, str]]) -> str:
    """The asciicast, version 2."""
    head = {
        "version": 2,
        "width": COLUMNS,
        "height": ROWS,
        "title": "patchpilot demo",
        "env": {"TERM": "xterm-256color"},
    }
    lines = [head, *([round(at, 3), "o", text] for at, text in events)]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def main() -> None:
    """Record, and write both files."""
    with tempfile.TemporaryDirectory() as home:
        state = Path(home) / "state"
        env = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": home,
            "XDG_STATE_HOME": str(state),
            "XDG_CACHE_HOME": f"{home}/cache",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            # what Robin writes below the question
            "EDITOR": "sed -i '$a Older than 2.4; v2 will name it.'",
        }
        recording = Recording(
            [sys.executable, "-P", "-m", "patchpilot", "demo"], env, home
        )
        try:
            recording.show("$ ")
            for key in "patchpilot demo":
                recording.now += TYPING
                recording.show(key)
            recording.now += TYPING
            recording.show("\r\n")
            for act in SCRIPT:
                recording.act(act)
            recording.end()
        except BaseException:
            recording.stop()
            raise
    ASSETS.mkdir(exist_ok=True)
    (ASSETS / "session.cast").write_text(cast(recording.events), encoding="utf-8")
    (ASSETS / "session.svg").write_text(
        svg(recording.frames, recording.now), encoding="utf-8"
    )
    sizes = ", ".join(
        f"{name} {(ASSETS / name).stat().st_size // 1024} kB"
        for name in ("session.cast", "session.svg")
    )
    print(f"{recording.now:.0f} seconds, {len(recording.frames)} screens: {sizes}")


if __name__ == "__main__":
    main()
