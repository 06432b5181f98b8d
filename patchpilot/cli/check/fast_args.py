# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of a plain `patchpilot check …`, read without the command-line library: hooks and b4 call it for every patch, and the library takes an
eighth of the time that a patch does. What is not plain is left to the library, which also says what is wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from patchpilot.cli.check.check_options import FORMATS, JOBS, CheckOptions
from patchpilot.cli.common import Common
from patchpilot.config import COLUMNS, FAIL_ON

_FLAGS: dict[str, tuple[str, bool]] = {
    "--strict": ("strict", True),
    "--statistics": ("statistics", True),
    "--checkpatch": ("checkpatch", True),
    "--checkpatch-compat": ("checkpatch_compat", True),
    "--offline": ("offline", True),
    "--quiet": ("quiet", True),
    "-q": ("quiet", True),
    "--verbose": ("verbose", True),
    "-v": ("verbose", True),
    "--color": ("color", True),
    "--no-color": ("color", False),
}
_MANY = ("select", "ignore")
_COMMON = {"repo": None, "tree": None, "profile": None, "format": FORMATS[0], "output": None}
_COMMON_FLAGS = {"offline": False, "quiet": False, "verbose": False, "color": None}


def _number(limits: tuple[int, int]) -> Callable[[str], int | None]:
    def read_number(text: str) -> int | None:
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and limits[0] <= int(text) <= limits[1] else None

    return read_number


def _one_of(words: Sequence[str]) -> Callable[[str], str | None]:
    return lambda text: text if text in words else None


_VALUED: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--base": ("base", str),
    "--select": ("select", str),
    "--ignore": ("ignore", str),
    "--fail-on": ("fail_on", _one_of(FAIL_ON)),
    "--max-line-length": ("max_line_length", _number(COLUMNS)),
    "--data": ("data", Path),
    "--config-from": ("config_from", str),
    "--kernel": ("kernel", str),
    "--jobs": ("jobs", _number(JOBS)),
    "--repo": ("repo", Path),
    "-C": ("repo", Path),
    "--tree": ("tree", Path),
    "--profile": ("profile", str),
    "--format": ("format", _one_of(FORMATS)),
    "--output": ("output", Path),
    "-o": ("output", Path),
}


def read(argv: Sequence[str]) -> tuple[Common, CheckOptions] | None:
    """What these words say; None where one of them is not plain: an unknown option, a value that is none, a cluster of letters, `--`, --help."""
    if not argv or argv[0] != "check":
        return None
    said: dict[str, Any] = {}
    targets = []
    rest = iter(argv[1:])
    for word in rest:
        name, equals, text = word.partition("=")
        if word in _FLAGS:
            key, value = _FLAGS[word]
        elif name in _VALUED and (not equals or name.startswith("--")):
            text = text if equals else next(rest, "")
            if not text or text.startswith("-"):
                return None
            key, convert = _VALUED[name]
            value = convert(text)
            if value is None:
                return None
        elif word.startswith("-") and word != "-":
            return None
        else:
            targets.append(word)
            continue
        said[key] = (*said.get(key, ()), value) if key in _MANY else value
    ours = {key: said.pop(key, default) for key, default in (*_COMMON.items(), *_COMMON_FLAGS.items())}
    return Common(**ours), CheckOptions(targets=tuple(targets), **said)
