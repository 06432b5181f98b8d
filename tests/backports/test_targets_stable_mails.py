# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the messages of the stable maintainers are TARGETs of `backport`.

Each kind of message is made with the unchanged and with an adapted patch, and alone and in an mbox
with a patch that cannot be read.
"""

import random
from pathlib import Path

import pytest

from tests.kit.backport_world import World, format_function
from tests.kit.mails import build_mail, build_mbox

TITLE = "work: do not forget step 20"
AUTHOR = "Ada Fixer <ada@example.org>"
STABLE = "Sam Stable <sam@example.org>"
ADDED = "This is a note to let you know that I've just added the patch titled\n\n"
QUEUED = (
    f"{ADDED}    {TITLE}\n\nto the 6.6-stable tree which can be found at:\n"
    "    https://git.example.org/?p=stable-queue.git;a=summary\n\n"
)
MARKS = {
    "stable": "commit {id} upstream.",
    "bracket": "[ Upstream commit {id} ]",
    "picked": "(cherry picked from commit {id})",
}
KINDS = {
    "y": ("[PATCH 6.6.y] {title}", "{mark}\n\nIt was lost.\n---\n{diff}"),
    "y-forwarded": (
        "[PATCH 6.6.y] {title}",
        "From: {author}\n\n{mark}\n\nIt was lost.\n---\n{diff}",
    ),
    "stable-6.6": ("[PATCH stable-6.6 2/7] {title}", "{mark}\n\nIt was lost.\n---\n{diff}"),
    "review": (
        "[PATCH 6.6 017/203] {title}",
        "6.6-stable review patch.  If anyone has any objections, please let me know.\n\n"
        "------------------\n\nFrom: {author}\n\n{mark}\n\nIt was lost.\n---\n{diff}",
    ),
    "autosel": (
        "[PATCH AUTOSEL 6.6 03/12] {title}",
        "From: {author}\n\n[ Upstream commit {id} ]\n\nIt was lost.\n---\n{diff}",
    ),
    "autosel-new": (
        "[PATCH AUTOSEL 6.12-6.6] {title}",
        "From: {author}\n\n[ Upstream commit {id} ]\n\nIt was lost.\n---\n\nAnalysis.\n\n{diff}",
    ),
    "added": (
        'Patch "{title}" has been added to the 6.6-stable tree',
        QUEUED + ">From {id} Mon Sep 17 00:00:00 2001\nFrom: {author}\nSubject: {title}\n\n"
        "From: {author}\n\n{mark}\n\nIt was lost.\n---\n{diff}",
    ),
    "added-indented": (
        'Patch "{title}" has been added to the 6.6-stable tree',
        QUEUED + "\n\ncommit fedcba9876543210fedcba9876543210fedcba98\nAuthor: {author}\n"
        "Date:   Mon Mar 4 2024 +0000\n\n    {title}\n    \n    [ Upstream commit {id} ]\n    \n"
        "    It was lost.\n\n{diff}",
    ),
    "failed": (
        'FAILED: patch "[PATCH] {title}" failed to apply to 6.6-stable tree',
        "The patch below does not apply to the 6.6-stable tree.\n\ngit cherry-pick -x {id}\n\n"
        ">From {id} Mon Sep 17 00:00:00 2001\nFrom: {author}\nSubject: [PATCH] {title}\n\n"
        "It was lost.\n---\n{diff}",
    ),
    "failed-new": (
        'FAILED: Patch "{title}" failed to apply to v6.6-stable tree',
        "The patch below does not apply to the v6.6-stable tree.\n\n"
        "From {id} Mon Sep 17 00:00:00 2001\nFrom: {author}\nSubject: [PATCH] {title}\n\n"
        "It was lost.\n---\n{diff}",
    ),
}
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))]


def make_stable_mail(world: World, kind: str, mark: str, *, diff: str, title: str = TITLE) -> bytes:
    subject, body = KINDS[kind]
    values = {"title": title, "author": AUTHOR, "id": world.fix, "diff": diff}
    values["mark"] = MARKS[mark].format(id=world.fix)
    sender = AUTHOR if kind == "y" else STABLE
    return build_mail(subject.format(**values), body.format(**values), sender=sender)


def make_adapted_diff(world: World, seed: int) -> str:
    """Return the diff of an adapted backport, which does not apply to mainline."""
    step = random.Random(seed).randrange(100)
    world.repo.checkout(world.culprit)
    world.repo.commit("own", {"w.c": format_function(l10="quick(10);", l20=f"own({step});")})
    tip = world.repo.commit(
        "bp", {"w.c": format_function(l10="quick(10);", l20=f"own({step}, 1);")}
    )
    world.repo.checkout("master")
    return world.repo.git("diff", f"{tip}^", tip) + "\n"


def make_unfit_mail(world: World) -> bytes:
    diff = make_adapted_diff(world, 1).replace("own(", "unknown(")
    return build_mail("[PATCH] other: unknown change", f"Text.\n---\n{diff}", sender=AUTHOR)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_adapted", [False, True])
def test_mainline_commit_of_a_stable_mail_is_judged(
    world: World, tmp_path: Path, kind: str, is_adapted: bool, seed: int
) -> None:
    mark = random.Random(f"{kind} {seed}").choice(list(MARKS))
    world.create_stable_branch("6.6", world.culprit)
    diff = make_adapted_diff(world, seed) if is_adapted else ""
    diff = diff or world.repo.git("show --format=", world.fix) + "\n"
    file = tmp_path / "mail"
    file.write_bytes(make_stable_mail(world, kind, mark, diff=diff))
    result = world.read_backport_json(file, "--effort", "0")
    assert (result["commit"], result["upstream"], result["unread"]) == (world.fix, True, [])
    assert result["branches"][0]["verdict"] == "conflict"


def test_unreadable_patch_does_not_end_an_mbox(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    diff = world.repo.git("show --format=", world.fix) + "\n"
    kinds = list(KINDS)
    mails = [make_stable_mail(world, kind, "stable", diff=diff) for kind in kinds[:3]]
    file = tmp_path / "mbox"
    file.write_bytes(build_mbox(mails[0], make_unfit_mail(world), *mails[1:]))
    result = world.read_backport_json(file, "--effort", "0")
    commits = {document["commit"] for document in result.get("series", [result])}
    assert commits == {world.fix}
    (unread,) = result["unread"]
    assert "does not apply" in unread["problem"]
    text = world.run_backport(file, "--effort", "0").out
    assert "not judged: " in text


def test_truncated_patch_does_not_end_an_mbox(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    diff = world.repo.git("show --format=", world.fix) + "\n"
    good = make_stable_mail(world, "y", "stable", diff=diff)
    damaged = make_unfit_mail(world).replace(b"+", b"+\n+", 8)
    file = tmp_path / "mbox"
    file.write_bytes(build_mbox(damaged, good))
    result = world.read_backport_json(file, "--effort", "0")
    assert result["commit"] == world.fix
    assert len(result["unread"]) == 1


def test_only_unreadable_patches_are_an_error(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    file = tmp_path / "mbox"
    file.write_bytes(build_mbox(make_unfit_mail(world), make_unfit_mail(world)))
    outcome = world.run_backport(file, "--effort", "0")
    assert outcome.code == 2
    assert "does not apply" in outcome.err
