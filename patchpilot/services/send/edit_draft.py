# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `draft`: show and change a topic's draft.

It contains the cover letter, changelog, notes, subject prefix and answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.track_store import Store
from patchpilot.commits.b4_prep import PrepBranch, prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, PatchpilotError, RefusedError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.bounded import limited_number
from patchpilot.model.draft import Draft
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_id_option
from patchpilot.model.printable import counted
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.b4.enrollment import withdraw
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.series.cover_letter import fill, given_cover, strip_comments, template
from patchpilot.series.draft import Drafts, complete_prefix, one_line_each
from patchpilot.series.draft_text import as_text, read_draft_file, update_from_text
from patchpilot.topic.b4_record import draft_for_b4
from patchpilot.topic.edit_commits import (
    edit_text,
    editor_name,
    merge_edit,
    save_invalid_edit,
)
from patchpilot.topic.find_topic import Topic, find_draft, finish_topic
from patchpilot.topic.reroll import (
    STUBS,
    changelog_hints,
    last_sent,
    link_to,
    reroll,
    set_changelog,
)
from patchpilot.topic.topic_state import TopicState, topic_state
from patchpilot.topic.workplace import Workplace

EDITED = "DRAFT.txt"
"""Name of the edited file."""
Edit = Callable[[str], str | None]
"""A function that lets the user edit a text; returns None if the user gave up."""


@json_form("draft", "sends", "b4", "topic=state")
class DraftResult(NamedTuple):
    """A topic's draft, sends, branch in b4's tracking data, and state."""

    draft: Draft
    sends: tuple[Send, ...]
    b4: PrepBranch | None
    state: TopicState


class Changes(NamedTuple):
    """Changes to a draft; fields that are None leave it unchanged.

    `notes` are pairs of a patch (its number, or a part of its subject) and a text.
    """

    subject: str | None = None
    text: str | None = None
    changelog: str | None = None
    notes: tuple[tuple[str, str], ...] = ()
    prefix: str | None = None
    version: int | None = None
    in_reply_to: str | None = None
    imported: Path | None = None


def show(
    repository: Repository, target: str | None = None, base: str | None = None
) -> DraftResult:
    """Return the draft of a TARGET's topic, creating it if necessary."""
    return _result(
        repository, finish_topic(repository, SendRequest(target=target, base=base))
    )


def change(
    repository: Repository,
    changes: Changes,
    target: str | None = None,
    base: str | None = None,
) -> DraftResult:
    """Change a topic's draft and save it."""
    subject, text = changes.subject, changes.text
    if subject is None and text is not None:
        subject, text = given_cover(text)
    one_line_each(subject, changes.in_reply_to)
    topic = finish_topic(repository, SendRequest(target=target, base=base))
    before = draft = topic.draft
    if changes.imported:
        draft = _import_text(repository, draft, read_draft_file(changes.imported))
    if changes.subject is None and subject and not text and draft.cover_subject:
        # if the cover letter already has a subject, a single given line is its text
        subject, text = None, subject
    draft = replace(
        draft,
        cover_subject=draft.cover_subject if subject is None else subject.strip(),
        cover_text=draft.cover_text if text is None else text.strip("\n"),
    )
    if changes.version is not None:
        draft = replace(draft, version=_check_unsent(draft, changes.version))
    if changes.changelog is not None:
        draft = set_changelog(draft, changes.changelog, repository)
    for patch, text in changes.notes:
        draft = replace(draft, notes={**draft.notes, _patch(draft, patch): text})
    if changes.prefix is not None:
        draft = replace(draft, prefix=complete_prefix(changes.prefix))
    if changes.in_reply_to is not None:
        draft = replace(
            draft,
            in_reply_to=parse_id_option(changes.in_reply_to)
            if changes.in_reply_to.strip()
            else "",
        )
    draft_for_b4(repository, draft)
    with Drafts() as drafts:
        return _result(
            repository, topic._replace(draft=drafts.keep(before, draft, "set"))
        )


