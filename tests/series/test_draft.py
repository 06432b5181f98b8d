# SPDX-License-Identifier: GPL-2.0-or-later
"""Test storing drafts, matching their patches, and finding the draft of a branch."""

import json
from dataclasses import replace

import pytest

from patchpilot.errors import UsageError
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.series.draft import (
    Drafts,
    follow_patches,
    pair_known_patches,
    refuse_header_breaks,
)
from patchpilot.series.topic_database import open_topic_database

REPO, CHANGE = "/src/linux/.git", "20261120-widget-0123456789ab"
WHOLE = Draft(
    CHANGE,
    REPO,
    "topic",
    version=3,
    prefix="net-next",
    cover_subject="s",
    cover_text="t",
    changelogs={"2": "a", "3": "b"},
    base="b" * 40,
    in_reply_to="x@example.org",
    notes={"p1": "n"},
    answers={"security": "no"},
    links={"1": "y@example.org"},
    patches=(KnownPatch("p1", "one", "c" * 40, "1700000000"), KnownPatch("p2", "two")),
    shown={"real": ["f", "z@example.org"]},
    waivers={"rule": "why"},
)


def make_known_patches(*patch_notes: str) -> tuple[KnownPatch, ...]:
    """Return patches. Each is described as "patch-id/subject/date"."""
    parts = (patch_note.split("/") for patch_note in patch_notes)
    return tuple(
        KnownPatch(note_part[0], note_part[1], None, note_part[2] if len(note_part) > 2 else "")
        for note_part in parts
    )


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        (("a/one", "b/two"), ("b/other", "a/another"), {"a": "a", "b": "b"}),
        (("a/one", "b/two"), ("c/two", "d/new words here"), {"b": "c"}),
        (("a/one/1", "b/two/2"), ("c/x/2", "d/y/1"), {"a": "d", "b": "c"}),
        # a value that several patches share does not identify any of them
        (("a/one/1", "b/two/1"), ("c/x/1", "d/y/1", "e/z/1"), {}),
        (("a/one/1", "b/two/1"), ("c/x/1", "d/y/3", "e/z/4"), {}),
        (("a/one/1", "b/two/2"), ("c/x/1", "d/y/1", "e/z/3"), {}),
        # patches without a date are not matched by date
        (("a/one", "b/two"), ("c/x", "d/y", "e/z"), {}),
        # match similar subjects, most similar first
        (
            ("a/net: fix the leak in probe", "b/net: fix the leak in remove"),
            ("c/x", "d/net: fix a leak in remove"),
            {"b": "d", "a": "c"},
        ),
        # if only one patch is left, match it if its position is the same
        (("a/one", "b/two"), ("a/one", "c/nothing alike"), {"a": "a", "b": "c"}),
        (("a/one", "b/two"), ("c/nothing alike", "a/one"), {"a": "a"}),
        (("a/one",), ("b/qqq", "c/zzz"), {}),
        (("a/one", "b/two"), ("c/zzz",), {}),
        ((), ("a/one",), {}),
        (("a/one",), (), {}),
        # an empty patch has no patch-id
        (("/one", "b/two"), ("/zzz", "b/two", "c/qq"), {"b": "b"}),
    ],
)
def test_patches_are_matched_between_versions(
    old: tuple[str, ...], new: tuple[str, ...], pairs: dict[str, str]
) -> None:
    paired = pair_known_patches(make_known_patches(*old), make_known_patches(*new))
    assert {before.patch_id: after.patch_id for before, after in paired} == pairs
    assert len(paired) == len(pairs)


def test_note_on_changed_patch_is_kept() -> None:
    draft = replace(
        WHOLE,
        notes={"a": "old", "b": "two", "z": "gone"},
        patches=make_known_patches("a/one", "b/two"),
    )
    moved = follow_patches(draft, "renamed", make_known_patches("c/one", "b/two"))
    assert moved.notes == {"a": "old", "b": "two", "z": "gone", "c": "old"}
    assert (moved.branch, moved.patches) == (
        "renamed",
        make_known_patches("c/one", "b/two"),
    )
    assert follow_patches(draft, None, make_known_patches("a/one")).branch == "topic"
    mine = follow_patches(
        replace(draft, notes={"a": "old", "c": "mine"}),
        "topic",
        make_known_patches("c/one", "b/two"),
    )
    assert mine.notes["c"] == "mine"


def test_draft_round_trip_is_exact() -> None:
    with Drafts() as drafts:
        assert drafts.get(CHANGE) is None
        assert drafts.save(WHOLE) is WHOLE
        assert drafts.get(CHANGE) == WHOLE
        drafts.save(replace(WHOLE, branch=None, repository="/other", version=4))
        assert drafts.all() == (replace(WHOLE, branch=None, repository="/other", version=4),)
        assert not drafts.all(REPO)
        assert len(drafts.all("/other")) == 1
        drafts.remove(CHANGE)
        assert drafts.get(CHANGE) is None
    columns = open_topic_database().execute("SELECT change_id FROM drafts").fetchall()
    assert not columns


def test_draft_has_cover_and_changelog() -> None:
    plain = Draft(CHANGE, REPO, None)
    assert not plain.has_cover
    assert replace(plain, cover_subject="s").has_cover
    assert replace(plain, cover_text="t").has_cover
    assert not replace(plain, cover_subject=" ", cover_text="\n").has_cover
    assert WHOLE.changelog == "b"
    assert replace(WHOLE, version=2).changelog == "a"


