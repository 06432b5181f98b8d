# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the symbols of the TUI, from the basic Unicode blocks or, on terminals that lack these, in
ASCII.

No Nerd Font is needed.
"""

import os
from collections.abc import Mapping

from patchpilot.tui.view.stages import STYLES

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
    "sent": ("»", ">>"),
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
    "ticked": ("✓", "x"),
    "bar": ("█", "#"),
    "bar-rest": ("░", "."),
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

STYLE_OF: Mapping[str, str] = {
    "warning": "yellow",
    "dot": "dim",
    **{state.sign: style for state, style in STYLES.items()},
}
"""Maps the name of a sign to its style."""


def uses_ascii() -> bool:
    """Return whether to draw in ASCII only.

    If `PATCHPILOT_ASCII` is not set to 1 or 0, this depends on the terminal type and the locale's
    encoding.
    """
    setting = os.environ.get("PATCHPILOT_ASCII", "")
    if setting:
        return setting != "0"
    if os.environ.get("TERM", "").startswith(("linux", "vt")):
        return True
    locale = next(
        (value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))),
        "",
    )
    return bool(locale) and "utf" not in locale.lower()


def glyph(name: str) -> str:
    """Return the symbol with this name: one column wide in Unicode, one or two in ASCII."""
    return _SIGNS[name][uses_ascii()]


def join_with_dots(*parts: str) -> str:
    """Join the parts that are not empty with a dot between spaces."""
    return f" {glyph('dot')} ".join(filter(None, parts))


def spinner_frame(step: int) -> str:
    frames = _SPINNER[uses_ascii()]
    return frames[step % len(frames)]
