# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetch small public JSON documents, such as the list of kernel releases.

The module can post JSON documents with an API token.
"""

import json
from typing import Any

from patchpilot import __version__
from patchpilot.errors import NetworkError, UsageError
from patchpilot.model.hosts import split_url

_LIMIT = 4 * 1024 * 1024
_SECONDS = 30


def fetch_json(url: str, *, offline: bool = False, redirects: bool = True) -> Any:
    """Return the JSON document at an http or https URL, at most 4 MiB.

    Raises `NetworkError` if the document cannot be fetched or parsed, or if the server redirects
    and `redirects` is False.
    """
    if split_url(url).scheme not in ("https", "http"):
        raise UsageError(f"{url}: not an http or https URL")
    if offline:
        raise NetworkError(
            f"{url} cannot be fetched with --offline", hint="omit --offline"
        )
    import requests

    try:
        with requests.get(
            url,
            timeout=_SECONDS,
            stream=True,
            headers={"User-Agent": f"patchpilot/{__version__}"},
            allow_redirects=redirects,
        ) as answer:
            if answer.is_redirect:
                raise NetworkError(
                    f"{url} redirects to another address",
                    hint="use the URL that it redirects to",
                )
            answer.raise_for_status()
            data = answer.raw.read(_LIMIT + 1, decode_content=True)
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
