# SPDX-License-Identifier: GPL-2.0-or-later
"""Format values as JSON text that is safe to print."""

import json
import re
from typing import Any

from patchpilot.model.printable import LOG_COMMAND, UNSAFE


def json_text(value: Any, indent: int | None = None) -> str:
    r"""Return a value as JSON in valid UTF-8.

    Undecodable bytes (surrogates) become U+FFFD. Characters that would affect a terminal, or a CI
    server that reads the log, become `\\uXXXX`.
    """
    text = UNSAFE.sub(_escape, json.dumps(value, ensure_ascii=False, indent=indent))
    return re.sub(LOG_COMMAND, "\\\\u0023#", text)


def _escape(match: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" else json.dumps(match[0])[1:-1]
