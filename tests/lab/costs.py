# SPDX-License-Identifier: GPL-2.0-or-later
"""What each test costs: seconds of a clock, and of the processor with its children's, in a table by
folder and of the most expensive tests.

python -m pytest -p tests.lab.costs -n 2 tests    writes costs-*.tsv, one a worker, into
$PATCHPILOT_COSTS python -m tests.lab.costs FOLDER [NUMBER]         the table: folders, files, and
the NUMBER (40) most expensive tests
"""

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

# a test has an environment of its own
FOLDER = Path(os.environ.get("PATCHPILOT_COSTS", "."))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Write a line a test: clock, processor, node id."""
    clock, before = time.monotonic(), sum(os.times()[:4])
    result = yield
    spent = time.monotonic() - clock, sum(os.times()[:4]) - before
    with (FOLDER / f"costs-{os.getpid()}.tsv").open("a") as file:
        file.write(
            f"{spent[0]:.3f}\t{spent[1]:.3f}\t{item.nodeid.encode('unicode_escape').decode()}\n"
        )
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.costs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("number", type=int, nargs="?", default=40)
    given = parser.parse_args()
    rows = [
        line.split("\t", 2)
        for file in given.folder.glob("costs-*.tsv")
        for line in file.read_text().splitlines()
    ]
    for level in (2, 9):
        sums: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0])
        for clock, processor, test in rows:
            one = sums["/".join(test.partition("::")[0].split("/")[:level])]
            for at, value in enumerate((float(clock), float(processor), 1)):
                one[at] += value
        print(f"{'clock':>8} {'processor':>9} {'tests':>6}")
        for name, (clock, processor, tests) in sorted(
            sums.items(), key=lambda item: -item[1][1]
        )[: given.number]:
            print(f"{clock:8.1f} {processor:9.1f} {tests:6.0f} {name}")
    for clock, processor, test in sorted(rows, key=lambda row: -float(row[1]))[
        : given.number
    ]:
        print(f"{float(clock):8.1f} {float(processor):9.1f}        {test}")
    print(
        f"{sum(float(row[0]) for row in rows):8.1f} {sum(float(row[1]) for row in rows):9.1f}"
        f" {len(rows):6} all"
    )


if __name__ == "__main__":
    main()
