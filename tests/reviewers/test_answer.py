# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing, verifying and showing valid and hostile answers of reviewers."""

import json

import pytest

from patchpilot.model.mail import parse_patch
from patchpilot.reviewers.answer import MOST, parse_answer
from patchpilot.reviewers.proof import PatchFacts, ProofResult, prove

BEFORE = [
    "#include <linux/slab.h>",
    "",
    "int foo_get(struct foo *foo)",
    "{",
    "\tmutex_lock(&foo->lock);",
    "\tif (!foo->ready)",
    "\t\treturn -EAGAIN;",
    "\tfoo->users++;",
    "\tmutex_unlock(&foo->lock);",
    "\treturn 0;",
    "}",
]


AFTER = [*BEFORE[:7], "\tif (foo->users > 8)", "\t\treturn -EBUSY;", *BEFORE[7:]]


PATCH = parse_patch(
    b"""\
From: Ada Fixer <ada@example.org>
Date: Tue, 9 Jun 2026 10:13:20 +0000
Subject: [PATCH] foo: limit the number of users

A ninth user overwrites the last slot.

Signed-off-by: Ada Fixer <ada@example.org>
---
 drivers/foo/foo.c | 2 ++

diff --git a/drivers/foo/foo.c b/drivers/foo/foo.c
--- a/drivers/foo/foo.c
+++ b/drivers/foo/foo.c
@@ -5,5 +5,7 @@ int foo_get(struct foo *foo)
 \tmutex_lock(&foo->lock);
 \tif (!foo->ready)
 \t\treturn -EAGAIN;
+\tif (foo->users > 8)
+\t\treturn -EBUSY;
 \tfoo->users++;
 \tmutex_unlock(&foo->lock);
""",
    "0001.patch",
)


FACTS = PatchFacts(
    PATCH,
    {"drivers/foo/foo.c": AFTER}.get,
    {"mutex_unlock", "foo_get", "foo_put"}.__contains__,
    {"foo_put"}.__contains__,
    {"vendor,foo"}.__contains__,
)


PATH = "drivers/foo/foo.c"


def make_answer_row(**changed_fields: object) -> str:
    """Return an answer that reports a missing unlock at line 9, with the given changes."""
    correct_answer = {
        "path": PATH,
        "line": 9,
        "quoted": "return -EBUSY;",
        "problem": "returns with foo->lock held",
        "confidence": 0.9,
    }
    return json.dumps(correct_answer | changed_fields)


