# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding contacts, lines for stable and word diffs, and the two read-only commands."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.commits.message_edit import (
    MessageEdits,
    apply_message_edits,
    compute_word_diff,
    format_word_diff,
)
from patchpilot.errors import InputError, UsageError
from patchpilot.history.branch_verdict import BranchState
from patchpilot.model.trailer import parse_trailers
from patchpilot.projects.loading import find_project
from patchpilot.tags.report_trailers import (
    format_link,
    format_person,
    format_regzbot_introduced,
    parse_typed_trailers,
)
from patchpilot.tags.stable_decision import StableFacts, advise_on_stable
from tests.tags.culprits import FIX, RingHistory, create_ring_history

LORE = "https://lore.kernel.org/r/"
SYZBOT = "https://syzkaller.appspot.com/bug?extid=0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "trailers"),
    [
        ("Eve R <eve@example.org>", [("Reported-by", "Eve R <eve@example.org>")]),
        (
            SYZBOT,
            [
                ("Reported-by", "syzbot+0123456789abcdef@syzkaller.appspotmail.com"),
                ("Closes", SYZBOT),
            ],
        ),
        (
            "https://bugzilla.kernel.org/show_bug.cgi?id=1",
            [("Closes", "https://bugzilla.kernel.org/show_bug.cgi?id=1")],
        ),
        ("https://lore.kernel.org/r/x@y", [("Link", "https://lore.kernel.org/r/x@y")]),
        ("<a.b@example.org>", [("Link", "https://lore.kernel.org/r/a.b@example.org")]),
        ("Tested-by: Tom <tom@example.org>", [("Tested-by", "Tom <tom@example.org>")]),
        ("Link: <a@b.org> [1]", [("Link", "https://lore.kernel.org/r/a@b.org [1]")]),
        ("Cc: stable@vger.kernel.org # 6.1", [("Cc", "stable@vger.kernel.org # 6.1")]),
    ],
)
def test_pasted_text_becomes_trailers(text: str, trailers: list[tuple[str, str]]) -> None:
    assert list(parse_typed_trailers(text, LORE)) == trailers


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "Fixes: 0123456789ab",
        "Reported-by: nobody",
        "Cc: nobody",
        "Closes: nothing",
    ],
)
def test_invalid_change_id_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_typed_trailers(text, LORE)


def test_contacts_and_links_are_validated() -> None:
    assert format_person('"Eve, R" <eve@example.org>', "Cc") == "Eve, R <eve@example.org>"
    assert format_link("a@b.example", LORE) == "https://lore.kernel.org/r/a@b.example"
    assert (
        format_regzbot_introduced("0" * 12, "net: x")
        == '#regzbot ^introduced: 000000000000 ("net: x")'
    )
    for bad in ("nobody", "A <a b@example.org>"):
        with pytest.raises(InputError):
            format_person(bad, "Cc")
    with pytest.raises(InputError):
        format_link("not a link", LORE)


def test_developer_precedes_the_sender() -> None:
    developer = format_person("Cy <cy@example.org>", "Co-developed-by")
    text = apply_message_edits(
        "x: y\n\nText.\n\nSigned-off-by: Ada <ada@example.org>\n",
        MessageEdits(developers=(developer,)),
    )
    assert text.split("\n")[4:7] == [
        f"Co-developed-by: {developer}",
        f"Signed-off-by: {developer}",
        "Signed-off-by: Ada <ada@example.org>",
    ]
    assert apply_message_edits(text, MessageEdits(developers=(developer,))) == text
    assert apply_message_edits("x: y\n", MessageEdits(developers=(developer,))).split("\n") == [
        "x: y",
        "",
        f"Co-developed-by: {developer}",
        f"Signed-off-by: {developer}",
        "",
    ]


def test_unsafe_trailer_is_skipped() -> None:
    request = MessageEdits(
        (("Fixes", 'abc ("x\u202ey")'), ("Cc", "stable@vger.kernel.org")),
        ("C\x85y <cy@example.org>",),
        {2: "Cc: A\x0bB"},
    )
    assert (
        apply_message_edits("x: y\n\nText.\n", request)
        == "x: y\n\nText.\n\nCc: stable@vger.kernel.org\n"
    )
    assert [words.partition(": contains ")[2] for words in request.refused] == [
        "<U+202E>",
        "\\x85",
        "\\x0b",
    ]


