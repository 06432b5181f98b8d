# SPDX-License-Identifier: GPL-2.0-or-later
"""Test rows of results.

They show written and missing patches, a conflict in a clone, and marks in a bot's report.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.backports.work_clone import ConflictResolution
from patchpilot.backports.write import (
    WrittenBackport,
    format_send_command,
)
from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.printable import UNSAFE, make_printable, width
from patchpilot.model.send_problem import CheckLine, CheckState
from patchpilot.tui.build_app import find_screen_class
from patchpilot.tui.screens.backports_rows import (
    describe_resolution,
    written_patch_rows,
)
from patchpilot.tui.screens.send_rows import repair_help
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.action_keys import (
    KEYS,
    first_named_stage,
    keys_at_stage,
    replace_commands,
)
from patchpilot.tui.view.rich_text import (
    color_diff_line,
    fit_text,
    highlight_code,
    plain_text,
)
from patchpilot.tui.view.stages import Stage

WHY = "not in mainline here"


def test_branches_with_one_reason_share_a_row() -> None:
    none = tuple(WrittenBackport(f"linux-{one}.y", (), WHY) for one in ("6.1", "6.6"))
    assert written_patch_rows(none) == [f"no patch for linux-6.1.y, linux-6.6.y: {WHY}"]
    some = (WrittenBackport("linux-6.12.y", (Path("backports/0001-a.patch"),)), *none)
    assert written_patch_rows(some) == [
        "linux-6.12.y, in backports:",
        "  0001-a.patch",
        "",
        f"no patch for linux-6.1.y, linux-6.6.y: {WHY}",
    ]


def test_written_patches_show_the_send_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = tuple(
        WrittenBackport(
            f"linux-{one}.y",
            (Path(f"my backports/{one}/0001-a.patch"),),
            send=format_send_command((Path(f"my backports/{one}/0001-a.patch"),)),
        )
        for one in ("6.6", "6.12")
    )
    rows = written_patch_rows(done)
    assert "They lack your Signed-off-by" in rows[-5]
    assert "the latest branch first" in rows[-4]
    signed = [replace(one, is_signed=True) for one in done]
    assert "They have your Signed-off-by." in written_patch_rows(signed)
    assert rows[-2:] == [
        "  git send-email 'my backports/6.12'/*.patch",
        "  git send-email 'my backports/6.6'/*.patch",
    ]
    monkeypatch.setenv("PATCHPILOT_DEMO", "/sandbox")
    assert "do not send mail yourself" in written_patch_rows(done)[-1]
    assert not any("git send-email" in row for row in written_patch_rows(done))


def test_conflict_shows_where_to_resume() -> None:
    waiting = ConflictResolution(
        "linux-6.1.y", Path("/clone"), "conflict", ("a.c",), ("git cherry-pick",)
    )
    rows = describe_resolution(waiting)
    assert rows[0] == "The conflict on linux-6.1.y is in this clone:"
    assert "press a here to continue" in rows[-1]
    files, advice = (Path("/patches/0001-a.patch"),), ("git send-email /patches/*",)
    done = replace(waiting, state="done", advice=advice, files=files, commits=("01 a",))
    rows = describe_resolution(done)
    assert {"  01 a", "    0001-a.patch", "  git send-email /patches/*"} <= set(rows)


DROP = Action("maintainers", ("--drop", "a@b.example"))
TEST = Action("send", ("--to-self",), "send the series to yourself first: {}")
CHANGELOG = Action("draft", ("--changelog", "- what changed"))
REVIEW = Action("send", ("--reroll", "--dry-run"), "review v2, then send it: `{}`")


@pytest.mark.parametrize(
    ("advice", "stage", "words"),
    [
        ("wait for replies", None, "wait for replies"),
        (Action("doctor", (), "see `{}`"), None, "see `patchpilot doctor`"),
        (Action("backport", (), "port it (`{}`)"), None, "port it (stage 5)"),
        (
            Hint(("drop a@b.example: ", DROP, ", then ", Action("send"))),
            Stage.CHECKS,
            "drop a@b.example: Space at stage 3 on a@b.example, then stage 7",
        ),
        # if a hint has several actions in the same stage, use the first one
        (
            Hint((Action("track", ("update",)), ", then ", Action("track", ("show",)))),
            Stage.SEND,
            f"stage {Stage.FOLLOW.number} shows them",
        ),
        (
            Hint((CHANGELOG, ", or ", Action("draft", ("--edit",)))),
            Stage.FOLLOW,
            "e",
        ),
        (TEST, Stage.PREVIEW, "send the series to yourself first: m at stage 7"),
        (TEST, Stage.SEND, "send the series to yourself first: m"),
        (
            Action("", ("--base", "REV"), "use {} to name the base"),
            None,
            "press b to choose the base or a range",
        ),
        (REVIEW, Stage.FOLLOW, "review v2, then send it: 7"),
    ],
)
def test_advice_names_keys(advice: Advice, stage: Stage | None, words: str) -> None:
    assert replace_commands(advice, stage) == words


def test_first_action_leads_to_its_stage() -> None:
    assert first_named_stage(REVIEW) is Stage.SEND
    assert first_named_stage(Action("send", ("--reroll",))) is Stage.FOLLOW


def test_check_names_the_repairing_key() -> None:
    def make_check(name: str, hint: Advice, state: CheckState = CheckState.NOTE) -> str:
        return repair_help(CheckLine(state, name, "", hint))

    sign_off = Action("prepare", ("--signoff",), "git commit -s, or {}")
    assert (
        make_check("no-signoff", sign_off, CheckState.PROBLEM)
        == "press a to go to stage 4 Tags: press w"
    )
    drop = Action("maintainers", ("--drop", "a@b.example"), "drop it: {}")
    assert make_check("many", drop) == "press a to go to stage 3 To/Cc: press Space to exclude it"
    assert make_check("odd", "git fetch") == "git fetch"
    assert make_check("weekend", "") == make_check("target", "", CheckState.OK) == ""


@given(st.text(), st.integers(1, 200))
def test_text_is_escaped(text: str, columns: int) -> None:
    for styled in (plain_text(text), color_diff_line(text)):
        assert not UNSAFE.search(styled.plain)
        assert not [span for span in styled.spans if "link" in str(span.style)]
    assert width(fit_text(text, columns)) == columns
    assert not UNSAFE.search(fit_text(text, columns))


@given(
    st.lists(
        st.sampled_from(
            [
                *"[]/=@",
                "red",
                "bold",
                "link",
                "\x1b[31m",
                "\x9b31m",
                "\u202e",
                "\u2066",
                "\x07",
                "x",
            ]
        )
    ).map("".join)
)
def test_markup_stays_text(text: str) -> None:
    assert plain_text(text).plain == make_printable(text).expandtabs(8)
    assert not plain_text(text).spans


def test_started_version_leads_to_its_changelog() -> None:
    words = "write the changelog of v2 (`{}`)"
    step = Action("draft", ("--changelog", "- what changed"), words)
    assert replace_commands(step, Stage.FOLLOW) == "write the changelog of v2 (e)"
    assert replace_commands(step) == "write the changelog of v2 (e at stage 6)"
    assert keys_at_stage(step, Stage.FOLLOW) == ("e",)


def test_keys_follow_sentences_without_a_command() -> None:
    answer = Action("track", ("reply", "<a@b>"), "answer the review")
    change = Action("send", ("--reroll",), "send v2")
    step = Hint((answer, " and ", change))
    assert replace_commands(step, Stage.FOLLOW) == "answer the review\xa0(r) and send v2\xa0(v)"
    assert replace_commands(step) == str(step) == "answer the review and send v2"
    assert keys_at_stage(step, Stage.FOLLOW) == ("r", "v")
    wait = Action("track", ("update",), "wait for replies")
    assert replace_commands(wait, Stage.FOLLOW) == "wait for replies"


def test_every_key_is_bound() -> None:
    for words, key in KEYS.items():
        if key.stage and key.key:
            bound = {
                name
                for owner in (find_screen_class(key.stage), StageScreen)
                for binding in owner.BINDINGS
                for name in binding.key.split(",")
            }  # type: ignore[union-attr]
            assert key.key.replace("Space", "space").replace("+", "plus") in bound, words


def test_command_in_a_sentence_is_code() -> None:
    text = highlight_code("see `patchpilot doctor`, or `[b]` and a lone `")
    assert text.plain == "see patchpilot doctor, or [b] and a lone `"
    assert [
        text.plain[span.start : span.end] for span in text.spans if "cyan" in str(span.style)
    ] == ["patchpilot doctor", "[b]"]
