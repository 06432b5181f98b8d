# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which words are types or are learned as types, and the classes of characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.c.operators import ValueTracker, find_value_end
from patchpilot.lint.c.types import TypePattern, Types

NAMED = TypePattern(r"\s*([A-Za-z_]\w*)\s*[;=]", with_storage=True)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("int x;", "int ", "x"),
        (
            "static inline const struct foo *bar = 1;",
            "static inline const struct foo *",
            "bar",
        ),
        ("unsigned foo;", "unsigned ", "foo"),
        ("long int unsigned x;", "long int unsigned ", "x"),
        ("u8 a;", "u8 ", "a"),
        ("foo_t *__restrict;", "foo_t *", "__restrict"),
        ("const char * const names = n;", "const char * const ", "names"),
        ("void __iomem *base;", "void __iomem *", "base"),
        ("typeof(x) y;", "typeof(x) ", "y"),
        ("unsigned int;", "unsigned ", "int"),
    ],
)
def test_language_and_kernel_types_are_known(text: str, kind: str, name: str) -> None:
    found = Types().match(NAMED, text)
    assert found is not None
    assert (found.type, found.match[1]) == (kind, name)


@pytest.mark.parametrize("text", ["return x;", "foo bar;", "u8x a;", "x = 1;", "_t a;"])
def test_other_words_are_not_types(text: str) -> None:
    assert Types().match(NAMED, text) is None


@pytest.mark.parametrize(
    ("statement", "types", "modifiers"),
    [
        ("+\tfrob bar;", {"frob"}, []),
        ("+\tstruct foo *x = (frob *)y;", {"frob"}, []),
        ("+static FROB_EXPORT int bar(void);", set(), ["FROB_EXPORT"]),
        ("+int f(frob a, bar *b);", {"frob", "bar"}, []),
        ("+\treturn x;", set(), []),
        ("+\tfoo(bar);", set(), []),
        ("+\telse x y;", set(), []),
    ],
)
def test_types_are_learned_from_use(statement: str, types: set[str], modifiers: list[str]) -> None:
    known = Types()
    known.learn_from_statement(statement, True)
    assert known.types == types
    assert known.modifiers == modifiers


def test_learned_type_is_known_afterwards() -> None:
    types = Types()
    assert types.match(NAMED, "frob x;") is None
    types.learn_type("frob")
    assert types.match(NAMED, "frob x;") is not None
    types.learn_modifier("FROB_API")
    assert types.match(NAMED, "int FROB_API x;") is not None
    types.learn_from_statement("+frob foo FROB_API;", True)
    assert types.modifiers == ["FROB_API"]


def _mark_values(*lines: str) -> str:
    value_tracker = ValueTracker(Types())
    mark_line = ""
    for line in lines:
        values = value_tracker.classify_line(line)
        mark_line = "".join(values.variants.get(index, "_") for index in range(len(line)))
    return mark_line


def test_earlier_types_are_stored_once() -> None:
    types = Types()
    states = []
    for number in range(400):
        types.learn_type(f"odd{number}")
        types.learn_modifier(f"__mark{number}")
        states.append(types.state)
    earlier = [types.restore_state(state) for state in states[:-1]]
    assert len({id(known) for known in earlier}) == 1
    for number in (7, 200, 3, 399):
        known = types.restore_state(states[number])
        assert known.match(NAMED, f"odd{number} x;")
        assert number == 399 or not known.match(NAMED, f"odd{number + 1} x;")
        assert known.modifiers == [f"__mark{one}" for one in range(min(number + 1, 64))]


@pytest.mark.parametrize(
    ("line", "sign", "variant"),
    [
        ("+\ta = b * c;", "*", "B"),
        ("+\ta = *c;", "*", "U"),
        ("+\tint *c;", "*", "_"),
        ("+\ta = b & c;", "&", "B"),
        ("+\tf(&c);", "&", "U"),
        ("+\treturn -1;", "-", "U"),
        ("+\tx = (int)-1;", "-", "U"),
        ("+\tcase 1:", ":", "C"),
        ("+out:", ":", "L"),
        ("+\tint a:3;", ":", "B"),
        ("+\ta ? b : c;", ":", "O"),
    ],
)
def test_signs_are_reported_apart(line: str, sign: str, variant: str) -> None:
    assert _mark_values(line)[line.index(sign)] == variant


def test_open_bracket_continues_on_the_next_line() -> None:
    assert _mark_values("+\tf(a,", "+\t  b * c);")[6] == "B"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a->b(c, d) + e", 11),
        ("(int)x;", 6),
        ("12 )", 2),
        ('"XX")', 4),
        ("(a)", 0),
        ("&a[1]", 5),
        (")", 0),
    ],
)
def test_end_of_a_value_is_found(text: str, end: int) -> None:
    assert find_value_end(text, 0) == end


@given(st.text(st.sampled_from("intcosvd_ *&()[]{}#:;,=-+\"'\\?0x1.\t\x01"), max_size=60))
def test_every_character_is_classified(line: str) -> None:
    tracker = ValueTracker(Types())
    values = tracker.classify_line(f"+{line}")
    assert len(values.kinds) == len(line) + 2
    types = Types()
    types.learn_from_statement(f"+{line}", True)
    list(types.finditer(NAMED, line, inside=True))
