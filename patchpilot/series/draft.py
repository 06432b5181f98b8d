# SPDX-License-Identifier: GPL-2.0-or-later
"""Store drafts, which contain a topic's text that is not in its commits, such as the cover letter.

Drafts are stored outside the branch. Therefore, they are kept after rebases, crashes and failed
sends.
"""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from patchpilot.commits.repository_identity import is_repository_gone
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.series.database import write_transaction
from patchpilot.series.patch_pairing import PatchFeatures, pair_patches
from patchpilot.series.topic_database import TopicStore

CHOICES = (
    "version",
    "prefix",
    "in_reply_to",
    "cover_subject",
    "cover_text",
    "changelogs",
    "notes",
    "answers",
    "waivers",
)
"""The fields of a draft that the user set; the others identify the topic and what was sent."""
TEXTS = ("cover_subject", "cover_text", "changelogs", "notes", "answers", "waivers")
"""The fields that nothing but the draft has."""


class Drafts(TopicStore):
    """The store of drafts."""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Start a transaction that prevents other writes between reading and writing drafts."""
        with write_transaction(self._db):
            yield

    def get(self, change_id: str) -> Draft | None:
        """Return the draft with this change-id."""
        row = self._db.execute(
            "SELECT data FROM drafts WHERE change_id = ?", (change_id,)
        ).fetchone()
        return self._load(row[0]) if row else None

    def all(self, repository: str | None = None) -> tuple[Draft, ...]:
        """Return all drafts, or the drafts of one repository, most recently changed first."""
        rows = self._db.execute(
            "SELECT data FROM drafts WHERE ? IS NULL OR repository = ? ORDER BY updated DESC, rowid"
            " DESC",
            (repository, repository),
        ).fetchall()
        return tuple(self._load(row[0]) for row in rows)

    def list_undisclosed(self, repository: str | None = None) -> tuple[Draft, ...]:
        """Return the drafts of undisclosed fixes, as `all` does."""
        return tuple(draft for draft in self.all(repository) if draft.is_undisclosed)

    def _load(self, text: str) -> Draft:
        with self._db.convert_errors():
            return _parse_draft(text)

    def save(self, draft: Draft) -> Draft:
        """Store a draft and wait until it is on disk."""
        try:
            self._db.execute(
                "INSERT INTO drafts VALUES (?, ?, ?, ?, ?) ON CONFLICT (change_id) DO UPDATE SET"
                " repository = excluded.repository, branch = excluded.branch, data = excluded.data,"
                " updated = excluded.updated",
                (
                    draft.change_id,
                    draft.repository,
                    draft.branch,
                    json.dumps(asdict(draft)),
                    datetime.now(UTC).isoformat(),
                ),
            )
        except sqlite3.Error as error:
            raise PatchpilotError(
                f"the draft cannot be written: {error}",
                hint="free up disk space for the state directory",
            ) from error
        return draft

    def keep(self, before: Draft, after: Draft, origin: str) -> Draft:
        """Store the fields that differ between two states of a draft, with the origin of the
        change.

        Return the new state with all origins.
        """
        with self.transaction():
            return self._keep(before, after, origin)

    def _keep(self, before: Draft, after: Draft, origin: str) -> Draft:
        stored = self.get(after.change_id) or Draft(
            after.change_id, after.repository, after.branch, patches=after.patches
        )
        origins, origin_text = (
            dict(stored.origins),
            f"{origin}, {datetime.now(UTC):%Y-%m-%d}",
        )
        for name in CHOICES:
            old, new = getattr(before, name), getattr(after, name)
            if old == new:
                continue
            if isinstance(new, Mapping):
                changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
                merged: Any = {
                    key: value
                    for key, value in {**getattr(stored, name), **new}.items()
                    if key in new or key not in changed
                }
                stored = replace(stored, **{name: merged})
                origins |= {f"{name}.{key}": origin_text for key in changed}
            else:
                stored = replace(stored, **{name: new})
                origins[name] = origin_text
        origins = {name: text for name, text in origins.items() if _draft_value(stored, name)}
        self.save(replace(stored, origins=origins))
        return replace(after, origins={**after.origins, **origins})

    def rename(self, draft: Draft, change_id: str) -> Draft:
        """Give a draft, and its stored state if there is one, another change-id."""
        with self.transaction():
            stored = self.get(draft.change_id)
            if stored:
                self.save(replace(stored, change_id=change_id, shown={}))
                self.remove(draft.change_id)
        return replace(draft, change_id=change_id, shown={})

    def remove(self, change_id: str) -> None:
        """Delete a draft."""
        self._db.execute("DELETE FROM drafts WHERE change_id = ?", (change_id,))

    def recognize(
        self,
        repository: str,
        branch: str | None,
        patches: Sequence[KnownPatch],
        branches: Sequence[str] = (),
        stable: str | None = None,
    ) -> Draft | None:
        """Return the draft for these patches, or None.

        `stable` is the version of the stable branch that the patches are for, "" for other patches,
        and None if that is not known: a backport has another draft than the fix in mainline, and
        than a backport to another branch.

        The draft has the same patch-ids or subjects, or it is this branch's empty draft. A draft of
        another existing branch is returned only if most patch-ids are the same, as in a copy of the
        branch. If the repository has no such draft, return a draft for most of these patches whose
        repository is gone: this one may be that repository in another place, or a new clone.
        """
        draft = self._recognize_own(repository, branch, patches, branches, stable)
        if draft or not patches:
            return draft
        for other in self.all():
            if (
                other.repository != repository
                and stable in (None, other.target_version)
                and _are_mostly_equal(other.patches, patches)
                and is_repository_gone(other.repository)
            ):
                return replace(other, repository=repository)
        return None

    def find_with_patches(self, patches: Sequence[KnownPatch]) -> tuple[Draft, ...]:
        """Return the drafts of all repositories that have any of these patches."""
        return tuple(draft for draft in self.all() if _have_common(draft.patches, patches))

    def _recognize_own(
        self,
        repository: str,
        branch: str | None,
        patches: Sequence[KnownPatch],
        branches: Sequence[str],
        stable: str | None,
    ) -> Draft | None:
        ids, subjects, dates = (
            {patch.patch_id for patch in patches},
            {patch.subject for patch in patches},
            {patch.authored for patch in patches} - {""},
        )
        matches: list[tuple[bool, float, Draft]] = []
        for draft in self.all(repository):
            draft_ids = {patch.patch_id for patch in draft.patches}
            common_ids = len(ids & draft_ids)
            common_traits = len(subjects & {patch.subject for patch in draft.patches}) or len(
                dates & {patch.authored for patch in draft.patches}
            )
            is_own_branch = branch is not None and draft.branch == branch
            # in its own branch, the user may have set the prefix of any branch
            is_for_other = stable not in (None, draft.target_version)
            if is_for_other and (stable or not is_own_branch):
                continue
            is_branch_gone = draft.branch is None or draft.branch not in branches
            score = 2.0 * common_ids + common_traits + (0.5 if is_own_branch else 0.0)
            is_match = (
                (is_own_branch and (common_ids or common_traits or not draft_ids))
                or (not is_own_branch and is_branch_gone and (common_ids or common_traits))
                or (common_ids * 2 > len(ids | draft_ids))
            )
            if is_match:
                matches.append((is_own_branch and bool(draft.links), score, draft))
        best = max(matches, key=itemgetter(1), default=None)
        if best and not best[2].links:
            # what was sent from this branch is this topic, not a draft that was never sent
            best = max(matches, key=itemgetter(0, 1))
        return best[2] if best else None


def _patch_marks(patches: Sequence[KnownPatch]) -> tuple[set[str], set[str]]:
    """Return the patch-ids, and the subjects with author dates, which amending preserves."""
    return {patch.patch_id for patch in patches} - {""}, {
        f"{patch.authored} {patch.subject}" for patch in patches if patch.authored
    }


def _have_common(old: Sequence[KnownPatch], new: Sequence[KnownPatch]) -> bool:
    return any(
        before & after for before, after in zip(_patch_marks(old), _patch_marks(new), strict=True)
    )


def _are_mostly_equal(old: Sequence[KnownPatch], new: Sequence[KnownPatch]) -> bool:
    return any(
        len(before & after) * 2 > len(before | after)
        for before, after in zip(_patch_marks(old), _patch_marks(new), strict=True)
    )


def _draft_value(draft: Draft, name: str) -> object:
    field_name, _, key = name.partition(".")
    value = getattr(draft, field_name, None)
    return value.get(key) if isinstance(value, Mapping) else value


def pair_known_patches(
    old: Sequence[KnownPatch], new: Sequence[KnownPatch], *, similar: bool = True
) -> tuple[tuple[KnownPatch, KnownPatch], ...]:
    """Return (old, new) pairs of patches in two versions, as matched by `pair_patches`."""
    pairs = pair_patches(
        [_patch_features(patch) for patch in old],
        [_patch_features(patch) for patch in new],
        similar=similar,
    )
    return tuple((old[old_index], new[index]) for index, old_index in pairs.items())


def _patch_features(patch: KnownPatch) -> PatchFeatures:
    return PatchFeatures(patch.subject, patch.patch_id, patch.authored)


def follow_patches(draft: Draft, branch: str | None, patches: Sequence[KnownPatch]) -> Draft:
    """Update the draft after its patches have changed, so that each note belongs to the new version
    of its patch.
    """
    notes = dict(draft.notes)
    for before, after in pair_known_patches(draft.patches, patches):
        if after.patch_id not in notes and before.patch_id in notes:
            notes[after.patch_id] = notes[before.patch_id]
    return replace(draft, branch=branch or draft.branch, notes=notes, patches=tuple(patches))


def _parse_draft(text: str) -> Draft:
    data = json.loads(text)
    data["patches"] = tuple(KnownPatch(**patch) for patch in data.get("patches", ()))
    names = set(Draft.__dataclass_fields__)
    return Draft(**{name: value for name, value in data.items() if name in names})


def complete_prefix(text: str) -> str:
    """Add PATCH to a subject prefix, so that `net-next` becomes `PATCH net-next`.

    If the prefix is "", git's own prefix is used. Raise UsageError if the prefix is invalid.
    """
    prefix = text.strip()
    if prefix.startswith("[") and prefix.endswith("]"):
        prefix = prefix[1:-1].strip()
    refuse_header_breaks(prefix)
    hint = "as in --subject-prefix 'PATCH net-next'"
    if any(bracket in prefix for bracket in "[]"):
        raise UsageError(f"subject prefix {text!r}: brackets are not allowed", hint=hint)
    parts = prefix.split()
    if number := next(
        (part for part in parts if re.fullmatch(r"v\d+|\d+/\d+", part, re.IGNORECASE)),
        None,
    ):
        raise UsageError(
            f"subject prefix {text!r}: must not contain {number!r}",
            hint="set the version with -v N; patches are numbered automatically",
        )
    if not parts:
        return ""
    return prefix if re.search(r"\bPATCH\b", prefix, re.IGNORECASE) else f"PATCH {prefix}"


def refuse_header_breaks(*texts: str | None) -> None:
    """Raise UsageError if a header value contains a control character, such as a line break."""
    if any(text and re.search(r"[\x00-\x1f\x7f]", text) for text in texts):
        raise UsageError(
            "a mail header must be one line of printable text",
            hint="omit line breaks and control characters",
        )
