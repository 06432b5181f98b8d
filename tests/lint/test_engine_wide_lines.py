# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that checking time grows linearly with long lines of each token, and with many lines.

A line is cut at 4,096 characters, so longer texts are many lines just below that length.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.lint.lint_context import Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from tests.kit.cli import call
from tests.kit.growth import measure_exponent, measure_seconds
from tests.kit.repos import Repo
from tests.kit.snippets import mail
from tests.kit.topics import SIGNED
from tests.lint.wide_lines import FILES, PLACES, TOKENS, make_wide_series

SIZES = (10_000, 100_000)
EXPONENT = 1.2
SLOWEST = 2.0
"""Seconds for the largest size, below which growth is not measured."""
FAST_PAIRS = (("macro lines", "_"), ("macro lines", "A"), ("comment", "A"), ("macro lines", "()"))


def make_check(series: Series) -> Callable[[], object]:
    """Return the task of checking a series."""
    return lambda: Driver(Options(strict=True)).check([series])


def make_rows(row: str, count: int) -> Series:
    """Return a patch with many different lines: a row of code, or of the message in prose."""
    rows = [row.format(number) for number in range(count)]
    diff = FILES["text"](["a"])
    if row.endswith(";"):
        diff = FILES["declaration"](rows).replace("+int ", "+").replace(";;", ";")
        rows = []
    text = mail("frob: add it", "\n".join(("It is needed.", *rows)), diff)
    return Series((parse_patch(text.encode(), "x"),))


@pytest.mark.parametrize(("place", "token"), FAST_PAIRS)
def test_wide_lines_end_in_time(place: str, token: str) -> None:
    assert measure_seconds(make_check(make_wide_series(place, token, 8_000))) < SLOWEST


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
def test_wide_lines_take_linear_time(place: str) -> None:
    wrong = {}
    for token in TOKENS:

        def make_task(size: int, token: str = token) -> Callable[[], object]:
            return make_check(make_wide_series(place, token, size))

        if measure_seconds(make_task(SIZES[-1])) <= SLOWEST:
            continue
        # a tenfold range: between two close sizes, a busy machine's caches decide
        exponent = measure_exponent(make_task, SIZES[0], SIZES[-1], enough=EXPONENT)
        if exponent > EXPONENT:
            wrong[token] = exponent
    assert wrong == {}


@pytest.mark.parametrize(("row", "count"), [("see {:012x}", 8_000), ("EXPORT_SYMBOL(x{});", 3_000)])
def test_many_lines_take_no_quadratic_time(row: str, count: int) -> None:
    def make_task(size: int) -> Callable[[], object]:
        return make_check(make_rows(row, size))

    # the growth of so few lines is measured roughly, on a busy machine
    assert measure_exponent(make_task, count // 4, count, enough=1.5) < 1.5


@pytest.mark.long
@pytest.mark.parametrize("row", ["static DEVICE_ATTR_RO(x{});", "see {:012x}"])
def test_many_lines_take_linear_time(row: str) -> None:
    def make_task(size: int) -> Callable[[], object]:
        return make_check(make_rows(row, size))

    assert measure_exponent(make_task, 3_900, 39_000, enough=EXPONENT) <= EXPONENT


def test_deeply_nested_list_is_reported(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(f"docs: begin\n\n{SIGNED}", {"Documentation/a.rst": "A\n"})
    nested = "\n\n".join(f"{'  ' * depth}- a" for depth in range(400))
    repo.commit(f"docs: add a list\n\nNeeded.\n\n{SIGNED}", {"Documentation/b.rst": nested + "\n"})
    outcome = call("check --checkers HEAD~..HEAD -C", repo.path)
    assert outcome.code in (0, 1), outcome.err
    assert "nested too deeply" in outcome.out
