# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the state and the checks of patches from patchwork and posts checks.

The module uses version 1.3 of patchwork's REST API.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from patchpilot.archive.feed import fetch_json, post_json
from patchpilot.errors import NetworkError, UsageError
from patchpilot.model.hosts import host_of, quote_url, split_url
from patchpilot.model.json_form import json_form
from patchpilot.model.web_address import web_address

_API = "api/1.3"
_MOST_CHECKS = 200
_LONGEST = 200
_LONGEST_URL = 1000


@json_form("context", "state", "description", "url~")
class PatchworkCheck(NamedTuple):
    """A check: its context, state, description, and the URL of its result.

    The context is the name of the test, such as `netdev/build_32bit`; the state is pending,
    success, warning or fail. The URL is empty if there is none that is safe to link.
    """

    context: str
    state: str
    description: str
    url: str = ""


class PatchworkPatch(NamedTuple):
    """A patch in patchwork: its Message-ID, state, page and checks.

    States are new, under-review, accepted, changes-requested and others.
    """

    message_id: str
    state: str
    url: str
    checks: tuple[PatchworkCheck, ...]


def read_patch(
    place: str, message_id: str, *, hosts: Collection[str] = (), offline: bool = False
) -> PatchworkPatch | None:
    """Returns the patch with the given Message-ID in a project (`https://…/project/NAME`).

    None if patchwork does not have the patch. The results of checks are linked only if their
    URL uses https and is on patchwork's host or on one of the `hosts`. Raises `NetworkError`
    if there is no answer.
    """
    server, _, name = place.rstrip("/").partition("/project/")
    patch = _patch(server, name, message_id, offline=offline)
    if patch is None:
        return None
    number = patch.get("id")
    checks = (
        fetch_json(
            f"{server}/{_API}/patches/{number}/checks/",
            offline=offline,
            redirects=False,
        )
        if isinstance(number, int)
        else []
    )
    return PatchworkPatch(
        message_id,
        _text(patch, "state"),
        f"{place.rstrip('/')}/patch/{quote_url(message_id)}/",
        tuple(_newest(checks, {host_of(server), *hosts})),
    )


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
    patch = _patch(server, name, message_id, offline=False)
    number = patch.get("id") if patch else None
    return number if isinstance(number, int) else None


def _patch(
    server: str, name: str, message_id: str, *, offline: bool
) -> dict[str, Any] | None:
    found = fetch_json(
        f"{server}/{_API}/patches/?project={quote_url(name)}&msgid={quote_url(message_id)}",
        offline=offline,
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


def _newest(checks: Any, hosts: Collection[str]) -> Iterator[PatchworkCheck]:
    """The last check of each context: a check that runs again is listed again."""
    rows = (
        [it for it in checks[:_MOST_CHECKS] if isinstance(it, dict)]
        if isinstance(checks, list)
        else []
    )
    last = {
        _text(it, "context"): PatchworkCheck(
            _text(it, "context"),
            _text(it, "state"),
            _text(it, "description"),
            _page(it.get("target_url"), hosts),
        )
        for it in rows
    }
    return iter(last.values())


def _page(url: Any, hosts: Collection[str]) -> str:
    """The URL of a result where it may be linked to; whoever runs a check writes it."""
    if not isinstance(url, str) or len(url) > _LONGEST_URL:
        return ""
    parts = split_url(url)
    is_safe = parts.scheme == "https" and not parts.username and parts.hostname in hosts
    return web_address(url) if is_safe else ""


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return value[:_LONGEST] if isinstance(value, str) else ""