def edit(
    repository: Repository,
    editor: Edit,
    target: str | None = None,
    base: str | None = None,
) -> DraftResult:
    """Let the user edit all texts of a draft at once.

    If the user cancels, the draft is not changed. Concurrent changes by another process are merged.
    The next edit starts with a text that could not be imported.
    """
    request = SendRequest(target=target, base=base)
    topic = finish_topic(repository, request)
    draft, shown = topic.draft, _editable(repository, topic.draft)
    text = editor(shown)
    if text is not None and text != shown:
        draft = find_draft(repository, request)
        now = _editable(repository, draft)
        try:
            text, in_conflict = merge_edit(shown, text, now)
            if in_conflict:
                raise RefusedError("the draft changed while it was edited")
            changed = _import_text(repository, draft, text)
        except PatchpilotError as error:
            raise save_invalid_edit(now, text, EDITED, error) from error
        draft_for_b4(repository, changed)
        with Drafts() as drafts:
            draft = drafts.keep(draft, changed, "edited")
    return _result(repository, topic._replace(draft=draft))


def _editable(repository: Repository, draft: Draft) -> str:
    """Return a draft's texts with the hints for a changelog."""
    offered = _draft_to_write(repository, draft)
    hints = changelog_hints(repository, offered) if offered.version > 1 else ()
    return as_text(offered, changed=hints)


def export(repository: Repository, target: str | None, base: str | None) -> str:
    """Return a draft's texts in the format that `change` imports.

    After a version was sent, include the next version's changelog, filled with the changes since
    the last version.
    """
    return as_text(
        _draft_to_write(
            repository, find_draft(repository, SendRequest(target=target, base=base))
        )
    )


def begin_version(repository: Repository, request: SendRequest) -> Draft:
    """Start the version after the last one sent, and save its draft with the changes since the last
    version as changelog.

    Raise `UsageError` if no version was sent.
    """
    draft = find_draft(repository, request)
    with Drafts() as drafts:
        version = reroll(draft, repository)
        return drafts.keep(draft, version, f"{STUBS}{version.version - 1}")


def reset(
    repository: Repository, target: str | None = None, base: str | None = None
) -> tuple[Draft, DraftResult]:
    """Clear a topic's draft, and return the old and new draft.

    Keep the change-id, the record of sent versions and their changelogs. b4's data about a prep
    branch is not changed.
    """
    draft = find_draft(repository, SendRequest(target=target, base=base))
    with Drafts() as drafts, Outbox() as outbox, drafts.transaction():
        known, sent = (
            drafts.get(draft.change_id) or draft,
            outbox.last_version(draft.change_id),
        )
        changelogs = {
            number: text
            for number, text in known.changelogs.items()
            if int(number) <= sent
        }
        kept = {f"changelogs.{number}" for number in changelogs}
        origins = {name: text for name, text in known.origins.items() if name in kept}
        fresh = Draft(
            known.change_id,
            known.repository,
            known.branch,
            changelogs=changelogs,
            links=known.links,
            patches=known.patches,
        )
        drafts.save(replace(fresh, origins=origins))
    return known, show(repository, target, base)


def ping(
    repository: Repository, target: str | None = None, base: str | None = None
) -> str:
    """Return a polite reminder to send in reply to the last version.

    Raise `UsageError` if no version was sent.
    """
    draft = find_draft(repository, SendRequest(target=target, base=base))
    last = last_sent(draft)
    if last is None:
        raise UsageError(
            "nothing from this topic has been sent yet", hint=Action("send")
        )
    name = (repository.identity or Address("", "")).name
    values = {
        "date": last.begun[:10],
        "link": link_to(last, repository),
        "name": name,
        "version": str(last.version),
    }
    return strip_comments(fill(template("ping"), values)) + "\n"


def forget(
    repository: Repository, target: str | None = None, base: str | None = None
) -> Draft:
    """Delete a topic's draft; the record of sent versions is kept."""
    draft = find_draft(repository, SendRequest(target=target, base=base))
    with Drafts() as drafts:
        drafts.remove(draft.change_id)
    return draft