ANSWERS = {
    "right": (make_answer_row(), "placed 9"),
    "a sign of the diff": (make_answer_row(quoted="+\t\treturn -EBUSY;"), "placed 9"),
    "numbers of the request": (
        make_answer_row(quoted="     9| \t\treturn -EBUSY;"),
        "placed 9",
    ),
    "at a wrong line": (make_answer_row(line=3), "placed 9"),
    "at no line": (make_answer_row(line=None), "placed 9"),
    "a line that is text": (make_answer_row(line="9"), "placed 9"),
    "a line below zero": (make_answer_row(line=-4), "placed 9"),
    "a huge line": (make_answer_row(line=10**30), "placed 9"),
    "a line that is true": (make_answer_row(line=True, quoted=""), "unplaced"),
    "code around the patch": (
        make_answer_row(line=12, quoted="return 0;"),
        "placed 12",
    ),
    "without a quotation": (make_answer_row(quoted=""), "placed 9"),
    "without a quotation, outside": (make_answer_row(quoted="", line=1), "unplaced"),
    "a brace at another line": (make_answer_row(quoted="{", line=9), "unplaced"),
    "invented code": (make_answer_row(quoted="kfree(foo);"), "unplaced"),
    "another file": (make_answer_row(path="drivers/foo/bar.c"), "unplaced"),
    "a file outside of the tree": (
        make_answer_row(path="../../etc/passwd"),
        "unplaced",
    ),
    "no file": (make_answer_row(path=""), "unplaced"),
    "a path that is a list": (make_answer_row(path=[PATH]), "unplaced"),
    "an invented name": (make_answer_row(symbols=["foo_release_all"]), "unplaced"),
    "a name that exists": (
        make_answer_row(symbols=["foo_get()", "mutex_unlock"]),
        "placed 9",
    ),
    "a name that is missing": (make_answer_row(missing=["foo_drop"]), "placed 9"),
    "a missing name that exists": (make_answer_row(missing=["foo_put"]), "refuted"),
    "a missing name in words": (
        make_answer_row(problem="`foo_put()` does not exist"),
        "refuted",
    ),
    "a name that is only used": (
        make_answer_row(problem="`foo_get` is not defined"),
        "placed 9",
    ),
    "an undocumented word": (
        make_answer_row(problem="the lock is not documented"),
        "placed 9",
    ),
    "undocumented, and is": (make_answer_row(undocumented=["vendor,foo"]), "refuted"),
    "undocumented in words": (
        make_answer_row(problem="vendor,foo is not documented"),
        "refuted",
    ),
    "undocumented": (make_answer_row(undocumented=["vendor,bar"]), "placed 9"),
    "in the message": (
        make_answer_row(path="message", quoted="A ninth user overwrites"),
        "placed 3",
    ),
    "invented message": (
        make_answer_row(path="message", quoted="Fixes a leak"),
        "unplaced",
    ),
    "with talk around it": (
        f"Here you are:\n```json\n{make_answer_row()}\n```\nBye",
        "placed 9",
    ),
    "broken before": ('{"path": \n' + make_answer_row(), "placed 9"),
    "sashiko": (
        json.dumps(
            {
                "summary": "one problem",
                "findings": [
                    {
                        "severity": "High",
                        "problem": "returns with foo->lock held",
                        "severity_explanation": "1. the lock is taken",
                        "locations": [{"file": PATH, "line": 9}],
                    }
                ],
            },
            indent=1,
        ),
        "placed 9",
    ),
    "sashiko, place as text": (
        json.dumps({"findings": [{"problem": "x", "locations": [f"{PATH}:9"]}]}),
        "placed 9",
    ),
    "sashiko without a place": (
        json.dumps({"findings": [{"problem": "x", "severity": "Low"}]}),
        "unplaced",
    ),
    "endless text": (make_answer_row(problem="a" * 100_000), "placed 9"),
    "done": ('{"done": true}', "nothing"),
    "a list": ("[1, 2]", "invalid"),
    "no JSON": ("The patch is fine.", "invalid"),
    "nothing": ("", "invalid"),
    "deeply nested": ('{"a":' * 5000, "invalid"),
    "problem that is a number": (make_answer_row(problem=7), "invalid"),
    "not a number": (make_answer_row(confidence=float("nan")), "placed 9"),
}


@pytest.mark.parametrize(("text", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answer_must_be_proven(text: str, expected: str) -> None:
    answer = parse_answer(text)
    proofs = [prove(comment, FACTS) for comment in answer or ()]
    words = [f"{proof.outcome} {proof.line or ''}".strip() for proof in proofs]
    if answer is None:
        words = ["invalid"]
    assert words == ([] if expected == "nothing" else [expected])


def test_number_of_comments_is_limited() -> None:
    answer = parse_answer("\n".join(make_answer_row(problem=f"p{n}") for n in range(5000)))
    assert len(answer or ()) == MOST


def test_uncertain_comment_is_not_shown() -> None:
    (comment,) = parse_answer(make_answer_row(confidence=0.5)) or ()
    proof = prove(comment, FACTS)
    assert (proof.outcome, proof.is_sure) == (ProofResult.PLACED, False)


def test_comment_moves_off_a_removed_line() -> None:
    """Test that a comment that quotes a removed line is moved to another line."""
    text = (
        "\n".join(PATCH.lines)
        .replace("+\tif (foo->users > 8)", "-\told_call(foo);")
        .replace("@@ -5,5 +5,7 @@", "@@ -5,6 +5,6 @@")
    )
    facts = FACTS._replace(patch=parse_patch(text.encode(), "0001.patch"))
    (comment,) = parse_answer(make_answer_row(quoted="old_call(foo);")) or ()
    assert prove(comment, facts).line == 8
