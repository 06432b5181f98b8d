# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that input above a limit is rejected before it is parsed.

The error names the limit. Long input within the limits takes linear time.
"""

from collections.abc import Callable

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.errors import InputError
from patchpilot.model import bounded
from patchpilot.model import patch as shortening
from patchpilot.model.mail import parse_header_lines, parse_mail, parse_patch
from patchpilot.model.patch import Series, parse_diff, shorten_patch, shorten_series
from tests.bench import hostile
from tests.kit.growth import measure_exponent

HEAD = "From: Ada <ada@example.org>\nSubject: [PATCH] frob: wait\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\n" * (bounded.MAX_LINES + 1), "1,048,577 lines"),
        ("a" * (bounded.MAX_LINE + 1) + "\n", "line 1 too long: 1,048,577 bytes"),
        (HEAD + "X-Long: a" + "\n a" * 600_000 + "\n\n", "larger than 1 MiB"),
    ],
    ids=["lines", "line", "header"],
)
def test_oversized_input_is_reported(text: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        parse_mail(text.encode())
    with pytest.raises(InputError, match=rf"x\.patch: .*{word}"):
        parse_patch(text.encode(), "x.patch")


def _parse_folds(count: int) -> None:
    parse_header_lines(["X-Long: a", *[" a"] * count, ""])


def _make_malformed_hunks(count: int) -> None:
    hunks = "@@ -1,1 +1,2 @@\n a\n+b\n" * count
    diff_text = f"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n{hunks}@@ -1,9 +1,9 @@\n a\n{hunks}"
    parsed_diff = parse_diff(tuple(diff_text.split("\n")[:-1]), 1)
    assert parsed_diff.error
    assert len(parsed_diff.files[0].hunks) == count


def _parse_tags(count: int) -> None:
    Driver().check(
        [
            Series(
                (
                    parse_patch(
                        "".join(
                            hostile.generate_patch_mail(
                                hostile.generate_small_diff(),
                                message=hostile.generate_many_tags(count),
                            )
                        ).encode(),
                        "x.patch",
                    ),
                )
            )
        ]
    )


def _parse_parts(count: int) -> None:
    parse_mail("".join(hostile.generate_many_parts_mail(count)).encode())


def _parse_nested_parts(count: int) -> None:
    parse_mail("".join(hostile.generate_nested_parts_mail(count)).encode())


@pytest.mark.long
@pytest.mark.parametrize(
    "work",
    [
        _parse_folds,
        _make_malformed_hunks,
        _parse_tags,
        _parse_parts,
        _parse_nested_parts,
    ],
)
def test_cost_grows_linearly(
    work: Callable[[int], None],
) -> None:
    def make_task(count: int) -> Callable[[], object]:
        return lambda: work(count)

    assert measure_exponent(make_task, 200, 3_200, enough=1.5) <= 1.5


def test_start_of_an_overlong_patch_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortening, "MAX_CHECKED_LINES", 500)
    text = "".join(
        hostile.generate_patch_mail(
            hostile.generate_new_file_diff(
                "drivers/frob/frob.c", 5000, hostile.generate_code_lines(5000)
            )
        )
    )
    patch = parse_patch(text.encode(), "x.patch")
    short = shorten_patch(patch)
    assert short.lines[:20] == (*patch.lines[:13], short.lines[13], *patch.lines[14:20])
    assert (len(short.lines), short.cut, short.diff_error) == (
        500,
        len(patch.lines),
        None,
    )
    assert short.subject == patch.subject
    result = Driver().check([Series((patch,))])
    (finding,) = (finding for finding in result.all if finding.name == "patch-too-long")
    assert finding.patch_line == 500
    assert "of which the first 500 were checked" in finding.message
    assert result.exit_code == 1
    assert not any(finding.checkpatch == "CORRUPTED_PATCH" for finding in result.all)


@pytest.mark.parametrize("lines", [12, 13, 14, 15, 16, 17, 18, 19, 20, 23, 30])
def test_truncated_patch_is_well_formed(monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    monkeypatch.setattr(shortening, "MAX_CHECKED_LINES", lines)
    patch = parse_patch(
        "".join(hostile.generate_patch_mail(hostile.generate_many_files_diff(9))).encode(),
        "x.patch",
    )
    short = shorten_patch(patch)
    assert short.cut == len(patch.lines)
    assert short.diff_error is None
    assert all(change.hunks for change in short.files)


def test_overlong_message_gets_one_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortening, "MAX_CHECKED_LINES", 100)
    patch = parse_patch(
        "".join(
            hostile.generate_patch_mail(
                hostile.generate_small_diff(),
                message="A line.\n" * 500 + hostile.SIGNED,
            )
        ).encode(),
        "x.patch",
    )
    result = Driver().check([Series((patch,))])
    assert [finding.name for finding in result.all] == ["patch-too-long"]


CUT = f"""{HEAD}
Why one.
Why two.
---
note
diff --git a/f b/f
--- a/f
+++ b/f
@@ -1,4 +1,5 @@ int f(void)
 a
