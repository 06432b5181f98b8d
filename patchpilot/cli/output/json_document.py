# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as JSON: one UTF-8 document, `schema` first."""

from typing import Any

from patchpilot.model.json_text import json_text


def document(verb: str, body: dict[str, Any]) -> str:
    """The document of a verb, safe to print."""
    return json_text({"schema": f"patchpilot/{verb}/1", **body}, indent=1)
