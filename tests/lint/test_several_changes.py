# SPDX-License-Identifier: GPL-2.0-or-later
"""Several things in one patch: what the message, the files, the hunks and the series show."""

import pytest

from patchpilot.lint.engine import run, run_series
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from tests.kit.snippets import SIGN_OFF, MemoryTree, file_diff, mail

SECTIONS = """
FROB
M:\tAda Fixer <ada@example.org>
S:\tMaintained
F:\tdrivers/frob/

GROB
M:\tBen Reader <ben@example.org>
S:\tMaintained
F:\tdrivers/grob/
"""
CODE = " \tint ret;\n \n-\tret = a(one);\n+\tret = b(one);\n \tif (ret)\n \t\treturn ret;\n "
COMMENT = (
    " \tint ret;\n \n-\t/* wait a bit */\n+\t/* Wait a "
    "bit. */\n \tret = c(one);\n \treturn ret;\n "
)
MANY = "\n".join(f"-\told{at}(one);\n+\tnew{at}(one);" for at in range(24))


def _messages(
    text: str, diff: str, *rules: str, subject: str = "frob: wait for the link"
) -> list[str]:
    patch = parse_patch(
        mail(subject, f"{text}\n\n{SIGN_OFF}", diff).encode(), "example.patch"
    )
    wanted = [
        rule for rule in load_rules() if rule.name in (rules or ("several-changes",))
    ]
    return [
        finding.message
        for finding in run(
            Context(
                patch,
                tree=MemoryTree({"MAINTAINERS": SECTIONS}),
                options=Options(strict=True),
            ),
            wanted,
        )
    ]


def test_files_that_no_section_covers_together() -> None:
    both = file_diff("drivers/frob/a.c", CODE + f"\n@@\n{MANY}") + file_diff(
        "drivers/grob/b.c", CODE
    )
    assert _messages("The link is slow.", both) == [
        "no section of MAINTAINERS covers both drivers/frob/a.c and drivers/grob/b.c; consider a"
        " separate patch for each subsystem"
    ]


@pytest.mark.parametrize(
    "other",
    [
        "drivers/frob/b.c",
        "include/linux/frob.h",
        "Documentation/frob.rst",
        "drivers/grob/Makefile",
    ],
)
def test_files_that_belong_together(other: str) -> None:
    both = file_diff("drivers/frob/a.c", CODE + f"\n@@\n{MANY}") + file_diff(
        other, CODE
    )
    assert not _messages("The link is slow.", both)


def test_the_same_small_change_in_files_of_two_subsystems() -> None:
    assert not _messages(
        "The link is slow.",
        file_diff("drivers/frob/a.c", CODE) + file_diff("drivers/grob/b.c", CODE),
    )


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (
            "The link is slow. Also, the clock is.",
            "'Also' introduces another change; consider splitting the patch",
        ),
        (
            "While at it, use the new clock.",
            "'While at it' introduces another change; consider splitting the patch",
        ),
        (
            "This does:\n\n - add a clock\n - remove the link",
            "message lists 2 changes; consider splitting the patch",
        ),
    ],
)
def test_a_message_about_two_changes(text: str, reported: str) -> None:
    assert _messages(text, file_diff("drivers/frob/a.c", MANY)) == [reported]
    assert not _messages(text, file_diff("drivers/frob/a.c", CODE))


def test_a_hunk_that_only_changes_a_comment() -> None:
    diff = file_diff("drivers/frob/a.c", f"{CODE}\n@@\n{COMMENT}")
    assert _messages("The link is slow.", diff) == [
        "a comment is also changed, which the message does not mention; consider a separate patch"
    ]
    assert not _messages("The link is slow. Write full sentences in comments.", diff)
    assert not _messages("The link is slow.", file_diff("drivers/frob/a.c", COMMENT))


def test_sorted_headers() -> None:
    moved = (
        " #include <linux/clk.h>\n"
        "+#include <linux/bits.h>\n"
        " #include <linux/io.h>\n"
        "-#include <linux/bits.h>\n"
        " "
    )
    diff = file_diff("drivers/frob/a.c", f"{moved}\n@@\n{CODE}")
    assert _messages("The link is slow.", diff) == [
        "#include lines are also sorted, which the message does not mention; consider a separate"
        " patch"
    ]
    assert not _messages("The link is slow. Sort the headers.", diff)


def test_a_series_of_two_parts() -> None:
    def patch(number: int, path: str) -> bytes:
        return mail(
            f"[PATCH {number}/3] frob: step {number}",
            f"The link is slow.\n\n{SIGN_OFF}",
            file_diff(path, CODE),
        ).encode()

    def reported(*paths: str) -> list[str]:
        series = Series(
            tuple(
                parse_patch(patch(number, path), f"{number}.patch")
                for number, path in enumerate(paths, 1)
            )
        )
        context = Context(
            series.patches[0], series, MemoryTree({"MAINTAINERS": SECTIONS})
        )
        return [
            finding.message
            for finding in run_series(
                context,
                [rule for rule in load_rules() if rule.name == "independent-patches"],
            )
        ]

    assert reported("drivers/frob/a.c", "drivers/frob/b.c", "drivers/grob/c.c") == [
        "patches 1 and 3 have no file and no section of MAINTAINERS in common; consider separate"
        " series"
    ]
    assert not reported("drivers/frob/a.c", "drivers/frob/b.c", "drivers/frob/c.c")
    assert not reported("drivers/frob/a.c", "drivers/grob/b.c", "include/linux/frob.h")
