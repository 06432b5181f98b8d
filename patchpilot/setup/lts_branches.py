# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `setup stable` command: list the maintained stable series, or update the list.

The update is read from the list of releases that the project publishes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from patchpilot.errors import InputError, NetworkError, unknown_word_error
from patchpilot.history.own_trees import find_own_trees
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.json_form import json_form
from patchpilot.projects.loading import (
    REFRESHED,
    default_project,
    forget,
    projects,
    read_stored_tables,
    user_folder,
)
from patchpilot.projects.project import LongTermSeries, StableTrees, version_key
from patchpilot.topic.workplace import Workplace
from patchpilot.write_file import replace_file

UNKNOWN = "unknown"


@json_form("version ends over=is_over")
@dataclass(frozen=True, slots=True)
class LtsSeries:
    """A long-term series, its last month of support, and whether its support has ended."""

    version: str
    ends: str
    is_over: bool


@json_form("family updated file series")
@dataclass(frozen=True, slots=True)
class StableSeriesList:
    """A project's stable series.

    `updated` is the date of the data. `file` is None for the list shipped with patchpilot.
    """

    family: str
    updated: str
    series: tuple[LtsSeries, ...]
    file: Path | None


def list_lts_series(profile: str | None = None, *, today: date | None = None) -> StableSeriesList:
    """Return the stable series of a project, oldest first.

    If no project is named, use the default one.
    """
    today = today or datetime.now(UTC).date()
    stable = _find_stable_trees(profile)
    stored_table = read_stored_tables().get(stable.project, {})
    return StableSeriesList(
        stable.project,
        stable.updated,
        tuple(LtsSeries(row.version, row.ends, row.is_over(today)) for row in stable.series),
        user_lts_file() if stored_table.get("updated") == stable.updated else None,
    )


def find_stable_profile(workplace: Workplace) -> str | None:
    """Return the project whose stable series `setup stable` lists, or None for the default.

    This is the configured project or, without one, the project of the repository.
    """
    if profile := workplace.settings().get("profile"):
        return profile
    repository = workplace.repository_if_any()
    if repository is None:
        return None
    trees = find_own_trees(repository, find_stable_branches(repository).stable, None)
    if trees is None or trees.project == default_project().name:
        return None
    return trees.project


def publishes_series(profile: str | None) -> bool:
    """Return whether a project publishes a list of its stable series."""
    return bool(_find_stable_trees(profile).releases)


def user_lts_file() -> Path:
    """Return the path of the list that `setup stable` updates."""
    return Path(user_folder()) / REFRESHED


def update_lts_series(
    profile: str | None = None,
    *,
    today: date | None = None,
) -> StableSeriesList:
    """Update a project's stable series from its list of releases, and save the result.

    The result is saved in the user's data directory. The end of support of a new long-term series
    is unknown. A series that is no longer listed has reached its end of support. Raise `InputError`
    if the project publishes no list or the file cannot be written.
    """
    from patchpilot.archive.feed import fetch_json

    today = today or datetime.now(UTC).date()
    stable = _find_stable_trees(profile)
    source = stable.releases
    if not source:
        raise InputError(
            f"no list of releases to update from: {stable.project} does not publish one",
            hint="nothing to do; patchpilot uses its built-in list",
        )
    current = _read_longterm_versions(fetch_json(source), source)
    series = {row.version: row.ends for row in merge_lts_series(stable.series, current, today)}
    tables = dict(read_stored_tables())
    tables[stable.project] = {
        **tables.get(stable.project, {}),
        "updated": f"{today:%Y-%m-%d}",
        "series": series,
    }
    file = user_lts_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, format_lts_toml(tables))
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror or error}") from error
    forget()
    return list_lts_series(profile, today=today)


def merge_lts_series(
    known_series: Sequence[LongTermSeries], current: frozenset[str], today: date
) -> tuple[LongTermSeries, ...]:
    """Return the known stable series, updated from the project's list, oldest first."""
    last_month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    maintained = [
        (
            row
            if row.version in current or row.is_over(today)
            else LongTermSeries(row.version, min(row.ends, last_month))
        )
        for row in known_series
    ]
    added_series = [
        LongTermSeries(version, UNKNOWN)
        for version in current - {row.version for row in known_series}
    ]
    return tuple(sorted([*maintained, *added_series], key=lambda row: version_key(row.version)))


def format_lts_toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Format the updated [stable] keys of each project as TOML, as in project files.

    Each project has its own update date.
    """
    lines = [
        "# written by patchpilot setup stable: newer than the [stable] of the project's file, key"
        " by key"
    ]
    for name, stable in tables.items():
        project = json.dumps(name, ensure_ascii=False)
        lines += ["", f"[{project}]"]
        lines += [
            f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in stable.items()
            if not isinstance(value, dict)
        ]
        lines += ["", f"[{project}.series]"]
        lines += [
            f'"{version}" = "{end_month}"'
            for version, end_month in stable.get("series", {}).items()
        ]
    return "\n".join(lines) + "\n"


def _find_stable_trees(profile: str | None) -> StableTrees:
    """Return the stable trees of a project.

    For a project without stable trees, raise UsageError and suggest a similar name.
    """
    by_name = {
        name: project.stable for name, project in projects().items() if project.stable.branch
    }
    if profile is None:
        return default_project().stable
    if profile not in by_name:
        raise unknown_word_error("project", profile, by_name)
    return by_name[profile]


def _read_longterm_versions(data: Any, url: str) -> frozenset[str]:
    try:
        releases = [
            row for row in data["releases"] if row["moniker"] == "longterm" and not row.get("iseol")
        ]
        versions = frozenset(
            match[0] for row in releases if (match := re.match(r"\d+\.\d+", row["version"]))
        )
    except (TypeError, KeyError) as error:
        raise NetworkError(f"{url} is not a list of releases") from error
    if not versions:
        raise NetworkError(f"{url} lists no long-term series; nothing was changed")
    return versions
