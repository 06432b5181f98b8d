# SPDX-License-Identifier: GPL-2.0-or-later
"""The generated methods of data classes, kept compiled between runs: python writes them as text and compiles that at every start, which takes a sixth of
the time that a patch does.

`dataclasses` hands its texts to `exec`; in its module that name is bound here to one that knows texts compiled before. Should a later python
make methods some other way, nothing is kept and nothing breaks.
"""

import builtins
import dataclasses
from types import CodeType
from typing import Any

from patchpilot.cache.loaded import key_of, recall, remember

MOST = 3000
"""So many texts are kept; when there are more, those that the last run had no use for go."""

WORTH_WRITING = 12
"""Fewer new texts than this are compiled again next time."""


class _KeptMethods:
    """The texts of this run: those that were kept, and those that had to be compiled."""

    def __init__(self) -> None:
        self.key = key_of(())
        found = recall("classes", self.key)
        self.known: dict[str, CodeType] = found if isinstance(found, dict) else {}
        self.used: set[str] = set()
        self.fresh = 0


_kept: _KeptMethods | None = None


def use() -> None:
    """From now on data classes take compiled methods from what was kept, and what is compiled is remembered. Calling it twice does nothing."""
    global _kept
    if _kept is None:
        _kept = _KeptMethods()
        vars(dataclasses)["exec"] = _run


def _run(text: str, *scopes: Any) -> None:
    assert _kept is not None
    code = _kept.known.get(text)
    if not isinstance(code, CodeType):
        code = _kept.known[text] = compile(text, "<string>", "exec")
        _kept.fresh += 1
    _kept.used.add(text)
    builtins.exec(code, *scopes)


def keep() -> None:
    """Write down what was compiled in this run, where it was worth it. Failing to is no failure."""
    if _kept is None or _kept.fresh < WORTH_WRITING:
        return
    known = _kept.known
    if len(known) > MOST:
        known = {text: code for text, code in known.items() if text in _kept.used}
    remember("classes", _kept.key, known)
    _kept.fresh = 0
