# SPDX-License-Identifier: GPL-2.0-or-later
"""The maintained stable series: shown, and refreshed from the project's own list of releases."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from patchpilot.errors import InputError, NetworkError, unknown
from patchpilot.history.lts_series import Family, Maintained, families, user_file, version_key

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LtsSeries:
    """A long-term series, the last month of its support, and whether that is over."""

    version: str
    ends: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Lts:
    """The series of a family, when the data was made, and where it is (None: the shipped data)."""

    family: str
    updated: str
    series: tuple[LtsSeries, ...]
    file: Path | None


def lts(profile: str | None = None, *, today: date | None = None) -> Lts:
    """The series of the profile's family (default: Linux), oldest first."""
    today = today or datetime.now(UTC).date()
    family = _family(profile)
    mine = user_file()
    own = mine if mine.is_file() and family.updated in mine.read_text(encoding="utf-8") else None
    return Lts(
        family.name,
        family.updated,
        tuple(LtsSeries(series_.version, series_.ends, series_.is_over(today)) for series_ in family.series),
        own,
    )


def update(profile: str | None = None, *, url: str | None = None, offline: bool = False, today: date | None = None) -> Lts:
    """Take the project's list of releases and keep what it says in the user's data directory.

    A long-term series the list has and the data has not is added (its end is unknown); one the list no longer has is over.
    """
    from patchpilot.threads.feed import fetch_json

    today = today or datetime.now(UTC).date()
    family = _family(profile)
    source = url or family.releases
    if source is None:
        raise InputError(f"{family.name} publishes no list of releases that can be read", hint="the shipped data is used")
    current = _longterm(fetch_json(source, offline=offline), source)
    newer = replace(family, series=merged(family.series, current, today), updated=f"{today:%Y-%m-%d}")
    others = [one for one in families() if one.name != family.name]
    file = user_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(as_toml([newer, *others]), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from error
    return lts(profile, today=today)


def merged(known: Sequence[Maintained], current: frozenset[str], today: date) -> tuple[Maintained, ...]:
    """The series after a look at the project's list, oldest first."""
    last_month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    kept = [one if one.version in current or one.is_over(today) else Maintained(one.version, min(one.ends, last_month)) for one in known]
    named = {one.version for one in known}
    new = [Maintained(version, UNKNOWN) for version in current - named]
    return tuple(sorted([*kept, *new], key=lambda one: version_key(one.version)))


def as_toml(found: Sequence[Family]) -> str:
    """Families in the form of checks/lts.toml."""
    lines = ["# written by patchpilot lts --update", f'updated = "{max(one.updated for one in found)}"']
    for one in found:
        values: dict[str, Any] = {
            "name": one.name,
            "branch": one.branch.pattern,
            "subject": one.subject,
            "list": one.list,
            "remote": one.remote,
            "remote_name": one.remote_name,
            "branch_name": one.branch_name,
            "marker": one.marker,
            "profiles": list(one.profiles),
        }
        if one.releases:
            values["releases"] = one.releases
        lines += ["", "[[family]]", *(f"{name} = {json.dumps(value)}" for name, value in values.items()), "series = ["]
        lines += [f'  {{ version = "{row.version}", ends = "{row.ends}" }},' for row in one.series]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _family(profile: str | None) -> Family:
    known = families()
    if profile is None:
        return known[0]
    found = next((one for one in known if profile in one.profiles), None)
    if found is None:
        raise unknown("profile", profile, [name for one in known for name in one.profiles])
    return found


def _longterm(data: Any, url: str) -> frozenset[str]:
    try:
        rows = [row for row in data["releases"] if row["moniker"] == "longterm" and not row.get("iseol")]
        found = frozenset(series[0] for row in rows if (series := re.match(r"\d+\.\d+", row["version"])))
    except (TypeError, KeyError) as error:
        raise NetworkError(f"{url} has not the form of a list of releases") from error
    if not found:
        raise NetworkError(f"{url} names no long-term series: nothing was changed")
    return found
