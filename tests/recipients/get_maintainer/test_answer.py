# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the answer to each option of get_maintainer.pl."""

from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.maintainers import build_widget_patch, write_widget_tree


def run_and_list_lines(widget_tree: Path, *arguments: object, stdin: bytes = b"") -> list[str]:
    result = call(
        "maintainers --format get_maintainer --tree",
        widget_tree,
        *arguments,
        stdin=stdin,
    )
    assert result.code == 0, result.err
    return result.out.splitlines()


def test_contacts_precede_lists_with_roles(
    widget_tree_folder: Path, widget_patch_file: Path
) -> None:
    assert run_and_list_lines(widget_tree_folder, widget_patch_file) == [
        "Ada Fixer <ada@widgets.example> (supporter:ACME WIDGET DRIVER)",
        '"Bo, Jr." <bo@widgets.example> (supporter:ACME WIDGET DRIVER)',
        "Cy Lister <cy@widgets.example> (supporter:ACME WIDGET DRIVER)",
        "Dee Reader <dee@readers.example> (reviewer:ACME WIDGET DRIVER)",
        "widgets@lists.example (moderated list:ACME WIDGET DRIVER)",
        "everybody@lists.example (open list)",
    ]


def test_switches_select_the_output(widget_tree_folder: Path, widget_patch_file: Path) -> None:
    assert run_and_list_lines(
        widget_tree_folder,
        "--norolestats",
        "--no-l",
        "--nor",
        "--non",
        widget_patch_file,
    ) == [
        "ada@widgets.example",
        "bo@widgets.example",
        "cy@widgets.example",
    ]
    assert run_and_list_lines(
        widget_tree_folder, "--nom", "--nor", "--nomoderated", widget_patch_file
    ) == ["everybody@lists.example (open list)"]
    assert run_and_list_lines(
        widget_tree_folder, "--scm", "--status", "--subsystem", widget_patch_file
    )[-3:] == [
        "Buried alive in reporters",
        "ACME WIDGET DRIVER",
        "THE REST",
    ]
    assert run_and_list_lines(
        widget_tree_folder,
        "--norolestats",
        "--nol",
        "--nor",
        "--separator",
        "; ",
        widget_patch_file,
    ) == [
        'Ada Fixer <ada@widgets.example>; "Bo, Jr." <bo@widgets.example>; Cy Lister'
        " <cy@widgets.example>"
    ]
    assert (
        "Linus Torvalds <torvalds@linux-foundation.org> (chief penguin:THE REST)"
        in run_and_list_lines(widget_tree_folder, "--git-chief-penguins", widget_patch_file)
    )


def test_source_files_need_option_f(widget_tree_folder: Path) -> None:
    assert run_and_list_lines(widget_tree_folder, "-f", "drivers/widget/legacy", "--s") == [
        "old-widgets@lists.example (subscriber list:LEGACY WIDGETS)",
        "everybody@lists.example (open list)",
    ]
    assert run_and_list_lines(widget_tree_folder, "-f", "lib/plain.c") == [
        "everybody@lists.example (open list)"
    ]
    assert (
        "(odd fixer:SOC GADGET)"
        in run_and_list_lines(
            write_widget_tree(widget_tree_folder, lib__k="a Gadget-Tree\n"),
            "-f",
            "lib/k",
        )[0]
    )


def test_missing_file_is_an_error(widget_tree_folder: Path) -> None:
    outcome = call("maintainers --format get_maintainer -f no/such.c --tree", widget_tree_folder)
    assert (outcome.code, outcome.out) == (3, "")
    assert "no/such.c" in outcome.err


def test_patch_is_read_from_stdin(widget_tree_folder: Path) -> None:
    assert run_and_list_lines(
        widget_tree_folder,
        "--norolestats",
        "--nor",
        "--nol",
        stdin=build_widget_patch("drivers/net/port.c").encode(),
    ) == ["Eve Router <eve@net.example>"]


