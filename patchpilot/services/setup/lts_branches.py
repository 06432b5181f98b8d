# SPDX-License-Identifier: GPL-2.0-or-later
"""The maintained stable series: listed, and refreshed from the project's own list of releases."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from patchpilot.errors import InputError, NetworkError, unknown
from patchpilot.model.json_form import json_form
from patchpilot.projects.loading import (
    REFRESHED,
    default_project,
    forget,
    projects,
    refreshed,
    user_folder,
)
from patchpilot.projects.stable_trees import Maintained, StableTrees, version_key

UNKNOWN = "unknown"


@json_form("version", "ends", "over=is_over")
@dataclass(frozen=True, slots=True)
class LtsSeries:
    """A long-term series, the last month of its support, and whether that is over."""

    version: str
    ends: str
    is_over: bool


@json_form("family", "updated", "file", "series")
@dataclass(frozen=True, slots=True)
class Lts:
    """The series of a project's stable trees, when the data was made, and where it is (None: the
    shipped data).
    """

    family: str
    updated: str
    series: tuple[LtsSeries, ...]
    file: Path | None


def lts(profile: str | None = None, *, today: date | None = None) -> Lts:
    """The series of the project's stable trees (default: the default project's), oldest first."""
    today = today or datetime.now(UTC).date()
    stable = _stable(profile)
    own = refreshed().get(stable.project, {})
    return Lts(
        stable.project,
        stable.updated,
        tuple(
            LtsSeries(row.version, row.ends, row.is_over(today))
            for row in stable.series
        ),
        user_file() if own.get("updated") == stable.updated else None,
    )


def user_file() -> Path:
    """Where `lts --update` keeps its copy."""
    return Path(user_folder()) / REFRESHED


def update(
    profile: str | None = None,
    *,
    url: str | None = None,
    offline: bool = False,
    today: date | None = None,
) -> Lts:
    """Read the project's list of releases and keep what it says in the user's data directory.

    A long-term series that is new in the list is added (its end is unknown); one that the list no
    longer has is over.
    """
    from patchpilot.archive.feed import fetch_json

    today = today or datetime.now(UTC).date()
    stable = _stable(profile)
    source = url or stable.releases
    if not source:
        raise InputError(
            f"no list of releases to update from: {stable.project} does not publish one",
            hint="nothing to do; patchpilot uses its built-in list",
        )
    current = _longterm(fetch_json(source, offline=offline), source)
    series = {row.version: row.ends for row in merged(stable.series, current, today)}
    copies = refreshed()
    copies[stable.project] = {
        **copies.get(stable.project, {}),
        "updated": f"{today:%Y-%m-%d}",
        "series": series,
    }
    file = user_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(as_toml(copies), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror or error}") from error
    forget()
    return lts(profile, today=today)


def merged(
    known: Sequence[Maintained], current: frozenset[str], today: date
) -> tuple[Maintained, ...]:
    """The series as the project's list now has them, oldest first."""
    last_month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    rows = [
        (
            row
            if row.version in current or row.is_over(today)
            else Maintained(row.version, min(row.ends, last_month))
        )
        for row in known
    ]
    new = [
        Maintained(version, UNKNOWN)
        for version in current - {row.version for row in known}
    ]
    return tuple(sorted([*rows, *new], key=lambda row: version_key(row.version)))


def as_toml(copies: Mapping[str, Mapping[str, Any]]) -> str:
    """The refreshed keys of [stable] of each project, in the form of its file, each with a date of
    its own.
    """
    lines = [
        "# written by patchpilot lts --update: newer than the [stable] of the project's file, key"
        " by key"
    ]
    for name, stable in copies.items():
        project = json.dumps(name, ensure_ascii=False)
        lines += ["", f"[{project}]"]
        lines += [
            f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in stable.items()
            if not isinstance(value, dict)
        ]
        lines += ["", f"[{project}.series]"]
        lines += [
            f'"{version}" = "{ends}"'
            for version, ends in stable.get("series", {}).items()
        ]
    return "\n".join(lines) + "\n"


def _stable(profile: str | None) -> StableTrees:
    """The stable trees of a project.

    UsageError for a project that has none, with the nearest that has.
    """
    known = {
        name: project.stable
        for name, project in projects().items()
        if project.stable.branch
    }
    if profile is None:
        return default_project().stable
    if profile not in known:
        raise unknown("project", profile, known)
    return known[profile]


def _longterm(data: Any, url: str) -> frozenset[str]:
    try:
        rows = [
            row
            for row in data["releases"]
            if row["moniker"] == "longterm" and not row.get("iseol")
        ]
        versions = frozenset(
            series[0]
            for row in rows
            if (series := re.match(r"\d+\.\d+", row["version"]))
        )
    except (TypeError, KeyError) as error:
        raise NetworkError(f"{url} is not a list of releases") from error
    if not versions:
        raise NetworkError(f"{url} lists no long-term series; nothing was changed")
    return versions
