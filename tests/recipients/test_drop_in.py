# SPDX-License-Identifier: GPL-2.0-or-later
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.maintainers import patch, write_tree


def output_lines(widget_tree: Path, *words: object, stdin: bytes = b"") -> list[str]:
    outcome = call(
        "maintainers --format get_maintainer --tree", widget_tree, *words, stdin=stdin
    )
    assert outcome.code == 0, outcome.err
    return outcome.out.splitlines()


def test_contacts_precede_lists_with_roles(
    widget_tree: Path, widget_mail: Path
) -> None:
    assert output_lines(widget_tree, widget_mail) == [
        "Ada Fixer <ada@widgets.example> (supporter:ACME WIDGET DRIVER)",
        '"Bo, Jr." <bo@widgets.example> (supporter:ACME WIDGET DRIVER)',
        "Cy Lister <cy@widgets.example> (supporter:ACME WIDGET DRIVER)",
        "Dee Reader <dee@readers.example> (reviewer:ACME WIDGET DRIVER)",
        "widgets@lists.example (moderated list:ACME WIDGET DRIVER)",
        "everybody@lists.example (open list)",
    ]


def test_switches_select_the_output(widget_tree: Path, widget_mail: Path) -> None:
    assert output_lines(
        widget_tree, "--norolestats", "--no-l", "--nor", "--non", widget_mail
    ) == [
        "ada@widgets.example",
        "bo@widgets.example",
        "cy@widgets.example",
    ]
    assert output_lines(
        widget_tree, "--nom", "--nor", "--nomoderated", widget_mail
    ) == ["everybody@lists.example (open list)"]
    assert output_lines(widget_tree, "--scm", "--status", "--subsystem", widget_mail)[
        -3:
    ] == [
        "Buried alive in reporters",
        "ACME WIDGET DRIVER",
        "THE REST",
    ]
    assert output_lines(
        widget_tree, "--norolestats", "--nol", "--nor", "--separator", "; ", widget_mail
    ) == [
        'Ada Fixer <ada@widgets.example>; "Bo, Jr." <bo@widgets.example>; Cy Lister'
        " <cy@widgets.example>"
    ]
    assert (
        "Linus Torvalds <torvalds@linux-foundation.org> (chief penguin:THE REST)"
        in output_lines(widget_tree, "--git-chief-penguins", widget_mail)
    )


def test_source_files_need_option_f(widget_tree: Path) -> None:
    assert output_lines(widget_tree, "-f", "drivers/widget/legacy", "--s") == [
        "old-widgets@lists.example (subscriber list:LEGACY WIDGETS)",
        "everybody@lists.example (open list)",
    ]
    assert output_lines(widget_tree, "-f", "lib/plain.c") == [
        "everybody@lists.example (open list)"
    ]
    assert (
        "(odd fixer:SOC GADGET)"
        in output_lines(
            write_tree(widget_tree, lib__k="a Gadget-Tree\n"), "-f", "lib/k"
        )[0]
    )


def test_missing_file_is_an_error(widget_tree: Path) -> None:
    outcome = call(
        "maintainers --format get_maintainer -f no/such.c --tree", widget_tree
    )
    assert (outcome.code, outcome.out) == (3, "")
    assert "no/such.c" in outcome.err


def test_patch_is_read_from_stdin(widget_tree: Path) -> None:
    assert output_lines(
        widget_tree,
        "--norolestats",
        "--nor",
        "--nol",
        stdin=patch("drivers/net/port.c").encode(),
    ) == ["Eve Router <eve@net.example>"]


