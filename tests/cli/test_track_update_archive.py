# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which archive `track update` queries: the configured one, or the one the user named."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.demo.archive_server import StandIn
from tests.kit import story
from tests.kit.cli import call


def configure(url: str) -> None:
    subprocess.run(["git", "config", "--global", "patchpilot.lore", url], check=True)


@pytest.fixture
def archives(workdir: Path) -> Iterator[tuple[StandIn, StandIn]]:
    """Return two archives with the same series; only the second has the latest reply."""
    with StandIn("old") as old, StandIn("new") as new:
        old.add(*story.BEGINNING)
        new.add(*story.BEGINNING, story.V2, story.TAG)
        configure(old.url)
        yield old, new


def read_source() -> tuple[str | None, int]:
    with Store() as store:
        (entry,) = store.entries()
        return entry.lore, len(store.message_ids(entry.id))


@pytest.mark.parametrize("slash", ["", "/"])
def test_update_queries_the_archive_that_is_configured_now(
    slash: str, archives: tuple[StandIn, StandIn]
) -> None:
    old, new = archives
    call("track add v1@example.org").expect(0)
    source, count = read_source()
    assert source == old.url
    configure(new.url + slash)
    call("track update").expect(0)
    assert read_source() == (new.url, count + 2)
    # the next update asks the new archive for new messages only
    new.add(story.APPLIED)
    call("track update --fresh").expect(0)
    assert read_source() == (new.url, count + 3)


@pytest.mark.parametrize("name", ["v1@example.org --lore {}", "{}/v1@example.org/"])
def test_update_queries_the_archive_that_the_user_named(
    name: str, archives: tuple[StandIn, StandIn]
) -> None:
    old, new = archives
    configure(new.url)
    call(f"track add {name.format(old.url)}").expect(0)
    source, count = read_source()
    assert source == old.url
    call("track update").expect(0)
    assert read_source() == (old.url, count)


def test_archive_without_the_series_changes_nothing(archives: tuple[StandIn, StandIn]) -> None:
    old, _ = archives
    call("track add v1@example.org").expect(0)
    before = read_source()
    with StandIn("empty") as empty:
        configure(empty.url)
        outcome = call("track update")
        assert "has no message v1@example.org" in outcome.out + outcome.err
        assert read_source() == before
    configure(old.url)
    call("track update").expect(0)


def test_requested_archive_is_used_once(archives: tuple[StandIn, StandIn]) -> None:
    old, new = archives
    call("track add v1@example.org").expect(0)
    call("track update --lore", new.url).expect(0)
    source, count = read_source()
    assert source == old.url
    assert count > 2
