# SPDX-License-Identifier: GPL-2.0-or-later
"""Read what tracked series and the outbox report about mainline commits on stable branches."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import NamedTuple

from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.commits.repository import Repository
from patchpilot.model.mail import Mail
from patchpilot.model.progress import ignore_progress
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.stable_subject import parse_request_subject
from patchpilot.reading.thread_values import CommitOnBranch, SentBackports, StableBranchState
from patchpilot.threads.known_series import (
    find_unarchived_ids,
    read_sent_mails,
    read_stored_series,
)
from patchpilot.threads.sent_backports import read_sent_backports
from patchpilot.threads.stable_requests import list_patches_marks, read_requests


class StableReports(NamedTuple):
    """What is reported about mainline commits on stable branches.

    `failed` contains the Message-IDs of the last "failed to apply" messages, `states` the latest
    states in tracked series, and `sent` the backports that the user sent last.
    """

    failed: Mapping[CommitOnBranch, str]
    states: Mapping[CommitOnBranch, StableBranchState]
    sent: SentBackports


def read_stable_reports(
    commits: Sequence[str], repository: Repository | None = None
) -> StableReports:
    """Return what tracked series and the outbox report about these mainline commits."""
    failures: dict[CommitOnBranch, tuple[bool, datetime, str]] = {}
    states: dict[CommitOnBranch, StableBranchState] = {}
    if default_store_file().exists():
        may_matter = _make_filter(commits)
        with Store() as store:
            for entry in store.entries():
                stored = tuple(store.iterate_mails(entry.id, may_matter))
                _add_failures(failures, commits, stored, store)
                sent = read_sent_mails(find_unarchived_ids(entry, store), store)
                bodies = [mail.body for mail in (*stored, *sent)]
                requested = parse_request_subject(entry.subject)[0]
                named = [
                    it
                    for it in commits
                    if (requested and it.startswith(requested))
                    or any(it in body for body in bodies)
                ]
                if named and (
                    posted := read_stored_series(
                        entry, store, repository, ignore_progress, whole=True
                    ).posted
                ):
                    for commit in named:
                        _add_stable_states(states, commit, posted)
    failed = {key: message_id for key, (*_, message_id) in failures.items()}
    return StableReports(failed, states, read_sent_backports())


def sign_stable_reports(
    commit: str, reports: StableReports | None = None, repository: Repository | None = None
) -> str:
    """Return a text that begins with a mainline commit and changes whenever other things are
    reported about it on stable branches, or requested or marked as sent by the user.

    `commit` may be an earlier text about it. For "", return "". `reports` are what was just read,
    about other commits as well.
    """
    commit = commit.partition(" ")[0]
    if not commit:
        return ""
    about = [
        {key: value for key, value in each.items() if key[0] == commit}
        for each in reports or read_stable_reports([commit], repository)
    ]
    facts = about, read_requests(commit), list_patches_marks(commit)
    return f"{commit} {zlib.crc32(repr(facts).encode('utf-8', 'surrogateescape')):08x}"


def _make_filter(commits: Iterable[str]) -> Callable[[bytes], bool]:
    """Return a function that finds the messages that may name one of these commits or be a "failed
    to apply" message.

    Their bytes show this faster than parsing all messages. An encoded message may contain anything.
    """
    names = [commit.encode() for commit in commits]

    def may_matter(raw: bytes) -> bool:
        lower = raw.lower()
        header = lower.partition(b"\n\n")[0]
        is_encoded = b"base64" in lower or b"quoted-printable" in lower or b"=?" in header
        is_failure = b"failed to apply" in b" ".join(header.split())
        return is_encoded or is_failure or any(name in raw for name in names)

    return may_matter


def _add_stable_states(
    states: dict[CommitOnBranch, StableBranchState], commit: str, posted: PostedSeries
) -> None:
    """Add the states of a mainline commit in a series, unless a later one is known."""
    for state in posted.list_branches(commit):
        known = states.get((commit, state.version))
        if not known or _is_newer(state, known):
            states[commit, state.version] = state


def _is_newer(state: StableBranchState, known: StableBranchState) -> bool:
    """Return whether a state replaces another one of the branch.

    The message of a backport is better evidence than the time of its send, and its date is when it
    was written.
    """
    if state.state == known.state and (state.message_id is None) != (known.message_id is None):
        return known.message_id is None
    return not (known.date and state.date and known.date > state.date)


def _add_failures(
    failures: dict[CommitOnBranch, tuple[bool, datetime, str]],
    commits: Sequence[str],
    mails: Iterable[Mail],
    store: Store,
) -> None:
    """Add the "FAILED: patch … failed to apply" messages about these commits.

    The stable maintainers' known addresses come before other senders of messages in their form.
    """
    for mail in mails:
        # a reply to a FAILED message has the same subject, so classify the message too
        if "failed to apply" not in mail.subject:
            continue
        notice = store.reader.classify(mail)
        if notice.kind is not MailKind.STABLE_FAILED:
            continue
        matches = set(notice.placement.commits).intersection(commits)
        matches = matches or {commit for commit in commits if commit in mail.body}
        for key in product(matches, notice.placement.versions):
            candidate = is_bot_address(notice.sender), notice.when, mail.message_id
            failures[key] = max(failures.get(key, candidate), candidate)
