# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the candidates of a topic: the commits in its tags, and which hunk is shown first."""

from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.tags.topic_culprits import (
    compare_culprit_and_fix,
    find_related_hunk,
    find_topic_culprits,
)
from tests.kit.backport_world import World, format_function

PATCH = """\
commit 1
diff --git a/a.c b/a.c
index 1..2 100644
--- a/a.c
+++ b/a.c
@@ -1 +1,2 @@ one
+unrelated
@@ -9 +9,3 @@ two
+if (rsp != OK)
+        rc = -EINVAL;
diff --git a/b.c b/b.c
--- a/b.c
+++ b/b.c
@@ -1 +1,2 @@ three
+rc = -EINVAL;
""".splitlines()


FIX = [
    "diff --git a/a.c b/a.c",
    "--- a/a.c",
    "+++ b/a.c",
    "@@ -9,2 +9,2 @@ two",
    "-if (rsp != OK)",
    "+if (rsp & MASK)",
    "         rc = -EINVAL;",
]


def test_hunk_being_fixed_comes_first() -> None:
    assert PATCH[find_related_hunk(PATCH, FIX)] == "@@ -9 +9,3 @@ two"
    assert find_related_hunk([], []) == find_related_hunk(["no patch"], FIX) == 0


def test_candidate_is_compared_with_its_message(world: World) -> None:
    body = "No functional change."
    files = {"w.c": format_function(l10="slow(10);"), "doc.txt": "it\n"}
    renamed = world.repo.commit(f"work: rename\n\n{body}\n", files)
    fix = world.repo.commit("work: fix a hang", {"w.c": format_function(l10="fast(10);")})
    with Repository.open(world.repo.path) as repository:
        candidate, _, hunk = compare_culprit_and_fix(repository, renamed, fix)
    assert body in candidate[:hunk]
    assert not any("doc.txt" in line for line in candidate)


def test_commit_in_a_tag_is_a_candidate(world: World) -> None:
    world.repo.branch("topic", world.fix)
    tagged = world.repo.commit("doc: say it", {"doc.txt": "it\n"})
    message = f'work: fix a hang\n\nIt hangs.\n\nFixes: {tagged[:12]} ("doc: say it")'
    world.repo.commit(message, {"w.c": format_function(l10="slow(10);")})
    with Repository.open(world.repo.path) as repository:
        commit = repository.commit("HEAD")
        candidates = find_topic_culprits(repository, Settings(), commit, None).candidates
    ranked, added = candidates[:-1], candidates[-1]
    assert ranked
    assert tagged not in [candidate.commit for candidate in ranked]
    assert (added.commit, added.evidence) == (tagged, ("the Fixes: tag names it",))
    assert added.doubt == ""