def test_non_patch_is_reported(widget_tree: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing\n")
    outcome = call(
        "maintainers --format get_maintainer --tree", widget_tree, tmp_path / "x"
    )
    assert outcome.out == ""
    assert "does not look like a patch" in outcome.err


def test_sections_are_printed_completely(widget_tree: Path) -> None:
    assert output_lines(widget_tree, "--sections", "-f", "drivers/net/port.c")[:3] == [
        "NETWORK DRIVERS",
        "M:\tEve Router <eve@net.example>",
        "L:\tnetlist@lists.example",
    ]


def test_tree_configuration_is_respected(widget_tree: Path, widget_mail: Path) -> None:
    (widget_tree / ".get_maintainer.conf").write_text("--norolestats --nol # short\n")
    (widget_tree / ".mailmap").write_text(
        "Ada Fixer <ada@home.example> <ada@widgets.example>\n"
    )
    assert output_lines(widget_tree, widget_mail)[0] == "Ada Fixer <ada@home.example>"


def test_binding_contacts_are_added(widget_tree: Path) -> None:
    write_tree(
        widget_tree,
        lib__b_yaml="",
        **{
            "lib__bind.yaml": (
                "maintainers:\n"
                "  - Ida Binding <ida@bind.example>\n"
                "  - J. K. Other <jk@bind.example>\n"
            )
        },
    )
    assert output_lines(widget_tree, "-f", "lib/bind.yaml")[:2] == [
        "Ida Binding <ida@bind.example> (in file)",
        '"J. K. Other" <jk@bind.example> (in file)',
    ]


def test_tree_script_is_read_but_not_run(widget_tree: Path, widget_mail: Path) -> None:
    marker = widget_tree / "ran"
    (widget_tree / "scripts" / "get_maintainer.pl").write_text(
        f'#!/bin/sh\ntouch {marker}\nsub get_maintainer_role {{\n my $role = "unknown";\n $role ='
        ' $pvalue;\n if ($role eq "supported") {\n $role = "keeper";\n }\n}\n'
    )
    assert (
        output_lines(widget_tree, widget_mail)[0]
        == "Ada Fixer <ada@widgets.example> (keeper:ACME WIDGET DRIVER)"
    )
    assert not marker.exists()


def test_several_patches_share_one_answer(
    widget_tree: Path, tmp_path: Path, widget_mail: Path
) -> None:
    (tmp_path / "two.patch").write_text(patch("drivers/net/port.c"))
    lines = output_lines(
        widget_tree, "--norolestats", widget_mail, tmp_path / "two.patch"
    )
    assert "Eve Router <eve@net.example>" in lines
    assert "Ada Fixer <ada@widgets.example>" in lines
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("lib/pm8???-*", "lib/pm8?..-*"),
        ("lib/a?.c", "lib/a?.c"),
        ("lib/a?b?", "lib/a?b?"),
        ("lib/?.?", "lib/?.?"),
        ("x?????", "x?..??"),
    ],
)
def test_question_marks_match_the_script(
    tmp_path: Path, pattern: str, expected: str
) -> None:
    widget_tree = write_tree(tmp_path / "tree")
    (widget_tree / "MAINTAINERS").write_text(
        f"ONE\nM:\tAda Fixer <ada@widgets.example>\nS:\tMaintained\nF:\tlib/one.c\nF:\t{pattern}\n"
    )
    (widget_tree / "lib").mkdir(exist_ok=True)
    (widget_tree / "lib/one.c").write_text("")
    assert f"F:\t{expected}" in output_lines(
        widget_tree, "--sections", "-f", "lib/one.c"
    )


@pytest.mark.parametrize(
    "switch", ["--git-blame", "--no-email", "--web", "--letters=M", "--self-test"]
)
def test_unsupported_switch_is_refused(
    widget_tree: Path, widget_mail: Path, switch: str
) -> None:
    words = ("maintainers", "--tree", widget_tree, "--format", "get_maintainer")
    outcome = call(*words, switch, widget_mail)
    outcome.expect(2, f"unknown option '{switch.partition('=')[0]}'")


@pytest.mark.parametrize("form", ["text", "get_maintainer"])
def test_missing_patch_is_reported_outside_a_tree(workdir: Path, form: str) -> None:
    outcome = call("maintainers --format", form, "nofile.patch")
    outcome.expect(2, "nofile.patch: no such file")


def test_output_is_never_a_mail_option(
    widget_tree: Path,
) -> None:
    (widget_tree / "MAINTAINERS").write_text(
        "List of maintainers\n"
        "-------------------\n"
        "\nWIDGET\n"
        "M:\tEve <-X/tmp/log@x.example>\n"
        "M:\t--logfile=/tmp/x@x.example\n"
        "R:\tAda <ada@x.example>\n"
        "L:\t-oQ/tmp@x.example\n"
        "L:\tlist@x.example\n"
        "F:\tlib/\n"
    )
    (widget_tree / "lib" / "k").write_text("x")
    words = (
        "maintainers",
        "--tree",
        widget_tree,
        "--format",
        "get_maintainer",
        "--norolestats",
        "-f",
        "lib/k",
    )
    outcome = call(*words)
    assert outcome.out.splitlines() == ["Ada <ada@x.example>", "list@x.example"]
    for hostile in (
        "-X/tmp/log@x.example",
        "--logfile=/tmp/x@x.example",
        "-oQ/tmp@x.example",
    ):
        assert (
            f"{hostile} is not a valid address and was omitted: it begins with '-'"
            in outcome.err
        )
