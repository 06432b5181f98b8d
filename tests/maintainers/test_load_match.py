# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the sections of MAINTAINERS for a patch."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.maintainers import MaintainersFile, load_maintainers, match_patch
from patchpilot.maintainers.load import RoleWords, build_index, match_path
from patchpilot.maintainers.patterns import depth, matches
from tests.kit.maintainers import MAINTAINERS, build_widget_patch, write_widget_tree


def parse_maintainers(file_text: str) -> MaintainersFile:
    return MaintainersFile(file_text, build_index(file_text), RoleWords())


def find_section_names(file: MaintainersFile, path: str) -> list[str]:
    return [file.section(match.section).name for match in match_path(file, path)]


def test_sections_record_line_numbers() -> None:
    file = parse_maintainers(MAINTAINERS)
    section = file.section(0)
    assert section.line == 6
    assert section.status == "Supported"
    assert section.lists == (("widgets@lists.example", "(moderated for non-subscribers)"),)
    assert section.tree_urls == (
        ("git", "git://git.example/widgets.git", "for-next"),
        ("quilt", "https://quilt.example/", ""),
    )
    assert [section.name for section in file.sections][:2] == [
        "ACME WIDGET DRIVER",
        "LEGACY WIDGETS",
    ]
    assert len(file) == 6


def test_list_may_have_a_name() -> None:
    section = parse_maintainers(
        "ONE\nL:\tOne List <one@lists.example> (moderated)\nL:\t<two@lists.example>\n"
    ).section(0)
    assert section.lists == (
        ("one@lists.example", "(moderated)"),
        ("two@lists.example", ""),
    )


def test_deepest_pattern_comes_first() -> None:
    assert find_section_names(parse_maintainers(MAINTAINERS), "drivers/widget/core.c") == [
        "ACME WIDGET DRIVER",
        "THE REST",
    ]


def test_excluded_folder_is_not_in_its_section() -> None:
    assert find_section_names(parse_maintainers(MAINTAINERS), "drivers/widget/legacy/old.c") == [
        "LEGACY WIDGETS",
        "THE REST",
    ]


def test_name_pattern_matches_any_path() -> None:
    assert find_section_names(parse_maintainers(MAINTAINERS), "arch/x/gadget7.c") == [
        "SOC GADGET",
        "THE REST",
    ]


def test_ties_come_in_file_order() -> None:
    text = "".join(f"S{n}\nS:\tMaintained\nF:\ta/\n\n" for n in range(30))
    assert find_section_names(parse_maintainers(text), "a/b.c") == [f"S{n}" for n in range(30)]


def test_keywords_match_message_and_changed_lines() -> None:
    file = parse_maintainers(MAINTAINERS)
    matches = match_patch(
        file,
        ["lib/plain.c"],
        build_widget_patch("lib/plain.c", added_line="widget_get(x);"),
    )
    assert [match.section.name for match in matches] == [
        "THE REST",
        "ACME WIDGET DRIVER",
    ]
    assert matches[1].by_keyword
    assert matches[1].reasons == (r"the patch matches K: \bwidget_(get|put)\b",)
    assert not [
        section
        for section in match_patch(file, ["lib/plain.c"], build_widget_patch("lib/plain.c"))
        if section.by_keyword
    ]


def test_reasons_contain_path_and_pattern() -> None:
    first = match_patch(parse_maintainers(MAINTAINERS), ["drivers/net/port.c"])[0]
    assert first.reasons == ("drivers/net/port.c matches F: drivers/net/",)
    assert first.paths == ("drivers/net/port.c",)
    assert not first.is_rest


def test_pattern_without_a_slash_matches_a_folder(
    tmp_path: Path,
) -> None:
    text = "ONE\nS:\tMaintained\nF:\tdrivers/widget\n"
    write_widget_tree(tmp_path, MAINTAINERS=text)
    assert find_section_names(
        load_maintainers(DirectoryTree(tmp_path)), "drivers/widget/core.c"
    ) == ["ONE"]
    assert find_section_names(parse_maintainers(text), "drivers/widget/core.c") == []


PATTERN = st.lists(
    st.sampled_from(["a", "b", "c", "/", "*", "?", ".c"]), min_size=1, max_size=5
).map("".join)
SECTIONS = st.lists(
    st.lists(st.tuples(st.sampled_from("FFFX"), PATTERN), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
)
PATH = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map("/".join)


@given(SECTIONS, PATH)
def test_index_finds_every_match(sections: list[list[tuple[str, str]]], path: str) -> None:
    text = "".join(
        f"S{n}\n" + "".join(f"{letter}:\t{value}\n" for letter, value in lines)
        for n, lines in enumerate(sections)
    )
    expected: dict[int, int] = {}
    for number, lines in enumerate(sections):
        if any(letter == "X" and matches(value, path, lambda _: False) for letter, value in lines):
            continue
        for letter, value in lines:
            if letter == "F" and matches(value, path, lambda _: False):
                expected[number] = depth(value)
    indexed = match_path(parse_maintainers(text), path)
    assert [(match.section, match.depth) for match in indexed] == sorted(
        expected.items(), key=lambda item: (-item[1], item[0])
    )


@given(st.text(max_size=300))
def test_arbitrary_text_is_accepted(text: str) -> None:
    file = parse_maintainers(text)
    for section in file.sections:
        assert section.line >= 1
    match_path(file, "a/b.c")
