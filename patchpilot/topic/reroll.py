# SPDX-License-Identifier: GPL-2.0-or-later
"""Start the next version of a topic: its number, its changelog, and a link to the previous version.

The changelog is pre-filled from the range-diff and the ticked review comments.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, UsageError
from patchpilot.model.action import FILES, Action, Advice, join_hints
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.commit import Commit
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.model.patch import Patch, Series, parse_subject
from patchpilot.model.trailer import find_trailer_block
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.projects.loading import default_project
from patchpilot.projects.project import Project
from patchpilot.series.change_id import change_id_line, format_tag_name
from patchpilot.series.cover_letter import (
    find_placeholder,
    format_changelog,
    format_changelog_title,
    has_changelog_items,
)
from patchpilot.series.draft import Drafts, pair_known_patches
from patchpilot.series.patch_pairing import title_key
from patchpilot.settings.read_settings import is_in_demo, read_user_settings
from patchpilot.threads.review_summary import select_changelog_requests
from patchpilot.topic.project import project_of

STUBS = "changes since v"
"""The origin recorded for a changelog that lists only the changes since a version."""
_PREFILLED = lazy_pattern(
    r"EDITME (?:trailers changed|message reworded|changed|new patch|dropped|review): |EDITME drop "
)


class VersionChange(NamedTuple):
    """How a patch changed since the last version.

    The kind is "same", "tagged" (only the trailers changed), "reworded" (only the message changed),
    "changed", "new" or "dropped". `tags` is the number of added trailers if nothing else changed.
    """

    kind: str
    subject: str
    tags: int = 0


def prepare_next_version(
    draft: Draft,
    repository: Repository | None = None,
    list_more_changes: Callable[[], Sequence[str]] = tuple,
) -> Draft:
    """Return the draft for the version after the last one sent, with a pre-filled changelog.

    `list_more_changes` is called for further entries of the changelog if it is pre-filled. Nothing
    is written. Raise UsageError if nothing has been sent.
    """
    last_send = find_last_send(draft)
    if last_send is None:
        raise UsageError(
            "nothing from this topic has been sent yet", hint=_suggest_first_version(draft)
        )
    version = last_send.version + 1
    if draft.version >= version and draft.changelog and not _is_template(draft.changelog):
        return draft
    draft = _set_next_version(draft, max(version, draft.version))
    items = [
        f"EDITME {line}"
        for line in (
            *format_change_lines(list_version_changes(draft, last_send, repository)),
            *list_more_changes(),
        )
    ]
    items += [
        f"EDITME review: {line}"
        for line in select_changelog_requests(last_send, read_upcoming_patches(draft, repository))
    ]
    own_text = "" if _is_template(draft.changelog) else draft.changelog
    text = own_text or format_changelog(draft.version, items, make_send_link(last_send, repository))
    return replace(draft, changelogs={**draft.changelogs, str(draft.version): text})


def _set_next_version(draft: Draft, version: int) -> Draft:
    """Return the draft with the number of its next version.

    A new version starts a new thread; its changelog links to the old one (netdev requires this,
    other lists accept it). A backport answers the "failed to apply" message again.
    """
    parent = draft.in_reply_to if draft.is_for_stable else ""
    return replace(draft, version=version, in_reply_to=parent)


def _suggest_first_version(draft: Draft) -> Advice:
    """Return how to send v1, and how to send the next version of another topic with these patches.

    A backport is another topic than the fix, and so are the commits of another clone.
    """
    first = Action("send", (), "send v1 first: {}")
    titles = {title_key(patch.subject) for patch in draft.patches}
    with Drafts() as drafts:
        sent = next(
            (
                other
                for other in drafts.all()
                if other.links
                and not other.is_undisclosed
                and titles & {title_key(patch.subject) for patch in other.patches}
            ),
            None,
        )
    if sent is None:
        return first
    place = "this clone" if sent.repository == draft.repository else "another clone"
    words = f"the next version of [{sent.prefix or 'PATCH'}], sent from {place}: {{}}; or "
    last_send = find_last_send(sent)
    files = (last_send.files if last_send else ()) or (FILES,)
    return join_hints(Action("send", ("--reroll", *files), words), first)


def read_upcoming_patches(draft: Draft, repository: Repository | None) -> tuple[Patch, ...]:
    """Return the patches of a draft's commits.

    The result is empty if one of the commits is not in the repository.
    """
    ids = [patch.commit for patch in draft.patches if patch.commit]
    if repository is None or any(repository.find(commit) is None for commit in ids):
        return ()
    return tuple(format_commit_patch(repository, commit) for commit in ids)


def find_sent_head(repository: Repository, send: Send) -> str:
    """Return the last commit of a send.

    This is the commit of the send's tag or, if there is no tag, the tip of the branch when it was
    sent. The commit with b4's cover letter is not in the history of the tag.
    """
    return (
        repository.find(f"refs/tags/{format_tag_name(send.change_id, send.version)}")
        or send.head
        or ""
    )


def _is_template(changelog: str) -> bool:
    return (
        bool(find_placeholder(changelog))
        and not has_changelog_items(changelog)
        and not _PREFILLED.search(changelog)
    )


def set_changelog(draft: Draft, text: str, repository: Repository | None = None) -> Draft:
    """Return the draft with this text as its changelog, with the heading and the link added.

    If a version was sent, the changelog is for the version after it.
    """
    last_send = find_last_send(draft)
    if last_send and last_send.version >= draft.version:
        draft = _set_next_version(draft, last_send.version + 1)
    body = text.strip("\n")
    if body and draft.version > 1 and not re.search(rf"\bv{draft.version}\b.*:", body):
        body = f"{format_changelog_title(draft.version)}\n{body}"
    link = make_send_link(last_send, repository) if last_send else ""
    if (
        body
        and last_send
        and link
        and not re.search(r"^- link to v\d+", body, re.IGNORECASE | re.MULTILINE)
    ):
        body = f"{body}\n- Link to v{last_send.version}: {link}"
    return replace(draft, changelogs={**draft.changelogs, str(draft.version): body})


def find_last_send(draft: Draft) -> Send | None:
    """Return the send of the latest version for which at least one message was sent.

    If none was sent from this machine, use the tracked series of the topic.
    """
    with Outbox() as outbox:
        sends = outbox.received(draft.change_id)
    if sends:
        return max(sends, key=lambda send: (send.version, send.id))
    from patchpilot.topic.tracked_send import find_tracked_send

    return find_tracked_send(draft)


def find_next_send_time(project: Project, last_send: Send) -> datetime:
    """Return the time from which the project accepts the version after this one, or a resend."""
    return parse_stored_time(last_send.begun) + timedelta(hours=project.mail.resend_hours)


def format_next_send_time(moment: datetime) -> str:
    """Format the time in the user's time zone."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def is_send_recorded(send: Send) -> bool:
    """Return whether the draft already records that all messages of this send were accepted."""
    with Drafts() as drafts:
        draft = drafts.get(send.change_id)
    return draft is not None and draft.links.get(str(send.version)) == send.entries[0].message_id


