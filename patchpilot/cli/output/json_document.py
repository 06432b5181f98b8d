# SPDX-License-Identifier: GPL-2.0-or-later
"""Format results as one UTF-8 JSON document with `schema` as its first key."""

from typing import Any

from patchpilot.model.json_form import json_value
from patchpilot.model.json_text import json_text


def format_json(command: str, *results: Any, **lists: Any) -> str:
    """Return a command's output as JSON that is safe to print.

    It contains the keys of each result, followed by each of `lists` under its name. A result is a
    dictionary or an instance of a class marked with `json_form`.
    """
    body: dict[str, Any] = {"schema": f"patchpilot/{command}/1"}
    for result in (*results, lists):
        body |= json_value(result)
    return json_text(body, indent=1)
