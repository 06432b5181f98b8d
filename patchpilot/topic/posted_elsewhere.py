# SPDX-License-Identifier: GPL-2.0-or-later
"""Find posts that are not in the outbox: other sends of a topic, and fixes by others.

The sources are the send tags of patchpilot and b4, b4's tracking data, and the archive. A query
contains only a title, or paths and function names, and is never about an undisclosed fix.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.range import read_commits_series
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.ago import format_age
from patchpilot.model.draft import Draft, KnownPatch, find_prefix_version
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import format_count, make_printable
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.send_problem import SentRecord
from patchpilot.series.change_id import TAGS, parse_sent_tag
from patchpilot.series.draft import Drafts
from patchpilot.series.same_patches import are_equal_patches, has_patches
from patchpilot.topic.upstream_state import find_backport_prefix

if TYPE_CHECKING:
    from patchpilot.archive.archive import MailArchive
    from patchpilot.outgoing.transport import Sending

_BASE = lazy_pattern(r"^base-commit: ([0-9a-f]{40,64})$", re.MULTILINE)
_FORMAT = (
    "%(refname:lstrip=2)%1f%(*objectname)%1f%(*subject)%1f%(contents)%1f%(creatordate:short)%1e"
)
MONTHS = timedelta(days=183)
_MOST_FILES, _MOST_FUNCTIONS, _MOST_SHOWN = 4, 6, 3
_REVIEWS = ("reviewed-by", "acked-by", "tested-by")


class SentTag(NamedTuple):
    """The tag of a version that patchpilot or b4 sent.

    `head` is the last commit sent and `title` its title, and `base` is the base of the series.
    """

    name: str
    change_id: str
    version: int
    head: str
    title: str
    base: str | None
    date: str


def list_sent_tags(repository: Repository) -> tuple[SentTag, ...]:
    """Return the tags `sent/CHANGE-ID-vN`, with the highest versions last."""
    prefix = f"refs/tags/{TAGS}"
    if not any(ref.name.startswith(prefix) for ref in repository.all_refs):
        return ()
    output = repository.git("for-each-ref", f"--format={_FORMAT}", prefix).text
    tags = []
    for entry in output.split("\x1e"):
        name, *fields = entry.strip("\n").split("\x1f")
        parsed = parse_sent_tag(name)
        if parsed and len(fields) == 4 and fields[0]:
            head, title, contents, date = fields
            base = _BASE.search(contents)
            tags.append(SentTag(name, *parsed, head, title, base[1] if base else None, date))
    return tuple(sorted(tags, key=lambda tag: tag.version))


def find_tagged_topic(repository: Repository, patches: Sequence[KnownPatch]) -> SentTag | None:
    """Return the latest send tag whose topic ends with the last of these patches.

    The patch is identified by its commit, or by its title and author date.
    """
    if not patches or not patches[-1].commit:
        return None
    last = patches[-1]
    for tag in reversed(list_sent_tags(repository)):
        if tag.head == last.commit or (
            tag.title == last.subject and repository.commit(tag.head).author_time == last.authored
        ):
            return tag
    return None


def find_sent_records(repository: Repository, topic: "Sending") -> tuple[SentRecord, ...]:
    """Return the sends of a topic according to send tags and b4's tracking data.

    If there are none, and the outbox has none either, search the archive.
    """
    draft = topic.draft
    records = (
        *_find_tagged_sends(repository, draft, topic.series),
        *_find_b4_sends(repository, draft, topic.send.version),
    )
    if records or topic.before or topic.request.offline or draft.is_undisclosed:
        return records
    return _find_archived_sends(repository, topic)


def _find_tagged_sends(
    repository: Repository, draft: Draft, series: Series
) -> Iterator[SentRecord]:
    titles = {patch.subject.title for patch in series.patches}
    for tag in list_sent_tags(repository):
        is_mine = tag.change_id == draft.change_id
        if is_mine or tag.title in titles:
            sent_patches = _read_tagged_patches(repository, tag, len(series.patches))
            is_same = are_equal_patches(series.patches, sent_patches) and (
                is_mine or _find_tag_target(repository, tag) == draft.target_version
            )
            if is_mine or is_same:
                location = f"the tag {tag.name}"
                yield SentRecord(tag.version, tag.date, location, is_same, is_mine)


def _find_tag_target(repository: Repository, tag: SentTag) -> str:
    """Return the version of the stable branch that a tag's patches are for, or ""."""
    with Drafts() as drafts:
        draft = drafts.get(tag.change_id)
    if draft:
        return draft.target_version
    return find_prefix_version(find_backport_prefix(repository, (tag.head,)))


