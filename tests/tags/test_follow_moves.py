# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the search goes through commits that only move, rename or reformat the lines."""

import pytest

from tests.kit.culprits import LATER, SIGNED, RingHistory

FIXED = ("ring->mask = ring->size;", "ring->mask = ring->size - 1;")


def check_fix(ring_history: RingHistory, files: dict[str, str], phrase: str) -> None:
    fixed = {path: text.replace(*FIXED) for path, text in files.items()}
    ring_history.repo.commit(f"ring: fix the mask{SIGNED}", fixed)
    first = ring_history.find_fixes().candidates[0]
    assert first.commit == ring_history.culprit
    assert any(phrase in evidence for evidence in first.evidence), first.evidence


@pytest.fixture
def history(ring_history: RingHistory) -> RingHistory:
    ring_history.repo.git("checkout -q -b moves", ring_history.later)
    return ring_history


def test_function_moved_to_another_file_is_followed(history: RingHistory) -> None:
    function, rest = LATER[LATER.index("int ") :].split("}\n", 1)
    files = {
        "open.c": f'#include "ring.h"\n\n{function}}}\n',
        "ring.c": f'#include "ring.h"\n{rest}',
    }
    moved = history.repo.commit(f"ring: move ring_open to its own file{SIGNED}", files)
    check_fix(history, {"open.c": files["open.c"]}, f"moved by {moved[:12]}")


def test_move_of_the_blank_line_before_added_lines_is_followed(history: RingHistory) -> None:
    grow = (
        "\nint ring_grow(struct ring *ring)\n{\n\tring->size = ring_next_size(ring);\n\n"
        "\tring->mask = ring->size;\n\treturn ring_fill_again(ring);\n}\n"
    )
    repo, include = history.repo, '#include "ring.h"\n'
    written = repo.commit(f"ring: let it grow{SIGNED}", {"ring.c": LATER + grow})
    moved = repo.commit(
        f"ring: move ring_grow to its own file{SIGNED}", {"ring.c": LATER, "grow.c": include + grow}
    )
    grow = grow.replace("ring->mask = ring->size;", "ring->mask = 2 * ring->size;")
    repo.commit(f"ring: double the mask{SIGNED}", {"grow.c": include + grow})
    lock = grow.replace("\n\tring->mask", "\n\tring_lock(ring);\n\tring->mask")
    repo.commit(f"ring: lock it{SIGNED}", {"grow.c": include + lock})
    evidence = {it.commit: " ".join(it.evidence) for it in history.find_fixes().candidates}
    assert "next to the added ones" in evidence[written]
    assert f"moved by {moved[:12]}" in evidence[written]
    assert "next to the added ones" not in evidence.get(moved, "")


def test_commit_that_moved_a_line_is_found_by_the_fix_that_moves_it_back(
    history: RingHistory,
) -> None:
    close = (
        "\nint ring_close(struct ring *ring)\n{\n\tring_unregister(ring);\n%s\n"
        "\tring_drop_table(ring->table);\n\tring_drop_slots(ring->slots);\n%s}\n"
    )
    late, early = ("", "\tring_free_all(ring);\n"), ("\tring_free_all(ring);\n", "")
    history.commit_ring("ring: let it be closed", LATER + close % late)
    moved = history.commit_ring("ring: free it where it is unregistered", LATER + close % early)
    history.commit_ring("ring: fix use-after-free when it is closed", LATER + close % late)
    first = history.find_fixes().candidates[0]
    assert first.commit == moved
    assert not first.against


def test_renamed_identifiers_are_followed(history: RingHistory) -> None:
    text = LATER.replace("ring->", "rb->").replace("ring *ring", "ring *rb")
    renamed = history.commit_ring("ring: use the modern name\n\nNo functional change.", text)
    text = text.replace("rb->mask = rb->size;", "rb->mask = rb->size - 1;")
    history.commit_ring("ring: fix the mask", text)
    first = history.find_fixes().candidates[0]
    assert first.commit == history.culprit
    assert any(f"renamed by {renamed[:12]}" in evidence for evidence in first.evidence)


def test_split_lines_are_followed(history: RingHistory) -> None:
    text = LATER.replace(
        "\tring->table = ring_table_alloc(ring->size);",
        "\tring->table =\n\t\tring_table_alloc(ring->size);",
    )
    split = history.commit_ring("ring: wrap a line", text)
    text = text.replace("\t\tring_table_alloc(ring->size);", "\t\tring_table_alloc(ring->mask);")
    history.commit_ring("ring: fix the table", text)
    first = history.find_fixes().candidates[0]
    assert first.commit == history.culprit
    assert any(f"reformatted by {split[:12]}" in evidence for evidence in first.evidence)


def test_restored_lines_lead_to_the_commit_before_the_revert(history: RingHistory) -> None:
    gone = history.commit_ring(
        "ring: drop the mask", LATER.replace("\tring->mask = ring->size;\n", "")
    )
    revert = history.commit_ring(
        f'Revert "ring: drop the mask"\n\nThis reverts commit {gone}.', LATER
    )
    check_fix(history, {"ring.c": LATER}, f"restored by {revert[:12]}")


def test_merge_is_not_blamed(history: RingHistory) -> None:
    repo = history.repo
    repo.git("checkout -q -b side", history.start)
    repo.commit(f"ring: describe it{SIGNED}", {"ring.txt": "text\n"})
    repo.git("checkout -q moves")
    repo.git("merge -q --no-commit side")
    merge = repo.commit(
        f"Merge side{SIGNED}", {"ring.c": LATER.replace("= ring->size;", "= 2 * ring->size;", 1)}
    )
    history.commit_ring("ring: fix the mask", LATER)
    result = history.find_fixes()
    assert merge not in {candidate.commit for candidate in result.candidates}
    assert not result.sure