+b

-c
+d
@@ -9 +10 @@
-x
+y
diff --git a/g b/g
--- a/g
+++ b/g
@@ -1 +1 @@
-x
+y
"""


@pytest.mark.parametrize(
    ("limit", "message", "notes", "diff_line", "lines", "hunks"),
    [
        (3, 0, 0, 4, 3, []),
        (4, 1, 0, 5, 4, []),
        (5, 2, 0, 6, 5, []),
        (6, 2, 0, 7, 6, []),
        (7, 2, 1, 8, 7, []),
        (8, 2, 1, 8, 7, []),
        (11, 2, 1, 8, 7, []),
        (12, 2, 1, 8, 12, ["@@ -1,1 +1,1 @@ int f(void)"]),
        (13, 2, 1, 8, 13, ["@@ -1,1 +1,2 @@ int f(void)"]),
        (14, 2, 1, 8, 14, ["@@ -1,2 +1,3 @@ int f(void)"]),
        (15, 2, 1, 8, 15, ["@@ -1,3 +1,3 @@ int f(void)"]),
        (16, 2, 1, 8, 16, ["@@ -1,3 +1,4 @@ int f(void)"]),
        (17, 2, 1, 8, 16, ["@@ -1,3 +1,4 @@ int f(void)"]),
        (18, 2, 1, 8, 18, ["@@ -1,4 +1,5 @@ int f(void)", "@@ -9,1 +10,0 @@"]),
        (20, 2, 1, 8, 19, ["@@ -1,4 +1,5 @@ int f(void)", "@@ -9 +10 @@"]),
    ],
)
def test_truncated_patch_keeps_complete_lines(
    limit: int,
    message: int,
    notes: int,
    diff_line: int,
    lines: int,
    hunks: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortening, "MAX_CHECKED_LINES", limit)
    patch = parse_patch(CUT.encode(), "x.patch")
    short = shorten_patch(patch)
    assert short.cut == len(patch.lines) == 25
    assert short.message == ("Why one.", "Why two.")[:message]
    assert short.notes == ("note",)[:notes]
    assert (short.diff_line, len(short.lines)) == (diff_line, lines)
    assert [line for line in short.lines if line.startswith("@@")] == hunks


@pytest.mark.parametrize(
    ("max_lines", "max_size", "expected"),
    [
        (4, 40, None),
        (3, 40, 3),
        (4, 39, 3),
        (4, 30, 3),
        (4, 29, 2),
        (4, 10, 1),
        (4, 9, 1),
        (2, 29, 2),
    ],
)
def test_patch_is_truncated_at_the_first_limit(
    max_lines: int, max_size: int, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortening, "MAX_CHECKED_LINES", max_lines)
    monkeypatch.setattr(shortening, "MAX_CHECKED", max_size)
    patch = parse_patch(b"Subject: x\n\ny\n", "x.patch")._replace(lines=("0123456789",) * 4)
    short = shorten_patch(patch)
    assert (short is patch) is (expected is None)
    assert len(short.lines) == (expected or 4)


def test_truncation_keeps_short_patches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortening, "MAX_CHECKED_LINES", 20)
    long, short = (
        parse_patch(CUT.encode(), "1"),
        parse_patch(f"{HEAD}\nText.\n".encode(), "0"),
    )
    shortened = shorten_series(Series((short, long), cover=short, base="abc"))
    assert shortened.cover is short
    assert [patch.cut for patch in shortened.patches] == [0, 25]
    assert shortened.base == "abc"
    cut = shorten_series(Series((short,), cover=long)).cover
    assert cut is not None
    assert cut.cut == 25
    unchanged = Series((short,))
    assert shorten_series(unchanged) is unchanged
