# SPDX-License-Identifier: GPL-2.0-or-later
"""Search the archive for the same fix by somebody else.

Only paths and names of functions are sent, and nothing about an undisclosed fix.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.history.earlier_fixes import (
    ChangedFunctions,
    PatchToFind,
    changed_functions,
    judge,
)
from patchpilot.model.ago import ago
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch
from patchpilot.model.printable import counted, printable
from patchpilot.model.progress import Progress, silent
from patchpilot.topic.upstream_state import find_merged_as

if TYPE_CHECKING:
    from patchpilot.archive.archive import MailArchive
    from patchpilot.reading.mail_classifier import Classified
    from patchpilot.reading.mail_reader import MailReader

MONTHS = timedelta(days=183)
_MOST_FILES, _MOST_FUNCTIONS, _MOST_SHOWN = 4, 6, 3
_REVIEWS = ("reviewed-by", "acked-by", "tested-by")


@json_form("message_id", "subject", "version", "sender", "text=words")
class PostedFix(NamedTuple):
    """A patch posted by somebody else: its Message-ID, subject, version and sender.

    `merged` is the commit that it became, or "". It is not `is_sure` if the patch changes the same
    place in another way.
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
        """Return a sentence about the patch for `send`, `find` and the TUI."""
        facts = [
            f"{'' if self.is_sure else 'perhaps '}posted {self.age} by {self.sender}",
            f"v{self.version}",
            *([counted(self.reviews, "review")] if self.reviews else []),
            f"merged as {self.merged[:12]}" if self.merged else "not merged",
        ]
        return printable(f"{', '.join(facts)}: {self.subject}")


class PostedByOthers(NamedTuple):
    """Patches by others, certain matches first; `problem` explains why the archive was not
    queried.
    """

    fixes: tuple[PostedFix, ...] = ()
    problem: str = ""


NOT_ASKED = PostedByOthers()


@dataclass(frozen=True)
class _Asked:
    """The patches of a topic, and the archive to query about them."""

    repository: Repository
    patches: Sequence[Patch]
    archive: "MailArchive"

    @cached_property
    def reader(self) -> "MailReader":
        """Return a reader for the archive's messages."""
        from patchpilot.reading.mail_reader import MailReader

        return MailReader()

    @property
    def query(self) -> str:
        """Return the archive query for recent patches to the same files and functions."""
        from patchpilot.archive.archive import quote_phrase

        is_served = self.archive.url.startswith(("http://", "https://"))
        parts: dict[str, None] = {}
        for patch in self.patches:
            for change in patch.files[:_MOST_FILES]:
                names = sorted(filter(None, changed_functions([change]).lines))
                functions = " OR ".join(
                    f"dfhh:{quote_phrase(name)}" for name in names[:_MOST_FUNCTIONS]
                )
                path = f"dfn:{quote_phrase(change.path)}"
                parts[
                    f"({path} AND ({functions}))" if functions and is_served else path
                ] = None
        since = f"{datetime.now(UTC) - MONTHS:%Y%m%d}"
        recent = f" AND d:{since}.." if is_served else ""
        return f"({' OR '.join(list(parts)[:_MOST_FILES])}){recent}"

    def fixes(self) -> Iterator[PostedFix]:
        """Yield patches by others that make one of the topic's patches redundant."""
        own = {patch.author.key for patch in self.patches if patch.author}
        if identity := self.repository.identity:
            own.add(identity.key)
        mine = [(patch, changed_functions(patch.files)) for patch in self.patches]
        # most archives contain none of these
        if not (found_mails := self.archive.search(self.query)):
            return
        from patchpilot.reading.series_messages import posted_in

        for topic in posted_in(found_mails, self.reader):
            if topic.author.key in own:
                continue
            found = [
                (revision.version, post, verdict)
                for revision in topic.revisions
                for post in revision.posts
                if post.when > datetime.now(UTC) - MONTHS
                and not revision.backport_to
                and (verdict := _verdict(post, mine)) is not None
                and post.patch
                and (post.patch.author is None or post.patch.author.key not in own)
            ]
            if found:
                yield self._described(*found[-1])

    def _described(self, version: int, post: "Classified", is_sure: bool) -> PostedFix:
        from patchpilot.reading.mbox import unique

        thread = unique(self.archive.thread(post.message_id))
        reviewers = {
            mail.sender.key
            for mail in map(self.reader.classify, thread)
            if any(tag.name.lower() in _REVIEWS for tag in mail.credited)
        }
        wanted = PatchToFind(
            post.title, post.mail.body, post.patch.files if post.patch else ()
        )
        merged = find_merged_as(self.repository, self.patches, wanted)
        return PostedFix(
            post.message_id,
            post.title,
            version,
            post.sender.name or post.sender.email,
            ago(post.when.timestamp()),
            len(reviewers),
            merged.commit if merged and merged.is_sure else "",
            is_sure,
        )


def posted_by_others(
    repository: Repository,
    patches: Sequence[Patch],
    *,
    undisclosed: bool,
    lore: str = "",
    offline: bool = False,
    progress: Progress = silent,
) -> PostedByOthers:
    """Return recent patches by others that fix the same problem, or why none were searched.

    `lore` is the archive (default: from the user's settings).
    """
    if undisclosed:
        return PostedByOthers(problem="an undisclosed fix: no archive is asked")
    if offline:
        return PostedByOthers(problem="the archive was not asked (--offline)")
    if not any(patch.files for patch in patches):
        return NOT_ASKED
    from patchpilot.topic.own_archive import ask_archive

    progress("looking for patches of others")
    try:
        found = ask_archive(
            repository,
            lambda archive: list(_Asked(repository, patches, archive).fixes()),
            lore,
        )
    except PatchpilotError as error:
        return PostedByOthers(problem=f"the archive was not asked: {error.message}")
    found.sort(key=lambda fix: not fix.is_sure)
    return PostedByOthers(tuple(found[:_MOST_SHOWN]))


def _verdict(
    post: "Classified", mine: Sequence[tuple[Patch, ChangedFunctions]]
) -> bool | None:
    """Return `judge`'s verdict on whether a post makes one of the patches redundant."""
    if post.is_cover or post.patch is None:
        return None
    paths = set(post.patch.paths)
    theirs = changed_functions(post.patch.files)
    verdicts = [
        judge(changes, theirs) for patch, changes in mine if paths & set(patch.paths)
    ]
    return True if True in verdicts else False if False in verdicts else None
