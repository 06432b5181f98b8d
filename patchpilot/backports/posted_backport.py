# SPDX-License-Identifier: GPL-2.0-or-later
"""Use a backport, such as a message of a stable review or a commit of a stable branch, instead of
the commit that it names.

Its author adapted it to a branch, so it may apply where the commit conflicts.
"""

import re
from typing import NamedTuple

from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.commits.applies import AppliesHow, ApplyResult, ScratchTree
from patchpilot.commits.mail_commits import is_valid_path, parse_diff_header
from patchpilot.commits.merging import Entry, Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.history.origin import compare_with_origin
from patchpilot.model.commit import Commit
from patchpilot.model.hunk_fit import fit_file
from patchpilot.model.origin import IDENTICAL, Origin
from patchpilot.model.patch import Patch
from patchpilot.model.printable import format_count
from patchpilot.projects.commit_marks import find_upstream_commits

_MOST_SHOWN = 3
_AUTHOR_LINE = re.compile(r"From: .*@.*")


class PostedBackport(NamedTuple):
    """A patch that was made for a branch, and how it differs from the commit that it names."""

    patch: Patch
    origin: Origin

    @property
    def is_mail(self) -> bool:
        return self.patch.commit is None

    @property
    def name(self) -> str:
        """Return how the patch is called in a hint."""
        return f"the backport {self.patch.commit[:12]}" if self.patch.commit else "the posted patch"

    def apply(self, scratch: ScratchStore, tree: str) -> ApplyResult | None:
        """Return the result of applying the patch to a tree, or None if `git am` would refuse it:
        a line does not fit, or a path leaves the tree.
        """
        files = self.patch.files
        paths = (path for change in files for path in (change.old_path, change.new_path) if path)
        if not all(map(is_valid_path, paths)):
            return None
        before = ScratchTree(scratch, tree)
        fits = [fit_file(change, before) for change in files]
        if not files or any(fit.misfits for fit in fits):
            return None
        entries: dict[str, Entry] = dict.fromkeys(
            change.old_path for change in files if change.old_path
        )
        for change, fit in zip(files, fits, strict=True):
            if change.new_path:
                data = "".join(fit.lines or ()).encode("utf-8", "surrogateescape")
                mode = parse_diff_header(self.patch, change)[1]
                entries[change.new_path] = mode, scratch.write("blob", data)
        made = scratch.write_with_files(tree, entries)
        offsets = tuple(offset for fit in fits for offset in fit.offsets)
        return ApplyResult(AppliesHow.CLEAN, Merge(made, clean=True), (), offsets, made == tree)

    def with_message(self, commit: Commit) -> Commit:
        """Return the commit with the message of the patch, without the words of a bot and the mark:
        the tree to which it is backported has its own form.
        """
        lines = list(self.patch.message)
        heads = [at for at, line in enumerate(lines[:_PREAMBLE]) if _AUTHOR_LINE.fullmatch(line)]
        body = lines[heads[-1] + 1 :] if heads else lines
        title = commit.subject if heads else self.patch.subject.title
        marks = {mark.at for mark in find_upstream_commits("\n".join([title, "", *body]))}
        text = "\n".join(line for at, line in enumerate(body, 2) if at not in marks)
        return commit._replace(message=f"{title}\n\n{text.strip()}\n")

    def list_hints(self, *, is_applied: bool) -> tuple[str, ...]:
        """Return the differences of the patch, or that it does not apply."""
        short = self.origin.commit.short
        if not is_applied:
            return (f"{self.name} does not apply: the verdict is for mainline's {short}",)
        explained = self.origin.explanation
        differences = [
            each
            for each in self.origin.differences
            if each.kind != "path" and not (each.is_in_lines and explained)
        ]
        differences.sort(key=lambda each: not each.is_in_lines)
        more = len(differences) - _MOST_SHOWN
        return (
            *(f"{self.name}: {each.message}" for each in differences[:_MOST_SHOWN]),
            *([f"{self.name} has {format_count(more, 'other difference')}"] if more > 0 else ()),
        )


_PREAMBLE = 20
"""The lines of a message in which the name of the author may follow the words of a bot."""


def adopt_message(repository: Repository, commit: Commit, adaptation: Adaptation | None) -> Commit:
    """Return a fix with the message of the backport to another branch that was taken instead of it,
    including its notes and sign-offs, or the fix itself.
    """
    if adaptation is None or not adaptation.start:
        return commit
    patch = format_commit_patch(repository, adaptation.start)
    taken = read_posted_backport(repository, patch)
    return taken.with_message(commit) if taken else commit


def read_posted_backport(repository: Repository, patch: Patch | None) -> PostedBackport | None:
    """Return a patch that names its commit and is not the same patch; otherwise, None."""
    if patch is None or not patch.has_diff or patch.diff_error:
        return None
    origin = compare_with_origin(repository, patch)
    return PostedBackport(patch, origin) if origin and origin.same != IDENTICAL else None
