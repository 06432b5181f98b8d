# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds and makes repairs that need no decision by the author, before a send.

These are safe fixes, tags, review tags and the subject prefix. Repairs are shown first,
written on request, and can be undone.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from patchpilot.archive.track_store import Store
from patchpilot.checking.fix_files import PatchText
from patchpilot.commits import rewrite
from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import Undo
from patchpilot.config import Settings
from patchpilot.errors import PatchpilotError, RefusedError
from patchpilot.model.action import actions
from patchpilot.model.counted import counted
from patchpilot.model.draft import Draft
from patchpilot.model.progress import Progress, silent
from patchpilot.model.trailer import add_trailers, all_tags, parse_trailers
from patchpilot.series.draft import Drafts, complete_prefix
from patchpilot.services.check.apply_fixes import FixResult
from patchpilot.services.check.check_topic import CheckedTopic, fix_topic
from patchpilot.services.fix_certain import MESSAGE, fixed_messages, is_message
from patchpilot.services.fix_finding import TAG_RULES
from patchpilot.services.send import edit_draft
from patchpilot.services.send.sending import Sending
from patchpilot.services.tags.prepare_commits import PrepareRequest, message_changes
from patchpilot.services.tags.undo_rewrite import undo_restore
from patchpilot.topic.message_changes import MessageChange, Preparation, write_messages
from patchpilot.topic.review_trailers import TrailersRequest, find_review_trailers
from patchpilot.topic.topic_base import topic_commits

FIXES, TAGS, REVIEW_TAGS, PREFIX, SIGN_OFF = (
    "fixes",
    "tags",
    "review tags",
    "prefix",
    "sign-off",
)
CERTAIN = frozenset((FIXES, TAGS, REVIEW_TAGS, PREFIX))
"""The kinds of repairs that need no decision of the author.

A sign-off is one: it is repaired only where it is asked for.
"""
COVER_PROBLEMS = frozenset(("cover-subject", "cover-text", "no-cover"))
DCO = (
    "With a Signed-off-by line you certify the Developer's Certificate of Origin 1.1: you wrote"
    " this change or have the right to submit it under the license of the file, and you agree that"
    " the change, your name and your address are public and kept for good."
)
"""What a sign-off certifies, in short."""
DCO_URL = "https://developercertificate.org/"


@dataclass(frozen=True, slots=True)
class Repairs:
    """The repairs that are certain for a topic.

    They are given in words, as a diff of files and messages, and as changes of the messages
    after the safe fixes. `prefix` is the new subject prefix, empty if it does not change.
    `left` lists the repairs that are not certain. `draft` is the draft before the repairs.
    """

    words: tuple[str, ...]
    diff: tuple[str, ...]
    has_fixes: bool
    changes: tuple[MessageChange, ...]
    draft: Draft
    prefix: str = ""
    left: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[MessageChange, ...]:
        """The messages that change in addition to the safe fixes."""
        return tuple(change for change in self.changes if change.changed)


@dataclass(frozen=True, slots=True)
class Repaired:
    """The repairs that were made, and the data to undo them.

    Contains the undo records, the latest first, and the draft before and after the repairs.
    """

    words: tuple[str, ...]
    undos: tuple[Undo, ...]
    before: Draft
    after: Draft
    costs: tuple[str, ...] = ()


