# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of URLs, which may come from outside, and the names of this machine."""

from urllib.parse import SplitResult, quote, urljoin, urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def split_url(url: str, base: str = "") -> SplitResult:
    """The parts of a URL (relative to `base`).

    All are empty where it is not a URL, such as `http://[::1/`.
    """
    try:
        return urlsplit(urljoin(base, url.strip()))
    except ValueError:
        return SplitResult("", "", "", "", "")


def host_of(url: str) -> str:
    """The host in a URL, in lower case; "" where it has none or is not a URL."""
    return split_url(url).hostname or ""


def quote_url(text: str, safe: str = "/") -> str:
    """A text as a part of a URL; bytes that are not UTF-8 are quoted as they are."""
    return quote(text.encode("utf-8", "surrogateescape"), safe=safe)
