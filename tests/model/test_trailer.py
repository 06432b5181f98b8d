# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that trailers are parsed like in the kernel's tools, and that adding one does not move
others.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.commits.git_command import git
from patchpilot.model.trailer import (
    ORDER,
    Trailer,
    add_trailers,
    explain_refused_trailers,
    find_tags,
    is_trailer,
    parse_trailer,
    parse_trailers,
)

MESSAGE = """\
foo: hand up the error of bar()

The caller needs to know.

Reported-by: Bob <bob@example.com>
Signed-off-by: Ada Fixer <ada@example.org>
"""

NAMES = st.sampled_from(
    [
        "Fixes",
        "Reported-by",
        "Closes",
        "Link",
        "Cc",
        "Suggested-by",
        "Reviewed-by",
        "Tested-by",
        "Acked-by",
        "Signed-off-by",
        "X-Odd-tag",
    ]
)
VALUES = st.from_regex(r"[A-Za-z0-9<>@.\"() :/-]{1,40}", fullmatch=True).filter(
    lambda text: bool(text.strip())
)


def list_trailer_names(message: str) -> list[str]:
    return [trailer.name for trailer in parse_trailers(message.split("\n"))]


def test_trailers_are_in_the_last_paragraph() -> None:
    assert list_trailer_names(MESSAGE) == ["Reported-by", "Signed-off-by"]


def test_lone_subject_has_no_trailers() -> None:
    assert parse_trailers(["net: foo"]) == ()


def test_prose_with_a_colon_is_not_a_trailer() -> None:
    assert list_trailer_names("foo: x\n\nThis is how it goes: badly.\nNote: nothing.\n") == []


def test_lone_subject_gets_a_trailer_block() -> None:
    assert (
        add_trailers("foo: x\n", [("Signed-off-by", "Ada <ada@example.org>")])
        == "foo: x\n\nSigned-off-by: Ada <ada@example.org>\n"
    )


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_existing_trailer_is_not_added_again(trailers: list[tuple[str, str]]) -> None:
    added_once = add_trailers(MESSAGE, trailers)
    assert add_trailers(added_once, trailers) == added_once


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_existing_lines_stay_in_place(trailers: list[tuple[str, str]]) -> None:
    unchanged = [
        line for line in add_trailers(MESSAGE, trailers).split("\n") if line in MESSAGE.split("\n")
    ]
    original_lines = [line for line in MESSAGE.split("\n") if line]
    assert [line for line in unchanged if line in original_lines][
        : len(original_lines)
    ] == original_lines


@pytest.mark.parametrize(
    "name",
    [
        "http",
        "https",
        "ftp",
        "git",
        "note",
        "example",
        "todo",
        "warning",
        "error",
        "bug",
        "subject",
        "from",
        "date",
        "to",
    ],
)
def test_links_and_prose_are_not_trailers(name: str) -> None:
    for word in (name, name.title(), name.upper()):
        assert parse_trailer(f"{word}: text") is None
        assert not is_trailer(f"{word}: text")


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("Fixes: 0123456789ab", "Fixes", "0123456789ab"),
        ("Link:https://example.org/x", "Link", "https://example.org/x"),
        ("Cc :  a@example.org  ", "Cc", "a@example.org"),
        (
            "Reported-and-tested-by: Bob <bob@example.com>",
            "Reported-and-tested-by",
            "Bob <bob@example.com>",
        ),
    ],
)
def test_trailer_has_a_name_and_value(line: str, name: str, value: str) -> None:
    assert is_trailer(line)
    trailer = parse_trailer(line, 7)
    assert trailer == Trailer(name, value, 7)
    assert (trailer.key, str(trailer)) == (name.lower(), f"{name}: {value}")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no colon",
        "Fixes:",
        "Fixes: ",
        " Fixes: x",
        "1st: x",
        "Signed off by: x",
        "-by: x",
    ],
)
def test_other_lines_are_not_trailers(line: str) -> None:
    assert parse_trailer(line) is None


def parse_with_git(message: str) -> str:
    return git(None, "interpret-trailers", "--parse", stdin=message.encode()).text


_LAST_PARAGRAPHS = (
    "Fixes: a|Cc: b@example.org",
    "Fixes: a|Cc: b@example.org|| |",
    "Fixes: a|[ada: fixed it]| and folded|Cc: b@example.org",
    "Fixes: a|[ada: fixed it]|Signed-off-by: A <a@b.org>",
    "Fixes: a|prose",
    "prose|[a note]",
    "prose|more|and more|Signed-off-by: A <a@b.org>",
    "prose|more|and more|and more|Signed-off-by: A <a@b.org>",
    "prose| folded| folded|Signed-off-by: A <a@b.org>",
    "(cherry picked from commit 12)|prose|Link: x",
    " folded onto nothing|Fixes: a",
    "Fixes: 0123456789ab (| net: x|\ty)|Cc: b@example.org",
    "Note: nothing",
    "https://example.org/x|Link: x",
    "Empty:|X :y|-x: y|12: 3",
    "# a comment|Fixes: a|# another|Cc: b@example.org|# the last|",
    "signed-off-by: a|prose",
    "Two words: a|Cc: b@example.org",
    "\x0bodd: x|Signed-off-by: A <a@b.org>",
)


