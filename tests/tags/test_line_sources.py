# SPDX-License-Identifier: GPL-2.0-or-later
"""Test where the lines come from that a commit only moves, renames or reformats."""

from collections import Counter

import pytest

from patchpilot.tags.commit_change import parse_change
from patchpilot.tags.line_sources import (
    EDITED,
    MOVED,
    REFORMATTED,
    RENAMED,
    RESTORED,
    RESTRUCTURED,
    find_line_sources,
    find_renamed_identifiers,
    find_restored_lines,
)

Hunk = tuple[int, tuple[str, ...], int, tuple[str, ...]]


def diff(path: str, *hunks: Hunk, new_path: str = "") -> str:
    lines = [
        f"diff --git a/{path} b/{new_path or path}",
        f"--- a/{path}",
        f"+++ b/{new_path or path}",
    ]
    for start, removed, new_start, added in hunks:
        lines.append(f"@@ -{start},{len(removed)} +{new_start},{len(added)} @@")
        lines += [*(f"-{text}" for text in removed), *(f"+{text}" for text in added)]
    return "\n".join(lines) + "\n"


def find(
    text: str, path: str, message: str = "ring: change it", **dropped: str
) -> dict[int, tuple[str, int, str]]:
    words = {int(line[1:]): Counter(text.split()) for line, text in dropped.items()}
    sources = find_line_sources(parse_change(text), path, message, words)
    return {line: (each.path, each.line, each.kind) for line, each in sources.items()}


BODY = ("\tring->mask = ring->size;", "\tring->table = ring_table_alloc(ring->size);")


def test_lines_moved_to_another_file_are_found() -> None:
    text = diff("ring.c", (10, BODY, 9, ())) + diff("table.c", (3, (), 4, BODY))
    assert find(text, "table.c") == {4: ("ring.c", 10, MOVED), 5: ("ring.c", 11, MOVED)}


def test_short_lines_are_not_moved() -> None:
    text = diff("ring.c", (10, ("\treturn 0;",), 9, ())) + diff("a.c", (3, (), 4, ("return 0;",)))
    assert find(text, "a.c") == {}


def test_renamed_definition_is_followed() -> None:
    text = diff(
        "ring.c",
        (5, ("\tgoto put_master;",), 5, ("\tgoto put_host;",)),
        (9, ("put_master:",), 9, ("put_host:",)),
    )
    assert find_renamed_identifiers(parse_change(text), "") == {"put_master": "put_host"}
    assert find(text, "ring.c")[5] == ("ring.c", 5, RENAMED)


RENAMED_TO_TYPE = diff(
    "ring.c",
    (
        3,
        ("\tstruct ring *priv = data; /* the ring */", "\tpriv->mask = sizes->ring;"),
        3,
        ("\tstruct ring *ring = data; /* the ring */", "\tring->mask = sizes->ring;"),
    ),
    (9, ('\tpr_info("ring %p\\n", priv);',), 9, ('\tpr_info("ring %p\\n", ring);',)),
)


@pytest.mark.parametrize("message", ["", "ring: use other names\n\nNo functional change."])
def test_variable_renamed_like_its_type_is_followed(message: str) -> None:
    assert find_renamed_identifiers(parse_change(RENAMED_TO_TYPE), message) == {"priv": "ring"}
    assert find(RENAMED_TO_TYPE, "ring.c", message)[9] == ("ring.c", 9, RENAMED)


@pytest.mark.parametrize(
    "kept",
    [
        ("\tring_free(ring);", "\tring_free(ring, 0);"),
        ("int f(struct ring *p);", "int f(struct ring *p, int size);"),
    ],
    ids=["variable", "type-only"],
)
def test_use_of_another_variable_is_no_renaming(kept: tuple[str, str]) -> None:
    text = diff(
        "ring.c",
        (5, ("\tring_put(priv);",), 5, ("\tring_put(ring);",)),
        (9, kept[:1], 9, kept[1:]),
    )
    assert find_renamed_identifiers(parse_change(text), "") == {}


def test_changed_argument_is_no_renaming() -> None:
    text = diff("ring.c", (5, ("\talloc(GFP_KERNEL);",), 5, ("\talloc(GFP_ATOMIC);",)))
    assert find(text, "ring.c") == {}
    assert find(text, "ring.c", "ring: rename it, no functional change")


GENERALIZED = diff(
    "ring.c",
    (5, ("int ring_full(struct ring *ring)",), 5, ("int ring_has(struct ring *ring, u32 flag)",)),
    (9, ("\treturn ring->status & RING_FULL;",), 9, ("\treturn ring->status & flag;",)),
    (30, ("\tfull = ring_full(ring);",), 30, ("\tfull = ring_has(ring, RING_FULL);",)),
)


