# SPDX-License-Identifier: GPL-2.0-or-later
"""Test preparing the next version of a topic.

The tests cover its changes, its changelog, and the tag of the version that was sent.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.model.message import MailState
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.series.draft import Drafts
from patchpilot.topic.reroll import (
    VersionChange,
    compute_range_diff,
    find_last_send,
    format_change_lines,
    has_unfinished_changelog,
    is_send_recorded,
    list_version_changes,
    make_send_link,
    prepare_next_version,
    record_complete_send,
    set_changelog,
)
from tests.kit.outbox import CHANGE, build_message, record_send
from tests.kit.topics import SIGNED, topic

DRAFT = Draft(CHANGE, "/src/linux", "widget")


def make_known_patch(number: int) -> KnownPatch:
    """Return the patch of the message that tests.kit.outbox creates."""
    return KnownPatch(str(build_message(number).patch_id), f"widget: change {number}")


def record_sends(*versions: int) -> Send:
    """Record sends of these versions, each with two patches. Return the last send."""
    with Outbox() as outbox:
        return [
            record_send(outbox, MailState.ACCEPTED, MailState.ACCEPTED, version=version)
            for version in versions
        ][-1]


def test_unsent_topic_has_no_next_version() -> None:
    with pytest.raises(UsageError, match="sent") as error:
        prepare_next_version(DRAFT)
    assert error.value.hint
    with Outbox() as outbox:
        record_send(outbox, MailState.REJECTED)
        record_send(outbox, send_kind="to-self")
    assert find_last_send(DRAFT) is None
    with pytest.raises(UsageError):
        prepare_next_version(DRAFT)


def test_last_version_is_the_highest_sent() -> None:
    record_sends(1, 3, 2)
    with Outbox() as outbox:
        record_send(outbox, MailState.PENDING, version=4)
        repeated_send = record_send(outbox, MailState.UNKNOWN, version=3)
    assert find_last_send(DRAFT) == repeated_send


def test_reroll_starts_a_version() -> None:
    record_sends(1)
    draft = replace(
        DRAFT,
        in_reply_to="x@example.org",
        changelogs={"1": "kept"},
        patches=(make_known_patch(2), KnownPatch("f" * 40, "net: new one")),
    )
    rerolled = prepare_next_version(draft)
    assert (rerolled.version, rerolled.in_reply_to) == (2, "")
    assert rerolled.changelogs["1"] == "kept"
    log = rerolled.changelog.split("\n")
    assert "v2" in log[0]
    assert [line for line in log if "EDITME" in line] == [
        "- EDITME new patch: net: new one",
        "- EDITME dropped: widget: change 1",
    ]
    assert log[-1] == f"- Link to v1: https://lore.kernel.org/r/{CHANGE}-v1-1@example.org"
    assert has_unfinished_changelog(rerolled)
    # starting the same version again has no effect
    assert prepare_next_version(rerolled) == rerolled


def test_reroll_keeps_version_and_changelog() -> None:
    record_sends(1)
    assert prepare_next_version(replace(DRAFT, version=5)).version == 5
    mine = replace(DRAFT, version=2, changelogs={"2": "v2:\n- mine"})
    assert prepare_next_version(mine) == mine
    early = prepare_next_version(replace(DRAFT, version=1, changelogs={"2": "v2:\n- mine"}))
    assert (early.version, early.changelog) == (2, "v2:\n- mine")


def test_changelog_gets_heading_and_link() -> None:
    first = set_changelog(DRAFT, "\n- mended\n")
    assert first.changelogs == {"1": "- mended"}
    record_sends(2)
    link = f"- Link to v2: https://lore.kernel.org/r/{CHANGE}-v2-1@example.org"
    for version in (1, 2, 3):
        changed = set_changelog(
            replace(DRAFT, version=version, in_reply_to="x@example.org"), "- mended"
        )
        assert (changed.version, changed.in_reply_to) == (
            3,
            "" if version < 3 else "x@example.org",
        )
        heading, *rest = changed.changelog.split("\n")
        assert "v3" in heading
        assert rest == ["- mended", link]
    assert (
        set_changelog(replace(DRAFT, version=4), "Changes in v4: mended").changelog
        == f"Changes in v4: mended\n{link}"
    )
    assert (
        set_changelog(replace(DRAFT, version=3), "v3:\n- a\n- link to v2: x").changelog
        == "v3:\n- a\n- link to v2: x"
    )
    assert set_changelog(replace(DRAFT, version=3), "\n\n").changelog == ""


@pytest.mark.parametrize(
    ("patches", "kinds"),
    [
        ((make_known_patch(1), make_known_patch(2)), ["same", "same"]),
        ((make_known_patch(2), make_known_patch(1)), ["same", "same"]),
        (
            (make_known_patch(1), KnownPatch("f" * 40, "widget: change 2")),
            ["same", "changed"],
        ),
        (
            (
                make_known_patch(1),
                make_known_patch(2),
                KnownPatch("f" * 40, "net: another"),
            ),
            ["same", "same", "new"],
        ),
        ((make_known_patch(2),), ["same", "dropped"]),
        ((), ["dropped", "dropped"]),
    ],
)
def test_result_is_listed_for_each_patch(patches: tuple[KnownPatch, ...], kinds: list[str]) -> None:
    assert [
        change.kind
        for change in list_version_changes(replace(DRAFT, patches=patches), record_sends(1))
    ] == kinds


def test_only_changes_are_described() -> None:
    kinds = ("same", "reworded", "changed", "new", "dropped")
    assert format_change_lines([VersionChange(kind, "a {} b") for kind in kinds]) == (
        "message reworded: a {} b",
        "changed: a {} b",
        "new patch: a {} b",
        "dropped: a {} b",
    )


@pytest.mark.parametrize(
    ("version", "text", "open_"),
    [
        (1, "", False),
        (2, "", True),
        (2, "v2:\n- EDITME x", True),
        (2, "v2:\n- x", False),
        (2, "v2:\n- x\n- EDITME y", True),
        (1, "EDITME", False),
    ],
)
def test_changelog_with_placeholders_is_unfinished(version: int, text: str, open_: bool) -> None:
    assert (
        has_unfinished_changelog(replace(DRAFT, version=version, changelogs={str(version): text}))
        is open_
    )


def test_sent_version_is_tagged(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    base, head = repo.git("rev-parse master"), repo.git("rev-parse topic")
    send = replace(record_sends(1), base=base, head=head)
    draft = replace(DRAFT, links={"0": "old@example.org"}, patches=(make_known_patch(1),))
    with Repository.open(repo.path) as repository:
        record_complete_send(repository, send, draft)
        first = f"{CHANGE}-v1-1@example.org"
        with Drafts() as drafts:
            stored = drafts.get(CHANGE)
            assert stored is not None
            assert stored.links == {"0": "old@example.org", "1": first}
            drafts.save(replace(stored, prefix="net"))
        name = f"sent/{CHANGE}-v1"
        assert repo.git("rev-parse", f"{name}^{{commit}}") == head
        assert repo.git("cat-file -t", name) == "tag"
        text = repo.git("for-each-ref '--format=%(contents)'", f"refs/tags/{name}")
        assert text.strip() == f"widget: change 1\n\nbase-commit: {base}\n\nchange-id: {CHANGE}"
        # a resend does not move the tag, but adds the link to the current draft
        record_complete_send(repository, replace(send, head=base), draft)
        assert repo.git("rev-parse", f"{name}^{{commit}}") == head
        with Drafts() as drafts:
            stored = drafts.get(CHANGE)
            assert stored is not None
            assert stored.prefix == "net"
        covered = replace(
            draft,
            cover_subject="widget: all of it",
            cover_text="# why\n\nBecause.  \n\n\nMore.",
        )
        record_complete_send(repository, replace(send, version=2, head=head), covered)
        text = repo.git("for-each-ref '--format=%(contents)'", f"refs/tags/sent/{CHANGE}-v2")
        assert text.strip().startswith(
            "widget: all of it\n\n# why\n\nBecause.  \n\n\nMore.\n\nbase-commit: "
        )
        record_complete_send(repository, replace(send, version=3, head=None), draft)
        assert repo.git("tag -l").split("\n") == [
            f"sent/{CHANGE}-v1",
            f"sent/{CHANGE}-v2",
        ]


def test_range_diff_starts_at_the_sent_version(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 2)
    base, head = repo.git("rev-parse master"), repo.git("rev-parse topic")
    repo.git("commit -q --amend -m", f"widget: change line 2\n\nBetter said.\n\n{SIGNED}")
    ids = repo.git("rev-list --reverse master..topic").split()
    last = replace(record_sends(1), base=base, head=head)
    with Repository.open(repo.path) as repository:
        lines = compute_range_diff(repository, last, ids).splitlines()
        assert [line.split()[2] for line in lines if line[:1].isdigit()] == ["=", "!"]
        assert "\x1b" not in "".join(lines)
        assert compute_range_diff(repository, replace(last, base=None), ids) == ""
        assert compute_range_diff(repository, replace(last, head=None), ids) == ""
        assert compute_range_diff(repository, last, []) == ""
        assert compute_range_diff(repository, replace(last, head="1" * 40), ids) == ""
        entries = tuple(
            replace(entry, commit=commit, patch_id=f"{index}")
            for index, (entry, commit) in enumerate(
                zip(
                    last.entries,
                    repo.git("rev-list --reverse", f"{base}..{head}").split(),
                    strict=True,
                )
            )
        )
        draft = replace(
            DRAFT,
            patches=tuple(
                KnownPatch(f"{index}", f"widget: change {index + 1}", patch_id)
                for index, patch_id in enumerate(ids)
            ),
        )
        kinds = [
            change.kind
            for change in list_version_changes(draft, replace(last, entries=entries), repository)
        ]
        assert kinds == ["same", "reworded"]
        gone = replace(last, entries=tuple(replace(entry, commit="1" * 40) for entry in entries))
        assert [change.kind for change in list_version_changes(draft, gone, repository)] == [
            "same",
            "same",
        ]
        assert [
            change.kind for change in list_version_changes(draft, replace(last, entries=entries))
        ] == [
            "same",
            "same",
        ]


B4S = "Changes in v2:\n- EDITME: describe what is new in this series revision.\n"


@pytest.mark.parametrize(
    ("changelog", "is_kept"),
    [
        ("", False),
        (B4S, False),
        (f"{B4S}- EDITME: use bulletpoints and terse descriptions.\n", False),
        (f"{B4S}- checked", True),
        ("Changes in v2:\n- EDITME changed: widget: change 1\n", True),
        ("Changes in v2:\n- EDITME review: rename it\n", True),
        ("Changes in v2:\n", True),
    ],
)
def test_b4s_changelog_template_is_replaced(changelog: str, is_kept: bool) -> None:
    record_sends(1)
    for version in (1, 2):
        draft = replace(
            DRAFT,
            version=version,
            patches=(make_known_patch(1),),
            changelogs={"2": changelog},
        )
        rerolled = prepare_next_version(draft)
        assert rerolled.version == 2
        assert (rerolled.changelog == changelog) is is_kept
        assert ("EDITME dropped: widget: change 2" in rerolled.changelog) is not is_kept


def test_reworded_message_is_in_the_changelog(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    before = repo.git("rev-parse HEAD").strip()
    repo.git("commit -q --amend -m", f"widget: change 1\n\nBetter.\n\n{SIGNED}")
    after = repo.git("rev-parse HEAD").strip()
    with Outbox() as outbox:
        record_send(outbox, messages=[replace(build_message(1), commit=before)])
    draft = replace(DRAFT, patches=(replace(make_known_patch(1), commit=after),))
    with Repository.open(repo.path) as repository:
        assert (
            "EDITME message reworded: widget: change 1"
            in prepare_next_version(draft, repository).changelog
        )
        same = replace(DRAFT, patches=(replace(make_known_patch(1), commit=before),))
        gone = replace(DRAFT, patches=(replace(make_known_patch(1), commit="f" * 40),))
        for unchanged in (same, gone):
            assert "reworded" not in prepare_next_version(unchanged, repository).changelog
    assert "reworded" not in prepare_next_version(draft).changelog


def test_link_uses_a_public_archive(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    send = record_sends(1)
    ident = f"{CHANGE}-v1-1@example.org"
    kernels = f"https://lore.kernel.org/r/{ident}"
    with Repository.open(repo.path) as repository:
        assert make_send_link(send) == make_send_link(send, repository) == kernels
        assert make_send_link(replace(send, undisclosed=True), repository) == ""
    for lore, link in (
        ("https://lists.example.org/all/", f"https://lists.example.org/all/{ident}/"),
        ("https://lists.example.org", f"https://lists.example.org/{ident}/"),
        ("https://lore.kernel.org/netdev", kernels),
        ("http://localhost:8080/all", kernels),
        ("http://127.0.0.1:8080/all", kernels),
        ("http://[::1]/all", kernels),
    ):
        repo.git("config --global patchpilot.lore", lore)
        with Repository.open(repo.path) as repository:
            assert make_send_link(send, repository) == link, lore


def test_draft_remembers_sent_versions(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    first, second = record_sends(1), record_sends(2)
    assert not is_send_recorded(first)
    with Repository.open(repo.path) as repository:
        record_complete_send(repository, replace(first, head=None), DRAFT)
        assert is_send_recorded(first)
        assert not is_send_recorded(second)
        record_complete_send(repository, replace(second, head=None), DRAFT)
    assert is_send_recorded(first)
    assert is_send_recorded(second)
