# SPDX-License-Identifier: GPL-2.0-or-later
"""Posts checks to patchwork.

The module uses version 1.3 of patchwork's REST API.
"""

from typing import Any, NamedTuple

from patchpilot.archive.feed import fetch_json, post_json
from patchpilot.errors import NetworkError, UsageError
from patchpilot.model.hosts import quote_url

_API = "api/1.3"
_LONGEST = 200


class PostedCheck(NamedTuple):
    """A check to post: the Message-ID of its patch, its state, and a description in one line.

    The state is success, warning or fail.
    """

    message_id: str
    state: str
    description: str


def post_check(
    place: str, check: PostedCheck, token: str, target_url: str = ""
) -> bool:
    """Posts a check to a project (`https://…/project/NAME`) with an API token.

    Returns False if the project does not have the patch. Raises `UsageError` if the token
    would be sent without encryption, and `NetworkError` if the server does not accept the
    check.
    """
    server, _, name = place.rstrip("/").partition("/project/")
    if not name:
        raise UsageError(
            f"{place}: not a patchwork project",
            hint="use the URL of a project, for example https://patchwork.kernel.org/project/netdevbpf",
        )
    number = _number(server, name, check.message_id)
    if number is None:
        return False
    body = {
        "state": check.state,
        "context": "patchpilot",
        "description": check.description[:_LONGEST],
    }
    post_json(
        f"{server}/{_API}/patches/{number}/checks/",
        {**body, **({"target_url": target_url} if target_url else {})},
        token=token,
    )
    return True


def _number(server: str, name: str, message_id: str) -> int | None:
    """The number that a project's patchwork has given to the patch of a Message-ID."""
    patch = _patch(server, name, message_id)
    number = patch.get("id") if patch else None
    return number if isinstance(number, int) else None


def _patch(server: str, name: str, message_id: str) -> dict[str, Any] | None:
    found = fetch_json(
        f"{server}/{_API}/patches/?project={quote_url(name)}&msgid={quote_url(message_id)}",
        redirects=False,
    )
    if not isinstance(found, list):
        raise NetworkError(
            f"{server} does not answer like a patchwork server",
            hint="check the address of the project",
        )
    # a server without this filter gives other patches
    return next(
        (
            it
            for it in found
            if isinstance(it, dict) and _text(it, "msgid").strip("<>") == message_id
        ),
        None,
    )


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return value[:_LONGEST] if isinstance(value, str) else ""
