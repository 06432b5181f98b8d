# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the bug that a message describes, and the commit that it blames for the bug."""

import pytest

from patchpilot.model.commit_references import (
    changes_only_documents,
    classify_subject,
    describes_harm,
    explains_missing_fixes,
    find_blamed_commit,
    find_bug_word,
    find_cure_text,
    find_defect_text,
    find_fix_claim,
    find_regression_text,
    is_cosmetic,
)

ID = "0123456789abcdef"
OTHER = "abcdef0123456789"
TITLE = "ring: set the mask"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ('Revert "ring: fix it"', "revert"),
        ("Merge tag x", "merge"),
        ("fix: rename it", "cosmetic"),
        ("ring: fix and rename it", "fix"),
        ("ring: rename and fix it", "cosmetic"),
        ("ring: add a fix", "feature"),
        ("ring: FIX it", "fix"),
        ("ring: missing unlock", "fix"),
        ("ring: use a debug message for a missing interrupt", "other"),
        ("ring: count again", "other"),
        ("net: ring: add support for it", "feature"),
        ("net: rename ring to pipe", "cosmetic"),
        ("ring: merge the two", "other"),
    ],
)
def test_first_word_determines_the_kind_of_change(subject: str, kind: str) -> None:
    assert classify_subject(subject) == kind


@pytest.mark.parametrize(
    ("title", "lines", "paths", "claim"),
    [
        (f"{TITLE} in a comment", ["This leads to a crash."], (), ""),
        (TITLE, ["This leads to a crash."], ("Documentation/x.txt",), ""),
        ('Revert "ring: leak"', [], (), "Revert"),
        ("ring: plug a leak", [], (), "a leak"),
        (TITLE, ["This leads to a crash."], (), "leads to a crash"),
        ("net: ring: handle zero", [], (), "handle zero"),
        (TITLE, [f"Commit {ID} broke it."], (), f"commit {ID[:12]}"),
        (TITLE, ["It is faster."], (), ""),
    ],
)
def test_fix_is_claimed_in_subject_or_text(
    title: str, lines: list[str], paths: tuple[str, ...], claim: str
) -> None:
    assert find_fix_claim(title, lines, paths) == claim


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("ring: fix the mask", "fix"),
        ("ring: fixed-rate clock", None),
        ("ring: fixup of the leak", None),
        *(
            (f"ring: {word} clock {defect}", word)
            for word in ("fix", "Fixes", "Fixed")
            for defect in ("leak in probe", "deadlock", "rate overflow", "tree use-after-free")
        ),
        ("ring: fix link training", "fix"),
        ("ring: fix size of the table", "fix"),
        ("ring: fix up the names", None),
        ("ring: add a fixed clock", None),
        ("ring: fixed link mode", None),
        ("ring: wrong mask", None),
        ("ring: correct a wrong mask", "wrong"),
        ("ring: add missing of_node_put", "missing"),
        ("ring: add missing documents", None),
        ("ring: missing unlock", None),
        ("ring: WRONG mask, avoid it", "WRONG"),
        ("ring: a leak", "a leak"),
        *((f"ring: {word} mask", None) for word in ("incorrect", "broken", "invalid")),
        *((f"ring: {word}", None) for word in ("race", "overflow", "underflow")),
        ("RING: FIXUP OF THE LEAK", None),
        ("RING: ADD MISSING UNLOCK", "MISSING"),
        ("clk: fixed-mmio: register the name", None),
        ("clk: register the name of fixed-mmio", None),
        ("hwmon: (broken-frob) add the table for new boards", None),
        ("frob: overflow: add the table for new boards", None),
        ("dt-bindings: mmc: add broken-hpi", None),
        ("clk: fixed-mmio: fix the name", "fix"),
        ("clk: fixed-mmio: Fixed: the name", "Fixed"),
        ("fix: use the right name", "fix"),
        ("Fix the frob: wait for the link", "Fix"),
    ],
)
def test_bug_mentioned_in_passing_is_ignored(title: str, word: str | None) -> None:
    assert find_bug_word(title) == word