@pytest.mark.parametrize("title", ["s||", "||", "s||why| ||"])
def test_trailers_match_git(title: str) -> None:
    for paragraph in (*_LAST_PARAGRAPHS, "", "why|"):
        message = f"{title}{paragraph}".replace("|", "\n") + "\n"
        trailers = parse_trailers(message.split("\n"))
        assert "".join(f"{trailer}\n" for trailer in trailers) == parse_with_git(message), message


@pytest.mark.parametrize("paragraph", _LAST_PARAGRAPHS)
def test_new_trailer_joins_the_block(paragraph: str) -> None:
    message = f"s||why||{paragraph}".replace("|", "\n")
    added = add_trailers(message, [("Signed-off-by", "Z <z@example.org>")])
    assert parse_with_git(added) == parse_with_git(message) + "Signed-off-by: Z <z@example.org>\n"


def test_tags_ignore_case() -> None:
    lines = [
        "s",
        "FIXES: a",
        "  Fixes: b",
        "fixes : c",
        "Fixes-by: d",
        "text Fixes: e",
        "Fix: f",
    ]
    assert find_tags(lines, "Fixes") == (
        Trailer("FIXES", "a", 1),
        Trailer("fixes", "c", 3),
    )
    assert find_tags(lines, "fixes") == find_tags(lines, "Fixes")


def test_trailer_in_another_case_is_kept() -> None:
    message = "s\n\nCc: Stable@vger.kernel.org\nFixes: a\n"
    assert add_trailers(message, [("cc", "stable@VGER.kernel.org")]) == message
    assert add_trailers(message, [("Cc", "other@example.org")]).count("Cc:") == 2
    assert add_trailers(message, [("Link", "stable@vger.kernel.org")]).count("stable@vger") == 1
    assert "Link: stable@vger.kernel.org" in add_trailers(
        message, [("Link", "stable@vger.kernel.org")]
    )


def make_message_with_trailers(*names: str) -> str:
    return "s\n\nwhy\n\n" + "".join(f"{name}: x{number}\n" for number, name in enumerate(names))


@pytest.mark.parametrize(
    "name",
    [name_ for name_ in ORDER if name_ not in ("co-developed-by", "signed-off-by")],
)
def test_new_trailer_is_inserted_in_order(
    name: str,
) -> None:
    other_names = [
        name_ for name_ in ORDER if name_ not in (name, "co-developed-by", "signed-off-by")
    ]
    message = make_message_with_trailers(
        *(other for other in other_names if ORDER.index(other) < ORDER.index("signed-off-by")),
        "signed-off-by",
    )
    order = list_trailer_names(add_trailers(message, [(name, "new")]))
    if ORDER.index(name) > ORDER.index("signed-off-by"):
        assert order[-1] == name
    else:
        assert [name_ for name_ in order if name_ in ORDER] == sorted(order, key=ORDER.index)
        assert order[-1] == "signed-off-by"


@pytest.mark.parametrize(
    ("before", "added", "after"),
    [
        (
            ("Signed-off-by", "Reviewed-by", "Signed-off-by"),
            "Fixes",
            ("Fixes", "Signed-off-by", "Reviewed-by", "Signed-off-by"),
        ),
        (
            ("Co-developed-by", "Signed-off-by"),
            "Cc",
            ("Cc", "Co-developed-by", "Signed-off-by"),
        ),
        (
            ("Reported-by", "Signed-off-by"),
            "Signed-off-by",
            ("Reported-by", "Signed-off-by", "Signed-off-by"),
        ),
        (
            ("Reported-by", "Signed-off-by"),
            "X-Odd-tag",
            ("Reported-by", "Signed-off-by", "X-Odd-tag"),
        ),
        (
            ("X-Odd-tag", "Link", "Signed-off-by"),
            "Fixes",
            ("X-Odd-tag", "Fixes", "Link", "Signed-off-by"),
        ),
        (
            ("Link", "X-Odd-tag", "Signed-off-by"),
            "Fixes",
            ("Link", "X-Odd-tag", "Fixes", "Signed-off-by"),
        ),
        (("Signed-off-by", "Link"), "Cc", ("Cc", "Signed-off-by", "Link")),
        (("Fixes", "Fixes"), "Fixes", ("Fixes", "Fixes", "Fixes")),
        (
            ("Fixes", "Reported-by"),
            "Reported-by",
            ("Fixes", "Reported-by", "Reported-by"),
        ),
    ],
)
def test_new_trailer_keeps_the_usual_order(
    before: tuple[str, ...], added: str, after: tuple[str, ...]
) -> None:
    result = add_trailers(make_message_with_trailers(*before), [(added, "new")])
    assert tuple(list_trailer_names(result)) == after
    if before != after[: len(before)] or added in before:
        assert [
            trailer.value
            for trailer in parse_trailers(result.split("\n"))
            if trailer.value != "new"
        ] == [f"x{number}" for number in range(len(before))]


