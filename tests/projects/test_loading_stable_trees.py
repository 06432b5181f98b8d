# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the stable trees of projects.

The data is shipped, or stored by `lts --update` in the user's data directory.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from patchpilot.errors import PackError
from patchpilot.projects.loading import find_project, forget, projects, user_folder
from patchpilot.projects.project import StableTrees
from patchpilot.setup.lts_branches import format_lts_toml, list_lts_series

TODAY = date(2026, 11, 20)


def write_copy(project_toml: str) -> None:
    file = Path(user_folder()) / "lts.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(project_toml, encoding="utf-8")
    forget()


def list_maintained_series(name: str = "linux") -> list[str]:
    return [row.version for row in find_project(name).stable.find_maintained(TODAY)]


def copy_project(name: str, **changed_fields: Any) -> str:
    return format_lts_toml({name: {"updated": "9026-11-20", **changed_fields}})


@pytest.mark.parametrize(
    "name", [name for name, project in projects().items() if project.stable.branch]
)
def test_shipped_data_is_complete(name: str) -> None:
    stable = find_project(name).stable
    assert (
        stable.version_of(stable.branch_name.format(version=stable.series[0].version))
        == stable.series[0].version
    )
    assert "{commit}" in stable.marker
    assert stable.list
    assert list_maintained_series(name)


def test_shipped_series_match_kernel_org() -> None:
    assert (
        list_maintained_series()
        == list_maintained_series("netdev")
        == ["5.10", "5.15", "6.1", "6.6", "6.12", "6.18"]
    )
    assert find_project("netdev").stable.project == "linux"
    assert find_project("u-boot").stable == StableTrees(list="u-boot@lists.denx.de")
    assert find_project("xen").stable.list == "xen-devel@lists.xenproject.org"


def test_newer_user_copy_overrides_keys() -> None:
    before = find_project("linux").stable
    write_copy(copy_project("linux", series={"6.1": "2026-10", "7.1": "unknown"}))
    after = find_project("netdev").stable
    assert list_maintained_series() == ["5.10", "5.15", "6.6", "6.12", "6.18", "7.1"]
    assert after._replace(updated=before.updated, series=before.series) == before


def test_projects_have_separate_dates() -> None:
    shipped = find_project("dpdk").stable
    write_copy(
        format_lts_toml(
            {
                "linux": {"updated": "9026-11-20", "series": {}},
                "dpdk": {"updated": "2020-01-01", "series": {"25.11": "2026-01"}},
            }
        )
    )
    assert (list_lts_series().updated, list_lts_series("netdev").updated) == (
        "9026-11-20",
        "9026-11-20",
    )
    assert list_lts_series().file
    # an outdated copy is ignored
    assert find_project("dpdk").stable == shipped
    assert list_lts_series("dpdk").file is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[linux]\nupdatet = 'x'\n", r"lts\.toml: \[linux\]: unknown key 'updatet'"),
        (
            "[linux.series]\n'6.1' = 2026\n",
            r"\[linux\]: series '6.1' needs the last month",
        ),
        ("linux = 3\n", r"lts\.toml: "),
        ("[", r"lts\.toml: "),
    ],
)
def test_malformed_copy_is_reported(text: str, words: str) -> None:
    write_copy(text)
    with pytest.raises(PackError, match=words):
        projects()
