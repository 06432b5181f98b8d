# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the checks and the state of patches on a patchwork server.

The input is the JSON of patchwork's REST API (1.2), from a server or from the store, and is
untrusted. A check is the result of a program that tested the patch. The state is the server's
claim: anybody who maintains the project there can set it, so it proves nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from patchpilot.model.bounded import parse_iso_time
from patchpilot.model.hosts import url_host
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import crop_text, make_one_line
from patchpilot.reading.ci_verdict import CiVerdict, find_worst_verdict

MAX_CHECKS = 1000
"""Maximum number of checks of one patch."""
_MAX_NAME, _MAX_TEXT, _MAX_ADDRESS = 60, 200, 500
_MAX_NAMES = 5
ACCEPTED = ("accepted", "mainlined")
"""States of a server that claim that a patch was applied."""


class CheckState(StrEnum):
    """The state of a check in patchwork, worst first."""

    FAIL = "fail"
    WARNING = "warning"
    PENDING = "pending"
    SUCCESS = "success"


_WORDS = {
    CheckState.FAIL: "failed",
    CheckState.WARNING: "with warnings",
    CheckState.PENDING: "pending",
    CheckState.SUCCESS: "passed",
}
_VERDICTS = {
    CheckState.FAIL: CiVerdict.FAILED,
    CheckState.WARNING: CiVerdict.WARNED,
    CheckState.SUCCESS: CiVerdict.PASSED,
}


@json_form("context state description address date by")
class PatchCheck(NamedTuple):
    """The latest result of a check: its name (`context`), and who ran it.

    `address` is the http or https URL of the log, or "".
    """

    context: str
    state: CheckState
    description: str = ""
    address: str = ""
    date: datetime | None = None
    by: str = ""


@json_form("message_id project state checks")
class PatchworkPatch(NamedTuple):
    """A patch in a project of a patchwork server, its state there, and its checks."""

    message_id: str
    project: str
    state: str
    checks: tuple[PatchCheck, ...] = ()


@json_form("server asked_at=asked patches")
class PatchworkAnswer(NamedTuple):
    """A server's answer about the patches of a version, and the time of the query."""

    server: str
    asked: datetime
    patches: tuple[PatchworkPatch, ...]

    @property
    def verdict(self) -> CiVerdict | None:
        """Return the worst verdict of the checks, or None if no check has a result."""
        checks = (check for patch in self.patches for check in patch.checks)
        return find_worst_verdict(_VERDICTS.get(check.state) for check in checks)

    def has_accepted(self, message_ids: Collection[str]) -> bool:
        """Return whether the server claims that each of these patches was applied."""
        accepted = {patch.message_id for patch in self.patches if patch.state in ACCEPTED}
        return bool(message_ids) and accepted.issuperset(message_ids)

    def list_checks(
        self, state: CheckState, numbers: Mapping[str, str]
    ) -> list[tuple[str, PatchCheck]]:
        """Return the checks in a state, each with its name.

        `numbers` maps a Message-ID to the number of the patch that the name includes, if there are
        several patches.
        """
        return [
            (f"{check.context} {numbers.get(patch.message_id, '')}".rstrip(), check)
            for patch in self.patches
            for check in patch.checks
            if check.state is state
        ]

    def summarize_checks(self, numbers: Mapping[str, str]) -> str:
        """Return the number of checks in each state, with the names of failed checks and warnings.

        Return "" if there are no checks.
        """
        parts = []
        for state in (CheckState.FAIL, CheckState.WARNING, CheckState.SUCCESS, CheckState.PENDING):
            names = [name for name, _ in self.list_checks(state, numbers)]
            if names:
                has_names = state in (CheckState.FAIL, CheckState.WARNING)
                listed = f" ({join_names(names)})" if has_names else ""
                parts.append(f"{len(names)} {_WORDS[state]}{listed}")
        return ", ".join(parts)

    def summarize_states(self) -> str:
        """Return the states of the patches on the server, with their numbers if they differ."""
        several = len({patch.project for patch in self.patches}) > 1
        states = Counter(
            f"{patch.state} in {patch.project}" if several else patch.state
            for patch in self.patches
            if patch.state
        )
        if len(states) < 2:
            return "".join(states)
        return ", ".join(f"{count} {state}" for state, count in states.items())


