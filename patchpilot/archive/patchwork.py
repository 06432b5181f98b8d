# SPDX-License-Identifier: GPL-2.0-or-later
"""What a project's patchwork has about a patch, its state and its checks, and a check posted to it:
the REST API (version 1.3).
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
    """A check: what ran (its context, such as `netdev/build_32bit`), its state (pending, success,
    warning or fail), what it says, and the page of its result ("" where it has none that may be
    linked to).
    """

    context: str
    state: str
    description: str
    url: str = ""


class PatchworkPatch(NamedTuple):
    """A patch: its Message-ID, its state (new, under-review, accepted, changes-requested …), its
    page, and its checks.
    """

    message_id: str
    state: str
    url: str
    checks: tuple[PatchworkCheck, ...]


def read_patch(
    place: str, message_id: str, *, hosts: Collection[str] = (), offline: bool = False
) -> PatchworkPatch | None:
    """The patch of this Message-ID in a project (`https://…/project/NAME`).

    None where it is not there. NetworkError when there is no answer. Results of checks are linked
    to over https, on patchwork's own host and on `hosts`.
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
    """A check to be posted: the Message-ID of its patch, its state (success, warning or fail), and
    what it says in one line.
    """

    message_id: str
    state: str
    description: str


def post_check(
    place: str, check: PostedCheck, token: str, target_url: str = ""
) -> bool:
    """Post a check to a project (`https://…/project/NAME`) with an API token; False where the
    project does not have the patch.

    UsageError where the token would be sent without encryption, NetworkError where the server does
    not take the check.
    """
    server, _, name = place.rstrip("/").partition("/project/")
    if not name:
        raise UsageError(
            f"{place}: not a patchwork project",
            hint="e.g. https://patchwork.kernel.org/project/netdevbpf",
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
            f"{server} does not answer as a patchwork does",
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
