# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how the choices of a draft are shown."""

from patchpilot.cli.output.draft_report import format_draft_rows
from patchpilot.model.draft import Draft


def test_answers_are_shown_without_what_identifies_the_code() -> None:
    tag = "Reviewed-by: Rita Reviewer <rita@example.com>"
    answers = {
        f"tag 1796029988 {tag}": f"kept {'e093a68e02ec' * 3}",
        "tested": "hardware 52e3f91d619f",
        "regression": "no",
    }
    draft = Draft("change", "/src/linux", "topic", answers=answers)
    assert [row.removeprefix("answered: ") for row in format_draft_rows(draft)] == [
        f"{tag}: kept",
        "tested: hardware",
        "regression: no",
    ]
