# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches published reviews from a Sashiko server through its JSON API.

Sashiko is a program with which a language model reviews patches.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from patchpilot.archive.feed import fetch_json
from patchpilot.errors import NetworkError, UsageError
from patchpilot.model.hosts import LOOPBACK, quote_url, split_url

SEVERITIES = ("critical", "high", "medium", "low")
_MOST = 200
"""Patches and reviews of a series, and findings of a review, that are read."""
_LONGEST = 60
_LARGEST = 1 << 20
"""Characters of the findings of one review that are parsed."""


class SashikoReview(NamedTuple):
    """The latest review of a patch.

    Contains the patch's Message-ID, the state of the review (pending, reviewed, failed or
    another one), and the number of findings by severity (None: no findings published yet).
    """

    message_id: str
    state: str
    findings: dict[str, int] | None


def read_reviews(
    place: str, message_id: str, *, offline: bool = False
) -> tuple[SashikoReview, ...]:
    """Returns the reviews of the series with this cover letter or patch from a server.

    The server is given as `https://…`. The result is empty if the server does not have the
    series. Raises `NetworkError` if there is no usable answer, and `UsageError` if the
    address does not use https.
    """
    server = server_of(place)
    wanted = quote_url(message_id, safe="")
    found = fetch_json(
        f"{server}/api/patchset?id={wanted}&page=1&per_page={_MOST}",
        offline=offline,
        redirects=False,
        lacks=True,
    )
    if found is None:
        return ()
    if not isinstance(found, dict):
        raise NetworkError(
            f"{server} does not answer like a Sashiko server",
            hint="check the address of the server",
        )
    return tuple(_reviews(found))


def page_of(place: str, message_id: str) -> str:
    """Returns the URL of the page with the reviews of a series, for a browser."""
    return f"{server_of(place)}/#/patchset/{quote_url(message_id, safe='')}"


def server_of(place: str) -> str:
    """Returns a server's URL without a trailing slash.

    Raises `UsageError` if the URL does not use https (except for a local server), or if it
    contains a user name or a query.
    """
    parts = split_url(place)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in LOOPBACK
    )
    if (
        not is_safe
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise UsageError(
            "the address of a Sashiko server must be an https URL",
            hint="use https://HOST, for example https://sashiko.dev",
        )
    return place.strip().rstrip("/")


def _reviews(series: dict[str, Any]) -> Iterator[SashikoReview]:
    """The state of each patch, with the last review that has findings."""
    last: dict[int, dict[str, int]] = {}
    for row in _rows(series.get("reviews")):
        number, findings = row.get("patch_id"), _findings(row.get("output"))
        if isinstance(number, int) and findings is not None:
            last[number] = findings
    for row in _rows(series.get("patches")):
        number, message_id = row.get("id"), row.get("message_id")
        if isinstance(number, int) and isinstance(message_id, str):
            state = row.get("status")
            words = state.lower()[:_LONGEST] if isinstance(state, str) else "unknown"
            yield SashikoReview(message_id.strip("<>"), words, last.get(number))


def _rows(value: Any) -> list[dict[str, Any]]:
    rows = value[:_MOST] if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, dict)]


def _findings(output: Any) -> dict[str, int] | None:
    """The number of findings by severity in what the model wrote, which is JSON in a text; None
    where it has no list of findings."""
    if not isinstance(output, str) or len(output) > _LARGEST:
        return None
    try:
        parsed = json.loads(output)
    except (ValueError, RecursionError):
        return None
    found = parsed.get("findings") if isinstance(parsed, dict) else None
    if not isinstance(found, list):
        return None
    said = (str(row.get("severity")).lower() for row in _rows(found))
    count = Counter(word if word in SEVERITIES else "low" for word in said)
    return {word: count[word] for word in SEVERITIES if count[word]}
