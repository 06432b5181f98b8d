# SPDX-License-Identifier: GPL-2.0-or-later
"""The signs of the TUI: from the basic Unicode blocks, or ASCII on terminals that lack them.

No Nerd Font is needed.
"""

import os
from collections.abc import Mapping

from patchpilot.tui.view.stages import StageState

_SIGNS = {
    "done": ("✓", "ok"),
    "todo": ("●", "??"),
    "offered": ("◇", "<>"),
    "unopened": ("○", "--"),
    "blocked": ("✗", "XX"),
    "busy": ("◌", ".."),
    "warning": ("!", "!!"),
    "stale": ("↻", "re"),
    "waiting": ("◔", "zz"),
    "nothing": ("–", "-"),
    "circle": ("○", "()"),
    "unknown": ("?", "?"),
    "merge": ("≈", "~"),
    "join": ("─", "-"),
    "dot": ("·", "-"),
    "ellipsis": ("…", "~"),
    "cursor": ("▌", ">"),
    "folded": ("▸", ">"),
    "unfolded": ("▾", "v"),
    "below": ("└", "`"),
    "point-down": ("▼", "v"),
    "ticked": ("✓", "x"),
    "bar": ("█", "#"),
    "bar-half": ("▌", "#"),
    "bar-rest": ("░", "."),
    "badge-left": ("▐", "["),
    "badge-right": ("▌", "]"),
    "tree-branch": ("├─", "|-"),
    "tree-last": ("└─", "`-"),
    "tree-line": ("│ ", "| "),
    "ruler": ("━", "="),
    "ruler-thin": ("─", "-"),
    "ruler-gap": ("╌", "."),
    "ruler-enter": ("┳", "+"),
    "ruler-release": ("●", "X"),
    "ruler-clean": ("○", "o"),
    "ruler-fixed": ("✓", "v"),
    "ruler-fix": ("◆", "*"),
}
_SPINNER = ("◐◓◑◒", "|/-\\")
_BY_NAME = tuple({name: both[at] for name, both in _SIGNS.items()} for at in (0, 1))

OF_STATE: Mapping[StageState, str] = {
    StageState.DONE: "done",
    StageState.UNOPENED: "unopened",
    StageState.OFFERED: "offered",
    StageState.TODO: "todo",
    StageState.BLOCKED: "blocked",
    StageState.BUSY: "busy",
    StageState.STALE: "stale",
    StageState.WAITING: "waiting",
    StageState.NOTHING: "nothing",
}
"""A stage's state → the name of its glyph."""


def uses_ascii() -> bool:
    """Whether only ASCII is drawn: `PATCHPILOT_ASCII` (1 or 0), else the terminal's type and the
    locale's encoding.
    """
    wanted = os.environ.get("PATCHPILOT_ASCII", "")
    if wanted:
        return wanted != "0"
    if os.environ.get("TERM", "").startswith(("linux", "vt")):
        return True
    locale = next(
        (
            value
            for name in ("LC_ALL", "LC_CTYPE", "LANG")
            if (value := os.environ.get(name))
        ),
        "",
    )
    return bool(locale) and "utf" not in locale.lower()


def glyph(name: str) -> str:
    """The sign of that name: one column in Unicode, one or two in ASCII."""
    return _SIGNS[name][uses_ascii()]


def signs() -> Mapping[str, str]:
    """All signs by name, for many rows: whether only ASCII is drawn is found out once for them."""
    return _BY_NAME[uses_ascii()]


def spinner(step: int) -> str:
    """The sign of running work; the next step shows the next of its four positions."""
    frames = _SPINNER[uses_ascii()]
    return frames[step % len(frames)]
