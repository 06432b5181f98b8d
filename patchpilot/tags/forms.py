# SPDX-License-Identifier: GPL-2.0-or-later
"""How each project (profile) writes its tags: data in checks/forms/tags.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache

from patchpilot.errors import PackError, unknown
from patchpilot.model.tree import Tree
from patchpilot.resources import data_dir


@dataclass(frozen=True, slots=True)
class Forms:
    """A profile's forms: the stable address (empty: no such list), the lines that ask for a backport, limits and addresses.

    An empty `line` means that the project asks for backports by no tag.
    """

    profile: str
    stable: str = ""
    line: str = ""
    line_versions: str = ""
    no_backport: str = ""
    regressions: str = ""
    max_lines: int = 0
    links: str = ""


def forms_of(profile: str) -> Forms:
    """The forms of a profile; UsageError names the nearest where there is none."""
    known = _all()
    if profile not in known:
        raise unknown("profile", profile, known)
    return known[profile]


@cache
def _all() -> dict[str, Forms]:
    file = data_dir("checks") / "forms" / "tags.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        found: dict[str, Forms] = {}
        for name, table in data.items():
            base = data.get(table.get("like", ""), {})
            found[name] = Forms(name, **{key: value for key, value in {**base, **table}.items() if key != "like"})
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise PackError(f"{file}: {error}", hint="reinstall patchpilot") from error
    return found


_SIGNS = (("dpdk", "lib/eal"), ("dpdk", "lib/librte_eal"), ("xen", "xen/common"), ("u-boot", "common/spl"), ("u-boot", "include/u-boot"))


def detect(tree: Tree) -> str:
    """The profile a source tree looks like; linux where it looks like none."""
    return next((profile for profile, path in _SIGNS if tree.exists(path)), "linux")
