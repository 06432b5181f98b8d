# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the habits of a directory's commits: what is counted, when a rule reports, and what the
shipped table contains.
"""

from patchpilot.lint.habits import alike, count, shipped
from patchpilot.model.commit_form import form_of
from patchpilot.resources import data_dir
from tests.lab.mine_habits import Row, table

LARGEST = 300_000
FIX = """frob: %d: Do it

The %s.

Fixes: 0123456789ab ("frob: add it")
Cc: stable@vger.kernel.org
Signed-off-by: Ada Fixer <ada@example.org>
Signed-off-by: Carl Keeper <carl@example.org>
"""


def row(subject: str, *folders: str) -> Row:
    """Return one patch to these directories."""
    return Row(form_of(subject), 1, folders)


def test_table_has_usual_prefixes_and_case_by_directory() -> None:
    rows = [row(f"iio: adc: frob{at}: Do it", "drivers/iio/adc") for at in range(40)]
    rows += [row(f"counter: frob{at}: Do it", "drivers/iio") for at in range(20)]
    rows += [row("iio: adcs: frob: Do it", "drivers/iio/adc")]
    habits = {line.split("\t")[0]: line.split("\t")[1:] for line in table(rows)}
    assert habits["drivers/iio/adc/**"] == [
        "41",
        "iio=100",
        "adc=97",
        "capital=100",
        "",
    ]
    assert habits["drivers/**"] == ["61", "iio=67|counter=32", "", "capital=100", ""]
    assert "drivers/iio/adc" not in habits


def test_marks_and_who_applies_are_counted_in_whole_messages() -> None:
    forms = [form_of(FIX % (at, "x" * (100 if at else 9))) for at in range(40)]
    habits = count("drivers/frob", [*forms, form_of('Revert "frob: do it"\n\nNo.')])
    assert (habits.total, habits.applied) == (40, (("Carl Keeper", 100),))
    assert habits.mark("Cc: stable") == (100, 40)
    assert habits.mark("line over 75 columns") == (97, 40)
    assert habits.mark("Link:") == (0, 40)


def test_rule_reports_from_90_percent_and_asks_from_70() -> None:
    habits = count("frob", [form_of(f"frob: {at}") for at in range(30)])
    assert [habits.weight(share) for share in (90, 89, 70, 69)] == [
        "speaks",
        "asks",
        "asks",
        "",
    ]
    assert habits.weight(100, 29) == "asks"


def test_shipped_table_knows_directories_and_those_below_them() -> None:
    adc = shipped("drivers/iio/adc")
    assert adc is not None
    assert (adc.where, adc.prefix) == ("drivers/iio/adc", "iio: adc:")
    assert not adc.is_known("IIO")
    assert not adc.has_further(["iio", "ad7124"])
    assert shipped("frob") is shipped("") is None
    assert (data_dir("checks") / "habits.tsv").stat().st_size < LARGEST


def test_prefix_of_the_same_subsystem_is_alike() -> None:
    assert alike("x86/mm", "x86/tdx")
    assert alike("PM / wakeup", "PM")
    assert not alike("btrfs/zstd", "btrfs")
    assert not alike("IIO", "iio")