def leave_b4(repository: Repository) -> str:
    """Unenroll the branch from b4, keeping its commits and the user's branch description.

    Raise `MissingError` if the branch was not enrolled by patchpilot, and `UsageError` if b4 keeps
    the cover letter in a commit.
    """
    name = repository.branch
    if name is None:
        raise UsageError(
            "no branch is checked out",
            hint="run `git switch` to check out the topic branch",
        )
    known = prep_branch(repository, name)
    if known is None:
        raise MissingError(f"{name} was not enrolled in b4 by patchpilot")
    if known.strategy != "branch-description":
        raise UsageError(
            f"cannot unenroll {name}: b4 keeps its cover letter in a commit",
            hint="run `b4 prep --cleanup`, or drop that commit with `git rebase -i`",
        )
    withdraw(repository, name)
    return name


def _draft_to_write(repository: Repository, draft: Draft) -> Draft:
    """Return the draft with the texts to edit: after a send, the next version's.

    Until the user edits it, a started version's changelog is regenerated, because the commits and
    ticked requests may have changed.
    """
    last, number = last_sent(draft), str(draft.version)
    if last and draft.origins.get(f"changelogs.{number}", "").startswith(STUBS):
        others = {key: text for key, text in draft.changelogs.items() if key != number}
        return reroll(replace(draft, changelogs=others), repository)
    return (
        reroll(draft, repository) if last and last.version >= draft.version else draft
    )


def _import_text(repository: Repository, draft: Draft, text: str) -> Draft:
    """Import the edited texts into the draft.

    An unchanged generated changelog and its version do not count as the user's choice.
    """
    offered = _draft_to_write(repository, draft)
    changed = update_from_text(offered, text)
    if offered.version == draft.version or (
        changed.changelog and changed.changelog.strip() != offered.changelog.strip()
    ):
        return changed
    changelogs = {
        number: words
        for number, words in changed.changelogs.items()
        if number != str(offered.version)
    }
    return replace(
        changed,
        version=draft.version,
        in_reply_to=draft.in_reply_to,
        changelogs=changelogs,
    )


def _check_unsent(draft: Draft, version: int) -> int:
    """Return a version that may be sent next; raise UsageError if it was sent."""
    last = last_sent(draft)
    if last and version <= last.version:
        raise UsageError(
            f"v{version} cannot be the next version: v{last.version} was already sent",
            hint=Action("send", ("--resend",), "`{}` sends it again"),
        )
    return version


def _patch(draft: Draft, name: str) -> str:
    if 1 <= limited_number(name) <= len(draft.patches):
        return draft.patches[limited_number(name) - 1].patch_id
    result: Sequence[str] = [
        patch.patch_id
        for patch in draft.patches
        if name.lower() in patch.subject.lower()
    ]
    if len(result) != 1:
        has = f"this topic has {counted(len(draft.patches), 'patch', 'patches')}"
        if not result:
            raise UsageError(
                f"no patch {name!r}: {has}",
                hint="use a patch's number, or a part of its subject",
            )
        raise UsageError(
            f"{len(result)} patches match {name!r}",
            hint=f"use a longer part of the subject, or the patch's number ({has})",
        )
    return result[0]


def _result(repository: Repository, topic: Topic) -> DraftResult:
    draft = topic.draft
    with Outbox() as outbox:
        sends = outbox.sends(draft.change_id)
    with Store() as store:
        state = topic_state(repository, topic, store=store)
    return DraftResult(
        draft,
        sends,
        prep_branch(repository, draft.branch) if draft.branch else None,
        state,
    )


def editor_of(workplace: Workplace) -> Edit:
    """Return a function that opens the user's editor on a text and returns the edited text.

    The editor is configurable; the default is git's editor. The function returns None if the editor
    fails.
    """
    editor = editor_name(workplace.repository)
    return lambda text: edit_text(editor, text, EDITED)