def _read_tagged_patches(repository: Repository, tag: SentTag, count: int) -> tuple[Patch, ...]:
    """Return the patches whose commits a send tag preserves.

    If the tag does not record the base, return the last `count` patches.
    """
    revisions = [f"--max-count={count}", tag.head]
    if tag.base and repository.find(tag.base):
        revisions = [f"--max-count={count + 1}", f"{tag.base}..{tag.head}"]
    result = repository.git("rev-list", "--reverse", "--no-merges", *revisions, ok=(0, 128))
    ids = tuple(result.text.split())
    return read_commits_series(repository, ids, None).patches if len(ids) == count else ()


def _find_b4_sends(repository: Repository, draft: Draft, version: int) -> Iterator[SentRecord]:
    prep = prep_branch(repository, draft.branch) if draft.branch else None
    is_mine = prep and prep.change_id == draft.change_id
    if prep and is_mine and dict(prep.history).get(f"v{version}"):
        location = f"b4's tracking data of {prep.branch}"
        yield SentRecord(version, "", location, same=False, same_topic=True)


def _find_archived_sends(repository: Repository, topic: "Sending") -> tuple[SentRecord, ...]:
    """Return earlier sends of the same patches by the same sender.

    Return none if the archive does not respond in time.
    """
    from patchpilot.archive.archive import quote_phrase
    from patchpilot.reading.series_messages import revisions_in
    from patchpilot.settings.read_settings import read_user_settings
    from patchpilot.topic.own_archive import query_archive

    own_patches, account = topic.series.patches, topic.account
    target = topic.draft.target_version
    if not account.sender or not own_patches:
        return ()
    sender = account.sender.key
    url = read_user_settings(repository, problems=[]).get("lore").rstrip("/")
    query = f"s:{quote_phrase(own_patches[0].subject.title)} AND f:{sender}"
    try:
        messages = query_archive(
            repository, lambda archive: archive.search(query, full_threads=True)
        )
    except PatchpilotError:
        return ()
    for revision in revisions_in(messages):
        patches = [post.patch for post in revision.patches if post.patch]
        is_same_target = (patches[0].subject.stable or "") == target if patches else False
        if is_same_target and revision.author.key == sender and has_patches(patches, own_patches):
            date = f"{revision.sent:%Y-%m-%d}" if revision.sent else ""
            location = f"{url}/{revision.patches[0].message_id}/"
            version = revision.version
            return (SentRecord(version, date, location, same=True, same_topic=False),)
    return ()


@json_form("message_id subject version sender text=words")
class PostedFix(NamedTuple):
    """A patch that another person posted, with its Message-ID, subject, version and sender.

    `merged` is the commit that it became, or "". `is_sure` is False if the patch does not make the
    same change, but changes the same code.
    """

    message_id: str
    subject: str
    version: int
    sender: str
    age: str
    reviews: int
    merged: str
    is_sure: bool

    @property
    def words(self) -> str:
        """Describe the patch in one sentence for `send`, `find` and the TUI."""
        facts = [
            f"{'' if self.is_sure else 'perhaps '}posted {self.age} by {self.sender}",
            f"v{self.version}",
            *([format_count(self.reviews, "review")] if self.reviews else []),
            f"merged as {self.merged[:12]}" if self.merged else "not merged",
        ]
        return make_printable(f"{', '.join(facts)}: {self.subject}")


class PostedByOthers(NamedTuple):
    """Patches by others, certain matches first; `problem` explains why the archive was not
    queried.
    """

    fixes: tuple[PostedFix, ...] = ()
    problem: str = ""


NOT_ASKED = PostedByOthers()


