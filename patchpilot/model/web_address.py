# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize text that can be shown as a link in a terminal, an editor or a report."""

import re

_WEB = re.compile(r"https?://[!-~]+")


def web_address(text: str | None) -> str:
    """Return the text if it is the address of a web page in printable ASCII, otherwise "".

    Addresses such as `command:…` or `vscode://…` are rejected.
    """
    return text if text and _WEB.fullmatch(text) else ""
