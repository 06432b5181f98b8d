# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the default archive, and remove passwords from URLs in text to be shown or stored."""

import re

LORE = "https://lore.kernel.org/all"
_USERINFO = (
    r"\b([a-z][a-z0-9+.-]{0,20})://"
    r"(?:([^\s/?#@:]*)(:?)[^\s/?#]*@|[^\s/?#@:\[]*:(?!\d*(?:[/?#\s]|$))\S{0,1000}@)"
)
"""A scheme and all before the host: up to the last `@` of the authority; where a password has a
slash, of the word."""


def hide_url_credentials(text: str) -> str:
    """Return the text with the user name and password removed from each URL.

    For ssh, a user name without a password is kept.
    """
    if "://" not in text or "@" not in text:
        return text
    # compile this pattern on first use, because few runs need it
    return re.sub(_USERINFO, _hide_credentials, text, flags=re.IGNORECASE)


def _hide_credentials(match: re.Match[str]) -> str:
    scheme, user, colon = match.groups()
    keeps_user = "ssh" in scheme.lower() and user and not colon
    return f"{scheme}://{user}@" if keeps_user else f"{scheme}://"
