# SPDX-License-Identifier: GPL-2.0-or-later
"""Define HTTP sessions that send no login except the one that the user set for the URL.

Import this module only before a request, because it loads requests.
"""

import requests
from requests.utils import get_auth_from_url

from patchpilot import __version__


class WebSession(requests.Session):
    """A session that sends the login in a URL or in `auth`, but none from ~/.netrc.

    An entry of ~/.netrc names a host without a protocol or port, so it may be the login of another
    service, such as the mail server. Proxies and certificates are read from the environment.
    """

    def __init__(self) -> None:
        super().__init__()
        self.headers.update({"User-Agent": f"patchpilot/{__version__}"})

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        url_login = get_auth_from_url(str(request.url))
        # without an `auth`, requests reads ~/.netrc
        request.auth = request.auth or self.auth or (url_login if any(url_login) else _add_no_login)
        return super().prepare_request(request)

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Remove the login if a redirect leads to another host.

        The method of requests also adds a login from ~/.netrc.
        """
        old_url, new_url = response.request.url or "", prepared_request.url or ""
        if self.should_strip_auth(old_url, new_url):
            prepared_request.headers.pop("Authorization", None)


def _add_no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
