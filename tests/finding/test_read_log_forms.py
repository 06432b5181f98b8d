# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the same messages in each form in which tools, consoles and pastes show them."""

import random
from collections.abc import Iterable

import pytest

from patchpilot.finding.read_log import read_log
from tests.kit.log_forms import (
    BLOCK_FORMS,
    DAMAGES,
    LINE_FORMS,
    VERSIONS,
    Case,
    Line,
    write_cases,
    write_form,
    write_messages,
    write_tool_cases,
)


def list_errors(case: Case) -> list[str]:
    """Return what was read wrong: functions, their order, modules, the version or messages."""
    symptom, message = read_log(case.text), case.message
    functions = [frame.function for frame in symptom.frames]
    expected = list(message.functions)
    errors = []
    # the line with the first function may be the one that is cut
    is_in_order = functions[: len(expected)] == expected or case.is_cut
    if not (is_in_order and set(expected) <= set(functions)):
        errors.append(f"functions {functions}, expected {expected} first")
    if junk := set(functions).difference(expected, message.others):
        errors.append(f"not functions: {sorted(junk)}")
    if set(symptom.modules) != {message.driver} - {""}:
        errors.append(f"modules {symptom.modules}, expected {message.driver!r}")
    if case.names_version and symptom.release != case.version.upstream:
        errors.append(f"release {symptom.release!r}, expected {case.version.upstream!r}")
    errors += [
        f"no message {text!r} in {symptom.messages}"
        for text in message.texts
        if not any(text in line for line in symptom.messages)
    ]
    return errors


def measure(cases: Iterable[Case]) -> tuple[float, dict[str, list[str]]]:
    """Return the part of the cases that is read right, and the errors of the others."""
    results = [(case.name, list_errors(case)) for case in cases]
    wrong = {name: errors for name, errors in results if errors}
    return 1 - len(wrong) / len(results), wrong


def test_logs_are_read_in_each_form() -> None:
    cases = list(write_cases(seed=1))[::4]
    share, wrong = measure(cases)
    assert share >= 0.98, wrong


def test_traces_of_debuggers_and_scripts_are_read() -> None:
    share, wrong = measure(list(write_tool_cases(seed=1))[::3])
    assert share >= 0.98, wrong


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
def test_logs_with_any_damage_are_read_in_each_form(seed: int) -> None:
    share, wrong = measure([*write_cases(seed, damages=3), *write_tool_cases(seed)])
    assert share >= 0.98, wrong


@pytest.mark.parametrize("form", [*LINE_FORMS, *BLOCK_FORMS])
def test_no_form_loses_a_whole_log(form: str) -> None:
    message = write_messages("acme", VERSIONS[1], random.Random(1))[0]
    lines = [
        Line(message.level, 102.5 + number / 1e6, text) for number, text in enumerate(message.lines)
    ]
    case = Case(form, write_form(form, lines), message, VERSIONS[1])
    assert list_errors(case) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_damage_makes_a_driver_message_unreadable(damage: str) -> None:
    text = "[  102.530941] acme 0000:03:00.0: timeout while waiting for the ring\n" * 4
    symptom = read_log(DAMAGES[damage](text))
    assert symptom.modules == ("acme",)
    assert "acme 0000:03:00.0: timeout while waiting for the ring" in symptom.messages


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: f"{version[0]} {version[1]}")
def test_upstream_release_is_found(version: tuple[str, str, str, str]) -> None:
    release, build, upstream, _ = version
    for line in (
        f"CPU: 1 PID: 1 Comm: init Not tainted {release} {build}",
        f"CPU: 1 PID: 1 Comm: init Tainted: P           OE  X  -------  ---  {release} {build}",
        f"      Tainted: G        W   E     {release} {build}",
        f"Linux version {release} (b@h) (gcc (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) {build}",
        f"Linux host {release} {build}",
    ):
        assert read_log(f"[  1.000000] acme: ring error\n[  1.000001] {line}\n").release == upstream
