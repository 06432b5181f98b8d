# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reducing words to their stems, and the significance of lines of code."""

from patchpilot.tags.comparable_words import compute_significance, find_identifiers, find_word_stems


def test_message_words_are_reduced_to_stems() -> None:
    assert find_word_stems("allocating buffers in mlx5_flow_create()") >= {
        "allocat",
        "buff",
        "mlx5",
        "flow",
    }
    assert find_identifiers("if (ring->mask != NULL) return ring_get(x);") == {
        "ring",
        "mask",
        "ring_get",
    }


def test_lines_of_code_differ_in_significance() -> None:
    ordered = [
        compute_significance(text)
        for text in ("}", "out:", "\tint i;", "\treturn -1;", "\tring->mask = size;")
    ]
    assert ordered == sorted(ordered)
    assert ordered[0] == 0