def test_folded_value_is_kept_whole() -> None:
    message = "s\n\nwhy\n\nFixes: a (\n net: x)\n\tmore\nSigned-off-by: A <a@example.org>\n"
    result = add_trailers(message, [("Cc", "stable@vger.kernel.org")])
    assert result.split("\n")[6:9] == [
        "\tmore",
        "Cc: stable@vger.kernel.org",
        "Signed-off-by: A <a@example.org>",
    ]
    alone = add_trailers("s\n\nFixes: a (\n net: x)\n", [("Cc", "b@example.org")])
    assert alone == "s\n\nFixes: a (\n net: x)\nCc: b@example.org\n"


def test_trailing_blank_lines_are_ignored() -> None:
    assert (
        add_trailers("s\n\nwhy\n \n\t\n", [("Fixes", " abc "), ("Cc", "b@example.org")])
        == "s\n\nwhy\n\nFixes: abc\nCc: b@example.org\n"
    )


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_trailer_has_no_line_breaks(text: str) -> None:
    for pair in (("Cc", text), (text, "x")):
        assert add_trailers(MESSAGE, [pair]) == MESSAGE


@pytest.mark.parametrize(
    "message",
    [
        "x: y\n\nText.\n\n folded\nReviewed-by: B <b@c>\nReviewed-by: C <c@d>\n",
        "x: y\n\nText.\n\nLink: https://x/y\nThis reverts commit 0123456789ab.\n folded\n",
        'x: y\n\nText.\n\nFixes: 123456789abc\n ("x")\nSigned-off-by: A <a@b>\n',
        "x: y\n",
    ],
)
def test_trailers_are_added_once(message: str) -> None:
    expected = [
        ("Fixes", 'abc ("x")'),
        ("Cc", "stable@vger.kernel.org"),
        ("Signed-off-by", "A <a@b.org>"),
    ]
    added_once = add_trailers(message, expected)
    assert added_once.count('Fixes: abc ("x")') == 1
    assert add_trailers(added_once, expected) == added_once


UNFIT = {
    "carriage return": "A\rSigned-off-by: B",
    "nul": "A\0",
    "vertical tab": "A\x0bB",
    "next line": "A\x85B",
    "line separator": "A\u2028B",
    "right-to-left override": "A\u202eB",
    "a byte that is not UTF-8": "A\udce9B",
    "what a decoder leaves of such a byte": "A\ufffdB",
    "invisible ASCII": "A\U000e0041B",
    "a line break": "A\nB",
}


@pytest.mark.parametrize("name", UNFIT.values(), ids=list(UNFIT))
def test_trailer_is_one_visible_line(name: str) -> None:
    good, bad = (
        ("Acked-by", "Carol <carol@example.net>"),
        ("Reviewed-by", f"{name} <b@example.org>"),
    )
    assert add_trailers(MESSAGE, [bad, good]) == add_trailers(MESSAGE, [good])
    (sentence,) = explain_refused_trailers([bad, good])
    assert "not added: Reviewed-by: A" in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize("name", ["A\u200cB", "A\u200d", "\u200cA"])
def test_stray_zero_width_joiner_is_refused(name: str) -> None:
    (sentence,) = explain_refused_trailers([("Reviewed-by", f"{name} <b@example.org>")])
    assert "contains <U+200" in sentence


@pytest.mark.parametrize("name", ["Zoë Ångström", "李雷", "Мария", "علی\u200cرضا", "a\tb"])
def test_names_in_every_script_are_accepted(name: str) -> None:
    trailer = ("Reviewed-by", f"{name} <b@example.org>")
    assert explain_refused_trailers([trailer]) == ()
    assert f"Reviewed-by: {name} <b@example.org>" in add_trailers(MESSAGE, [trailer])


def test_trailers_are_added_above_the_notes() -> None:
    message = "a: b\n\nText.\n\nSigned-off-by: A <a@x.org>\n---\nv2: reword\n"
    assert add_trailers(message, [("Reviewed-by", "B <b@x.org>")]) == message.replace(
        "---", "Reviewed-by: B <b@x.org>\n---"
    )