def test_drafts_written_by_other_versions_are_read() -> None:
    with Drafts() as drafts:
        drafts.save(WHOLE)
        data = json.dumps(
            {
                "change_id": CHANGE,
                "repository": REPO,
                "branch": None,
                "of_the_future": 1,
            }
        )
        open_topic_database().execute("UPDATE drafts SET data = ?", (data,))
        assert drafts.get(CHANGE) == Draft(CHANGE, REPO, None)


def test_drafts_are_listed_newest_first() -> None:
    with Drafts() as drafts:
        for name in ("one", "two", "three"):
            drafts.save(replace(WHOLE, change_id=name))
        drafts.save(replace(WHOLE, change_id="one"))
        assert [draft.change_id for draft in drafts.all(REPO)] == [
            "one",
            "three",
            "two",
        ]


@pytest.mark.parametrize(
    ("branch", "patches", "branches", "expected"),
    [
        ("topic", ("a/one", "b/two"), ("topic",), CHANGE),
        ("topic", ("x/one", "y/new"), ("topic",), CHANGE),
        ("topic", ("x/q/1", "y/r"), ("topic",), CHANGE),
        # a branch of the same name without a common patch is another topic
        ("topic", ("x/q", "y/r"), ("topic",), None),
        # the branch was renamed, so no branch has the old name
        ("renamed", ("a/one",), ("renamed",), CHANGE),
        ("renamed", ("x/one",), ("renamed",), CHANGE),
        ("renamed", ("x/q",), ("renamed",), None),
        # if the draft's branch still exists, another branch counts as a copy only if it has most of
        # the patches
        ("copy", ("a/one", "b/two"), ("topic", "copy"), CHANGE),
        ("copy", ("a/one", "x/two"), ("topic", "copy"), None),
        (None, ("a/one", "b/two"), ("topic",), CHANGE),
        (None, ("x/one",), ("topic",), None),
    ],
)
def test_draft_is_found_by_its_patches(
    branch: str | None,
    patches: tuple[str, ...],
    branches: tuple[str, ...],
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("patchpilot.series.draft.is_repository_gone", lambda _: False)
    with Drafts() as drafts:
        drafts.save(replace(WHOLE, patches=make_known_patches("a/one/1", "b/two/2")))
        draft = drafts.recognize(REPO, branch, make_known_patches(*patches), branches)
        assert (draft.change_id if draft else None) == expected
        assert (
            drafts.recognize("/elsewhere", branch, make_known_patches(*patches), branches) is None
        )


def test_undated_patches_are_not_paired_by_date() -> None:
    with Drafts() as drafts:
        drafts.save(replace(WHOLE, patches=make_known_patches("a/one")))
        assert drafts.recognize(REPO, "renamed", make_known_patches("x/q")) is None


def test_draft_with_most_matching_patches_is_used() -> None:
    def make_draft(name: str, branch: str | None, *patches: str) -> Draft:
        return Draft(name, REPO, branch, patches=make_known_patches(*patches))

    with Drafts() as drafts:
        drafts.save(make_draft("two", None, "a/one", "b/two"))
        drafts.save(make_draft("one", None, "a/one", "z/zero"))
        recognized = drafts.recognize(REPO, "x", make_known_patches("a/one", "b/two"))
        assert recognized is not None
        assert recognized.change_id == "two"
        drafts.save(make_draft("mine", "x", "a/one", "b/two"))
        drafts.save(make_draft("other", None, "a/one", "b/two"))
        recognized = drafts.recognize(REPO, "x", make_known_patches("a/one", "b/two"))
        assert recognized is not None
        assert recognized.change_id == "mine"
        recognized = drafts.recognize(REPO, "y", make_known_patches("a/one", "b/two"))
        assert recognized is not None
        assert recognized.change_id == "other"


def test_sent_draft_of_the_branch_precedes_an_unsent_one() -> None:
    patches, old_patches = make_known_patches("a/one", "b/two"), make_known_patches("x/one", "y/z")
    sent = Draft("sent", REPO, "x", links={"1": "1@example.org"}, patches=old_patches)
    with Drafts() as drafts:
        drafts.save(sent)
        for branch in (None, "x"):
            drafts.save(Draft("stray", REPO, branch, patches=patches))
            recognized = drafts.recognize(REPO, "x", patches, ("x",))
            assert recognized is not None
            assert recognized.change_id == "sent"
        drafts.save(replace(sent, patches=make_known_patches("c/three")))
        recognized = drafts.recognize(REPO, "x", patches, ("x",))
        assert recognized is not None
        assert recognized.change_id == "stray"


def test_empty_draft_adopts_the_first_patches() -> None:
    with Drafts() as drafts:
        drafts.save(Draft("empty", REPO, "topic"))
        draft = drafts.recognize(REPO, "topic", make_known_patches("a/one"))
        assert draft is not None
        assert draft.change_id == "empty"
        assert drafts.recognize(REPO, "other", make_known_patches("a/one")) is None


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x00", "a\x1fb", "a\x7f", "\tb"])
def test_header_values_are_printable(text: str) -> None:
    refuse_header_breaks("fine", None, "", "grün")
    with pytest.raises(UsageError) as error:
        refuse_header_breaks("fine", text)
    assert error.value.hint