LINUX = find_project("linux")
RELEASED = "v5.10"


@pytest.mark.parametrize(
    ("words", "lines", "eligible"),
    [
        ({"release": RELEASED}, ("Cc: stable@vger.kernel.org",), True),
        ({"release": None}, (), False),
        ({"release": None, "is_known": False}, (), False),
        ({"release": RELEASED, "present": ["Cc: stable@vger.kernel.org"]}, (), True),
    ],
)
def test_stable_line_names_first_release_with_bug(
    words: dict[str, object], lines: tuple[str, ...], eligible: bool
) -> None:
    advice = advise_on_stable(LINUX, StableFacts(**words))  # type: ignore[arg-type]
    assert (advice.lines, advice.eligible) == (lines, eligible)
    assert advice.reasons


def test_released_culprit_needs_a_backport() -> None:
    branches = [
        BranchState("6.1", "linux-6.1.y", True, "d"),
        BranchState("5.10", "linux-5.10.y", False),
    ]
    advice = advise_on_stable(LINUX, StableFacts(None, branches))
    assert advice.eligible
    assert "6.1" in advice.reasons[1]


def test_size_warning_depends_on_the_profile() -> None:
    assert advise_on_stable(LINUX, StableFacts(RELEASED, size=101)).warnings
    assert not advise_on_stable(LINUX, StableFacts(RELEASED, size=100)).warnings
    assert advise_on_stable(find_project("dpdk"), StableFacts(RELEASED)).lines == (
        "Cc: stable@dpdk.org",
    )
    private = StableFacts(RELEASED, is_undisclosed=True)
    assert advise_on_stable(LINUX, private).lines == ("Cc: stable@kernel.org",)
    assert not advise_on_stable(find_project("dpdk"), private).lines
    assert advise_on_stable(find_project("xen"), private).lines
    assert not advise_on_stable(find_project("u-boot"), StableFacts(RELEASED)).eligible
    assert advise_on_stable(find_project("xen"), StableFacts(RELEASED)).lines == (
        "Backport: 5.10+",
    )
    with pytest.raises(UsageError):
        find_project("linus")


@given(st.text(max_size=60), st.text(max_size=60))
def test_word_diff_is_reversible(old: str, new: str) -> None:
    pieces = compute_word_diff(old, new)
    for sign, text in (("-", old), ("+", new)):
        assert "".join(part for kind, part in pieces if kind in (" ", sign)).strip(
            "\n"
        ) == text.strip("\n")
    format_word_diff(pieces)


@given(
    st.lists(
        st.sampled_from(
            [
                "Signed-off-by: A <a@example.org>",
                "Reviewed-by: B <b@example.org>",
                "Odd-tag: 1",
                "Cc: c@example.org",
            ]
        ),
        max_size=5,
    )
)
def test_existing_trailers_are_not_moved(tags: list[str]) -> None:
    lines = ["x: y", "", "Text.", *(["", *tags] if tags else [])]
    result = apply_message_edits(
        "\n".join(lines) + "\n",
        MessageEdits((("Fixes", 'abc ("z")'), ("Cc", "stable@vger.kernel.org"))),
    )
    remaining = [line for line in result.split("\n") if line in tags]
    assert remaining == [line for line in lines if line in tags]
    assert [
        str(parse_trailer)
        for parse_trailer in parse_trailers(result.split("\n"))
        if parse_trailer.name == "Fixes"
    ]


def test_commands_answer_in_json(ring_history: RingHistory) -> None:
    result = ring_history.run_command("fixes", "HEAD", "--format", "json", "--limit", "1")
    body = json.loads(result.out)
    assert result.code == 0
    assert body["schema"] == "patchpilot/fixes/1"
    assert [candidate["commit"] for candidate in body["candidates"]] == [ring_history.culprit]
    stable = ring_history.run_json_command("stable", "HEAD", "--fixes", ring_history.culprit)
    assert stable["lines"] == ["Cc: stable@vger.kernel.org"]
    assert stable["eligible"] is True
    assert "Fixes: " in ring_history.run_command("fixes", "HEAD").out
    assert (
        "add: Cc: stable"
        in ring_history.run_command("stable", "HEAD", "--fixes", ring_history.culprit).out
    )


