# SPDX-License-Identifier: GPL-2.0-or-later
"""Test hints and their actions.

The text of a hint is the CLI's output. A front end can replace the text of an action.
"""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.home.topic import hint_from_values, hint_to_values
from patchpilot.model.action import (
    FILES,
    Action,
    Hint,
    actions_in_advice,
    iterate_parts,
    join_hints,
    name_files,
    parse_backticks,
)


def test_command_is_printed_in_its_sentence() -> None:
    assert str(Action("send", ("--resume",))) == "patchpilot send --resume"
    assert (
        str(Action("send", ("--resume",), "`{}` sends what is missing"))
        == "`patchpilot send --resume` sends what is missing"
    )
    assert (
        str(Action("draft", ("--changelog", "- what changed"), "say it: {}"))
        == "say it: patchpilot draft --changelog '- what changed'"
    )
    assert (
        str(Action("", ("--base", "REV"), "use {} to name a nearer base"))
        == "use --base REV to name a nearer base"
    )
    assert str(Action("", ("TARGET",), "name a commit")) == "name a commit"


def test_words_that_are_not_commands_have_no_backticks() -> None:
    action = Action("backport", (), "backport it (`{}`): it did not apply")
    assert action.format("stage 5") == "backport it (stage 5): it did not apply"
    assert action.format(action.command) == str(action)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))))
def test_printed_arguments_are_quoted_for_the_shell(arguments: list[str]) -> None:
    assert shlex.split(Action("check", tuple(arguments)).command) == [
        "patchpilot",
        "check",
        *arguments,
    ]


def test_hint_exposes_its_parts() -> None:
    edit, update = Action("draft", ("--edit",)), Action("track", ("update",), "`{}`")
    hint = Hint(("write it: ", edit, ", then ", update))
    assert str(hint) == "write it: patchpilot draft --edit, then `patchpilot track update`"
    assert actions_in_advice(hint) == (edit, update)
    assert [text for _, text in iterate_parts(hint, lambda action: action.name)] == [
        "write it: ",
        "draft",
        ", then ",
        "track",
    ]
    assert (actions_in_advice(edit), actions_in_advice("patchpilot draft")) == (
        (edit,),
        (),
    )


def test_conditional_action_is_mentioned_but_not_proposed() -> None:
    update = Action("track", ("update",), "wait")
    objection = Action("track", ("reply", "<x>"), "if it is wrong: `{}`", is_conditional=True)
    advice = join_hints(update, "; ", objection)
    assert str(advice) == "wait; if it is wrong: `patchpilot track reply '<x>'`"
    assert actions_in_advice(advice) == (update,)
    assert hint_from_values(hint_to_values(advice)) == advice


def test_tags_of_patch_files_are_not_added_to_the_current_branch() -> None:
    tags, send = Action("trailers", (), "add 1 tag"), Action("send", ("--reroll",), "send v2")
    elsewhere = name_files(join_hints(tags, ", then ", send), (FILES,))
    assert str(elsewhere) == "add 1 tag, then send v2: `patchpilot send --reroll FILES`"
    assert [action.name for action in actions_in_advice(elsewhere)] == ["send"]
    assert actions_in_advice(name_files(elsewhere, ()))[0] == tags


def test_backquoted_text_in_rule_pack_is_an_action() -> None:
    for text in (
        "`patchpilot fixes HEAD` finds the commit; or `git log -S`, git blame",
        "git blame",
        "`git log`",
        "odd ` and `patchpilot fixes",
    ):
        assert str(parse_backticks(text)) == text
    assert actions_in_advice(parse_backticks("`patchpilot fixes HEAD` finds the commit")) == (
        Action("fixes", ("HEAD",), "`{}`"),
    )
    assert not actions_in_advice(parse_backticks("`git log -S`"))
