# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as JSON: one UTF-8 document with `schema` as its first key."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from patchpilot.model.json_form import json_value
from patchpilot.model.json_text import json_text


def document(verb: str, *results: Any, **lists: Any) -> str:
    """Return the document of a verb: the keys of its results, then `lists` by their names.

    The text is safe to print. A result is a dictionary, or an instance of a class marked with
    `json_form`.
    """
    body: dict[str, Any] = {"schema": f"patchpilot/{verb}/1"}
    for result in (*results, lists):
        body |= json_value(result)
    return json_text(body, indent=1)


def check_parts(
    head: Any, patches: Iterable[dict[str, Any]], tail: Callable[[], Any]
) -> Iterator[str]:
    """Yield the document of `check` in parts, one for each patch.

    `tail` is called for the rest of the document after all patches are written.
    """
    yield _members({"schema": "patchpilot/check/1", **json_value(head)})
    yield ',\n "patches": ['
    empty = True
    for item in patches:
        text = json_text(item, indent=1).replace("\n", "\n  ")
        yield f"\n  {text}" if empty else f",\n  {text}"
        empty = False
    yield "]" if empty else "\n ]"
    yield f",{_members(json_value(tail())).removeprefix('{')}\n}}\n"


def _members(body: dict[str, Any]) -> str:
    """An object without its closing brace."""
    return json_text(body, indent=1).removesuffix("\n}")
