# SPDX-License-Identifier: GPL-2.0-or-later
"""Test writing and reading a baseline. A malformed baseline is not used."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.errors import InputError
from patchpilot.lint.baseline import SCHEMA, Remaining, format_baseline, read_baseline
from patchpilot.lint.recognize_findings import FindingMark, normalize_text
from patchpilot.write_file import write_file

# a lone surrogate stands for a byte of the patch that cannot be decoded
_TEXT = st.text(st.characters(exclude_characters="\0"), max_size=40)


_MARKS = st.builds(
    FindingMark,
    path=st.sampled_from(("", "a.c", "b.c")),
    rule=st.sampled_from(("R1", "R2")),
    text=_TEXT.map(normalize_text),
    change=st.sampled_from(("", "c1", "c2")),
)


@given(marks=st.lists(_MARKS, max_size=8))
def test_baseline_round_trip_is_exact(
    marks: list[FindingMark], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("b") / "b.json"
    counts = Counter(marks)
    write_file(file, format_baseline(counts, {"R1": "a-name"}))
    assert read_baseline(file) == counts
    file.read_bytes().decode("utf-8")


@given(marks=st.lists(_MARKS, max_size=8), data=st.data())
def test_order_is_irrelevant(marks: list[FindingMark], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(marks))
    assert format_baseline(Counter(marks), {}) == format_baseline(Counter(shuffled), {})
    remaining = Remaining(marks)
    assert all(remaining.use_up_entry(mark) for mark in shuffled)
    assert not remaining.unused_entries


@given(marks=st.lists(_MARKS, min_size=1, max_size=8), data=st.data())
def test_repeated_findings_are_counted(marks: list[FindingMark], data: st.DataObject) -> None:
    repeated_mark = data.draw(st.sampled_from(marks))
    remaining = Remaining(marks)
    assert sum(not remaining.use_up_entry(mark) for mark in (*marks, repeated_mark)) == 1
    rest = list(marks)
    rest.remove(repeated_mark)
    remaining = Remaining(marks)
    assert all(remaining.use_up_entry(one) for one in rest)
    assert sum(remaining.unused_entries.values()) == 1


def test_baseline_file_is_sorted_and_printable(
    tmp_path: Path,
) -> None:
    text = format_baseline(
        {FindingMark("b.c", "R2", "x\u202ey"): 2, FindingMark("a.c", "R1", "ä"): 1},
        {"R1": "some-rule"},
    )
    lines = text.splitlines()
    assert lines[:3] == ["{", f' "schema": "{SCHEMA}",', ' "findings": [']
    assert json.loads(lines[3].rstrip(",")) == {
        "rule": "R1",
        "name": "some-rule",
        "path": "a.c",
        "text": "ä",
    }
    assert "\\u202e" in lines[4]
    assert json.loads(text)["findings"][1] == {
        "rule": "R2",
        "path": "b.c",
        "text": "x\u202ey",
        "count": 2,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "line 1 column 2"),
        ('{\n "schema": 1,,\n}', "line 2 column 14"),
        ("[]", "schema"),
        (
            '{"schema": "patchpilot/baseline/2", "findings": []}',
            "patchpilot/baseline/2",
        ),
        (f'{{"schema": "{SCHEMA}"}}', "findings is not a list"),
        (
            f'{{"schema": "{SCHEMA}", "findings": [1]}}',
            r"findings\[0\] is not an entry",
        ),
        (
            f'{{"schema": "{SCHEMA}", "findings": [{{"path": "a"}}]}}',
            r"findings\[0\] is not an entry",
        ),
        (
            f'{{"schema": "{SCHEMA}", "findings": [{{"rule": "a"}}, {{"rule": []}}]}}',
            r"findings\[1\] is not an entry",
        ),
        (
            f'{{"schema": "{SCHEMA}", "findings": [{{"rule": "a", "lin\\u001be": 1}}]}}',
            r"findings\[0\] is not an entry",
        ),
        *(
            (
                f'{{"schema": "{SCHEMA}", "findings": [{{"rule": "a", "count": {count}}}]}}',
                r"findings\[0\] is not an entry",
            )
            for count in ("0", "-1", "true", '"2"', "1.5", "99999999", "NaN")
        ),
        ("[" * 100_000, "not valid JSON"),
        (
            f'{{"schema": "{SCHEMA}", "findings": [{{"rule": "a", "count": {"9" * 5000}}}]}}',
            "not valid JSON|not an entry",
        ),
    ],
)
def test_error_names_the_broken_line(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "b.json"
    file.write_text(text)
    with pytest.raises(InputError, match=expected) as caught:
        read_baseline(file)
    assert caught.value.message.startswith(f"{file}: ")
    assert caught.value.hint


def test_error_names_a_binary_or_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No such file") as caught:
        read_baseline(tmp_path / "none.json")
    assert "--write-baseline" in (caught.value.hint or "")
    with pytest.raises(InputError, match=r"Is a directory"):
        read_baseline(tmp_path)
    (tmp_path / "b").write_bytes(b'{"schema": "\xff"}')
    with pytest.raises(InputError, match=r"not valid JSON"):
        read_baseline(tmp_path / "b")


@pytest.mark.parametrize("device", [False, True])
def test_special_file_is_not_a_baseline(tmp_path: Path, device: bool) -> None:
    file = Path(os.devnull) if device else tmp_path / "pipe"
    if not device:
        os.mkfifo(file)
    with pytest.raises(InputError, match="not a regular file"):
        read_baseline(file)