def join_names(names: Iterable[str]) -> str:
    """Join the first names, and add the number of the others."""
    unique = list(dict.fromkeys(names))
    more = len(unique) - _MAX_NAMES
    return ", ".join(unique[:_MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def parse_patches(answer: object, message_id: str) -> tuple[tuple[int, PatchworkPatch], ...]:
    """Return the patches with a Message-ID in a server's list of patches, with their ids.

    Ignore other patches, because an old server ignores the Message-ID in a query, and entries in
    another form.
    """
    patches = []
    for entry in answer if isinstance(answer, list) else ():
        if not isinstance(entry, dict) or entry.get("msgid") != f"<{message_id}>":
            continue
        number = entry.get("id")
        if type(number) is int and number > 0:
            project = _get(entry.get("project"), "link_name")
            patches.append(
                (number, PatchworkPatch(message_id, _name(project), _name(entry.get("state"))))
            )
    return tuple(patches)


def parse_checks(answer: object) -> tuple[PatchCheck, ...]:
    """Return the latest check of each name and user in a server's list of checks.

    Ignore entries in another form. A later entry replaces an earlier one, as on the server.
    """
    checks: dict[tuple[str, str], PatchCheck] = {}
    for entry in answer if isinstance(answer, list) else ():
        if not isinstance(entry, dict) or entry.get("state") not in list(CheckState):
            continue
        date = entry.get("date")
        check = PatchCheck(
            _name(entry.get("context")) or "default",
            CheckState(entry["state"]),
            _text(entry.get("description"), _MAX_TEXT),
            _address(entry.get("target_url")),
            parse_iso_time(date, UTC) if isinstance(date, str) else None,
            _name(_get(entry.get("user"), "username")),
        )
        key = check.context, check.by
        earlier = checks.get(key)
        if not (earlier and earlier.date and check.date and earlier.date > check.date):
            checks[key] = check
        if len(checks) > MAX_CHECKS:
            break
    return tuple(list(checks.values())[:MAX_CHECKS])


def dump_answer(patches: Sequence[PatchworkPatch]) -> str:
    """Return patches with their checks as JSON, in the form in which a server sends them."""
    return json.dumps(
        [
            {
                "id": 1,
                "msgid": f"<{patch.message_id}>",
                "project": {"link_name": patch.project},
                "state": patch.state,
                "checks": [
                    {
                        "context": check.context,
                        "state": check.state.value,
                        "description": check.description,
                        "target_url": check.address,
                        "date": check.date.isoformat() if check.date else None,
                        "user": {"username": check.by},
                    }
                    for check in patch.checks
                ],
            }
            for patch in patches
        ]
    )


def load_answer(text: str, message_ids: Sequence[str]) -> tuple[PatchworkPatch, ...]:
    """Return the patches with these Message-IDs in a stored answer."""
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(
        patch._replace(checks=parse_checks(entry.get("checks")))
        for message_id in message_ids
        for entry in (entries if isinstance(entries, list) else ())
        for _, patch in parse_patches([entry], message_id)
    )


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _name(value: object) -> str:
    """Return a name without spaces and unusual characters, or ""."""
    text = value[: 4 * _MAX_NAME] if isinstance(value, str) else ""
    return crop_text(re.sub(r"[^\w.,/:+@-]+", "_", text).strip("_"), _MAX_NAME)


def _text(value: object, columns: int) -> str:
    """Return text on one line without control characters, or ""."""
    text = value[: 4 * columns] if isinstance(value, str) else ""
    return crop_text(make_one_line(" ".join(text.split())), columns)


def _address(value: object) -> str:
    """Return an http or https URL, or "" for anything else, such as javascript:."""
    text = value if isinstance(value, str) and len(value) <= _MAX_ADDRESS else ""
    is_plain = re.fullmatch(r"https?://[!-~]+", text) and not re.search(r"[\"'<>`\\{}]", text)
    return text if is_plain and url_host(text) else ""