def find_repairs(
    repository: Repository,
    settings: Settings,
    plan: Sending,
    kinds: Collection[str] = CERTAIN,
    progress: Progress = silent,
) -> Repairs:
    """Returns the repairs that are certain for a plan's topic, limited to these kinds.

    Nothing is written except unreferenced git objects.
    """
    request = plan.request
    ids = topic_commits(repository, request.target, request.base)
    ref, head = rewrite.branch_of(repository, request.target)
    words: list[str] = []
    left: list[str] = []
    fixed = (
        fix_topic(repository, settings, _topic(plan, ids), progress=progress)
        if {FIXES, TAGS} & set(kinds)
        else None
    )
    has_fixes = fixed is not None and FIXES in kinds and fixed.fixed > 0
    after_fixes = {id_: repository.commit(id_).message for id_ in ids}
    if fixed and has_fixes:
        after_fixes |= fixed_messages(fixed)
        words.append(
            f"{counted(fixed.fixed, 'safe fix', 'safe fixes')}: {', '.join(_names(fixed))}"
        )
    messages = dict(after_fixes)
    if REVIEW_TAGS in kinds and any(
        problem.name == "tags" for problem in plan.warnings
    ):
        messages = _with_review_tags(repository, plan, messages)
        words += _new_tags(after_fixes, messages)
    asked = (
        {
            TAG_RULES[finding.name]
            for finding in fixed.remaining.all
            if finding.name in TAG_RULES
        }
        if fixed and TAGS in kinds
        else set()
    )
    if asked or SIGN_OFF in kinds:
        # objects without a name, so that the tags are found for the messages as they will be
        became = rewrite.plan(repository, ref, head, messages, sign=False).commits
        prepared = message_changes(
            repository,
            [became.get(id_, id_) for id_ in ids],
            PrepareRequest(
                profile=request.profile,
                fixes=("auto",) if "fixes" in asked else ("none",),
                stable="auto" if asked else "none",
                signoff=SIGN_OFF in kinds,
            ),
            progress,
        )
        left += [change.unsure for change in prepared if change.unsure]
        before, messages = (
            messages,
            {
                id_: prepared_one.new
                for id_, prepared_one in zip(ids, prepared, strict=True)
            },
        )
        words += _new_tags(before, messages)
    if PREFIX in kinds and any(
        problem.name in COVER_PROBLEMS for problem in (*plan.blockers, *plan.warnings)
    ):
        left.append("cover letter: only you know what the series does and why")
    changes = tuple(
        MessageChange(
            id_, repository.commit(id_).subject, after_fixes[id_], messages[id_]
        )
        for id_ in ids
    )
    prefix = ""
    unnamed = [one for one in plan.warnings if one.name == "missing-target-tree"]
    if PREFIX in kinds and unnamed:
        if all(all_tags(text.split("\n"), "Fixes") for text in messages.values()):
            # the command that it offers names the tree for fixes
            tree = actions(unnamed[0].hint)[0].arguments[1].removeprefix("PATCH ")
            prefix = complete_prefix(f"{plan.draft.prefix or 'PATCH'} {tree}")
            words.append(f"subject prefix: [{prefix}]")
        else:
            left.append(
                "target tree: not certain, because not every patch has a Fixes: tag"
            )
    texts = (
        [
            text
            for patch in fixed.patches
            for text in patch.texts
            if not _is_message(text)
        ]
        if fixed and has_fixes
        else []
    )
    texts += [
        PatchText(
            f"{id_[:12]}{MESSAGE}",
            _rows(repository.commit(id_).message),
            _rows(messages[id_]),
        )
        for id_ in ids
    ]
    return Repairs(
        tuple(words),
        tuple(_diff(texts)),
        has_fixes,
        changes,
        plan.draft,
        prefix,
        tuple(left),
    )


