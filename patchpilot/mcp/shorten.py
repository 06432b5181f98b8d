# SPDX-License-Identifier: GPL-2.0-or-later
"""Shorten JSON documents to a number of bytes, and list what was omitted."""

import json
from collections import Counter
from collections.abc import Collection
from typing import Any, NamedTuple

LARGEST_ANSWER = 12_000
"""Bytes of an answer."""
_NOTES = 1_500
"""Bytes of the list of omitted parts."""
_LEAST = 120
"""Bytes below which nothing is shortened: it is omitted instead."""
_MARK = "…"


def compact(value: Any, omitted: Collection[str] = ()) -> Any:
    """Return a JSON value without null, without empty lists, and without the omitted keys."""
    if isinstance(value, dict):
        items = ((key, compact(item, omitted)) for key, item in value.items())
        return {
            key: item
            for key, item in items
            if key not in omitted and item is not None and item not in ([], {}, "")
        }
    if isinstance(value, list):
        return [compact(item, omitted) for item in value]
    return value


def format_answer(document: dict[str, Any], largest: int = LARGEST_ANSWER) -> str:
    """Return a document as JSON text of at most `largest` bytes.

    What does not fit is omitted: the ends of long texts, and the last objects of long lists. The
    key `shortened` then lists how much of each key.
    """
    text = _format(document)
    if len(text.encode()) <= largest:
        return text
    shortening = _Shortening(Counter(), Counter())
    short = shortening.shorten(document, largest - _NOTES, "")
    short["shortened"] = shortening.describe()
    return _format(short)


def shorten_text(text: str, largest: int = LARGEST_ANSWER) -> str:
    """Return the beginning of a text, in whole lines, with a note about the omitted rest."""
    data = text.encode("utf-8", "replace")
    if len(data) <= largest:
        return text
    beginning = data[: largest - 100].decode("utf-8", "ignore").rpartition("\n")[0]
    return f"{beginning}\n\n[{len(data) - len(beginning.encode()):,} bytes omitted]\n"


def _format(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _size(value: Any) -> int:
    return len(_format(value).encode())


class _Shortening(NamedTuple):
    """The omitted parts: list items and characters, by the path of their key."""

    items: Counter[str]
    characters: Counter[str]

    def describe(self) -> list[str]:
        """Return a line for each key, as many as fit."""
        counts = ((path, count) for path, count in self.items.most_common() if count)
        lines = [f"{path}: {count} more in the list" for path, count in counts]
        lines += [f"{path}: {count} characters" for path, count in self.characters.most_common()]
        shown: list[str] = []
        for line in lines:
            if _size([*shown, line]) > _NOTES - 100:
                return [*shown, f"{len(lines) - len(shown)} more keys"]
            shown.append(line)
        return shown

    def shorten(self, value: Any, largest: int, path: str) -> Any:
        if _size(value) <= largest:
            return value
        if isinstance(value, str):
            return self._shorten_text(value, largest, path)
        if isinstance(value, list):
            return self._shorten_list(value, largest, path)
        if isinstance(value, dict):
            return self._shorten_object(value, largest, path)
        return value

    def _shorten_text(self, text: str, largest: int, path: str) -> str:
        kept = text[: max(0, largest - 8)]
        while kept and _size(kept) > max(0, largest - 8):
            kept = kept[: len(kept) * 4 // 5]
        self.characters[path] += len(text) - len(kept)
        return kept + _MARK

    def _shorten_list(self, items: list[Any], largest: int, path: str) -> list[Any]:
        kept: list[Any] = []
        left = largest - 2
        for item in items:
            size = _size(item) + 1
            if size > left:
                # give a large object at most half of what remains
                if left < 2 * _LEAST or not isinstance(item, dict):
                    break
                item = self.shorten(item, left // 2, path)
                size = _size(item) + 1
                if size > left:
                    break
            kept.append(item)
            left -= size
        self.items[path] += len(items) - len(kept)
        return kept

    def _shorten_object(self, value: dict[str, Any], largest: int, path: str) -> dict[str, Any]:
        """Give each key an equal share; larger values get the rest of a small value's share."""
        sizes = {key: _size(item) + len(key) + 4 for key, item in value.items()}
        left, shares = largest - 2, {}
        for position, key in enumerate(sorted(sizes, key=lambda name: sizes[name])):
            shares[key] = min(sizes[key], left // (len(sizes) - position))
            left -= shares[key]
        return {
            key: self.shorten(item, max(2, shares[key] - len(key) - 4), f"{path}.{key}".lstrip("."))
            for key, item in value.items()
        }