def find_posts_by_others(
    repository: Repository,
    patches: Sequence[Patch],
    *,
    undisclosed: bool,
    lore: str = "",
    offline: bool = False,
    progress: Progress = ignore_progress,
) -> PostedByOthers:
    """Return recent patches by others that fix the same problem, or the reason for not searching.

    `lore` is the archive; by default, it is the one in the user's settings.
    """
    if undisclosed:
        return PostedByOthers(problem="an undisclosed fix: no archive is asked")
    if offline:
        return PostedByOthers(problem="the archive was not asked (--offline)")
    if not any(patch.files for patch in patches):
        return NOT_ASKED
    from patchpilot.topic.own_archive import query_archive

    progress("looking for patches of others")
    try:
        fixes = query_archive(
            repository,
            lambda archive: list(_find_fixes_by_others(repository, patches, archive)),
            lore,
        )
    except PatchpilotError as error:
        return PostedByOthers(problem=f"the archive was not asked: {error.message}")
    fixes.sort(key=lambda fix: not fix.is_sure)
    return PostedByOthers(tuple(fixes[:_MOST_SHOWN]))


def _find_fixes_by_others(
    repository: Repository, patches: Sequence[Patch], archive: "MailArchive"
) -> Iterator[PostedFix]:
    """Yield for each series by others the latest patch that makes one of ours redundant."""
    from patchpilot.history.earlier_fixes import (
        PatchToFind,
        compare_changes,
        group_changes_by_function,
    )
    from patchpilot.reading.mail_reader import MailReader
    from patchpilot.reading.series_messages import posted_in
    from patchpilot.topic.upstream_state import find_merged_equivalent

    since = datetime.now(UTC) - MONTHS
    # import these modules only if there are results, because most archives contain no such patches
    if not (messages := archive.search(_make_archive_query(archive, patches, since))):
        return
    authors = (repository.identity, *(patch.author for patch in patches))
    own_addresses = {author.key for author in authors if author}
    own_changes = [(set(patch.paths), group_changes_by_function(patch.files)) for patch in patches]
    reader = MailReader()
    for series in posted_in(messages, reader):
        posts = ((revision, post) for revision in series.revisions for post in revision.posts)
        for revision, post in reversed(list(posts)):
            patch = None if post.is_cover or revision.backport_to else post.patch
            authors = (series.author, patch and patch.author)
            is_own = any(author and author.key in own_addresses for author in authors)
            if patch is None or post.when <= since or is_own:
                continue
            posted_changes = group_changes_by_function(patch.files)
            candidates = (
                functions for paths, functions in own_changes if not paths.isdisjoint(patch.paths)
            )
            verdicts = {compare_changes(functions, posted_changes) for functions in candidates} - {
                None
            }
            if not verdicts:
                continue
            reviewers = {
                mail.sender.key
                for mail in map(reader.classify, archive.thread(post.message_id))
                if any(tag.name.lower() in _REVIEWS for tag in mail.credited)
            }
            patch_to_find = PatchToFind(post.title, post.mail.body, patch.files)
            merged = find_merged_equivalent(repository, patches, patch_to_find)
            yield PostedFix(
                post.message_id,
                post.title,
                revision.version,
                post.sender.name or post.sender.email,
                format_age(post.when.timestamp()),
                len(reviewers),
                merged.commit if merged and merged.is_sure else "",
                True in verdicts,
            )
            break


def _make_archive_query(archive: "MailArchive", patches: Sequence[Patch], since: datetime) -> str:
    from patchpilot.archive.archive import quote_phrase
    from patchpilot.history.earlier_fixes import group_changes_by_function

    is_served = archive.url.startswith(("http://", "https://"))
    parts: dict[str, None] = {}
    for change in (file for patch in patches for file in patch.files[:_MOST_FILES]):
        part = f"dfn:{quote_phrase(change.path)}"
        names = sorted(filter(None, group_changes_by_function([change]).lines))
        if names and is_served:
            hunk_queries = (f"dfhh:{quote_phrase(name)}" for name in names[:_MOST_FUNCTIONS])
            part = f"({part} AND ({' OR '.join(hunk_queries)}))"
        parts[part] = None
    date_limit = f" AND d:{since:%Y%m%d}.." if is_served else ""
    return f"({' OR '.join(list(parts)[:_MOST_FILES])}){date_limit}"
