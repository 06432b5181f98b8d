# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the habits that the commits in a directory have.

The tests cover counting them, the thresholds of the rules, and the shipped table.
"""

from pathlib import Path

from patchpilot.lint.habits import (
    count_habits,
    have_same_convention,
    load_shipped_habits,
)
from patchpilot.model.commit import analyze_message_form
from patchpilot.resources import data_dir
from tests.kit.cli import call
from tests.kit.patches import build_patch_text
from tests.lab.mine_habits import Row, format_table_lines

LARGEST = 300_000
FIX = """frob: %d: Do it

The %s.

Fixes: 0123456789ab ("frob: add it")
Cc: stable@vger.kernel.org
Signed-off-by: Ada Fixer <ada@example.org>
Signed-off-by: Carl Keeper <carl@example.org>
"""


def make_patch_row(subject: str, *folders: str) -> Row:
    return Row(analyze_message_form(subject), 1, folders)


def test_table_has_prefixes_by_directory() -> None:
    rows = [
        make_patch_row(f"iio: adc: frob{index}: Do it", "drivers/iio/adc") for index in range(40)
    ]
    rows += [make_patch_row(f"counter: frob{index}: Do it", "drivers/iio") for index in range(20)]
    rows += [make_patch_row("iio: adcs: frob: Do it", "drivers/iio/adc")]
    habits = {line.split("\t")[0]: line.split("\t")[1:] for line in format_table_lines(rows)}
    assert habits["drivers/iio/adc/**"] == [
        "41",
        "iio=100",
        "adc=97",
        "capital=100",
        "",
    ]
    assert habits["drivers/**"] == ["61", "iio=67|counter=32", "", "capital=100", ""]
    assert "drivers/iio/adc" not in habits


def test_marks_are_counted_per_message() -> None:
    forms = [
        analyze_message_form(FIX % (index, "x" * (100 if index else 9))) for index in range(40)
    ]
    habits = count_habits(
        "drivers/frob", [*forms, analyze_message_form('Revert "frob: do it"\n\nNo.')]
    )
    assert (habits.total, habits.applied) == (40, (("Carl Keeper", 100),))
    assert habits.mark_share("Cc: stable") == (100, 40)
    assert habits.mark_share("line over 75 columns") == (97, 40)
    assert habits.mark_share("Link:") == (0, 40)


def test_parts_of_a_prefix_keep_their_order() -> None:
    # the order of a set of strings differs between names, and between runs
    for name in ("acme", "blinker", "cobalt", "dock", "ember"):
        subjects = [f"net: {name}: Do it", *(f"net: usb: {name}: Do {word}" for word in range(9))]
        habits = count_habits("net", map(analyze_message_form, subjects))
        assert habits.prefix == f"net: usb: {name}:"


def test_rule_thresholds_are_90_and_70_percent() -> None:
    habits = count_habits("frob", [analyze_message_form(f"frob: {index}") for index in range(30)])
    assert [habits.weigh_share(share) for share in (90, 89, 70, 69)] == [
        "speaks",
        "asks",
        "asks",
        "",
    ]
    assert habits.weigh_share(100, 29) == "asks"


def test_table_covers_subdirectories() -> None:
    adc = load_shipped_habits("drivers/iio/adc")
    assert adc is not None
    assert (adc.path, adc.prefix) == ("drivers/iio/adc", "iio: adc:")
    assert not adc.is_known("IIO")
    assert not adc.has_further(["iio", "ad7124"])
    assert load_shipped_habits("frob") is load_shipped_habits("") is None
    assert (data_dir("checks") / "habits.tsv").stat().st_size < LARGEST


def test_message_names_the_patches_that_a_share_is_of(workdir: Path) -> None:
    habits = load_shipped_habits("drivers/iio/adc")
    assert habits is not None
    basis = f"{habits.total} patches to drivers/iio/adc (packaged table of posted patches)"
    text = build_patch_text("[PATCH] Wait for the link").replace("drivers/demo", "drivers/iio/adc")
    (workdir / "0001-x.patch").write_text(text)
    assert f"% of {basis} have" in " ".join(call("check --strict 0001-x.patch").out.split())
    counted = habits._replace(shipped=False)
    assert counted.describe_basis(3, "fixes") == "3 fixes to drivers/iio/adc"


def test_related_prefixes_are_similar() -> None:
    assert have_same_convention("x86/mm", "x86/tdx")
    assert have_same_convention("PM / wakeup", "PM")
    assert not have_same_convention("btrfs/zstd", "btrfs")
    assert not have_same_convention("IIO", "iio")
