# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepare a backport as a series to send.

Its commits are created in the temporary object store and formatted by git.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.backports.message import make_backport_message
from patchpilot.backports.posted_backport import PostedBackport, adopt_message
from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import UsageError
from patchpilot.history.line_differences import LineDifference, find_line_differences
from patchpilot.history.origin import find_explanation
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.mail import parse_id_option
from patchpilot.model.patch import parse_diff
from patchpilot.model.trailer import DEPENDENCY, explain_refused_trailers
from patchpilot.projects.project import StableTrees
from patchpilot.recipients.from_message import find_backport_contacts


@dataclass(frozen=True, slots=True)
class Step:
    """A commit to backport.

    `dep_of` is the fix that requires it; it is None if the commit is itself a fix. If `paths` is
    not empty, only the changes to these files are backported. `adaptation` resolves its conflicts
    with the branch. `posted` is the backport that is applied instead of the commit. `is_sent` is
    set if its patch was sent, so that later patches are based on it.
    """

    commit: Commit
    dep_of: Commit | None = None
    paths: tuple[str, ...] = ()
    adaptation: Adaptation | None = None
    posted: PostedBackport | None = None
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class MadeCommit:
    """A backported commit.

    `id` is its id in the temporary object store. `rangediff` compares it with the original, and is
    "" if the patches are identical. `is_changed` is set if it adds or removes other lines than the
    original. A partial backport lists its files in `parts` and has no range-diff. `is_explained` is
    set if its message describes the adaptation. `refused` explains which trailers were not added.
    """

    id: str
    original: Commit
    rangediff: str
    parts: tuple[str, ...] = ()
    is_explained: bool = False
    refused: tuple[str, ...] = ()
    is_changed: bool = False

    @property
    def lacks_note(self) -> bool:
        """Return whether the author must still explain a change."""
        return self.is_changed and not self.is_explained


@dataclass(frozen=True, slots=True)
class BackportText:
    """The user's additions to a backport.

    `note` is the adaptation note. `signer` is the person who signs off, or None for no sign-off.
    `adapter` is the person who adapts the fix; None means the signer.
    """

    note: str = ""
    signer: Address | None = None
    in_reply_to: str | None = None
    adapter: Address | None = None


def make_commits(
    scratch: ScratchStore,
    stable: StableTrees,
    steps: Sequence[Step],
    tip: str,
    wording: BackportText,
) -> tuple[MadeCommit, ...]:
    """Commit the steps on top of the branch, in the temporary object store.

    Raise UsageError if a step does not apply after the previous ones.
    """
    parent, tree = tip, scratch.tree_of(tip)
    commits: list[MadeCommit] = []
    for step in steps:
        original = step.commit
        base = original.parents[0] if original.parents else None
        is_part = False
        applied = step.posted.apply(scratch, tree) if step.posted else None
        if applied:
            merge = applied.merge
        elif step.paths:
            before, after = scratch.part(original.id, base, step.paths)
            is_part = after != scratch.tree_of(original.id)
            merge = scratch.merge(before, tree, after)
        else:
            merge = scratch.pick(original.id, tree, base)
        adapted = step.adaptation if not merge.clean else None
        if not merge.clean and not adapted:
            raise UsageError(
                f"{original.short} does not apply to this branch",
                hint=Action(
                    "backport",
                    ("COMMIT", "--resolve", "BRANCH"),
                    "resolve the conflicts manually: {}",
                ),
            )
        parts = tuple(sorted(scratch.changed(tree, merge.tree))) if is_part else ()
        tree = adapted.tree(scratch, merge) if adapted else merge.tree
        difference, is_changed = "", False
        if not parts:
            difference = compute_range_diff(scratch, original, tree, parent)
            is_changed = changes_other_lines(scratch, original, tree, parent)
        adapted_steps = adapted.notes if adapted else ()
        # a note that no patch needs is about the last one, which is the fix
        is_rest = step is steps[-1] and not any(made.rangediff for made in commits)
        notes = (
            (f"only the changes to {', '.join(parts)}",)
            if parts
            else (
                *adapted_steps,
                *([wording.note] if wording.note and (difference or is_rest) else []),
            )
        )
        source = (
            step.posted.with_message(original)
            if step.posted and applied
            else adopt_message(scratch.repository, original, adapted)
        )
        message = make_backport_message(
            source,
            stable,
            dep_of=step.dep_of,
            notes=notes,
            signer=wording.signer,
            adapter=wording.adapter if adapted else None,
        )
        parent = scratch.commit_like(original, tree, parent, message)
        skipped_trailers = explain_refused_trailers(
            [(DEPENDENCY, step.dep_of.reference)] if step.dep_of else []
        )
        # that a backport to another branch was taken does not explain how it differs
        is_taken = adapted is not None and bool(adapted.start) and not wording.note
        explanation = find_explanation(source.message if is_taken else message, original.message)
        commits.append(
            MadeCommit(
                parent,
                original,
                difference,
                parts,
                bool(explanation),
                skipped_trailers,
                is_changed,
            )
        )
    return tuple(commits)


