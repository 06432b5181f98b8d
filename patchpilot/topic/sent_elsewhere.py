# SPDX-License-Identifier: GPL-2.0-or-later
"""Find sends of a topic that the outbox does not know.

The sources are the tags of sends (patchpilot's and b4's), b4's tracking data, and the archive.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.range import commits_series
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.model.patch import Patch, Series
from patchpilot.model.send_problem import SentRecord
from patchpilot.series.change_id import TAGS, parse_sent_tag
from patchpilot.series.same_patches import equal_patches, has_patches

if TYPE_CHECKING:
    from patchpilot.outgoing.transport import SeriesToSend

_BASE = compile_late(r"^base-commit: ([0-9a-f]{40,64})$", re.MULTILINE)
_FORMAT = (
    "%1f".join(
        (
            "%(refname:lstrip=2)",
            "%(objectname)",
            "%(*objectname)",
            "%(creatordate:short)",
            "%(*subject)",
            "%(contents)",
        )
    )
    + "%1e"
)


class SentTag(NamedTuple):
    """The tag of a send by patchpilot or b4.

    It has the latest commit sent and its title, the base of the series, and the date.
    """

    name: str
    change_id: str
    version: int
    head: str
    title: str
    base: str | None
    date: str


def sent_tags(repository: Repository) -> tuple[SentTag, ...]:
    """Return the tags `sent/CHANGE-ID-vN`, with the highest versions last."""
    prefix = f"refs/tags/{TAGS}"
    if not any(ref.name.startswith(prefix) for ref in repository.all_refs):
        return ()
    found = []
    for entry in repository.git(
        "for-each-ref", f"--format={_FORMAT}", prefix
    ).text.split("\x1e"):
        fields = entry.strip("\n").split("\x1f")
        named = parse_sent_tag(fields[0])
        if named and len(fields) == 6 and fields[2]:
            base = _BASE.search(fields[5])
            found.append(
                SentTag(
                    fields[0],
                    *named,
                    fields[2],
                    fields[4],
                    base[1] if base else None,
                    fields[3],
                )
            )
    return tuple(sorted(found, key=lambda one: one.version))


def find_tagged_topic(
    repository: Repository, patches: Sequence[KnownPatch]
) -> SentTag | None:
    """Return the latest send tag whose topic ends with the last of these patches.

    The patch is identified by its commit, or by its title if the author date is the same.
    """
    if not patches or not patches[-1].commit:
        return None
    last = patches[-1]
    for sent_tag in reversed(sent_tags(repository)):
        if sent_tag.head == last.commit:
            return sent_tag
        if (
            sent_tag.title == last.subject
            and repository.commit(sent_tag.head).author_time == last.authored
        ):
            return sent_tag
    return None


def sent_records(
    repository: Repository, topic: "SeriesToSend"
) -> tuple[SentRecord, ...]:
    """Return a topic's sends according to tags and b4.

    The archive is only used if neither they nor the outbox has any.
    """
    draft = topic.draft
    records = (
        *_tagged_sends(repository, draft, topic.series),
        *_b4_sends(repository, draft, topic.send.version),
    )
    if records or topic.before or topic.request.offline or draft.is_undisclosed:
        return records
    return _archived_sends(repository, topic)


def _tagged_sends(
    repository: Repository, draft: Draft, series: Series
) -> Iterator[SentRecord]:
    titles = {patch.subject.title for patch in series.patches}
    for sent_tag in sent_tags(repository):
        mine = sent_tag.change_id == draft.change_id
        if mine or sent_tag.title in titles:
            same = equal_patches(
                series.patches,
                _tagged_patches(repository, sent_tag, len(series.patches)),
            )
            if mine or same:
                yield SentRecord(
                    sent_tag.version,
                    sent_tag.date,
                    f"the tag {sent_tag.name}",
                    same=same,
                    same_topic=mine,
                )


def _tagged_patches(
    repository: Repository, tag: SentTag, count: int
) -> tuple[Patch, ...]:
    """Return the patches preserved by a tag.

    If the tag does not record the base, return the last `count`.
    """
    span = (
        [f"{tag.base}..{tag.head}"]
        if tag.base and repository.find(tag.base)
        else [f"--max-count={count}", tag.head]
    )
    done = repository.git(
        "rev-list",
        "--reverse",
        "--no-merges",
        f"--max-count={count + 1}",
        *span,
        ok=(0, 128),
    )
    ids = tuple(done.text.split())
    return (
        commits_series(repository, ids, None).patches
        if ids and not done.code and len(ids) == count
        else ()
    )


def _b4_sends(
    repository: Repository, draft: Draft, version: int
) -> Iterator[SentRecord]:
    known = prep_branch(repository, draft.branch) if draft.branch else None
    if (
        known
        and known.change_id == draft.change_id
        and dict(known.history).get(f"v{version}")
    ):
        yield SentRecord(
            version,
            "",
            f"b4's tracking data of {known.branch}",
            same=False,
            same_topic=True,
        )


def _archived_sends(
    repository: Repository, topic: "SeriesToSend"
) -> tuple[SentRecord, ...]:
    """Return the same patches posted by the same sender.

    Return none if the archive does not answer in time.
    """
    from patchpilot.archive.archive import quote_phrase
    from patchpilot.reading.series_messages import revisions_in
    from patchpilot.settings.read_settings import user_settings
    from patchpilot.topic.own_archive import ask_archive

    mine, account = topic.series.patches, topic.account
    if not account.sender or not mine:
        return ()
    sender = account.sender.key
    url = user_settings(repository, problems=[]).get("lore").rstrip("/")
    query = f"s:{quote_phrase(mine[0].subject.title)} AND f:{sender}"
    try:
        found = ask_archive(
            repository, lambda archive: archive.search(query, threads=True)
        )
    except PatchpilotError:
        return ()
    for revision in revisions_in(found):
        patches = [post.patch for post in revision.patches if post.patch]
        if revision.author.key == sender and has_patches(patches, mine):
            date = f"{revision.sent:%Y-%m-%d}" if revision.sent else ""
            place = f"{url}/{revision.patches[0].message_id}/"
            version = revision.version
            return (SentRecord(version, date, place, same=True, same_topic=False),)
    return ()
