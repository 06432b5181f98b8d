# SPDX-License-Identifier: GPL-2.0-or-later
from patchpilot.maintainers.role_words import RoleWords
from patchpilot.maintainers.section_index import MaintainersFile, build
from patchpilot.maintainers.selftest import SelfTestProblem, naming, self_test
from tests.kit.maintainers import FILES, MAINTAINERS

BAD = """\
BETA
M:	no address here
S:	Sleeping
T:	https://git.example/x
F:	gone/file.c
F:	gone/file.c
F:	drivers/*/nothing*.c
N:	(unclosed

ALPHA
S:	Maintained
F:	drivers/

BETA
M:	Ada Fixer <ada@@example..org>
"""


def problems(text: str) -> tuple[SelfTestProblem, ...]:
    return self_test([("MAINTAINERS", text.encode())], sorted(FILES), RoleWords())


def test_a_sound_file_has_no_problem() -> None:
    assert problems(MAINTAINERS) == ()


def test_each_fault_is_found_where_it_stands() -> None:
    found = {(problem.line, problem.kind): problem.message for problem in problems(BAD)}
    assert found[(2, "addresses")] == "no address on this line"
    assert "unknown status" in found[(1, "sections")]
    assert (4, "scm") in found
    assert [
        problem.line
        for problem in problems(BAD)
        if problem.message == "no file matches"
    ] == [
        5,
        6,
        7,
    ]
    assert [
        problem.line for problem in problems(BAD) if "duplicate line" in problem.message
    ] == [6]
    assert "invalid pattern" in found[(8, "patterns")]
    assert [problem.kind for problem in problems(BAD)].count("order") == 1
    assert {problem.message for problem in problems(BAD) if problem.line == 10} >= {
        "no address: M:, R: or L: required"
    }
    assert any(
        "MAINTAINERS:1" in problem.message
        for problem in problems(BAD)
        if problem.line == 14
    )
    assert any(
        "no status" in problem.message
        for problem in problems(BAD)
        if problem.line == 14
    )


def test_one_misplaced_section_is_one_problem() -> None:
    names = ["ALPHA", "ZULU", *[f"B{n}" for n in range(9)]]
    text = "".join(
        f"{name}\nM:\tx@example.org\nS:\tMaintained\nF:\tdrivers/\n" for name in names
    )
    assert [(problem.text, problem.kind) for problem in problems(text)] == [
        ("ZULU", "order")
    ]


def test_sections_that_name_somebody_are_found() -> None:
    file = MaintainersFile(MAINTAINERS, build(MAINTAINERS), RoleWords())
    assert [(one.name, lines) for one, lines in naming(file, "EVE@net.example")] == [
        ("NETWORK DRIVERS", ("M: Eve Router <eve@net.example>",))
    ]
    assert naming(file, "nobody@nowhere.example") == ()
