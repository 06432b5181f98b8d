# SPDX-License-Identifier: GPL-2.0-or-later
"""The recorder of JSON: what varies does not make two recordings differ, what changed does."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lab.json_calls import scenarios
from tests.lab.json_record import Placeholders, main

DOCUMENT = (
    '{"schema": "patchpilot/check/1", "summary": {"patches": 1, "exit_code": 0}, "findings":'
    ' [{"rule": "TAG003", "line": 3}]}'
)
PROGRAM = """#!/bin/sh
printf '{"schema": "patchpilot/%s/1", "id": "%s-topic-%s", "place": "%s", "errors": 0}' "$1" $(date -u +%Y%m%d) \\
    $(od -An -N6 -tx1 /dev/urandom | tr -d ' \\n') "$HOME"
"""  # noqa: E501


def recording(folder: Path, document: str, code: int = 0) -> Path:
    """A recording of one call."""
    folder.mkdir()
    (folder / "check-x.stdout").write_text(document)
    (folder / "check-x.stderr").write_text(f"{folder}\n")
    (folder / "check-x.exit").write_text(f"{code}\n")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"exit_code"', '"exit"', "- .summary.exit_code: 0"),
        ('"patches": 1', '"patches": 2', "~ .summary.patches: 1 → 2"),
        ('"line": 3', '"line": "3"', '~ .findings[0].line: 3 → "3"'),
        ('"line": 3', '"line": true', "~ .findings[0].line: 3 → true"),
        ('"line": 3', '"line": 3, "column": null', "+ .findings[0].column: null"),
        ("3}]", '3}, {"rule": "X"}]', "~ .findings: 1 → 2 entries"),
        (": 1,", ":1,", "the same values, printed in another way"),
    ],
)
def test_a_change_of_a_document_is_reported_with_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, line: str
) -> None:
    first, second = (
        recording(tmp_path / "a", DOCUMENT),
        recording(tmp_path / "b", DOCUMENT.replace(old, new)),
    )
    assert main(["--compare", str(first), str(second)]) == 1
    assert f"check-x.stdout:\n  {line}\n" in capsys.readouterr().out


def test_equal_recordings_are_0_and_another_exit_code_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, same = (
        recording(tmp_path / "a", DOCUMENT),
        recording(tmp_path / "b", DOCUMENT),
    )
    assert main(["--compare", str(first), str(same)]) == 0
    assert capsys.readouterr().out == "no differences in 1 recordings\n"
    assert main(["--compare", str(first), str(same), "--stderr"]) == 1
    assert (
        main(["--compare", str(first), str(recording(tmp_path / "c", DOCUMENT, 1))])
        == 1
    )
    (same / "check-y.exit").write_text("0\n")
    assert main(["--compare", str(first), str(same)]) == 1
    with pytest.raises(SystemExit):
        main(["--compare", str(first), str(tmp_path)])


def test_ignored_and_added_keys(tmp_path: Path) -> None:
    first = recording(tmp_path / "a", DOCUMENT)
    second = recording(
        tmp_path / "b",
        DOCUMENT.replace("TAG003", "TAG004").replace('"line"', '"new": 1, "line"'),
    )
    both = ["--compare", str(first), str(second)]
    assert main([*both, "--ignore", "rule"]) == 1
    assert main([*both, "--allow-added"]) == 1
    assert main([*both, "--ignore", "rule", "--allow-added"]) == 0
    assert (
        main(
            [
                "--compare",
                str(second),
                str(first),
                "--ignore",
                "rule,new",
                "--allow-added",
            ]
        )
        == 1
    )


def test_json_leaves_text_out(tmp_path: Path) -> None:
    first, second = (
        recording(tmp_path / "a", "one finding"),
        recording(tmp_path / "b", "1 finding"),
    )
    assert main(["--compare", str(first), str(second)]) == 1
    assert main(["--compare", str(first), str(second), "--json"]) == 0
    (second / "check-x.stdout").write_text(DOCUMENT)
    assert main(["--compare", str(first), str(second), "--json"]) == 1


def test_dates_of_today_and_random_parts_are_replaced_and_others_stay() -> None:
    placeholders = Placeholders(
        (("/tmp/x", "<PLACE>"),),
        (datetime(2026, 3, 5, tzinfo=UTC),),
        ((r"\b2\.40\.1", "<GIT>"),),
        2525,
    )
    text = (
        "Thu, 5 Mar 2026 10:00:00 +0000 2026-03-05T10:00:00+00:00 2026-03-05 2026-03-04"
        " 20260305-a-0123456789ab b-0123456789ab :2525 2.40.1 /tmp/x/y"
    )
    assert (
        placeholders.apply(text, {})
        == "<NOW> <NOW> <TODAY> 2026-03-04 <TODAY>-a-<RANDOM-1> b-0123456789ab :<PORT> <GIT>"
        " <PLACE>/y"
    )


@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_warning_of_a_weekend_is_left_out(at: int) -> None:
    warnings = [
        {"name": "recipients", "message": "a", "hint": ""},
        {"name": "too-soon", "message": "b", "hint": "c"},
    ]
    weekend = {"name": "weekend", "message": "it is the weekend", "hint": ""}
    saturday = json.dumps([*warnings[:at], weekend, *warnings[at:]], indent=1)
    assert Placeholders(()).apply(saturday, {}) == json.dumps(warnings, indent=1)
    assert Placeholders(()).apply(
        json.dumps({"warnings": [weekend]}, indent=1), {}
    ) == json.dumps({"warnings": []}, indent=1)
    assert (
        Placeholders(()).apply("1 mail\nnote: it is the weekend [weekend]\nto: x\n", {})
        == "1 mail\nto: x\n"
    )


def test_of_two_recordings_only_a_changed_key_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATCHPILOT_DATA", str(tmp_path / "none"))
    tags = tuple(scenario for scenario in scenarios() if scenario.name == "tags")
    monkeypatch.setattr("tests.lab.json_record.scenarios", lambda: tags)
    program = tmp_path / "patchpilot"
    for name, key in (("a", "errors"), ("b", "mistakes")):
        program.write_text(PROGRAM.replace("errors", key))
        os.chmod(program, 0o755)
        assert main([str(tmp_path / name), "--patchpilot", str(program)]) == 0
    document = json.loads((tmp_path / "a" / "tags-fixes.stdout").read_text())
    assert document == {
        "schema": "patchpilot/fixes/1",
        "id": "<TODAY>-topic-<RANDOM-1>",
        "place": "<HOME>",
        "errors": 0,
    }
    capsys.readouterr()
    assert (
        main(["--compare", str(tmp_path / "a"), str(tmp_path / "b"), "--stderr"]) == 1
    )
    lines = [
        line.strip()
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(" ")
    ]
    assert set(lines) == {"- .errors: 0", "+ .mistakes: 0"}
