# SPDX-License-Identifier: GPL-2.0-or-later
"""Shorten JSON documents to a number of bytes, and list what was omitted."""

import json
from bisect import bisect
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

LARGEST_ANSWER = 12_000
"""Bytes of an answer."""
_NOTES = 1_500
"""Bytes of the list of omitted parts."""
_CHARACTERS = 40
"""Length of the texts in an answer, for each item that a list may have."""
_MARK = "…"


def compact(value: Any, omitted: Collection[str] = (), hidden: Sequence[str] = ()) -> Any:
    """Return a JSON value without null, without empty lists, and without the omitted keys.

    Items of lists that contain a `hidden` text are removed as well.
    """
    if isinstance(value, dict):
        items = ((key, compact(value[key], omitted, hidden)) for key in value if key not in omitted)
        return {key: item for key, item in items if item is not None and item not in ([], {}, "")}
    if isinstance(value, list):
        return [compact(item, omitted, hidden) for item in value if not contains(item, hidden)]
    return value


def contains(value: Any, texts: Sequence[str]) -> bool:
    """Return whether a string in a JSON value contains one of the texts."""
    document = json.dumps(value) if texts else ""
    return any(json.dumps(text)[1:-1] in document for text in texts)


def format_answer(document: dict[str, Any], largest: int = LARGEST_ANSWER) -> str:
    """Return a document as JSON text of at most `largest` bytes.

    What does not fit is omitted: the ends of long lists and texts, with the same limit everywhere.
    The key `shortened` then lists how much of each key.
    """
    text = _format(document)
    if len(text.encode()) <= largest:
        return text
    fitting = bisect(
        range(largest),
        largest - _NOTES,
        key=lambda most: _size(_cut(document, most, Counter())),
    )
    omitted = Counter[tuple[str, str]]()
    short = _cut(document, max(0, fitting - 1), omitted)
    return _format({**short, "shortened": _describe(omitted)})


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


def _cut(value: Any, most: int, counts: Counter[tuple[str, str]], path: str = "") -> Any:
    """Return a value with at most `most` items in each list, and texts cut in proportion.

    Add to `counts` what is left out, by the path of its key and its unit. With 0, only the keys of
    the document are left.
    """
    if isinstance(value, str) and len(value) > most * _CHARACTERS:
        counts[path, "characters"] += len(value) - most * _CHARACTERS
        return value[: most * _CHARACTERS] + _MARK
    if isinstance(value, list):
        counts[path, "more in the list"] += max(0, len(value) - most)
        return [_cut(item, most, counts, path) for item in value[:most]]
    if isinstance(value, dict) and path and not most:
        counts[path, "keys"] += len(value)
        return {}
    if isinstance(value, dict):
        start = f"{path}." if path else ""
        return {key: _cut(item, most, counts, start + key) for key, item in value.items()}
    return value


def _describe(omitted: Counter[tuple[str, str]]) -> list[str]:
    """Return a line for each key, as many as fit; lists come first."""
    counts = sorted(omitted.items(), key=lambda row: (row[0][1] == "characters", -row[1]))
    lines = [f"{path}: {count} {unit}" for (path, unit), count in counts if count]
    shown: list[str] = []
    for line in lines:
        if _size([*shown, line]) > _NOTES - 100:
            return [*shown, f"{len(lines) - len(shown)} more keys"]
        shown.append(line)
    return shown
