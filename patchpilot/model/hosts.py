# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse untrusted URLs, and list the host names of this machine."""

from urllib.parse import SplitResult, quote, urljoin, urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def split_url(url: str, base: str = "") -> SplitResult:
    """Split a URL (relative to `base`) into its parts.

    All parts are empty for an invalid URL, such as `http://[::1/`.
    """
    try:
        return urlsplit(urljoin(base, url.strip()))
    except ValueError:
        return SplitResult("", "", "", "", "")


def url_host(url: str) -> str:
    """Return the host of a URL in lower case, or "" if there is none."""
    return split_url(url).hostname or ""


def quote_url(text: str, safe: str = "/") -> str:
    """Percent-encode text for a URL, including bytes that are not UTF-8."""
    return quote(text.encode("utf-8", "surrogateescape"), safe=safe)
