# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as JSON: one UTF-8 document, `schema` first."""

import json
from typing import Any


def document(verb: str, body: dict[str, Any]) -> str:
    """The document of a verb; bytes that are not UTF-8 (surrogates) become U+FFFD, so that it is always valid."""
    text = json.dumps({"schema": f"patchpilot/{verb}/1", **body}, ensure_ascii=False, indent=1)
    return (
        text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        if text.isascii()
        else "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    )
