# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the index of MAINTAINERS, and the errors if the file is missing."""

import os
import threading
from pathlib import Path

import pytest

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import MissingError
from patchpilot.maintainers import load_maintainers
from patchpilot.maintainers.load import INDEXES, _index_file
from tests.kit.maintainers import write_widget_tree

pytestmark = pytest.mark.usefixtures("cold_cache")


@pytest.fixture
def cached_sections() -> Path:
    _index_file.cache_clear()
    return Path(os.environ["XDG_CACHE_HOME"]) / "patchpilot"


def test_index_round_trip_is_exact(tmp_path: Path, cached_sections: Path) -> None:
    tree = DirectoryTree(write_widget_tree(tmp_path))
    first = load_maintainers(tree)
    assert len(list(cached_sections.glob("maintainers-*"))) == 1
    _index_file.cache_clear()
    second = load_maintainers(tree)
    assert [section.name for section in first.sections] == [
        section.name for section in second.sections
    ]
    assert first.words == second.words


def test_damaged_index_is_rebuilt(tmp_path: Path, cached_sections: Path) -> None:
    tree = DirectoryTree(write_widget_tree(tmp_path))
    load_maintainers(tree)
    file = next(cached_sections.glob("maintainers-*"))
    index_bytes = file.read_bytes()
    for damaged in (
        b"",
        index_bytes[:40],
        index_bytes[:-1],
        index_bytes[:-9] + b"\0" * 9,
    ):
        file.write_bytes(damaged)
        _index_file.cache_clear()
        assert "THE REST" in {section.name for section in load_maintainers(tree).sections}
        assert file.read_bytes() == index_bytes


def test_changed_content_gets_a_new_index(tmp_path: Path, cached_sections: Path) -> None:
    load_maintainers(DirectoryTree(write_widget_tree(tmp_path / "a")))
    changed = load_maintainers(
        DirectoryTree(write_widget_tree(tmp_path / "b", MAINTAINERS="ONE\nF:\t*\n"))
    )
    assert [section.name for section in changed.sections] == ["ONE"]
    assert len(list(cached_sections.glob("maintainers-*"))) == 2


def test_old_indexes_are_deleted(tmp_path: Path, cached_sections: Path) -> None:
    for number in range(INDEXES.keep + 5):
        load_maintainers(
            DirectoryTree(
                write_widget_tree(tmp_path / str(number), MAINTAINERS=f"S{number}\nF:\t*\n")
            )
        )
    assert len(list(cached_sections.iterdir())) <= INDEXES.keep


def test_concurrent_writers_are_safe(tmp_path: Path, cached_sections: Path) -> None:
    tree = DirectoryTree(write_widget_tree(tmp_path))
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(len(load_maintainers(tree))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [6] * 8


def test_index_works_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert len(load_maintainers(DirectoryTree(write_widget_tree(tmp_path / "tree")))) == 6


def test_folder_of_patches_is_one_series(tmp_path: Path) -> None:
    write_widget_tree(tmp_path)
    (tmp_path / "MAINTAINERS").unlink()
    (tmp_path / "MAINTAINERS").mkdir()
    (tmp_path / "MAINTAINERS" / "a").write_text("ONE\nF:\ta/\n")
    (tmp_path / "MAINTAINERS" / "b").write_text("TWO\nF:\tb/\n")
    assert [section.name for section in load_maintainers(DirectoryTree(tmp_path)).sections] == [
        "ONE",
        "TWO",
    ]


def test_file_locations_are_read_from_the_configuration(tmp_path: Path) -> None:
    write_widget_tree(tmp_path, board__x__MAINTAINERS="BOARD X\nS:\tMaintained\nF:\tboard/x/\n")
    (tmp_path / ".get_maintainer.conf").write_text(
        "--find-maintainer-files # all of them\n--maintainer-path=.\n"
    )
    assert "BOARD X" in [
        section.name for section in load_maintainers(DirectoryTree(tmp_path)).sections
    ]


def test_missing_maintainers_file_has_a_hint(tmp_path: Path) -> None:
    with pytest.raises(MissingError) as caught:
        load_maintainers(DirectoryTree(tmp_path))
    assert caught.value.hint
