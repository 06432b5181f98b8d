# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize text that can be displayed as a link."""

import re

_WEB = re.compile(r"https?://[!-~]+")


def valid_web_address(text: str | None) -> str:
    """Return the text if it is a web address in printable ASCII, otherwise "".

    Addresses such as `command:…` or `vscode://…` are rejected.
    """
    return text if text and _WEB.fullmatch(text) else ""