def test_verify_sets_the_exit_code(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r", 'ring: fix\n\nFixes: 1234567 ("no such")\n')
    result = story.run_command("fixes", "--verify", "HEAD")
    assert result.code == 1
    assert "there is no commit 1234567" in result.out
    assert story.run_command("fixes", "--verify", story.later).code == 0
    assert story.run_command("fixes", "nowhere").code == 2


def test_bisect_log_can_be_a_file(ring_history: RingHistory, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"{ring_history.later} is the first bad commit\n")
    body = ring_history.run_json_command("fixes", "--bisect-log", tmp_path / "log")
    assert body["candidates"][0]["commit"] == ring_history.later
    assert body["tags"] == [
        f'Fixes: {ring_history.later[:12]} ("ring: remember that it is closed")'
    ]
    assert ring_history.run_command("fixes", "--bisect-log", tmp_path / "none").code == 2


def test_range_gets_one_result_per_commit(ring_history: RingHistory) -> None:
    body = ring_history.run_json_command("fixes", f"{ring_history.culprit}..{ring_history.fix}")
    assert [result["commit"] for result in body["results"]] == [
        ring_history.later,
        ring_history.fix,
    ]
    failure = ring_history.run_command("fixes", "0001-x.patch")
    assert failure.code == 2
    assert "git am" in failure.err


def test_evidence_against_the_tag_is_reported(tmp_path: Path) -> None:
    probe = create_ring_history(tmp_path / "probe")
    story = create_ring_history(
        tmp_path / "r",
        f'ring: fix the mask\n\nText.\n\nFixes: {probe.start[:12]} ("ring: add ring buffers")',
    )
    body = story.run_json_command("fixes", "HEAD")
    first = body["candidates"][0]
    assert first["commit"] == story.culprit
    assert any("check the tag" in note for note in body["notes"]) == (first["confidence"] >= 0.8)


def test_empty_bisect_log_is_an_error(ring_history: RingHistory) -> None:
    result = ring_history.run_command("fixes", "--bisect-log", "/dev/null")
    assert result.code == 2
    assert "no bisect log" in result.err


def test_stable_error_names_missing_data(ring_history: RingHistory, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("Subject: [PATCH] x\n")
    for word in ("0001-x.patch", str(tmp_path / "mail"), "-"):
        failure = ring_history.run_command("stable", word)
        assert failure.code == 2
        assert "git am" in failure.err


def test_unsent_fix_suggests_squashing(ring_history: RingHistory) -> None:
    ring_history.repo.commit(
        "ring: fix the mask again\n", {"ring.c": FIX.replace("size - 1", "size - 2")}
    )
    for arguments in (("v1.2..HEAD",), ("HEAD", "--base", "v1.2")):
        result = ring_history.run_command("fixes", *arguments, "--format", "json")
        body = json.loads(result.out)
        last = body.get("results", [body])[-1]
        assert last["tags"] == []
        assert any("squash it" in note for note in last["notes"])
    ring_history.repo.git("update-ref", "refs/remotes/origin/next", "HEAD")
    body = ring_history.run_json_command("fixes", "v1.2..HEAD")
    assert body["results"][-1]["tags"]


@pytest.mark.parametrize(
    ("has_bug", "version"),
    [(("6.1", "6.6"), "6.1"), (("6.6", "6.12"), "6.6"), ((), "6.6")],
)
def test_version_includes_backported_bugs(has_bug: tuple[str, ...], version: str) -> None:
    branches = tuple(
        BranchState(name, f"linux-{name}.y", name in has_bug)
        for name in ("5.15", "6.1", "6.6", "6.12")
    )
    line = f"Backport: {version}+"
    assert advise_on_stable(find_project("xen"), StableFacts("v6.6", branches)).lines == (line,)
