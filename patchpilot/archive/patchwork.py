# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask a patchwork server for the state and the checks of patches, through its REST API.

Only GET requests are made, with the limits of an archive's responses. An unreachable server raises
`NetworkError`. Answers are untrusted; `reading/patchwork_checks.py` reads them.
"""

import json
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from patchpilot.archive.archive import (
    BETWEEN_REQUESTS,
    TIMEOUTS,
    describe_request_error,
    make_polite_session,
)
from patchpilot.errors import NetworkError
from patchpilot.extras import missing_extra_error
from patchpilot.model.bounded import MIB
from patchpilot.model.hosts import quote_url, split_url, url_host
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.reading.patchwork_checks import PatchworkPatch, parse_checks, parse_patches

_MAX_JSON = 4 * MIB
_PER_PAGE = 250
"""The most that a server sends at once by default."""
_MAX_PAGES = 4
MAX_PATCHES = 100
"""How many patches of a series are asked for."""
MAX_SECONDS = 60.0
"""Time after which no further patch is asked for."""


class PatchworkAddress(NamedTuple):
    """The address of a server, and a project on it, or "" for all projects."""

    url: str
    project: str = ""


def parse_patchwork_address(text: str) -> PatchworkAddress:
    """Split the address of a server or of a project's page (`…/project/NAME/…`)."""
    url, separator, rest = text.rstrip("/").partition("/project/")
    return PatchworkAddress(url.rstrip("/"), rest.partition("/")[0] if separator else "")


class PatchworkServer:
    """A patchwork server."""

    def __init__(self, address: str) -> None:
        self.url, self.project = parse_patchwork_address(address)
        self.host = split_url(self.url).netloc
        self._session: Any = None
        self._end = time.monotonic() + MAX_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session is not None:
            self._session.close()

    def fetch(
        self, message_ids: Sequence[str], progress: Progress = ignore_progress
    ) -> tuple[PatchworkPatch, ...]:
        """Return what the server knows about the patches with these Message-IDs.

        A patch that is in several projects is returned for each. The result is empty if the server
        has none of them.
        """
        patches = []
        for position, message_id in enumerate(message_ids):
            progress(f"asking {self.host} for checks", position, len(message_ids))
            project = f"&project={quote_url(self.project, '')}" if self.project else ""
            query = f"patches/?msgid={quote_url(message_id, '')}{project}"
            for number, patch in parse_patches(self._get_pages(query, 1), message_id):
                checks = self._get_pages(f"patches/{number}/checks/?per_page={_PER_PAGE}")
                patches.append(patch._replace(checks=parse_checks(checks)))
        return tuple(patches)

    def _get_pages(self, query: str, most: int = _MAX_PAGES) -> list[object]:
        """Return the entries of a list; raise NetworkError if the answer is something else.

        The address of the next page is made here, because the server's answer may name any.
        """
        entries: list[object] = []
        for page in range(1, most + 1):
            if time.monotonic() > self._end:
                raise NetworkError(f"{self.host} is slow: not all patches were asked for")
            suffix = f"&page={page}" if page > 1 else ""
            response = self._request(f"{self.url}/api/{query}{suffix}")
            entries += self._read_list(response)
            if "next" not in response.links:
                break
        return entries

    def _request(self, url: str) -> Any:
        try:
            import requests
        except ImportError as error:
            raise missing_extra_error(error) or error from error
        if self._session is None:
            hosts = (url_host(self.url),)
            self._session = make_polite_session(threading.Event(), lambda _: None, hosts)
        else:
            time.sleep(BETWEEN_REQUESTS)
        try:
            response = self._session.request(
                "GET", url, timeout=TIMEOUTS, headers={"Accept": "application/json"}
            )
        except (requests.RequestException, OSError, ValueError) as error:
            raise NetworkError(
                f"{self.host} cannot be reached: {describe_request_error(error)}"
            ) from error
        if response.status_code != 200:
            raise NetworkError(
                f"{self.host} cannot be queried: HTTP status {response.status_code}",
                hint="check the address in git config --global patchpilot.patchwork",
            )
        return response

    def _read_list(self, response: Any) -> list[object]:
        if len(response.content) > _MAX_JSON:
            raise NetworkError(f"{self.host}: the response is larger than {_MAX_JSON // MIB} MiB")
        try:
            answer = json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise self._not_patchwork() from error
        if not isinstance(answer, list):
            raise self._not_patchwork()
        return answer

    def _not_patchwork(self) -> NetworkError:
        return NetworkError(
            f"{self.host} did not send a list: it is not a patchwork server with a REST API",
            hint="check the address in git config --global patchpilot.patchwork",
        )
