# SPDX-License-Identifier: GPL-2.0-or-later
"""Download small, public JSON documents such as the list of kernel releases."""

import json
from typing import Any

from patchpilot.errors import NetworkError, UsageError
from patchpilot.model.hosts import split_url

_LIMIT = 4 * 1024 * 1024
_SECONDS = 30


def fetch_json(url: str) -> Any:
    """Return the JSON document at an http or https URL.

    Raise `NetworkError` if it cannot be downloaded or parsed, or is larger than 4 MiB.
    """
    if split_url(url).scheme not in ("https", "http"):
        raise UsageError(f"{url}: not an http or https URL")
    import requests

    from patchpilot.archive.web_session import WebSession

    try:
        with (
            WebSession() as session,
            session.get(url, timeout=_SECONDS, stream=True) as response,
        ):
            response.raise_for_status()
            data = response.raw.read(_LIMIT + 1, decode_content=True)
    except (requests.RequestException, ValueError) as error:
        raise NetworkError(
            f"{url} could not be read: {type(error).__name__}",
            hint="try again later, or check the network connection",
        ) from error
    if len(data) > _LIMIT:
        raise NetworkError(f"{url} is larger than {_LIMIT >> 20} MiB")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NetworkError(
            f"{url} is not a JSON document",
            hint="open the URL in a browser; a captive portal may be intercepting the request",
        ) from error