def test_non_patch_is_reported(widget_tree_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing\n")
    outcome = call("maintainers --format get_maintainer --tree", widget_tree_folder, tmp_path / "x")
    assert outcome.out == ""
    assert "does not look like a patch" in outcome.err


def test_sections_are_printed_completely(widget_tree_folder: Path) -> None:
    assert run_and_list_lines(widget_tree_folder, "--sections", "-f", "drivers/net/port.c")[:3] == [
        "NETWORK DRIVERS",
        "M:\tEve Router <eve@net.example>",
        "L:\tnetlist@lists.example",
    ]


def test_tree_configuration_is_respected(widget_tree_folder: Path, widget_patch_file: Path) -> None:
    (widget_tree_folder / ".get_maintainer.conf").write_text("--norolestats --nol # short\n")
    (widget_tree_folder / ".mailmap").write_text(
        "Ada Fixer <ada@home.example> <ada@widgets.example>\n"
    )
    assert (
        run_and_list_lines(widget_tree_folder, widget_patch_file)[0]
        == "Ada Fixer <ada@home.example>"
    )


def test_binding_contacts_are_added(widget_tree_folder: Path) -> None:
    write_widget_tree(
        widget_tree_folder,
        lib__b_yaml="",
        **{
            "lib__bind.yaml": (
                "maintainers:\n"
                "  - Ida Binding <ida@bind.example>\n"
                "  - J. K. Other <jk@bind.example>\n"
            )
        },
    )
    assert run_and_list_lines(widget_tree_folder, "-f", "lib/bind.yaml")[:2] == [
        "Ida Binding <ida@bind.example> (in file)",
        '"J. K. Other" <jk@bind.example> (in file)',
    ]


def test_tree_script_is_read_but_not_run(widget_tree_folder: Path, widget_patch_file: Path) -> None:
    marker = widget_tree_folder / "ran"
    (widget_tree_folder / "scripts" / "get_maintainer.pl").write_text(
        f'#!/bin/sh\ntouch {marker}\nsub get_maintainer_role {{\n my $role = "unknown";\n $role ='
        ' $pvalue;\n if ($role eq "supported") {\n $role = "keeper";\n }\n}\n'
    )
    assert (
        run_and_list_lines(widget_tree_folder, widget_patch_file)[0]
        == "Ada Fixer <ada@widgets.example> (keeper:ACME WIDGET DRIVER)"
    )
    assert not marker.exists()


def test_several_patches_share_one_answer(
    widget_tree_folder: Path, tmp_path: Path, widget_patch_file: Path
) -> None:
    (tmp_path / "two.patch").write_text(build_widget_patch("drivers/net/port.c"))
    lines = run_and_list_lines(
        widget_tree_folder, "--norolestats", widget_patch_file, tmp_path / "two.patch"
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
def test_question_marks_match_the_script(tmp_path: Path, pattern: str, expected: str) -> None:
    widget_tree = write_widget_tree(tmp_path / "tree")
    (widget_tree / "MAINTAINERS").write_text(
        f"ONE\nM:\tAda Fixer <ada@widgets.example>\nS:\tMaintained\nF:\tlib/one.c\nF:\t{pattern}\n"
    )
    (widget_tree / "lib").mkdir(exist_ok=True)
    (widget_tree / "lib/one.c").write_text("")
    assert f"F:\t{expected}" in run_and_list_lines(widget_tree, "--sections", "-f", "lib/one.c")


NETWORK_LETTERS = ["NETWORK DRIVERS", "L:\tnetlist@lists.example", "S:\tMaintained", ""]
WIDGETS = ["ada@widgets.example", "bo@widgets.example", "cy@widgets.example"]


@pytest.mark.parametrize(
    ("switches", "file", "expected"),
    [
        (
            ["--no-email", "--web", "--nol"],
            "drivers/widget/core.c",
            ["https://widgets.example/"],
        ),
        (["--letters=lS"], "drivers/net/port.c", NETWORK_LETTERS),
        (["--sections", "--letters", "Q", "--web"], "lib/stale.c", ["STALE THING", "", "THE REST"]),
        (["--nol", "--nomailmap"], "drivers/net/port.c", ["Eve Router <eve@net.example>"]),
        (["--nol"], "drivers/net/port.c", ["Eve Router <eve@home.example>"]),
        (
            ["--nol", "-fe"],
            "drivers/net/port.c",
            ["Eve Router <eve@home.example>", "Una Author <una@net.example>"],
        ),
        (["--nol", "--file-emails"], "MAINTAINERS", []),
        (["--nol", "--pattern-depth=1"], "drivers/widget/sub/new.c", []),
        (["--non", "--pattern-depth=2", "--nor", "--nol"], "drivers/widget/sub/new.c", WIDGETS),
    ],
)
def test_switch_changes_the_answer(
    widget_tree_folder: Path, switches: list[str], file: str, expected: list[str]
) -> None:
    (widget_tree_folder / "drivers/widget/sub").mkdir(exist_ok=True)
    (widget_tree_folder / "drivers/widget/sub/new.c").write_text("")
    (widget_tree_folder / ".mailmap").write_text("<eve@home.example> <eve@net.example>\n")
    (widget_tree_folder / "drivers/net/port.c").write_text(
        "/* Author: Una Author <una@net.example> */\n"
    )
    lines = run_and_list_lines(widget_tree_folder, "--norolestats", *switches, "-f", file)
    assert lines[: len(expected) or None] == expected


def test_file_of_the_home_directory_is_read(
    widget_tree_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".get_maintainer.conf").write_text("--norolestats --nol\n")
    scripts = widget_tree_folder / ".scripts"
    scripts.mkdir()
    (scripts / ".get_maintainer.conf").write_text("--nom --nol\n")
    arguments = "-f", "drivers/net/port.c"
    assert run_and_list_lines(widget_tree_folder, *arguments) == ["Eve Router <eve@net.example>"]
    (tmp_path / ".get_maintainer.conf").unlink()
    assert run_and_list_lines(widget_tree_folder, *arguments, "--l") == [
        "netlist@lists.example (open list:NETWORK DRIVERS)",
        "everybody@lists.example (open list)",
    ]


@pytest.mark.parametrize("switch", ["--interactive", "--hg-since=-365", "--self-test"])
def test_unsupported_switch_is_refused(
    widget_tree_folder: Path, widget_patch_file: Path, switch: str
) -> None:
    arguments = (
        "maintainers",
        "--tree",
        widget_tree_folder,
        "--format",
        "get_maintainer",
    )
    outcome = call(*arguments, switch, widget_patch_file)
    outcome.expect(2, f"unknown option '{switch.partition('=')[0]}'")


@pytest.mark.parametrize("form", ["text", "get_maintainer"])
def test_missing_patch_is_reported_outside_a_tree(workdir: Path, form: str) -> None:
    outcome = call("maintainers --format", form, "nofile.patch")
    outcome.expect(2, "nofile.patch: no such file")


def test_output_is_never_a_mail_option(
    widget_tree_folder: Path,
) -> None:
    (widget_tree_folder / "MAINTAINERS").write_text(
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
    (widget_tree_folder / "lib" / "k").write_text("x")
    arguments = (
        "maintainers",
        "--tree",
        widget_tree_folder,
        "--format",
        "get_maintainer",
        "--norolestats",
        "-f",
        "lib/k",
    )
    outcome = call(*arguments)
    assert outcome.out.splitlines() == ["Ada <ada@x.example>", "list@x.example"]
    for hostile in (
        "-X/tmp/log@x.example",
        "--logfile=/tmp/x@x.example",
        "-oQ/tmp@x.example",
    ):
        assert (
            f"{hostile} is not a valid address and was omitted: it begins with '-'" in outcome.err
        )
