# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate valid and invalid command lines from a table of options."""

from hypothesis import strategies as st

from patchpilot.cli.command import CHOICE, FLAG, NUMBER, Option, Table

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=6)
_NUMBERS = ("1", "40", "080", "256", "1000", "0", "1001", "+50", "1_0", " 80", "many")
_STRAY_ARGUMENTS = (
    "-",
    "--",
    "-qv",
    "-h",
    "--help",
    "--frob",
    "a.patch",
    "HEAD~2..",
    "-Cx",
    "-o=x",
    "",
    "--stric",
    "<a@b>",
    "https://x",
)


def _any_option_value(option: Option) -> st.SearchStrategy[str]:
    if option.kind == CHOICE:
        return st.sampled_from([*option.choices, "x", option.choices[0].title()])
    if option.kind == NUMBER:
        return st.sampled_from(_NUMBERS)
    return st.one_of(_TEXT, st.sampled_from(["x", "-", "-q", "--offline", "a b"]))


def _any_option(option: Option) -> st.SearchStrategy[list[str]]:
    """Generate an option in any spelling. It may be truncated or lack its value."""
    spellings = st.sampled_from([*option.spellings, *option.off])
    without_value = spellings.map(lambda spelling: [spelling])
    truncated_option = spellings.map(lambda spelling: [spelling[:-1]])
    with_equals_sign = st.tuples(spellings, _any_option_value(option)).map(
        lambda pair: ["=".join(pair)]
    )
    with_value = st.tuples(spellings, _any_option_value(option)).map(list)
    return (
        st.one_of(without_value, without_value, truncated_option, with_equals_sign)
        if option.kind == FLAG
        else st.one_of(
            with_value,
            with_value,
            with_equals_sign,
            with_equals_sign,
            without_value,
            truncated_option,
        )
    )


def _valid_option(option: Option) -> st.SearchStrategy[list[str]]:
    if option.kind == FLAG:
        return st.sampled_from([*option.spellings, *option.off]).map(lambda spelling: [spelling])
    lowest, highest = option.limits or (1, 99)
    values = {
        CHOICE: st.sampled_from(option.choices or ("",)),
        NUMBER: st.integers(lowest, highest).map(str),
    }
    value = values.get(option.kind, st.sampled_from(["x", "a b", "6.1", "é", "a=b"]))
    return st.tuples(st.sampled_from(option.spellings), value, st.booleans()).map(
        lambda parts: (
            [f"{parts[0]}={parts[1]}"]
            if parts[2] and parts[0].startswith("--")
            else [parts[0], parts[1]]
        )
    )


def generate_command_lines(table: Table) -> st.SearchStrategy[list[str]]:
    """Generate up to six options and arguments in any order.

    Either all of them are valid or some are not.
    """
    valid_words = st.one_of(
        [_valid_option(option) for option in table]
        + [st.sampled_from([["a.patch"], ["-"], ["HEAD~2.."]])]
    )
    invalid_words = st.one_of(
        [_any_option(option) for option in table]
        + [st.sampled_from(_STRAY_ARGUMENTS).map(lambda word: [word])]
    )
    word_groups = st.one_of(
        st.lists(valid_words, max_size=6),
        st.tuples(
            st.lists(valid_words, max_size=3),
            invalid_words,
            st.lists(valid_words, max_size=2),
        ).map(lambda group: [*group[0], group[1], *group[2]]),
        st.lists(invalid_words, max_size=6),
    )
    return word_groups.map(lambda group: [word for words in group for word in words])