def record_complete_send(repository: Repository, send: Send, draft: Draft) -> None:
    """Record a complete send.

    The Message-ID of the version is stored in the draft, and its commits get a tag with the same
    name as b4's. An undisclosed fix gets no tag, because `git push --tags` would publish it.
    """
    with Drafts() as drafts, drafts.transaction():
        stored = drafts.get(draft.change_id) or draft
        drafts.save(
            replace(
                stored,
                links={
                    **stored.links,
                    str(send.version): send.entries[0].message_id,
                },
            )
        )
    if send.head is None or send.undisclosed:
        return
    name = format_tag_name(send.change_id, send.version)
    if repository.find(f"refs/tags/{name}") is not None:
        return
    text = "\n\n".join(
        part
        for part in (
            draft.cover_subject or draft.patches[0].subject,
            draft.cover_text,
            f"base-commit: {send.base}",
            change_id_line(send.change_id),
        )
        if part
    )
    repository.git(
        "tag",
        "-a",
        "-F",
        "-",
        "--cleanup=verbatim",
        name,
        send.head,
        stdin=text.encode("utf-8", "surrogateescape"),
        ok=(),
    )


def make_send_link(
    send: Send, repository: Repository | None = None, *, for_others: bool = True
) -> str:
    """Return the link to a send's first message.

    Use the archive `patchpilot.lore`, or the project's archive if the link is `for_others` and they
    cannot reach the former. Return "" for an undisclosed fix, which is in no archive and must not
    become public.
    """
    from patchpilot.model.hosts import url_host

    if send.undisclosed:
        return ""
    settings = read_user_settings(repository, problems=[]) if repository else None
    lore = settings.get("lore") if settings else ""
    project = (
        project_of(repository, settings.get("profile"), Series(()))
        if repository and settings
        else default_project()
    )
    host = url_host(lore)
    # others cannot reach a mirror on this machine, but in the demo everything is on this machine
    is_local = "." not in host or host.startswith("127.") or ":" in host
    is_out_of_reach = is_local and for_others and not (host and is_in_demo())
    if host == url_host(project.tags.links) or is_out_of_reach:
        lore = ""
    message_id = send.entries[0].message_id
    return f"{lore.rstrip('/')}/{message_id}/" if lore else f"{project.tags.links}{message_id}"


