# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that inconsistencies between the messages of a thread are found.

They concern versions, totals, prefixes and outdated cover letters.
"""

import pytest

from patchpilot.commits.range import group_into_series, parse_patches
from patchpilot.lint.engine import run_series
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.patch import Patch, Series

COVER = "Boards with a slow bus show stale values. Limit the time, take the lock."


def make_patch(
    subject_prefix: str,
    number: int,
    *,
    body: str = COVER,
    notes: str = "",
    root: str = "<s0@example.org>",
) -> Patch:
    reply_header = f"In-Reply-To: {root}\n" if number else ""
    diff = (
        f"---\n{notes} drivers/frob/frob.c | 2 +-\n\ndiff --git a/drivers/frob/frob.c"
        " b/drivers/frob/frob.c\n--- a/drivers/frob/frob.c\n+++ b/drivers/frob/frob.c\n@@ -1,3"
        f" +1,3 @@\n \tint ret;\n-\told({number});\n+\tnew({number});\n \n"
    )
    patch_text = (
        "From: Ada Fixer <ada@example.org>\nDate: Thu, 1 Jan 2026 10:00:00 +0000\nSubject:"
        f" [{subject_prefix}] frob: step {number} of the way\nMessage-ID:"
        f" <s{number}@example.org>\n{reply_header}\n{body}\n\n"
    )
    return parse_patches(
        (
            patch_text + ("Signed-off-by: Ada Fixer <ada@example.org>\n" + diff if number else "")
        ).encode(),
        "x",
    )[0]


def list_finding_names(series: Series) -> list[str]:
    return [
        run_series_.name
        for run_series_ in run_series(
            Context(series.patches[0], series, options=Options()), load_rules()
        )
    ]


def test_patch_of_another_version_is_reported() -> None:
    series = group_into_series(
        [
            make_patch("PATCH v2 0/2", 0),
            make_patch("PATCH v2 1/2", 1),
            make_patch("PATCH v3 2/2", 2),
        ]
    )
    assert len(series) == 1
    assert "mixed-versions" in list_finding_names(series[0])


@pytest.mark.parametrize("reference", ["", f"commit {'1a' * 20} upstream.\n\n"])
def test_backports_must_follow_mainline_order(reference: str) -> None:
    fixes = 'Fixes: 123456789abc ("frob: read the value")'
    bodies = COVER, f"{COVER}\n\n{fixes}"
    (series,) = group_into_series(
        [
            make_patch(f"PATCH {number}/2", number, body=reference + body)
            for number, body in enumerate(bodies, 1)
        ]
    )
    assert ("fix-not-first" in list_finding_names(series)) == (not reference)


def test_new_thread_starts_a_new_series() -> None:
    series = group_into_series(
        [
            make_patch("PATCH v2 0/2", 0),
            make_patch("PATCH v3 1/2", 1, root="<other@example.org>"),
        ]
    )
    assert len(series) == 2


@pytest.mark.parametrize(
    ("cover", "patch", "name"),
    [
        ("PATCH 0/3", "PATCH 1/2", "inconsistent-series-numbers"),
        ("PATCH frob 0/2", "PATCH 1/2", "mixed-versions"),
    ],
)
def test_inconsistent_cover_letter_is_reported(cover: str, patch: str, name: str) -> None:
    series = group_into_series(
        [
            make_patch(cover, 0),
            make_patch(patch, 1),
            make_patch(patch.replace("1/", "2/"), 2),
        ]
    )
    assert name in list_finding_names(series[0])


def test_stale_cover_letter_is_reported() -> None:
    body = (
        "Ada Fixer (2):\n  frob: one\n  frob: two\n\n frob.c | 2 +-\n 1 file"
        " changed\n\nbase-commit: 0123456789ab"
    )
    patches = [make_patch("PATCH 1/2", 1), make_patch("PATCH 2/2", 2)]
    findings = list_finding_names(
        group_into_series([make_patch("PATCH 0/2", 0, body=body), *patches])[0]
    )
    assert findings == ["stale-cover-letter"]


@pytest.mark.parametrize(
    ("marks", "reported"),
    [
        (("PATCH", "PATCH"), "have no numbers"),
        (("PATCH 1/2", "PATCH 2/3"), "disagree on the number"),
    ],
)
def test_numbered_files_form_a_series(marks: tuple[str, str], reported: str) -> None:
    patches = [
        make_patch(mark, number)._replace(source=f"out/000{number}-frob.patch")
        for number, mark in enumerate(marks, 1)
    ]
    (series,) = group_into_series(patches)
    number_rules = [rule for rule in load_rules() if rule.name == "inconsistent-series-numbers"]
    assert [
        reported in finding.message
        for finding in run_series(
            Context(series.patches[0], series, options=Options()), number_rules
        )
    ] == [True]
    separate_patches = [
        patch._replace(source=f"{number}/0001-frob.patch") for number, patch in enumerate(patches)
    ]
    assert len(group_into_series([patch._replace(headers=()) for patch in separate_patches])) == 2
