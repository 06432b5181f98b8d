# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as JSON: one UTF-8 document, `schema` first."""

import json
import re
from typing import Any

from patchpilot.model.printable import UNSAFE


def document(verb: str, body: dict[str, Any]) -> str:
    """The document of a verb, always valid UTF-8: undecodable bytes (surrogates) become U+FFFD, what a terminal would act on is `\\uXXXX`."""
    return UNSAFE.sub(_escaped, json.dumps({"schema": f"patchpilot/{verb}/1", **body}, ensure_ascii=False, indent=1))


def _escaped(found: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= found[0] <= "\udfff" else f"\\u{ord(found[0]):04x}"