def list_version_changes(
    draft: Draft, last_send: Send, repository: Repository | None = None
) -> tuple[VersionChange, ...]:
    """Return how each patch changed since the last version.

    Messages are compared only if both commits are in the repository.
    """
    old_patches = convert_sent_patches(last_send, repository)
    old_by_new = {new: old for old, new in pair_known_patches(old_patches, draft.patches)}
    version_changes = []
    for patch in draft.patches:
        old = old_by_new.get(patch)
        kind = "new" if old is None else "same" if old.patch_id == patch.patch_id else "changed"
        tags = 0
        if old and kind == "same":
            kind, tags = _compare_messages(repository, old.commit, patch.commit)
        version_changes.append(VersionChange(kind, patch.subject, tags))
    paired = set(old_by_new.values())
    return (
        *version_changes,
        *(VersionChange("dropped", patch.subject) for patch in old_patches if patch not in paired),
    )


def convert_sent_patches(
    send: Send, repository: Repository | None = None
) -> tuple[KnownPatch, ...]:
    """Convert a send's patches to the form used in drafts, so that they can be compared."""
    return tuple(
        KnownPatch(
            entry.patch_id,
            parse_subject(entry.subject).title,
            entry.commit,
            repository.commit(entry.commit).author_time
            if repository and entry.commit and repository.find(entry.commit)
            else "",
        )
        for entry in send.entries
        if entry.patch_id
    )


def has_same_commits(draft: Draft, last_send: Send) -> bool:
    """Return whether the draft's patches are the commits that were sent."""
    commits = [patch.commit for patch in draft.patches]
    return all(commits) and commits == [patch.commit for patch in convert_sent_patches(last_send)]


def is_same_version(draft: Draft, last_send: Send, subject: str) -> bool:
    """Return whether a next version with this subject would only repeat the last one.

    A different prefix, such as the name of another tree, is a reason to send the same commits
    again; a fix that was undisclosed is another.
    """
    subjects = map(parse_subject, (last_send.entries[0].subject, subject))
    return (
        last_send.undisclosed == draft.is_undisclosed
        and has_same_commits(draft, last_send)
        and len({frozenset(parsed.words) for parsed in subjects}) == 1
    )


def _compare_messages(
    repository: Repository | None, old: str | None, new: str | None
) -> tuple[str, int]:
    """Compare two commit messages.

    Return the kind of change and, if nothing else changed, the number of added trailers. The kind
    is "same" if one of the commits is gone.
    """
    if repository is None or old is None or new is None or old == new:
        return "same", 0
    try:
        before, after = repository.commit(old), repository.commit(new)
    except GitError:
        return "same", 0
    if before.message == after.message:
        return "same", 0
    if _strip_trailers(before) != _strip_trailers(after):
        return "reworded", 0
    added = Counter(map(str, after.trailers)) - Counter(map(str, before.trailers))
    return "tagged", added.total()


def _strip_trailers(commit: Commit) -> str:
    lines = list(commit.lines)
    block = find_trailer_block(lines)
    return "\n".join((*lines[: block.start], *lines[block.stop :])).rstrip()


def format_change_lines(changes: Sequence[VersionChange]) -> tuple[str, ...]:
    """Format the changes as changelog items."""
    templates = {
        "tagged": "trailers changed: {}",
        "reworded": "message reworded: {}",
        "changed": "changed: {}",
        "new": "new patch: {}",
        "dropped": "dropped: {}",
    }
    return tuple(
        templates[change.kind].format(change.subject)
        for change in changes
        if change.kind in templates
    )


def compute_range_diff(repository: Repository, last_send: Send, ids: Sequence[str]) -> str:
    """Return the range-diff by git between the last version and these commits.

    Return "" if the commits of the last version are gone.
    """
    if not last_send.base or not last_send.head or not ids:
        return ""
    from patchpilot.commits.rewrite import rebase_without_covers

    try:
        # remove b4's cover letter commit, because it is never sent
        is_linear = all(
            repository.commit(commit).parents == (parent,)
            for commit, parent in zip(ids[1:], ids, strict=False)
        )
        new_ids = ids if is_linear else rebase_without_covers(repository, ids)
        from patchpilot.commits.range_diff import run_range_diff as commits_range_diff

        return commits_range_diff(
            repository.git,
            f"{last_send.base}..{find_sent_head(repository, last_send)}",
            f"{new_ids[0]}^..{new_ids[-1]}",
        )
    except GitError:
        return ""


def make_changelog_hints(repository: Repository, draft: Draft) -> tuple[str, ...]:
    """Return a short range-diff with the last version, as an aid for writing the changelog."""
    last_send = find_last_send(draft)
    if last_send is None:
        return ()
    ids = [patch.commit for patch in draft.patches if patch.commit]
    return tuple(
        f"  {line}"
        for line in compute_range_diff(repository, last_send, ids).splitlines()
        if not line.startswith("    ")
    )[:40]


def has_unfinished_changelog(draft: Draft) -> bool:
    """Return whether the changelog is empty or still has pre-filled items."""
    return draft.version > 1 and (
        not has_changelog_items(draft.changelog) or bool(find_placeholder(draft.changelog))
    )
