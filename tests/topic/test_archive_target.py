# SPDX-License-Identifier: GPL-2.0-or-later
"""Test a TARGET that is a Message-ID or an archive URL. Its series is read as it was sent."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.errors import InputError, UsageError
from patchpilot.model.message import MailState
from patchpilot.outgoing.outbox import Outbox
from patchpilot.sending.mails import list_next_steps
from patchpilot.topic.archive_target import fetch_named_series
from tests.kit import story
from tests.kit.archive import serve_archive
from tests.kit.cli import call
from tests.kit.mails import build_mail, build_patch_mail
from tests.kit.outbox import record_send
from tests.kit.repos import Repo

COVER = build_mail(
    "[PATCH v3 0/2] pump: two fixes",
    "Two.\n\nAda Fixer (2):\n  pump: one\n  pump: two\n\n a.c | 1 +\n",
    id="c0",
    minutes=5,
)
PARTS = [
    build_patch_mail(
        f"[PATCH v3 {number}/2] pump: part {number}",
        id=f"c{number}",
        reply_to="c0",
        minutes=5,
    )
    for number in (1, 2)
]
TALK = build_mail("pumps in general", "Do we need pumps?\n", id="talk", minutes=1)


@pytest.fixture(scope="module")
def archive_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_archive(
        "public-inbox",
        tmp_path_factory.mktemp("archive"),
        *story.WHOLE,
        COVER,
        *PARTS,
        TALK,
    ) as server:
        yield server.url


@pytest.mark.parametrize(
    ("word", "sources"),
    [
        ("v1", ["v1"]),
        ("r1", ["v1"]),
        ("r2", ["v1"]),
        ("r3", ["v2"]),
        ("c0", ["c1", "c2"]),
        ("c2", ["c1", "c2"]),
    ],
)
def test_message_selects_its_version(archive_url: str, word: str, sources: list[str]) -> None:
    series = fetch_named_series(f"<{word}@example.org>", lore=archive_url)
    assert [patch.source for patch in series.patches] == [f"{name}@example.org" for name in sources]
    assert (series.cover is not None) is (word[0] == "c")


def test_discussion_is_not_a_series(archive_url: str) -> None:
    with pytest.raises(InputError, match="no patch in this thread"):
        fetch_named_series("<talk@example.org>", lore=archive_url)
    with pytest.raises(UsageError, match="neither"):
        fetch_named_series("https://lore.example.org/all/", lore=archive_url)


def test_check_and_maintainers_accept_a_url(archive_url: str, workdir: Path) -> None:
    outcome = call("check --format json", f"{archive_url}/v2@example.org/")
    document = outcome.json
    assert (document["repository"], document["patches"][0]["source"]) == (
        None,
        "v2@example.org",
    )
    (workdir / "MAINTAINERS").write_text(
        "Maintainers List\n"
        "\nPUMPS\n"
        "M:\tMatt Maintainer <matt@example.com>\n"
        "S:\tMaintained\n"
        "F:\tdrivers/demo/\n"
    )
    reported = call(
        "maintainers --format json --tree", workdir, f"{archive_url}/v2@example.org/"
    ).json
    assert "matt@example.com" in {
        result["email"] for result in reported["results"][0]["recipients"]
    }
    lines = call(
        "maintainers --format get_maintainer --tree",
        workdir,
        "--norolestats",
        f"{archive_url}/v2@example.org/",
    )
    assert lines.out == "Matt Maintainer <matt@example.com>\n"


def test_bare_id_uses_the_configured_archive(archive_url: str, workdir: Path) -> None:
    repo = Repo(workdir / "r")
    repo.commit("start", {"a.c": "int a;\n"})
    repo.git("config --global patchpilot.lore", archive_url)
    outcome = repo.patchpilot("check --format json --fail-on never '<v1@example.org>'")
    assert (outcome.code, outcome.json["repository"]) == (0, str(repo.path))


def test_offline_lists_skipped_queries(workdir: Path) -> None:
    (workdir / "MAINTAINERS").write_text(
        "Maintainers List\n\nPUMPS\nM:\tMatt <matt@example.com>\nS:\tMaintained\nF:\tdrivers/\n"
    )
    for command in (
        ("check",),
        ("maintainers",),
        ("maintainers", "--format", "get_maintainer"),
    ):
        outcome = call(*command, "--tree", workdir, "--offline", "<v1@example.org>")
        assert (outcome.code, outcome.out) == (4, ""), command
        assert "--offline" in outcome.err


def test_advice_names_the_configured_archive(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "topic")
    with Outbox() as outbox:
        recorded_send = record_send(outbox, MailState.UNKNOWN)
    here = replace(recorded_send, repository=str(repo.path / ".git"))
    ident = recorded_send.entries[0].message_id
    assert f"https://lore.kernel.org/all/{ident}/" in " ".join(
        map(str, list_next_steps(recorded_send))
    )
    repo.git("config --global patchpilot.lore https://archive.example.org/lists/")
    (hint,) = [line for line in map(str, list_next_steps(here)) if "was received" in line]
    assert f"https://archive.example.org/lists/{ident}/" in hint
    assert "lore.kernel.org" not in hint
