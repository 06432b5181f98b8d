# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the draft of a topic: the text that is in its messages but not in its commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.model.json_form import json_form
from patchpilot.model.patch import parse_subject

COMPILE_TESTED = "tested-note"
"""The answer that decides whether the messages state how the code was tested."""

TO_COVER = "to-cover"
"""The answer that decides whether the recipients of one patch receive "all" or their "own"."""


TESTED = "tested"
"""The answer how the topic's code was tested, with a fingerprint of that code."""


def find_prefix_version(prefix: str) -> str:
    """Return the stable version that a subject prefix names ("6.1" for `PATCH 6.1.y`), or ""."""
    return parse_subject(f"[{prefix}] x").stable or ""


@json_form()
@dataclass(frozen=True, slots=True)
class KnownPatch:
    """A patch of a topic as it was last seen.

    `authored` is the author date in seconds since the epoch; amending and rebasing preserve it.
    """

    patch_id: str
    subject: str
    commit: str | None = None
    authored: str = ""


@json_form()
@dataclass(frozen=True, slots=True)
class Draft:
    """The text and the settings of a topic for the next send.

    `version` is the version of the next send. `notes` maps patch-ids to notes, `answers` maps
    pre-send questions to answers, `links` maps sent versions to their Message-IDs, and `waivers`
    maps names of rules to the reasons for waiving them. `shown` maps each kind of send to the
    messages that were previewed, as a fingerprint followed by their Message-IDs. `origins` maps
    each setting (field or `field.key`) to its origin. `stable` is the version of the stable branch
    that the patches were made for, or "".
    """

    change_id: str
    repository: str
    branch: str | None
    version: int = 1
    prefix: str = ""
    cover_subject: str = ""
    cover_text: str = ""
    changelogs: Mapping[str, str] = field(default_factory=dict)
    base: str = ""
    in_reply_to: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    patches: tuple[KnownPatch, ...] = ()
    shown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    waivers: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    stable: str = ""

    @property
    def target_version(self) -> str:
        """Return the version of the stable branch that the topic is sent for, or "".

        A prefix that names one takes precedence.
        """
        return find_prefix_version(self.prefix) or self.stable

    @property
    def mark(self) -> str:
        """Return the text that the next send has in the brackets of its subjects.

        This is the prefix and, unless it is version 1, the version.
        """
        return f"{self.prefix or 'PATCH'}{f' v{self.version}' if self.version > 1 else ''}"

    @property
    def is_for_stable(self) -> bool:
        """Return whether the subjects of the next send name a stable branch."""
        return parse_subject(f"[{self.mark}] x").is_for_stable

    @property
    def has_cover(self) -> bool:
        return bool(self.cover_subject.strip() or self.cover_text.strip())

    def sends_cover(self, *, requested: bool) -> bool:
        """Return whether the draft's cover letter is sent; for a single patch, only on request."""
        return self.has_cover and (requested or len(self.patches) > 1)

    @property
    def patch_ids(self) -> tuple[str, ...]:
        """Return the known patch-ids of the topic's patches."""
        return tuple(patch.patch_id for patch in self.patches if patch.patch_id)

    @property
    def is_undisclosed(self) -> bool:
        """Return whether the author marked the topic as an undisclosed security fix."""
        return self.answers.get("security") == "yes"

    @property
    def changelog(self) -> str:
        """Return the changelog of the next version."""
        return self.changelogs.get(str(self.version), "")