def apply_repairs(
    repository: Repository,
    settings: Settings,
    plan: Sending,
    repairs: Repairs,
    overrides: Collection[str] = (),
    progress: Progress = silent,
) -> Repaired:
    """Writes the repairs that were shown, all or nothing.

    Raises `RefusedError` if the commits have changed since the repairs were shown, or if
    rewriting them would be harmful. `overrides` has the same meaning as for `prepare`.
    """
    request = plan.request
    ids = topic_commits(repository, request.target, request.base)
    if tuple(ids) != tuple(change.commit for change in repairs.changes):
        raise RefusedError(
            "the commits have changed since the fixes were shown",
            hint="review the fixes again",
        )
    undos: list[Undo] = []
    costs: tuple[str, ...] = ()
    became: dict[str, str] = {}
    if repairs.has_fixes:
        fixed = fix_topic(
            repository,
            settings,
            _topic(plan, ids),
            overrides=overrides,
            progress=progress,
        )
        undos += [fixed.undo] if fixed.undo else []
        became, costs = dict(fixed.ids), fixed.costs
    try:
        if repairs.changed:
            ref, head = rewrite.branch_of(
                repository,
                None if request.target is None else became.get(ids[-1], ids[-1]),
            )
            now = tuple(
                change._replace(commit=became.get(change.commit, change.commit))
                for change in repairs.changes
            )
            done = write_messages(
                repository, Preparation(ref, head, now), "prepare", overrides=overrides
            )
            undos += [done.undo] if done.undo else []
            costs = (*costs, *done.costs)
        after = repairs.draft
        if repairs.prefix:
            after = edit_draft.change(
                repository,
                edit_draft.Changes(prefix=repairs.prefix),
                request.target,
                request.base,
            ).draft
    except PatchpilotError:
        for undo in reversed(undos):
            undo_restore(repository, undo.number)
        raise
    return Repaired(
        repairs.words,
        tuple(reversed(undos)),
        repairs.draft,
        after,
        tuple(dict.fromkeys(costs)),
    )


def undo_repairs(repository: Repository, done: Repaired) -> None:
    """Undoes the repairs of a topic.

    Raises `RefusedError` if the commits have changed since the repairs were made.
    """
    for undo in done.undos:
        undo_restore(repository, undo.number)
    if done.after.prefix != done.before.prefix:
        with Drafts() as drafts:
            drafts.keep(
                replace(done.before, prefix=done.after.prefix), done.before, "undone"
            )


def _topic(plan: Sending, ids: Sequence[str]) -> CheckedTopic:
    span = (ids[0],) if len(ids) == 1 else (f"{ids[0]}^..{ids[-1]}",)
    return CheckedTopic(span, plan.request.target, plan.request.base)


def _rows(message: str) -> tuple[str, ...]:
    return tuple(message.rstrip("\n").split("\n"))


def _is_message(text: PatchText) -> bool:
    return is_message(text.name)


def _diff(texts: Iterable[PatchText]) -> Iterator[str]:
    """A unified diff of the texts, the messages first."""
    for text in sorted(texts, key=_is_message, reverse=True):
        yield from difflib.unified_diff(
            text.before, text.after, f"a/{text.name}", f"b/{text.name}", lineterm=""
        )


def _names(fixed: FixResult) -> list[str]:
    """The rules of the fixed findings, each once."""
    return list(
        dict.fromkeys(
            finding.name for patch in fixed.patches for finding in patch.fixed
        )
    )


def _with_review_tags(
    repository: Repository, plan: Sending, messages: dict[str, str]
) -> dict[str, str]:
    """The messages with the review tags that the last version was given."""
    with Store() as store:
        found = find_review_trailers(
            repository,
            TrailersRequest(plan.request.target, plan.request.base),
            store=store,
        )
    added = {
        change.commit: [
            (trailer.name, trailer.value)
            for trailer in parse_trailers(change.new.split("\n"))
            if f"{trailer.name}: {trailer.value}" not in change.old.split("\n")
        ]
        for change in found.preparation.changes
        if change.changed
    }
    return {
        id_: add_trailers(message, added[id_]) if id_ in added else message
        for id_, message in messages.items()
    }


def _new_tags(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tags that are new in the messages: of one patch each tag, of a series each name with the
    number of patches.
    """
    found: dict[str, int] = {}
    for id_, message in after.items():
        old, lines = set(before[id_].split("\n")), message.split("\n")
        new = [
            trailer
            for trailer in parse_trailers(lines)
            if lines[trailer.line] not in old
        ]
        for word in dict.fromkeys(
            f"{trailer.name}:" if len(after) > 1 else f"{trailer.name}: {trailer.value}"
            for trailer in new
        ):
            found[word] = found.get(word, 0) + 1
    return [
        f"{word} added to {counted(count, 'patch', 'patches')}"
        if len(after) > 1
        else word
        for word, count in found.items()
    ]
