# SPDX-License-Identifier: GPL-2.0-or-later
"""Test computing the evidence from changes, words, blocks and messages. Also test the ranker."""

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.tags.bisect_log import parse_bisection
from patchpilot.tags.commit_change import parse_change
from patchpilot.tags.comparable_words import (
    compute_significance,
    find_identifiers,
    find_word_stems,
)
from patchpilot.tags.message_evidence import (
    find_commit_ids,
    find_quoted_subjects,
    split_prose,
)
from patchpilot.tags.ranker import (
    Weights,
    convert_to_confidence,
    load_shipped_weights,
    rank_by_confidence,
)

DIFF = """\
diff --git a/x.c b/x.c
index 1..2 100644
--- a/x.c
+++ b/x.c
@@ -3 +3,2 @@ int f(void)
--- not a header
+++ nor this
+more
@@ -9,0 +11 @@
+added
@@ -12,2 +13,0 @@
-one
-two
diff --git a/old.c b/new.c
similarity index 90%
rename from old.c
rename to new.c
diff --git a/gone.c b/gone.c
deleted file mode 100644
--- a/gone.c
+++ /dev/null
@@ -1 +0,0 @@
-bye
"""


def test_runs_record_line_numbers() -> None:
    first, gone = parse_change(DIFF)
    assert (
        first.old_path,
        [(run.start, run.end, run.new_start) for run in first.runs],
    ) == (
        "x.c",
        [(3, 3, 3), (9, 9, 11), (12, 13, 13)],
    )
    assert first.runs[0].removed == ("-- not a header",)
    assert first.runs[0].added == ("++ nor this", "more")
    assert (gone.new_path, gone.size) == (None, 1)


@given(st.text(max_size=400))
def test_change_parser_accepts_any_text(text: str) -> None:
    parse_change(text)


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


MESSAGE = """\
net: fix it

Since commit 0123456789ab ("net: break it all") the thing hangs at 0xdeadbeef.
Similar to commit abcdefabcdef, which fixed another.

Fixes: 1111111111111 ("net: first
 half of it")
  fixes: 2222222222222
Reported-by: Eve <eve@example.org>
"""


def test_trailers_are_removed_from_prose() -> None:
    subject, text = split_prose(MESSAGE)
    assert subject == "net: fix it"
    assert "1111111" not in text
    assert "half" not in text
    assert "2222222" not in text
    assert "Eve" not in text
    assert find_commit_ids(text) == {"0123456789ab": 1.0, "abcdefabcdef": 0.2}
    assert find_quoted_subjects(text) == ("net: break it all",)


def test_first_bad_commit_is_blamed() -> None:
    assert (
        find_commit_ids("# first bad commit: [0123456789abcdef0123456789abcdef01234567] x")[
            "0123456789abcdef0123456789abcdef01234567"
        ]
        == 1.0
    )
    for command in ("introduced:", "^introduced:", "^introduced"):
        ids = find_commit_ids(f"#regzbot {command} 0123456789ab")
        assert ids == {"0123456789ab": 1.0}


LOG = """\
git bisect start '--term-new' 'broken' '--term-old' 'fine'
# broken: [1111111111] x
git bisect broken 1111111111
git bisect fine 2222222222
git bisect skip 3333333333 4444444444
"""


def test_custom_bisect_terms_are_parsed() -> None:
    bisection = parse_bisection(LOG)
    assert (bisection.first_bad, bisection.bad, bisection.good, bisection.skipped) == (
        None,
        ("1111111111",),
        ("2222222222",),
        ("3333333333", "4444444444"),
    )
    assert parse_bisection(LOG + "# first broken commit: [5555555555] y").first_bad == "5555555555"


def test_shipped_weights_are_monotonic() -> None:
    weights = load_shipped_weights()
    shares = [share for _, share in weights.curve]
    assert shares == sorted(shares)
    assert weights.candidate["removed"] > 0


@given(st.floats(0, 1), st.floats(0, 1))
def test_confidence_rises_with_the_share(one: float, other: float) -> None:
    curve = load_shipped_weights().curve
    low, high = sorted((one, other))
    assert 0 <= convert_to_confidence(low, curve) <= convert_to_confidence(high, curve) <= 1


def test_ranking_is_stable() -> None:
    weights = Weights({"removed": 2.0}, {}, ((1.0, 1.0),))
    rows = {
        "b": {"removed": 0.5, "mentioned": 0.0},
        "a": {"removed": 0.5, "mentioned": 0.0},
        "c": {"removed": 1.0, "mentioned": 0.0},
    }
    assert [name for name, _ in rank_by_confidence(rows, weights)] == ["c", "a", "b"]
    assert rank_by_confidence({}, weights) == []