@pytest.mark.parametrize(
    ("title", "lines", "words"),
    [
        (TITLE, ["This leads", "to a crash."], "leads to a crash"),
        ("ring: support two", ["This leads to a crash."], None),
        (TITLE, ["This never leads to a crash."], None),
        (
            TITLE,
            ["This does not leads to a crash, but results in a hang."],
            "results in a hang",
        ),
        ("ring: validate the size", ["It may crash."], "validate"),
        ("ring: validate the size", ["It may wait."], None),
        (TITLE, ["It may crash."], None),
        (TITLE, ["THIS LEADS TO A CRASH."], "LEADS TO A CRASH"),
        (TITLE, ["IT NEVER LEADS TO A CRASH."], None),
        ("RING: SUPPORT TWO", ["This leads to a crash."], None),
        ("ring: Validate the size", ["It may CRASH."], "Validate"),
        # a negation far from the word has no effect
        (
            TITLE,
            ["It does not" + " " * 30 + "lead, it leads to a hang."],
            "leads to a hang",
        ),
        ("hwmon: (vw) do not read early", ["It may crash."], "do not"),
        ("hwmon: (vw) do not read early", ["It may wait."], None),
        (TITLE, ["The driver crashes", "on a read."], "The driver crashes"),
        ("foo: mask the length", ["Each read fails with -EIO."], "fails with -EIO"),
    ],
)
def test_described_bug_is_a_claim_unless_negated(
    title: str, lines: list[str], words: str | None
) -> None:
    assert find_cure_text(title, lines) == words


@pytest.mark.parametrize(
    ("lines", "explains"),
    [
        (["There is no Fixes: tag, as the bug is older."], True),
        (["There is no", "  Fixes: tag."], True),
        (["This predates", " git history."], True),
        (["No tag. It fixes: nothing"], False),
        ([], False),
    ],
)
def test_explanation_may_span_two_lines(lines: list[str], explains: bool) -> None:
    assert explains_missing_fixes(lines) is explains


@pytest.mark.parametrize(
    ("title", "lines", "blames"),
    [
        (TITLE, [f"This was caused by commit {ID}."], (0, ID[:12])),
        (TITLE, ["Caused by", f"commit {ID}. It is old."], (1, ID[:12])),
        (TITLE, [f"It was introduced in commit {ID} and works."], (0, ID[:12])),
        (TITLE, [f"I bisected it to commit {ID}."], (0, ID[:12])),
        (TITLE, [f"Since commit {ID} it fails."], (0, ID[:12])),
        (TITLE, [f"Since commit {ID} it is used. It fails."], (0, ID[:12])),
        (TITLE, [f"Since commit {ID} it is used. It is read. It fails."], None),
        (TITLE, [f'Since commit {ID} ("ring: it fails") it is used.'], None),
        (TITLE, [f"In commit {ID} it fails."], None),
        (TITLE, ["The next open fails.", f"Set it, as before commit {ID}."], (1, ID[:12])),
        (TITLE, [f"Set it, as it was before commit {ID}."], None),
        (TITLE, [f"Since commit {ID} rings can just use it. Some do not."], None),
        (TITLE, [f'Since commit {ID} ("x"), we should use y, but missed z.'], None),
        (TITLE, [f"Since commit {ID} we missed z, but should not."], (0, ID[:12])),
        (TITLE, [f"Commit {ID[:7]} forgot the mask."], (0, ID[:7])),
        (TITLE, [f"Commit {ID[:6]} forgot the mask."], None),
        (TITLE, [f"Commit {ID} set the mask. However, it may crash."], (0, ID[:12])),
        (TITLE, [f"This reverts commit {ID}, which broke it."], None),
        (TITLE, [f"For the mask see commit {ID}, it broke it."], None),
        (
            TITLE,
            [f"For it see commit {ID}." + 400 * ".", f"Commit abcdef0{ID} broke it."],
            (1, f"abcdef0{ID}"[:12]),
        ),
        (
            TITLE,
            [f"Commit {ID} set the mask.", f"Commit {OTHER} broke it."],
            (1, OTHER[:12]),
        ),
        (TITLE, [f"For it see commit {ID}; commit {OTHER} broke it."], (0, OTHER[:12])),
        ("ring: remove it", [f"Commit {ID} broke it, it is unused."], None),
        (TITLE, [f"Commit {ID} broke it, it is unused."], (0, ID[:12])),
        ("ring: remove it", [f"Commit {ID} broke it."], (0, ID[:12])),
        (
            "ring: remove it",
            ["It is no longer used." + 60 * ".", f"Commit {ID} broke it."],
            (1, ID[:12]),
        ),
        (TITLE, [f"Since commit {ID} it FAILS."], (0, ID[:12])),
        ("Ring: Remove it", [f"Commit {ID} broke it, it is UNUSED."], None),
        (TITLE, ["The mask is old.", f"Commit {ID[:7]} broke it."], (1, ID[:7])),
        (TITLE, [f"Commit {ID} is there."], None),
        (TITLE, [], None),
    ],
)
def test_commit_is_blamed_only_by_a_sentence(
    title: str, lines: list[str], blames: tuple[int, str] | None
) -> None:
    assert find_blamed_commit(title, lines) == blames


