# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the topic that TARGET names: its series, its commits, and its draft.

If the topic has no draft, create one.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.b4_prep import (
    PrepBranch,
    find_prep_branch_of,
    is_tip,
    prep_branch,
    skip_cover_commit,
)
from patchpilot.commits.range import (
    is_existing_file,
    is_network_target,
    read_commits_series,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.model.draft import Draft, KnownPatch, find_prefix_version
from patchpilot.model.file_headers import list_files, read_file_headers
from patchpilot.model.mail import parse_id_option
from patchpilot.model.patch import Series, parse_subject
from patchpilot.model.printable import join_words
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.b4.draft_texts import import_b4_texts
from patchpilot.outgoing.compose_mails import compute_patch_ids, encode_patches
from patchpilot.outgoing.outbox import Outbox
from patchpilot.series.change_id import (
    find_change_ids,
    make_change_id,
    names_title,
    retitle_change_id,
)
from patchpilot.series.cover_letter import split_cover
from patchpilot.series.draft import Drafts, complete_prefix, follow_patches
from patchpilot.series.patch_pairing import title_key
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.finish_send import finish_sends
from patchpilot.topic.posted_elsewhere import SentTag, find_tagged_topic
from patchpilot.topic.read_series import read_series
from patchpilot.topic.upstream_state import find_backport_prefix


class Topic(NamedTuple):
    """A topic: its series, its commits, and its draft.

    For patch files, there are no commits.
    """

    series: Series
    commits: tuple[str, ...]
    draft: Draft


def read_named_patches(
    repository: Repository, request: SendRequest
) -> tuple[Series, tuple[str, ...]]:
    """Return the series named by TARGET and its commit ids (none for patch files)."""
    target = request.target
    files = tuple(name for name in (target, *request.more_targets) if name is not None)
    commits = [name for name in files if not _is_patch_source(name)]
    if commits and len(files) > 1:
        raise UsageError(
            f"{join_words(files)}: only patch files can be named together",
            hint="for several commits, name a range A..B",
        )
    if not files or commits:
        ids = list_topic_commits(repository, target, request.base)
        return read_commits_series(repository, ids, None), ids
    all_series = read_series(files, repository)
    if len(all_series) != 1:
        raise UsageError(
            f"{join_words(files)} {'have' if len(files) > 1 else 'has'} {len(all_series)} series",
            hint="send one series at a time",
        )
    return all_series[0], ()


def list_patch_files(request: SendRequest) -> tuple[str, ...]:
    """Return the absolute paths of the patch files that TARGET names."""
    names = filter(None, (request.target, *request.more_targets))
    return tuple(str(Path(name).absolute()) for name in names if is_existing_file(name))


def _is_patch_source(target: str) -> bool:
    return is_existing_file(target) or target == "-" or is_network_target(target)


def find_base_commit(
    repository: Repository, request: SendRequest, ids: Sequence[str]
) -> str | None:
    """Return the commit that the series is based on, for `base-commit:`.

    This is never b4's cover commit. Return None for patch files and for a series that starts at a
    root commit.
    """
    if not ids:
        return None
    start = repository.find(f"{ids[0]}^")
    start = skip_cover_commit(repository, start) if start else None
    prep = None if request.base else find_prep_branch_of(repository, ids)
    base_ids = [
        prerequisite.partition(":")[2].strip()
        for prerequisite in (prep.prerequisites if prep else ())
        if prerequisite.startswith("base-commit:")
    ]
    named_base = repository.find(base_ids[-1]) if base_ids else None
    if request.base:
        named_base = repository.resolve(request.base)
    return (
        named_base
        if named_base and start and repository.is_ancestor(named_base, start) and not request.target
        else start
    )


def find_topic(
    repository: Repository,
    request: SendRequest,
    patches: tuple[Series, tuple[str, ...]] | None = None,
) -> Topic:
    """Return the topic of a TARGET; if it has no draft, create one, except in a dry run.

    The returned draft includes the options of the request. Pass the patches if they were already
    read. Only the topic's current patches are saved, and not during a rebase; the caller saves the
    requested options with `Drafts.keep`.
    """
    if request.dry_run:
        return read_topic(repository, request, patches)
    series, ids = patches or read_named_patches(repository, request)
    repository.register()
    facts = _query_git(repository, series, ids)
    # if two processes start a topic at the same time, the second process finds the draft of the
    # first one
    with Drafts() as drafts, Outbox() as outbox, drafts.transaction():
        draft, old_change_id = _find_draft(drafts, outbox, facts)
        # in the middle of a rebase, HEAD has only some of the topic's patches
        if not facts.is_rebased or drafts.get(old_change_id) is None:
            draft = drafts.save(draft)
        if old_change_id != draft.change_id:
            drafts.remove(old_change_id)
    return Topic(series, ids, _apply_request(repository, request, draft, facts))


def finish_topic(repository: Repository, request: SendRequest) -> Topic:
    """Return the topic like `find_topic`, but first complete a send of it that was interrupted.

    This may change the ids of the topic's commits.
    """
    finish_sends(repository, dry_run=request.dry_run)
    return find_topic(repository, request)


def find_draft(repository: Repository, request: SendRequest) -> Draft:
    """Return the draft of a TARGET's topic, after completing an unfinished send."""
    return finish_topic(repository, request).draft


def find_containing_draft(repository: Repository, target: str | None, base: str | None) -> Draft:
    """Return the draft for facts about the commits that TARGET names.

    If they are part of the current topic, this is the topic's draft.
    """
    return find_draft(repository, make_containing_request(repository, target, base))


def make_containing_request(
    repository: Repository, target: str | None, base: str | None
) -> SendRequest:
    """Return the request for the current topic if it contains the commits that TARGET names.

    Otherwise, return the request for TARGET.
    """
    if target is not None and not _is_patch_source(target):
        with suppress(PatchpilotError):
            topic_ids = list_topic_commits(repository, None, base)
            if set(list_topic_commits(repository, target)) <= set(topic_ids):
                target = None
    return SendRequest(target=target, base=base)


def read_topic(
    repository: Repository,
    request: SendRequest,
    patches: tuple[Series, tuple[str, ...]] | None = None,
) -> Topic:
    """Return the topic of a TARGET like `find_topic`, but write nothing."""
    series, ids = patches or read_named_patches(repository, request)
    facts = _query_git(repository, series, ids)
    with Drafts() as drafts, Outbox() as outbox:
        draft, _ = _find_draft(drafts, outbox, facts)
    return Topic(series, ids, _apply_request(repository, request, draft, facts))


class _GitFacts(NamedTuple):
    """Facts about a topic from git, b4's tracking data and send tags.

    `backport_prefix` is the subject prefix of backports to a stable branch, or "". `is_rebased` is
    set in the middle of a rebase of the branch.
    """

    series: Series
    patches: tuple[KnownPatch, ...]
    backport_prefix: str
    home: str
    branch: str | None
    branches: tuple[str, ...]
    enrolled: PrepBranch | None
    tagged: SentTag | None
    is_rebased: bool

    @property
    def stable(self) -> str:
        """Return the version of the stable branch that the patches are for, or ""."""
        return find_prefix_version(self.backport_prefix or read_file_headers(self.series).prefix)


def _query_git(repository: Repository, series: Series, ids: Sequence[str]) -> _GitFacts:
    """Return the facts from git.

    Call this before taking locks, because git may take a long time.
    """
    contents = encode_patches(series.patches)
    patches = tuple(
        KnownPatch(
            patch_id or "",
            patch.subject.title,
            patch.commit,
            repository.commit(patch.commit).author_time if ids and patch.commit else "",
        )
        for patch, patch_id in zip(
            series.patches, compute_patch_ids(repository, contents), strict=True
        )
    )
    branch = repository.topic_branch if is_tip(repository, ids) else None
    enrolled = prep_branch(repository, branch) if branch else None
    return _GitFacts(
        series,
        patches,
        find_backport_prefix(repository, ids),
        repository.key,
        branch,
        tuple(repository.refs),
        enrolled,
        find_tagged_topic(repository, patches),
        branch != repository.branch and branch is not None,
    )


def _find_draft(drafts: Drafts, outbox: Outbox, facts: _GitFacts) -> tuple[Draft, str]:
    """Find or create the topic's draft, and record the topic's current patches in it.

    Return it with the change-id under which it is stored.
    """
    enrolled = facts.enrolled
    change_id = enrolled.change_id if enrolled else next(find_change_ids(facts.series), None)
    draft = drafts.get(change_id) if change_id else None
    stable = facts.stable
    draft = draft or drafts.recognize(
        facts.home, facts.branch, facts.patches, facts.branches, stable
    )
    if (
        draft
        and enrolled
        and not enrolled.by_us
        and draft.change_id != change_id
        and not (draft.links and draft.branch == facts.branch)
    ):
        # use the change-id of b4, unless the topic was sent with another change-id before b4
        # managed the branch
        draft = None if draft.links else replace(draft, change_id=enrolled.change_id)
    if draft is None:
        title = facts.patches[0].subject if facts.patches else "patch"
        # what was sent with these patches before was the fix in mainline, or another backport
        tag = None if stable else facts.tagged
        if not stable:
            change_id = change_id or _find_undisclosed_topic(outbox, facts.patches)
        if tag and not change_id and drafts.get(tag.change_id) is None:
            # if there is neither a draft nor an earlier send, only the tag shows which version is
            # next
            last_version = outbox.last_version(tag.change_id)
            draft = Draft(
                tag.change_id,
                facts.home,
                facts.branch,
                version=last_version or tag.version + 1,
            )
        else:
            draft = Draft(change_id or make_change_id(title), facts.home, facts.branch)
    stored_change_id = draft.change_id
    if not (enrolled or facts.is_rebased):
        draft = _rename_retitled(outbox, draft, facts.patches)
    updated = follow_patches(draft, facts.branch, facts.patches)
    updated = replace(updated, stable=stable or updated.stable)
    if "security" not in updated.answers and (
        outbox.is_undisclosed(updated.change_id)
        or (stable and _find_undisclosed_topic(outbox, facts.patches))
        or any(
            other.is_undisclosed
            for other in drafts.find_with_patches(facts.patches)
            if stable or other.repository != facts.home
        )
    ):
        # if the draft was lost or reset, or belongs to another clone or to the fix of a backport,
        # treat the fix as undisclosed until the author answers the question again
        updated = replace(updated, answers={**updated.answers, "security": "yes"})
    version = max(updated.version, outbox.last_version(updated.change_id))
    return replace(updated, version=version), stored_change_id


def _rename_retitled(outbox: Outbox, draft: Draft, patches: Sequence[KnownPatch]) -> Draft:
    """Give a draft whose first subject was changed the words of the new one in its change-id.

    They are in the Message-IDs. Once a message was sent, the change-id stays.
    """
    if not (draft.patches and patches) or draft.links:
        return draft
    old_title, new_title = draft.patches[0].subject, patches[0].subject
    is_sent = any(outbox.sends(draft.change_id, kind=kind) for kind in ("real", "to-self"))
    if old_title == new_title or is_sent or not names_title(draft.change_id, old_title):
        return draft
    new_change_id = retitle_change_id(draft.change_id, new_title)
    return replace(draft, change_id=new_change_id, shown={})


def _find_undisclosed_topic(outbox: Outbox, patches: Sequence[KnownPatch]) -> str | None:
    """Return the change-id under which any of these patches was sent as an undisclosed fix.

    There are no tags for such sends.
    """
    ids = {patch.patch_id for patch in patches} - {""}
    titles = {title_key(patch.subject) for patch in patches}
    for send in reversed(outbox.undisclosed_sends()):
        sent_titles = {title_key(parse_subject(entry.subject).title) for entry in send.entries}
        if send.patch_ids & ids or sent_titles & titles:
            return send.change_id
    return None


def _apply_request(
    repository: Repository, request: SendRequest, draft: Draft, facts: _GitFacts
) -> Draft:
    enrolled = facts.enrolled
    if enrolled and not enrolled.by_us:
        names = ("version", "prefix", "cover_subject", "cover_text")
        draft = _update_origin(
            import_b4_texts(draft, enrolled),
            f"b4's tracking data of {facts.branch}",
            names,
        )
    else:
        # patchpilot writes a description when it enrolls a branch, so do not read it as the cover
        # letter
        draft = _add_cover(repository, draft, facts.series, None if enrolled else facts.branch)
        if list_files(facts.series):
            return add_request_options(_add_file_headers(draft, facts.series), request)
        configured = repository.config("format.subjectprefix")
        prefix, origin = facts.backport_prefix, "the stable branch"
        if configured and not prefix:
            prefix, origin = configured[-1], "git config format.subjectPrefix"
        if prefix and not draft.prefix:
            prefixed = replace(draft, prefix=complete_prefix(prefix))
            draft = _update_origin(prefixed, origin, ("prefix",))
    return add_request_options(draft, request)


FROM_FILES = "the headers of the patch files"
"""The origin of a draft's prefix and In-Reply-To if they are in the files."""


def _add_file_headers(draft: Draft, series: Series) -> Draft:
    """Return the draft with the prefix, version and parent message that the patch files have.

    What the user set for the topic takes precedence, and a later version.
    """
    headers = read_file_headers(series)
    if headers.prefix and not _is_set_by_user(draft, "prefix"):
        draft = replace(draft, prefix=headers.prefix)
        draft = _update_origin(draft, FROM_FILES, ("prefix",))
    if headers.parent and not _is_set_by_user(draft, "in_reply_to"):
        draft = replace(draft, in_reply_to=headers.parent)
        draft = _update_origin(draft, FROM_FILES, ("in_reply_to",))
    return replace(draft, version=max(draft.version, headers.version))


def _is_set_by_user(draft: Draft, name: str) -> bool:
    return bool(getattr(draft, name)) and not draft.origins.get(name, "").startswith(FROM_FILES)


def add_request_options(draft: Draft, request: SendRequest) -> Draft:
    """Return the draft with a request's version, prefix and In-Reply-To.

    Raise UsageError if one of them is invalid.
    """
    if request.version:
        draft = replace(draft, version=request.version)
    if request.prefix is not None:
        draft = replace(draft, prefix=complete_prefix(request.prefix))
    if request.in_reply_to:
        draft = replace(draft, in_reply_to=parse_id_option(request.in_reply_to))
    return draft


def _add_cover(repository: Repository, draft: Draft, series: Series, branch: str | None) -> Draft:
    if draft.has_cover:
        return draft
    if series.cover:
        text = "\n".join(series.cover.message).strip()
        return _update_origin(
            replace(draft, cover_subject=series.cover.subject.title, cover_text=text),
            f"cover letter {series.cover.source}",
        )
    text = (repository.config(f"branch.{branch}.description") or ("",))[-1] if branch else ""
    if not text.strip() or "EDITME" in text:
        return draft
    subject, body, changelog = split_cover(text)
    changelogs = (
        {**draft.changelogs, str(draft.version): changelog}
        if changelog and not draft.changelog
        else draft.changelogs
    )
    return _update_origin(
        replace(draft, cover_subject=subject, cover_text=body, changelogs=changelogs),
        f"git config branch.{branch}.description",
    )


def _update_origin(
    draft: Draft, origin: str, names: tuple[str, ...] = ("cover_subject", "cover_text")
) -> Draft:
    """Record in the draft where texts with these names are stored.

    Such texts are read again for each command.
    """
    return replace(draft, origins={**draft.origins, **dict.fromkeys(names, origin)})
