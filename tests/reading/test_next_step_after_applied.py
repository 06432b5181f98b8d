# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what an author waits for after a patch was applied. This depends on the project."""

import pytest

from patchpilot.reading.posted_series import PostedSeries
from tests.kit.mails import MATT, build_described_mail, build_reply, build_stable_failure_notice
from tests.kit.story import SHA, next_step, read_only_series

TITLE = "pump: stop at ten"


def read_applied_patch(recipients: str, path: str, *mails: bytes) -> PostedSeries:
    """Return a patch to a file. It was sent to a list and applied."""
    patch_mail = build_described_mail(f"v1 [PATCH] {TITLE}", to=f"{MATT}, {recipients}")
    patch_mail = patch_mail.replace(b"drivers/demo/pump.c", path.encode())
    applied_reply = build_reply(
        f"[PATCH] {TITLE}",
        "Applied, thanks.",
        sender=MATT,
        id="t",
        reply_to="v1",
        minutes=9,
    )
    series = read_only_series(
        patch_mail, applied_reply, *mails, confirmed_ids=frozenset({"t@example.org"})
    )
    assert series.state == "accepted" or mails
    return series


WAYS = [
    (
        "linux-pump@vger.kernel.org",
        "drivers/demo/pump.c",
        "linux",
        "next merge window or fixes",
    ),
    (
        "netdev@vger.kernel.org",
        "net/core/pump.c",
        "linux",
        "next merge window or fixes",
    ),
    ("u-boot@lists.denx.de", "common/spl/pump.c", "u-boot", "it is in a release"),
    (
        "xen-devel@lists.xenproject.org",
        "xen/common/pump.c",
        "xen",
        "staging branch to master",
    ),
    ("dev@dpdk.org", "lib/eal/pump.c", "dpdk", "pulled into main"),
    (
        "qemu-devel@nongnu.org",
        "hw/arm/pump.c",
        "qemu",
        "pull request is merged into master",
    ),
    (
        "qemu-devel@nongnu.org",
        "util/pump.c",
        "qemu",
        "pull request is merged into master",
    ),
    ("git@vger.kernel.org", "builtin/pump.c", "git", "by way of the next branch"),
    ("git@vger.kernel.org", "pump.c", "git", "by way of the next branch"),
    ("linux-man@vger.kernel.org", "man/man2/pump.2", "man-pages", "it is in a release"),
    (
        "ltp@lists.linux.it",
        "testcases/kernel/syscalls/pump.c",
        "ltp",
        "done: it was applied",
    ),
]


@pytest.mark.parametrize(("recipients", "path", "project", "expected_step"), WAYS)
def test_author_waits_after_applied(
    recipients: str, path: str, project: str, expected_step: str
) -> None:
    series = read_applied_patch(recipients, path)
    assert project in series.project.lineage
    assert expected_step in next_step(series)
    assert ("merge window" in next_step(series)) == (project == "linux")


def test_project_without_stable_branches_skips_them() -> None:
    failed = build_stable_failure_notice(TITLE, SHA, "5.10", id="s", minutes=900)
    kernel = read_applied_patch("linux-pump@vger.kernel.org", "drivers/demo/pump.c", failed)
    assert "send a backport" in next_step(kernel)
    man = read_applied_patch("linux-man@vger.kernel.org", "man/man2/pump.2", failed)
    assert "backport" not in next_step(man)
    unwanted = failed.replace(b"FAILED: patch", b"WTF: patch")
    unwanted = unwanted.replace(b"failed to apply", b"was seriously submitted")
    patch = read_applied_patch("linux-pump@vger.kernel.org", "drivers/demo/pump.c", unwanted)
    assert [branch.state for branch in patch.stable] == ["not-needed"]


@pytest.mark.parametrize(
    "lists",
    [
        "linux-kernel@vger.kernel.org, linux-man@vger.kernel.org",
        "linux-kernel@vger.kernel.org, qemu-devel@nongnu.org",
        "linux-mm@kvack.org, linux-man@vger.kernel.org",
        "linux-mm@kvack.org, git@vger.kernel.org",
    ],
)
def test_cross_posted_kernel_patch_belongs_to_the_kernel(
    lists: str,
) -> None:
    assert read_applied_patch(lists, "drivers/demo/pump.c").project.kernel