def test_constant_that_becomes_a_parameter_is_followed() -> None:
    assert find(GENERALIZED, "ring.c")[9] == ("ring.c", 9, RENAMED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (", u32 flag)", ")"),
        ("= ring_has(ring, RING_FULL);", "= ring_has(ring, 0) + RING_FULL;"),
    ],
)
def test_value_that_is_not_passed_is_no_renaming(old: str, new: str) -> None:
    assert 9 not in find(GENERALIZED.replace(old, new), "ring.c")


def test_split_line_is_followed() -> None:
    text = diff(
        "ring.c",
        (
            7,
            ("\tring->table = ring_table_alloc(ring->size, flags);",),
            7,
            ("\tring->table = ring_table_alloc(ring->size,", "\t\t\t\tflags);"),
        ),
    )
    assert find(text, "ring.c") == {
        7: ("ring.c", 7, REFORMATTED),
        8: ("ring.c", 7, REFORMATTED),
    }


def test_edited_line_keeps_the_words_that_the_fix_removes() -> None:
    text = diff(
        "ring.c", (7, ("\tring_set(ring, old_size);",), 7, ("\tring_set(dev->ring, old_size);",))
    )
    assert find(text, "ring.c", _7="old_size") == {7: ("ring.c", 7, EDITED)}
    assert find(text, "ring.c", _7="dev") == {}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("ring: name the shift\n\nNo functional change.", {7: ("ring.c", 7, RESTRUCTURED)}),
        ("ring: name the shift\n\nThis doesn't change behavior.", {7: ("ring.c", 7, RESTRUCTURED)}),
        ("ring: name the shift", {}),
    ],
)
def test_line_to_which_the_fix_only_adds_is_followed_if_the_commit_states_no_change(
    message: str, expected: dict[int, tuple[str, int, str]]
) -> None:
    old = ("\tlux = lux * chip->trim;", "\tlux >>= 13;")
    text = diff("ring.c", (7, old, 7, ("\tlux = (lux * chip->trim) >> LUX_SHIFT;",)))
    assert find(text, "ring.c", message, _7="") == expected


def test_statement_that_a_commit_wraps_without_a_change_is_followed() -> None:
    old = ("\ttm.mday = bin(regs[MDAY] & 0x3f);", "\ttm.mon = bin(regs[MONTH] & 0x1f);")
    new = ("\ttm.mday = bin(regs[MDAY] &", "\t\t\tDAY_MASK);", "\ttm.mon = bin(regs[MONTH] &")
    text = diff("rtc.c", (7, old, 7, (*new, "\t\t\tMONTH_MASK);")))
    message = "rtc: name the masks\n\nNo functional change."
    assert find(text, "rtc.c", message, _10="") == {10: ("rtc.c", 8, RESTRUCTURED)}


def test_words_that_the_fix_removes_are_required_even_if_the_commit_states_no_change() -> None:
    text = diff("ring.c", (7, ("\tlux >>= 13;",), 7, ("\tlux >>= LUX_SHIFT;",)))
    assert find(text, "ring.c", "ring: no functional change", _7="LUX_SHIFT") == {}


def test_edited_line_is_found_next_to_other_lines_written_in_its_place() -> None:
    written = ("\tring = ring_of(dev);", "\tring->size = old_size;")
    text = diff(
        "ring.c",
        (7, ("\tring_set(ring, old_size);",), 7, written),
        (8, (), 10, ("\tring_set(&dev->ring, old_size);",)),
    )
    assert find(text, "ring.c", _10="ring_set") == {10: ("ring.c", 7, EDITED)}
    kept = diff(
        "ring.c",
        (7, ("\tring_set(ring, old_size);",), 7, ("\tring_set(ring, new_size);",)),
        (8, (), 9, ("\tring_set(&dev->ring, old_size);",)),
    )
    assert find(kept, "ring.c", _9="ring_set") == {}


def test_restored_lines_are_found_before_the_reverted_commit() -> None:
    undone = parse_change(diff("ring.c", (20, BODY, 19, ())))
    revert = parse_change(diff("ring.c", (22, (), 23, BODY)))
    sources = find_restored_lines(revert, undone, "ring.c")
    assert {line: tuple(source) for line, source in sources.items()} == {
        23: ("ring.c", 20, RESTORED),
        24: ("ring.c", 21, RESTORED),
    }
