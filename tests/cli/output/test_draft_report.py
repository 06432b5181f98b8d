# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how the choices of a draft are shown."""

from dataclasses import replace

from patchpilot.cli.output.draft_report import format_draft_rows
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.sending.build_proof import bind_tested_answer


def test_answers_are_shown_without_what_identifies_the_code() -> None:
    tag = "Reviewed-by: Rita Reviewer <rita@example.com>"
    patch = KnownPatch("e093a68e02ec" * 3, "pump: stop")
    draft = Draft("change", "/src/linux", "topic", patches=(patch,))
    answers = {
        f"tag 1796029988 {tag}": f"kept {patch.patch_id}",
        "tested": bind_tested_answer(draft, "hardware"),
        "regression": "no",
    }
    draft = replace(draft, answers=answers)

    def list_answers(draft: Draft) -> list[str]:
        return [row.removeprefix("answered: ") for row in format_draft_rows(draft)]

    assert list_answers(draft) == [f"{tag}: kept", "tested: hardware", "regression: no"]
    changed = replace(draft, patches=(replace(patch, patch_id="f" * 36),))
    assert list_answers(changed) == [
        f"{tag}: kept; outdated, the code has changed",
        "tested: hardware; outdated, the code has changed",
        "regression: no",
    ]


def test_version_is_shown_until_it_was_sent() -> None:
    draft = Draft("change", "/src/linux", "topic", version=2, origins={"version": "set"})
    assert format_draft_rows(draft) == ["version:  v2   (set)"]
    assert format_draft_rows(replace(draft, links={"2": "v2@example.org"})) == []
