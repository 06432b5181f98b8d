# SPDX-License-Identifier: GPL-2.0-or-later
"""`track patchwork`: what a project's patchwork has is shown as evidence and decides no state."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.archive.patchwork import read_patch
from patchpilot.projects.loading import forget, user_folder
from tests.kit.cli import call
from tests.kit.mails import mbox
from tests.kit.patchwork import Patchwork, patchwork_server
from tests.reading import story


def add_project(text: str, name: str) -> None:
    """Add to a project's file in the user's data directory."""
    file = Path(user_folder()) / "projects" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    forget()


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    """Projects are read once in a process."""
    yield
    forget()


@pytest.fixture
def patchwork(workdir: Path) -> Iterator[Patchwork]:
    """The patchwork of the project of a followed series that was not answered yet."""
    (workdir / "thread.mbox").write_bytes(mbox(story.V2))
    call("track", "add", "--mbox", "thread.mbox")
    with patchwork_server() as running:
        add_project(f'[mail]\npatchwork = "{running.url}"\n', "netdev")
        yield running


def test_state_and_checks_are_shown(patchwork: Patchwork) -> None:
    checks = [
        ("demo/build", "fail", "a warning"),
        ("demo/style", "warning", "a long line"),
        ("demo/build", "success", ""),
        ("demo/cc", "success", ""),
    ]
    patchwork.add("v2@example.org", "changes-requested", checks)
    words = "patch 1: changes-requested; 2 success, 1 warning: demo/style"
    assert "patchwork" not in call("track", "show", "1").out
    assert call("track", "patchwork", "1").out.splitlines() == [words]
    assert f"  patchwork {words}" in call("track", "show", "1").out.splitlines()
    page = call("track", "export", "--format", "html").out
    assert words in page
    asked = len(patchwork.asked)
    (shown,) = json.loads(call("track", "show", "1", "--format", "json").out)["series"]
    assert shown["patchwork"] == [
        {
            "patch": 1,
            "state": "changes-requested",
            "means": "changes-requested",
            "url": f"{patchwork.url}/patch/v2%40example.org/",
            "checks": [
                {
                    "context": "demo/build",
                    "state": "success",
                    "description": "",
                    "url": None,
                },
                {
                    "context": "demo/style",
                    "state": "warning",
                    "description": "a long line",
                    "url": None,
                },
                {
                    "context": "demo/cc",
                    "state": "success",
                    "description": "",
                    "url": None,
                },
            ],
        }
    ]
    assert len(patchwork.asked) == asked


def test_what_a_series_waits_for_is_shown_instead_of_its_state(
    patchwork: Patchwork,
) -> None:
    asked = story.answer("It needs an ack from Otto.", to="v2")
    Path("thread.mbox").write_bytes(mbox(story.V2, asked))
    call("track", "add", "--mbox", "thread.mbox")
    patchwork.add("v2@example.org", "awaiting-upstream")
    assert (
        "awaiting-upstream (handled-elsewhere here)"
        in call("track", "patchwork", "1").out
    )
    assert "needs-ack" in call("track", "list").out
    shown = call("track", "show", "1").out.splitlines()
    assert "  substate  needs-ack: Matt Maintainer waits for an ack from Otto" in shown
    (series,) = json.loads(call("track", "show", "1", "--format", "json").out)["series"]
    assert (series["substate"]["word"], series["patchwork_state"]) == ("needs-ack",) * 2
    assert series["patchwork"][0]["means"] == "handled-elsewhere"


def test_patchwork_decides_no_state(patchwork: Patchwork) -> None:
    (before,) = json.loads(call("track", "show", "1", "--format", "json").out)["series"]
    patchwork.add("v2@example.org", "accepted")
    (after,) = json.loads(call("track", "patchwork", "1", "--format", "json").out)[
        "series"
    ]
    assert after["patchwork"][0]["state"] == "accepted"
    assert (after["state"], after["next_step"], after["landed"]) == (
        before["state"],
        before["next_step"],
        [],
    )


def test_an_update_asks_where_the_setting_names_it(patchwork: Patchwork) -> None:
    patchwork.add("v2@example.org", "new", [("demo/build", "fail", "")])
    add_project(
        f'[mail]\npatchwork = "{patchwork.url}"\ncheck_hosts = ["ci.example.org"]\n',
        "netdev",
    )
    call("track", "update")
    assert patchwork.asked == []
    (Path.home() / ".gitconfig").write_text(
        "[patchpilot]\nmachine-reviews = patchwork\n"
    )
    call("track", "update")
    lines = call("track", "show", "1").out.splitlines()
    at = lines.index("  patchwork patch 1: new (sent here); 1 fail: demo/build")
    assert lines[at + 1] == "            demo/build: https://ci.example.org/"
    assert "https://ci.example.org/" in call("track", "export", "--format", "html").out


def test_a_patch_that_is_not_there(patchwork: Patchwork) -> None:
    assert call("track", "patchwork").out == "patch 1: not there\n"


def test_what_patchwork_says_is_text(patchwork: Patchwork) -> None:
    patchwork.add(
        "v2@example.org", "new\u202e", [("<script>alert(1)</script>", "fail", "")]
    )
    assert "\u202e" not in call("track", "patchwork", "1").out
    assert "<script>alert" not in call("track", "export", "--format", "html").out


def test_no_answer_is_an_error(patchwork: Patchwork) -> None:
    add_project('[mail]\npatchwork = "http://127.0.0.1:9/project/demo"\n', "netdev")
    outcome = call("track", "patchwork", "1")
    assert outcome.code == 4
    assert "could not be read" in outcome.err
    assert call("track", "patchwork", "1", "--offline").code == 4


def test_a_project_without_patchwork(workdir: Path) -> None:
    (workdir / "thread.mbox").write_bytes(mbox(story.V1))
    call("track", "add", "--mbox", "thread.mbox")
    outcome = call("track", "patchwork", "1")
    assert outcome.code == 3
    assert "no patchwork is known for series 1" in outcome.err


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://ci.example.org/run/1", True),
        ("http://ci.example.org/run/1", False),
        ("https://other.example.org/", False),
        ("https://user@ci.example.org/", False),
        ("https://ci.example.org/\u202e", False),
        ("javascript:alert(1)", False),
        (f"https://ci.example.org/{'x' * 2000}", False),
        (7, False),
    ],
)
def test_a_result_is_linked_to_on_named_hosts_over_https(
    patchwork: Patchwork, url: object, kept: bool
) -> None:
    patchwork.target_url = url
    patchwork.add("v2@example.org", "new", [("demo/build", "fail", "")])
    found = read_patch(patchwork.url, "v2@example.org", hosts=["ci.example.org"])
    assert found is not None
    assert [check.url for check in found.checks] == [url if kept else ""]
