# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of URLs, which may come from outside, and the names of this machine."""

from urllib.parse import SplitResult, urljoin, urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def split_url(url: str, base: str = "") -> SplitResult:
    """The parts of a URL (relative to `base`); all are empty where it is not a URL, such as `http://[::1/`."""
    try:
        return urlsplit(urljoin(base, url.strip()))
    except ValueError:
        return SplitResult("", "", "", "", "")


def host_of(url: str) -> str:
    """The host in a URL, in lower case; "" where it has none or is not a URL."""
    return split_url(url).hostname or ""
