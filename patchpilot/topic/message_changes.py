# SPDX-License-Identifier: GPL-2.0-or-later
"""Change the commit messages of a topic.

All changed messages are written together, with one undo record.
"""

import difflib
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from patchpilot.commits import rewrite
from patchpilot.commits.message_edit import compute_word_diff, format_word_diff
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite_hooks import describe_untrusted_hook
from patchpilot.commits.undo_refs import Undo
from patchpilot.errors import UsageError
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress

MESSAGE_FILE = "COMMIT_EDITMSG"
"""The name of the file in which a message is edited; editors recognize it."""

Confirm = Callable[["Preparation"], bool]


class MessageChange(NamedTuple):
    """A commit message before and after a change.

    `pieces` is the word diff, `notes` explain the decisions, and `unsure` explains why a Fixes: tag
    is not written. `doubt` is why the commits in the added Fixes: tags are only a guess.
    """

    commit: str
    subject: str
    old: str
    new: str
    notes: tuple[str, ...] = ()
    unsure: str = ""
    doubt: str = ""

    @property
    def changed(self) -> bool:
        return self.old.rstrip("\n") != self.new.rstrip("\n")

    @property
    def diff(self) -> tuple[str, ...]:
        """Return the unified diff of the message."""
        path = f"{self.commit[:12]}/COMMIT_MSG"
        old, new = (message.rstrip("\n").split("\n") for message in (self.old, self.new))
        return tuple(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm=""))

    @property
    def pieces(self) -> tuple[tuple[str, str], ...]:
        """Return the word diff of the message."""
        return compute_word_diff(self.old, self.new)

    @property
    def marked(self) -> str:
        """Return the word diff as plain text in git's form: `[-removed-]` and `{+added+}`."""
        return format_word_diff(self.pieces)


@json_form(
    "commit=change.commit new subject=change.subject changed=change.changed "
    "message=change.new diff=change.marked notes=change.notes"
)
class PreparedCommit(NamedTuple):
    """The message of a commit before and after a change, and the new id of the commit.

    The id is None if the commit is unchanged.
    """

    change: MessageChange
    new: str | None


@json_form("ref old=head new=new_head written undo=undo_name costs commits")
class Preparation(NamedTuple):
    """The changes to commit messages that were or would be written.

    It contains the messages and the consequences for others. After writing, it also contains the
    new ids and the undo record.
    """

    ref: str | None
    head: str
    changes: tuple[MessageChange, ...]
    costs: tuple[str, ...] = ()
    written: bool = False
    new_head: str | None = None
    ids: Mapping[str, str] = MappingProxyType({})
    undo: Undo | None = None

    @property
    def changed(self) -> tuple[MessageChange, ...]:
        return tuple(change for change in self.changes if change.changed)

    @property
    def diff(self) -> tuple[str, ...]:
        """Return the unified diff of all messages."""
        return tuple(line for change in self.changes for line in change.diff)

    @property
    def reason(self) -> str:
        """Return why no message is changed, or "" if one is."""
        reasons = (change.unsure or "; ".join(change.notes) for change in self.changes)
        return "" if self.changed else "; ".join(filter(None, dict.fromkeys(reasons)))

    @property
    def commits(self) -> tuple[PreparedCommit, ...]:
        return tuple(PreparedCommit(change, self.ids.get(change.commit)) for change in self.changes)

    @property
    def undo_name(self) -> str | None:
        """Return the name of the undo record, or None if nothing was written."""
        return self.undo.name if self.undo else None


def reword_commit(
    id_: str,
    message: str,
    repository: Repository,
    _progress: Progress,
    overrides: Collection[str],
) -> Preparation:
    """Give a commit of the current branch this message, with an undo record.

    Remove trailing whitespace, like git. Raise UsageError if the message is empty or the branch
    does not contain the commit, and RefusedError if the rewrite is unsafe.
    """
    commit = repository.commit(id_)
    text = "\n".join(map(str.rstrip, message.split("\n"))).strip("\n")
    if not text:
        raise UsageError("the commit message is empty", hint="keep at least its first line")
    change = MessageChange(commit.id, commit.subject, commit.message, f"{text}\n")
    preparation = Preparation(*rewrite.find_branch_to_rewrite(repository), (change,))
    return write_messages(repository, preparation, "edit", dry_run=False, overrides=overrides)


def write_messages(
    repository: Repository,
    preparation: Preparation,
    command: str,
    *,
    dry_run: bool,
    overrides: Collection[str],
    confirm: Confirm = lambda _: True,
) -> Preparation:
    """Write the changed messages, unless this is a dry run or `confirm` returns False.

    `command` is recorded in the undo record. Raise RefusedError if the rewrite is unsafe (see
    `rewrite.refuse_unsafe_rewrite`).
    """
    if not preparation.changed:
        return preparation
    oldest = [change.commit for change in preparation.changed][:1]
    if not dry_run:
        rewrite.refuse_unsafe_rewrite(
            repository, preparation.ref, preparation.head, oldest, overrides
        )
    plan = rewrite.rewrite_commits(
        repository,
        preparation.ref,
        preparation.head,
        {change.commit: change.new for change in preparation.changed},
        write=not dry_run,
    )
    preparation = preparation._replace(
        costs=(
            *rewrite.describe_rewrite_costs(plan, len(preparation.changed)),
            *describe_untrusted_hook(repository),
        ),
        ids=dict(plan.commits),
        new_head=plan.new,
    )
    if dry_run or not confirm(preparation):
        return preparation
    return preparation._replace(written=True, undo=rewrite.apply_rewrite(repository, plan, command))
