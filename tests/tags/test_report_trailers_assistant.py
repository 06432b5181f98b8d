# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `prepare --trailer 'Assisted-by: …'` accepts the same values as `check`."""

from pathlib import Path

import pytest

from patchpilot.errors import InputError, UsageError
from patchpilot.tags.report_trailers import (
    format_assistant,
    format_person,
    parse_typed_trailers,
)
from tests.kit.cli import call
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, build_file_diff, mail


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("Claude:claude-3-opus", True),
        ("Claude:claude-3-opus coccinelle sparse", True),
        ("Claude", False),
        ("Claude:claude-3-opus [coccinelle]", False),
        ("Claude:claude-3-opus <noreply@example.org>", False),
        ("Claude:claude-3-opus git", False),
    ],
)
def test_tag_reported_by_check_is_refused(value: str, valid: bool, tmp_path: Path) -> None:
    file = tmp_path / "a.patch"
    text = f"{PROSE}\n\nAssisted-by: {value}\n{SIGN_OFF}"
    file.write_text(mail("frob: wait for the link", text, build_file_diff(PATH, HUNK)))
    output = call("check --strict", file).out
    assert ("assisted-by" in output.lower()) is not valid, output
    if valid:
        assert format_assistant(f" {value} ") == value
    else:
        with pytest.raises(UsageError):
            format_assistant(value)


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("Claude:claude-3-opus <noreply@example.org>", "Claude:claude-3-opus"),
        (
            "Claude:claude-3-opus [sparse] [smatch]",
            "Claude:claude-3-opus sparse smatch",
        ),
        ("Claude:claude-3-opus git, sparse", "Claude:claude-3-opus sparse"),
    ],
)
def test_error_shows_the_correct_form(value: str, right: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_typed_trailers(f"Assisted-by: {value}", "")
    assert right in str(error.value.hint)


@pytest.mark.parametrize(
    "value", ["Claude Opus 4.5 <noreply@anthropic.com>", "Copilot <c@example.org>"]
)
def test_program_cannot_be_a_co_developer(value: str) -> None:
    with pytest.raises(InputError) as error:
        format_person(value, "Co-developed-by")
    assert "Assisted-by:" in str(error.value.hint)
    assert format_person("Claude Reader <claude@example.org>", "Co-developed-by")
