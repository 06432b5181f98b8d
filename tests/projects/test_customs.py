# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables that are learned from archives: what is counted as a usual prefix, as a habit, and
what the shipped table says.
"""

from typing import Any

from patchpilot.lint.usual_prefix import alike, learned_prefix
from patchpilot.resources import data_dir
from tests.lab.mine_customs import habits, prefix_table

LARGEST = 300_000


def row(title: str, *paths: str, **facts: Any) -> dict[str, Any]:
    """A patch as mine_customs reads it."""
    counted = {"sorted": [0, 0], "comments": [0, 0, 0], "wide": [0, 0]}
    mail = {
        "trees": [],
        "version": 1,
        "number": 0,
        "total": 0,
        "cover": False,
        "tags": [],
        "links": [],
        "changes": "",
    }
    prefix = [part.strip() for part in title.split(":")[:-1]]
    return {
        "title": title,
        "prefix": prefix,
        "paths": list(paths),
        **mail,
        **counted,
        **facts,
    }


def test_the_table_has_usual_prefixes_and_case_by_directory() -> None:
    rows = [
        row(f"iio: adc: frob{number}: Do it", f"drivers/iio/adc/frob{number}.c")
        for number in range(40)
    ]
    rows += [
        row(f"counter: frob{number}: Do it", "drivers/iio/frob.c")
        for number in range(20)
    ]
    rows += [
        row("iio: adcs: frob: Do it", "drivers/iio/adc/frob.c"),
        row("btrfs-progs: do it", "Documentation/frob.rst"),
    ]
    table = {line.split("\t")[0]: line.split("\t")[1:] for line in prefix_table(rows)}
    assert table["drivers/iio/adc/**"] == ["41", "iio=100", "adc=97", "capital"]
    assert table["drivers/**"] == ["61", "iio=67|counter=32", "", "capital"]
    assert "drivers/iio/adc" not in table
    assert not any(name.startswith("Documentation") for name in table)


def test_habits_count_what_patches_of_a_subsystem_have() -> None:
    kept = [
        row(
            f"iio: adc: frob{number}: do it",
            "drivers/iio/adc/frob.c",
            sorted=[2, 1],
            version=2,
            changes="below",
        )
        for number in range(30)
    ]
    lines = list(
        habits(
            [
                *kept,
                row("treewide: do it", "drivers/iio/adc/frob.c", "drivers/spi/frob.c"),
            ]
        )
    )
    assert "iio\tprefix\tas documented\t30\t30" in lines
    assert "iio\tdeclarations\tlongest-first\t30\t60" in lines
    assert "iio\tchanges\tbelow\t30\t30" in lines
    assert not any(line.startswith("spi") for line in lines)


def test_the_shipped_table_knows_directories_and_those_below_them() -> None:
    adc = learned_prefix(["drivers/iio/adc/frob.c", "include/linux/frob.h"])
    assert adc is not None
    assert (
        adc.where,
        adc.text,
        adc.is_known("IIO"),
        adc.has_further(["iio", "ad7124"]),
    ) == (
        "drivers/iio/adc",
        "iio: adc",
        False,
        False,
    )
    assert learned_prefix(["drivers/iio/adc/frob.c", "drivers/spi/frob.c"]) is None
    assert learned_prefix(["frob.c"]) is None
    assert (data_dir("checks") / "prefixes.tsv").stat().st_size < LARGEST


def test_a_prefix_of_the_same_subsystem_is_alike() -> None:
    assert alike("x86/mm", "x86/tdx")
    assert alike("PM / wakeup", "PM")
    assert not alike("btrfs/zstd", "btrfs")
    assert not alike("IIO", "iio")
