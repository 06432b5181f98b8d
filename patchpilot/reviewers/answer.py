# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse a reviewer's answer into review comments. The text is untrusted."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MOST = 100
"""Maximum number of comments read from an answer."""
LONGEST = 600
"""Maximum length of a text; the rest is cut."""
MESSAGE = "message"
"""The path of a comment about the patch's message."""
_WORDS = {"critical": 1.0, "high": 0.9, "medium": 0.7, "low": 0.5}
"""The confidence for each severity in words, for answers without a number."""
_PLACE = re.compile(r"(?P<path>[^\s:]+):(?P<line>\d{1,7})")


class ReviewComment(NamedTuple):
    """A reviewer's unverified comment.

    `line` is a line in the patched file or in the patch's message, and `quoted` is the code on that
    line. `symbols` contains the names that the comment mentions, `missing` the names that it
    reports as missing from the tree, and `undocumented` the texts that it reports as missing from
    the tree's documentation.
    """

    problem: str
    path: str = ""
    line: int = 0
    quoted: str = ""
    confidence: float = 1.0
    symbols: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    undocumented: tuple[str, ...] = ()


Comments = tuple[ReviewComment, ...]


def parse_answer(answer: str) -> Comments | None:
    """Parse an answer.

    It is one JSON object per line and `{"done": true}`, or a document with a "findings" list. Text
    around the objects is ignored. Return None if no object has one of these forms, or if a list
    has other rows: their comments are unknown, so the answer is no review.
    """
    comments: list[ReviewComment] = []
    is_review = is_done = has_others = False
    for document in _parse_objects(answer):
        findings = document.get("findings")
        if isinstance(findings, list):
            if not all(map(_is_comment, findings)):
                return None
            rows = findings
        elif _is_comment(document):
            rows = [document]
        else:
            is_done |= document.get("done") is True
            has_others |= bool(document) and "done" not in document
            continue
        is_review = True
        comments += [comment for row in rows if (comment := _parse_comment(row))]
    return tuple(comments[:MOST]) if is_review or (is_done and not has_others) else None


def _is_comment(row: Any) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("problem", 0), str | None)


def _parse_objects(answer: str) -> Iterator[Mapping[str, Any]]:
    decoder, position = json.JSONDecoder(), 0
    failures = 0
    while failures < MOST and (position := answer.find("{", position)) >= 0:
        try:
            value, position = decoder.raw_decode(answer, position)
        except (ValueError, RecursionError):
            failures += 1
            position = answer.find("\n", position)
            if position < 0:
                return
        else:
            if isinstance(value, Mapping):
                yield value


def _parse_comment(row: Mapping[str, Any]) -> ReviewComment | None:
    """Convert an object to a comment, or return None if it describes no problem.

    Two forms of objects are accepted.
    """
    problem = " ".join(_to_text(row.get("problem")).split())
    if not problem:
        return None
    path, line = _to_text(row.get("path") or row.get("file")), row.get("line")
    if not path:
        path, line = _first_location(row.get("locations"))
    return ReviewComment(
        problem,
        path.removeprefix("./"),
        line if type(line) is int and 0 < line < 10_000_000 else 0,
        _to_text(row.get("quoted") or row.get("snippet")),
        _confidence(row),
        *(_clean_names(row.get(key)) for key in ("symbols", "missing", "undocumented")),
    )


def _first_location(locations: Any) -> tuple[str, Any]:
    """Return the path and line of the first location, given as an object or PATH:LINE."""
    first = locations[0] if isinstance(locations, list) and locations else locations
    if isinstance(first, Mapping):
        return _to_text(first.get("file") or first.get("path")), first.get("line")
    match = _PLACE.search(_to_text(first))
    return (match["path"], int(match["line"])) if match else ("", None)


def _confidence(row: Mapping[str, Any]) -> float:
    value = row.get("confidence")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return min(1.0, max(0.0, float(value))) if value == value else 0.0
    return _WORDS.get(_to_text(row.get("severity")).lower(), 1.0)


def _clean_names(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    # git grep treats the text after a line break as a second pattern
    names = (" ".join(_to_text(item).split()) for item in values[:10])
    return tuple(filter(None, names))


def _to_text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""
