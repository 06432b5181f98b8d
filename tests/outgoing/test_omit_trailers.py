# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that trailers that a setting names are left out of the messages, and named."""

from pathlib import Path

import pytest

from patchpilot.outgoing.omit_trailers import omit_trailers
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, topic

NAMES = ("Change-Id", "Upstream-Status")
CASES = {
    "in the trailers": (["Why.", "", "Change-Id: I1", SIGNED], ["Why.", "", SIGNED], 1),
    "in another case": (["Why.", "", SIGNED, "change-ID: I1"], ["Why.", "", SIGNED], 1),
    "continued": (
        ["Why.", "", "Upstream-Status: Backport", "  [https://example.org]", SIGNED],
        ["Why.", "", SIGNED],
        2,
    ),
    "a paragraph": (["Why.", "", "Change-Id: I1", "", SIGNED], ["Why.", "", SIGNED], 1),
    "the last paragraph": (["Why.", "", SIGNED, "", "Change-Id: I1"], ["Why.", "", SIGNED], 1),
    "at the start": (["Upstream-Status: Pending", "", "Why."], ["Why."], 1),
    "in a sentence": (["The Change-Id: is", " kept."], ["The Change-Id: is", " kept."], 0),
    "in the diff": (["Why.", "---", "Change-Id: I1"], ["Why.", "---", "Change-Id: I1"], 0),
    "another name": (["Why.", "", "Change-Id-2: I1"], ["Why.", "", "Change-Id-2: I1"], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_named_trailers_are_omitted(name: str) -> None:
    lines, expected, count = CASES[name]
    kept, omitted = omit_trailers(lines, NAMES)
    assert list(kept) == expected
    assert len(omitted) == count
    assert omit_trailers(lines, ()) == (tuple(lines), ())


def make_topic(folder: Path) -> Repo:
    repo = topic(folder / "r", 0)
    repo.commit(
        "widget: change it\n\nIt was wrong.\n\nUpstream-Status: Pending\n"
        f"Change-Id: I0123456789abcdef0123456789abcdef01234567\n{SIGNED}",
        {"widget.c": "int changed;\n"},
    )
    return repo


SEND = "send --offline --security no --regression no --to l@lists.example.org"


@pytest.mark.parametrize("is_file", [False, True])
def test_message_lacks_the_trailers(tmp_path: Path, is_file: bool) -> None:
    repo = make_topic(tmp_path)
    repo.git("config --global patchpilot.omit-trailers change-id,Upstream-Status")
    files = repo.git("format-patch -o", str(tmp_path / "p"), "-1").split() if is_file else []
    plan = repo.patchpilot(f"{SEND} --format json --outbox", tmp_path / "out", *files).json
    blocking = {problem["name"] for problem in plan["refusals"]}
    assert not blocking & {"damaged", "check-errors"}
    assert [remark.rpartition(": ")[2] for remark in plan["remarks"] if "omitted" in remark] == [
        "Pending",
        "I0123456789abcdef0123456789abcdef01234567",
    ]
    (file,) = (tmp_path / "out").iterdir()
    message = file.read_text()
    assert "Change-Id:" not in message
    assert f"It was wrong.\n\n{SIGNED}\n---\n" in message


def test_sign_off_cannot_be_omitted(tmp_path: Path) -> None:
    repo = make_topic(tmp_path)
    repo.git("config --global patchpilot.omit-trailers Signed-off-by")
    repo.patchpilot(f"{SEND} --dry-run").expect(2, "Signed-off-by", "cannot be omitted")


def test_b4_is_refused(tmp_path: Path) -> None:
    repo = make_topic(tmp_path)
    repo.git("config --global patchpilot.omit-trailers Change-Id")
    repo.patchpilot(f"{SEND} --dry-run --via b4").expect(2, "omit-trailers", "git-send-email")


def test_preview_does_not_print_control_characters_of_a_trailer(tmp_path: Path) -> None:
    repo = make_topic(tmp_path)
    message = f"widget: change it\n\nIt was wrong.\n\nChange-Id: \x1b]0;x\x07\u202eI1\n{SIGNED}"
    repo.git("commit --quiet --amend -F -", stdin=message)
    repo.git("config --global patchpilot.omit-trailers change-id")
    preview = repo.patchpilot(f"{SEND} --dry-run").out
    assert r"Change-Id: \x1b]0;x\x07<U+202E>I1" in " ".join(preview.split())
    assert "\x1b" not in preview
