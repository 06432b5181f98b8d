# SPDX-License-Identifier: GPL-2.0-or-later
"""The stable series of a project and their end dates: data, shipped in checks/lts.toml, refreshed into the user's data directory."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from patchpilot import resources
from patchpilot.errors import PackError

FILE = "lts.toml"


@dataclass(frozen=True, slots=True)
class Maintained:
    """A long-term series: its version and the last month of its support ("2027-12")."""

    version: str
    ends: str

    def is_over(self, today: date) -> bool:
        """Whether its support has ended."""
        return self.ends < f"{today:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Family:
    """How a project keeps its stable trees: the branch names, the marker, the list, where to fetch them, and the long-term series."""

    name: str
    branch: re.Pattern[str]
    branch_name: str
    subject: str
    list: str
    remote: str
    remote_name: str
    marker: str
    profiles: tuple[str, ...]
    series: tuple[Maintained, ...]
    updated: str
    releases: str | None = None

    def version_of(self, ref: str) -> str | None:
        """The version a ref's short name tells ("6.1" of "stable/linux-6.1.y"), or None."""
        for tail in (ref, ref.partition("/")[2]):
            found = self.branch.fullmatch(tail)
            if found:
                return found["version"]
        return None

    def maintained(self, today: date | None = None) -> tuple[Maintained, ...]:
        """The series that are supported today, oldest first."""
        return tuple(series_ for series_ in self.series if not series_.is_over(today or datetime.now(UTC).date()))

    def ends(self, version: str) -> str | None:
        """The last month of a series' support, or None when it is no long-term series."""
        return next((series_.ends for series_ in self.series if series_.version == version), None)


def user_file() -> Path:
    """Where `lts --update` keeps its copy."""
    import platformdirs

    return Path(platformdirs.user_data_dir("patchpilot", appauthor=False)) / FILE


def families() -> tuple[Family, ...]:
    """Every family known, the user's newer copy first where there is one. PackError names a malformed file."""
    shipped = _read(resources.data_dir("checks") / FILE)
    mine = user_file()
    if not mine.is_file():
        return shipped
    newer = {one.name: one for one in _read(mine)}
    return tuple(newer[one.name] if one.name in newer and newer[one.name].updated >= one.updated else one for one in shipped)


def family_for(refs: Sequence[str], profile: str | None = None) -> Family:
    """The family of a repository: that of the profile, else the one most refs are branches of, else Linux's."""
    known = families()
    if profile:
        named = next((one for one in known if profile in one.profiles), None)
        if named:
            return named
    return max(known, key=lambda one: len({one.version_of(ref) for ref in refs} - {None}))


def version_key(version: str) -> tuple[int, ...]:
    """What orders versions: numbers, not text."""
    return tuple(int(part) for part in re.findall(r"\d{1,18}", version))


def _read(file: Path) -> tuple[Family, ...]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        return tuple(
            Family(
                name=one["name"],
                branch=re.compile(one["branch"]),
                branch_name=one["branch_name"],
                subject=one["subject"],
                list=one["list"],
                remote=one["remote"],
                remote_name=one["remote_name"],
                marker=one["marker"],
                profiles=tuple(one["profiles"]),
                series=tuple(sorted((Maintained(**row) for row in one["series"]), key=lambda row: version_key(row.version))),
                updated=str(data["updated"]),
                releases=one.get("releases"),
            )
            for one in data["family"]
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, re.error) as error:
        raise PackError(f"{file}: {error}", hint="reinstall patchpilot, or remove the copy and run `patchpilot lts --update`") from error