def changes_other_lines(scratch: ScratchStore, original: Commit, tree: str, parent: str) -> bool:
    """Return whether a backport, as a tree on top of a commit, adds or removes other lines than the
    original. Context and file names may differ.
    """
    return bool(_find_differences(scratch, original, tree, parent))


def count_other_lines(scratch: ScratchStore, original: Commit, tree: str, parent: str) -> int:
    """Return the number of lines that only the original or only the backport adds or removes.

    Lines in another order count as one.
    """
    return sum(
        1 if each.kind in ("order", "file") else len(each.lines) + len(each.origin_lines)
        for each in _find_differences(scratch, original, tree, parent)
    )


def _find_differences(
    scratch: ScratchStore, original: Commit, tree: str, parent: str
) -> tuple[LineDifference, ...]:
    if not original.parents:
        return ()
    pairs = (
        (scratch.tree_of(original.parents[0]), scratch.tree_of(original.id)),
        (scratch.tree_of(parent), tree),
    )
    return find_line_differences(
        *(parse_diff(_read_diff(scratch, *trees), 1).files for trees in pairs)
    )


def _read_diff(scratch: ScratchStore, old: str, new: str) -> tuple[str, ...]:
    options = ("-r", "-p", "-M", "--full-index", "--no-ext-diff", "--no-textconv")
    return tuple(scratch.git("diff-tree", *options, old, new).text.split("\n"))


def compute_range_diff(scratch: ScratchStore, original: Commit, tree: str, parent: str) -> str:
    """Return the range-diff between the original and a backport, which is a tree on top of a
    commit.

    Return "" if their patches are identical.
    """
    if not original.parents:
        return ""
    # use the original message: next to a changed message, git shows lines of the patch as context
    backported = scratch.commit_like(original, tree, parent, original.message)
    result = scratch.git(
        "range-diff",
        "--no-color",
        "--creation-factor=100",
        "--no-notes",
        f"{original.id}^!",
        f"{backported}^!",
    )
    diff = _strip_messages(result.text)
    return diff if "\n" in diff else ""


def format_series(
    scratch: ScratchStore,
    stable: StableTrees,
    commits: Sequence[MadeCommit],
    tip: str,
    version: str,
    wording: BackportText,
    notes: Sequence[str],
) -> list[tuple[str, bytes]]:
    """Format a series for sending. Return (file name, bytes) for each message.

    Messages are addressed to the stable list, and people in the original commits are in Cc:.
    `notes` are inserted below the `---`.
    """
    prefix = stable.subject.format(version=version)
    originals = [backported.original for backported in commits]
    contacts = (
        () if stable.has_own_recipients else find_backport_contacts(originals, stable.addresses)
    )
    recipients = [f"--to={address}" for address in stable.addresses]
    recipients += [f"--cc={address.header()}" for address in contacts]
    reply_options = (
        [f"--in-reply-to=<{parse_id_option(wording.in_reply_to)}>"] if wording.in_reply_to else []
    )
    mails = []
    for number, backported in enumerate(commits, 1):
        number_options = [f"--start-number={number}"]
        subject_prefix = f"{prefix} {number}/{len(commits)}" if len(commits) > 1 else prefix
        result = scratch.git(
            "format-patch", "--stdout", "-1", "-M", "--no-numbered", "--no-signature", "--no-thread", "--no-attach",  # noqa: E501
            "--no-to", "--no-cc", "--no-add-header", f"--subject-prefix={subject_prefix}", *number_options, *recipients, *reply_options, f"--base={tip}", backported.id,  # noqa: E501
        )  # fmt: skip
        mails.append(
            (
                make_patch_file_name(number, backported.original.subject),
                _add_note(result.out, notes[number - 1]),
            )
        )
    return mails


def _strip_messages(range_diff_text: str) -> str:
    """Remove the commit messages from a range-diff; they are only context."""
    result = []
    section = ""
    for line in range_diff_text.split("\n"):
        heading = re.match(r"\s+(?:@@|##) (.*?)(?: ##)?$", line)
        if heading:
            section = heading[1]
        if section in ("Metadata", "Commit message"):
            continue
        result.append(line.rstrip())
    return "\n".join(result).strip("\n")


def _add_note(mail: bytes, note: str) -> bytes:
    if not note:
        return mail
    head, separator, tail = mail.partition(b"\n---\n")
    safe = "\n".join(
        "  " + line if line.startswith(("---", "diff ", "Index:", "+++ ", "@@")) else line
        for line in note.strip("\n").split("\n")
    )
    return head + separator + b"\n" + safe.encode("utf-8", "surrogateescape") + b"\n\n" + tail


def make_patch_file_name(number: int, subject: str) -> str:
    """Return the name that git format-patch would give to a patch file."""
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", subject).strip("-.")[:52].rstrip("-.")
    return f"{number:04d}-{slug or 'patch'}.patch"
