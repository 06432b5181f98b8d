# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the lists of verdicts for CVEs."""

import csv
import json
from collections.abc import Iterator

import pytest

from patchpilot.backports.cve_targets import CveQuery
from patchpilot.backports.cve_verdicts import CveBranch, CveResult
from patchpilot.cli.output.cve_report import stream_csv, stream_json_lines, stream_text
from patchpilot.reading.cve_record import CveRecord, CveState

RECORD = CveRecord("CVE-2026-1001", CveState.PUBLISHED, "ring: fix \x1b[31ma leak", ("1a" * 20,))
ROW = CveBranch("6.1", "clean", "=cmd()\nnext", "1a" * 20, "ring: fix a leak")
QUERY = CveQuery((RECORD, RECORD), left_out=2)


def interrupted() -> Iterator[CveResult]:
    yield CveResult(RECORD, branches=(ROW,))
    raise KeyboardInterrupt


def test_ctrl_c_ends_a_list_with_its_totals() -> None:
    """What is known is kept: the lines before it, and the totals of these."""
    lines: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        lines.extend(stream_json_lines(QUERY, interrupted()))
    verdict, summary = map(json.loads, lines)
    assert (verdict["cve"], verdict["branch"], verdict["verdict"]) == (RECORD.cve, "6.1", "clean")
    assert summary["summary"]["branches"] == {"6.1": {"clean": 1}}
    assert summary["summary"]["interrupted"] is True
    assert summary["summary"]["left_out"] == 2
    texts: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        texts.extend(stream_text(QUERY, interrupted()))
    assert texts[-1].startswith("2 messages not judged")


def test_each_line_is_written_as_soon_as_it_is_known() -> None:
    judged: list[str] = []

    def judge() -> Iterator[CveResult]:
        for name in ("one", "two"):
            judged.append(name)
            yield CveResult(RECORD, branches=(ROW,))

    lines = stream_json_lines(QUERY, judge())
    next(lines)
    assert judged == ["one"]


def test_texts_of_records_are_harmless() -> None:
    """Titles and reasons come from others: they have no control characters and no formulas."""
    result = CveResult(RECORD, branches=(ROW, ROW))
    header, first, second = stream_csv(QUERY, [result])
    (row,) = csv.DictReader([header, first])
    assert row["reason"].startswith("'=cmd()")
    assert first == second
    assert "\x1b" not in "".join(stream_text(QUERY, [result]))
    assert "\x1b" not in "".join(stream_json_lines(QUERY, [result]))