@pytest.mark.parametrize(
    ("title", "lines", "harms"),
    [
        ("ring: fix the mask", [], True),
        ("RING: REMOVE THE MASK", ["It crashes."], False),
        (TITLE, ["It NEVER wakes."], True),
        ("ring: remove a leak", [], True),
        ("ring: remove the mask", ["It crashes."], False),
        (TITLE, ["This leads to a crash."], True),
        (TITLE, ["The ring", "never wakes."], True),
        (TITLE, ["It is faster."], False),
        ("ring: validate the size", ["Garbage comes in."], True),
    ],
)
def test_consequence_of_the_bug_is_found_in_title_or_text(
    title: str, lines: list[str], harms: bool
) -> None:
    assert describes_harm(title, lines) is harms


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ((), False),
        (("Documentation/a.txt",), True),
        (("MAINTAINERS", "a/b.rst", "c.md", ".mailmap", "CREDITS", "LICENSES/x"), True),
        (("Documentation/a.txt", "a.c"), False),
        (("a/Documentation/b.c",), False),
    ],
)
def test_documents_are_found_by_path(paths: tuple[str, ...], expected: bool) -> None:
    assert changes_only_documents(paths) is expected
    assert is_cosmetic(TITLE, paths) is expected
    assert is_cosmetic("ring: fix a TYPO", paths)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("ring: fix crash on unplug", "fix crash"),
        ("ring: Fix a memory leak", "Fix a memory leak"),
        ("ring: AVOID USE-AFTER-FREE", "USE-AFTER-FREE"),
        ("ring: use strscpy()", ""),
        ("ring: fix a typo in the leak comment", ""),
        ("ring: fix the mask", ""),
        ("ring: add leak tracing", ""),
        ("ring: stop the fixup of the leak", ""),
    ],
)
def test_fixing_subject_names_the_defect(title: str, words: str) -> None:
    assert find_defect_text(title) == words


@pytest.mark.parametrize(
    "text",
    [
        "Since 7.2-rc1 my board reboots\nwhen the disk is busy, in 7.1 it worked.",
        "It worked in v6.12, but after the update to 6.13 there is no sound.",
        "My laptop freezes with 6.13; 6.12 was fine.",
        "With 6.12 everything worked, now the ring does not start.",
        "Since upgrading from 6.6 to 6.12, the screen stays dark: it is unusable.",
        "Since Linux 6.10 the machine hangs.",
    ],
)
def test_regression_in_the_words_of_a_person_is_a_fix(text: str) -> None:
    lines = text.split("\n")
    assert find_fix_claim(TITLE, lines)
    assert find_regression_text(TITLE, lines)
    assert not find_regression_text("ring: add support for a table", lines)
    assert not find_regression_text("ring: clean up", lines)


@pytest.mark.parametrize(
    "text",
    [
        "Since 6.10 there is a helper for this.",
        "Tested on 6.12.",
        "The size is 6.12 of the table.",
        "It works with 6.12 and 6.13.",
    ],
)
def test_version_alone_is_no_regression(text: str) -> None:
    assert find_regression_text(TITLE, [text]) == ""
