# SPDX-License-Identifier: GPL-2.0-or-later
"""Test printing the list of stable series, and updating it from a server."""

import json
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from patchpilot.projects.loading import default_project
from patchpilot.projects.project import LongTermSeries, Project, StableTrees
from patchpilot.setup import lts_branches
from patchpilot.setup.lts_branches import merge_lts_series, user_lts_file
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.web_server import run_web_server

ANSWER = {
    "releases": [
        {"moniker": "longterm", "version": version, "iseol": False}
        for version in ("6.1.150", "6.12.60", "7.1.3")
    ]
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """Yield a URL and a list. The server sends the response that a test adds to the list."""
    body = [json.dumps(ANSWER).encode()]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if body[0] else 500)
            self.end_headers()
            self.wfile.write(body[0])

        def log_message(self, *_: object) -> None:
            pass

    with run_web_server(Handler) as address:
        url = f"{address}/releases.json"

        def make_linux_project() -> Project:
            project = default_project()
            return project._replace(stable=project.stable._replace(releases=url))

        monkeypatch.setattr(lts_branches, "default_project", make_linux_project)
        yield url, body


def read_stable_series(*arguments: str) -> dict[str, str]:
    result = call("setup stable --offline --format json", *arguments)
    assert result.code == 0, result.err
    return {
        stable_series["version"]: stable_series["ends"]
        for stable_series in json.loads(result.out)["series"]
    }


def test_end_dates_of_maintained_series_are_listed() -> None:
    assert read_stable_series()["6.1"] == "2027-12"
    assert "EOL 2027-12" in call("setup stable --offline").out
    assert "24.11" in read_stable_series("--profile", "dpdk")
    assert call("setup stable --offline --profile linx").code == 2


def test_update_keeps_server_data(server: tuple[str, list[bytes]]) -> None:
    assert call("setup stable").code == 0
    after = read_stable_series()
    assert (after["6.1"], after["7.1"]) == ("2027-12", "unknown")
    assert "6.6" not in after
    assert user_lts_file().is_file()
    assert read_stable_series("--profile", "dpdk")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"releases": []}', b"[" * 100_000],
    ids=["error", "html", "list", "empty", "deep"],
)
def test_invalid_response_changes_nothing(server: tuple[str, list[bytes]], body: bytes) -> None:
    before = read_stable_series()
    server[1][0] = body
    assert call("setup stable").code == 4
    assert read_stable_series() == before


def test_series_missing_from_the_list_has_ended() -> None:
    maintained = (LongTermSeries("5.4", "2025-12"), LongTermSeries("6.1", "2027-12"))
    assert merge_lts_series(maintained, frozenset({"6.18"}), date(2026, 11, 20)) == (
        LongTermSeries("5.4", "2025-12"),
        LongTermSeries("6.1", "2026-10"),
        LongTermSeries("6.18", "unknown"),
    )


@pytest.mark.parametrize(
    ("today", "is_over"),
    [
        (date(2026, 11, 20), False),
        (date(2027, 11, 30), False),
        (date(2027, 12, 1), False),
        (date(2027, 12, 31), False),
        (date(2028, 1, 1), True),
    ],
)
def test_series_lasts_through_its_final_month(today: date, is_over: bool) -> None:
    series = LongTermSeries("6.1", "2027-12")
    assert series.is_over(today) is is_over
    stable = StableTrees(series=(series, LongTermSeries("6.18", "unknown")))
    assert [maintained.version for maintained in stable.find_maintained(today)] == (
        ["6.18"] if is_over else ["6.1", "6.18"]
    )


def test_user_project_is_also_refreshed(
    server: tuple[str, list[bytes]],
) -> None:
    file = user_lts_file().parent / "projects" / "acme.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        'title = "Acme"\n[stable]\nupdated = "2020-01-01"\nbranch ='
        ' "acme-(?P<version>.+)"\nbranch_name = "acme-{version}"\nremote ='
        f' "https://git.example/acme"\nreleases = "{server[0]}"\n[stable.series]\n"6.1" ='
        ' "2999-12"\n"5.0" = "2999-12"\n'
    )
    assert set(read_stable_series("--profile", "acme")) == {"5.0", "6.1"}
    assert call("setup stable --profile acme").code == 0
    assert read_stable_series("--profile", "acme") == {
        "6.1": "2999-12",
        "6.12": "unknown",
        "7.1": "unknown",
    }
    assert read_stable_series()["6.6"] == "2027-12"


def test_series_of_the_repository_are_listed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start", {"lib/eal/x.c": "x\n", "MAINTAINERS": "", "VERSION": "25.11.0\n"})
    repo.git("update-ref refs/remotes/origin/24.11 HEAD")
    assert "24.11" in read_stable_series("-C", str(repo.path))
    repo.git("config patchpilot.profile linux")
    assert "6.1" in read_stable_series("-C", str(repo.path))
    repo.git("config patchpilot.profile xen")
    assert "4.20" in read_stable_series("-C", str(repo.path))
    # a project that publishes no list is not an error, and no other project's list is read
    outcome = call("setup stable -C", repo.path)
    assert outcome.code == 0, outcome.err
    assert "xen, as of " in outcome.out
