# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the sum of a range's changes, which a squash merge commits."""

from collections.abc import Sequence

from patchpilot.commits.range import (
    Skipped,
    describe_contained_range,
    is_existing_file,
    resolve_ends,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series

_DIFF = ("diff-tree", "-p", "-r", "-M", "--full-index", "--no-ext-diff", "--no-textconv")


def read_net_change(
    repository: Repository, targets: Sequence[str], base: str | None, skipped: Skipped | None
) -> Series:
    """Return a series whose only patch is the difference between a range's last commit and its
    merge base, which is the base of the series.

    The patch has no message, because nobody has written the message of the squashed commit yet.
    Without targets, the range is the topic. A range without changes is passed to `skipped`. Raise
    `UsageError` if the target is not a single range.
    """
    if targets[1:]:
        raise UsageError("--net: more than one TARGET", hint="pass one range A..B")
    if not targets:
        from patchpilot.topic.base import find_topic_base

        targets = (f"{find_topic_base(repository, base).start}..HEAD",)
    (target,) = targets
    if ".." not in target or is_existing_file(target):
        raise UsageError(
            f"--net: {target} is not a range", hint="use A..B, for example origin/master..HEAD"
        )
    start, end = resolve_ends(repository, target)
    fork = repository.git("merge-base", start, end, ok=(0, 1)).text.partition("\n")[0]
    if not fork:
        start_name, _, end_name = target.partition("..")
        raise MissingError(
            f"{start_name or 'HEAD'} and {end_name or 'HEAD'} have no common commit",
            hint=repository.complete_history_hint(),
        )
    diff = repository.git(*_DIFF, fork, end).out
    if diff:
        mail = f"Subject: [PATCH] {target}\n\n---\n".encode() + diff
        patch = parse_patch(mail, target)._replace(is_merge=True)
        return Series((), merges=(patch,), base=fork)
    if skipped:
        is_merged = repository.is_ancestor(end, start)
        empty_note = f"{target}: the sum of the commits changes nothing"
        skipped(describe_contained_range(target) if is_merged else empty_note)
    return Series((), base=fork)
