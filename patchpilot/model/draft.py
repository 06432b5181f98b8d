# SPDX-License-Identifier: GPL-2.0-or-later
"""The draft of a topic: what its mails say in addition to its commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.model.json_form import json_form

COMPILE_TESTED = "compile-tested"
"""The choice in a draft's answers whether the mails say in which configurations they build."""


@json_form()
@dataclass(frozen=True, slots=True)
class KnownPatch:
    """A patch of a topic as it was last seen.

    `authored` is its author date in seconds, which amending and rebasing leave alone.
    """

    patch_id: str
    subject: str
    commit: str | None = None
    authored: str = ""


@json_form()
@dataclass(frozen=True, slots=True)
class Draft:
    """A topic's texts and choices. `version` is what the next send will be; notes are by patch-id.

    `answers` are the answers to the pre-send questions for this topic, by the question's name;
    `links` the Message-ID of each version sent; `waivers` are the reasons for waiving a rule's
    findings, by the rule's name; `shown` is what previews showed for each kind of send: a
    fingerprint of its mails, then their Message-IDs; `origins` is where each choice came from, by
    its field, or `field.key` where the field has keys.
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

    @property
    def mark(self) -> str:
        """What the subjects of the next send start with, in brackets: the prefix, and the version
        from v2 on.
        """
        return (
            f"{self.prefix or 'PATCH'}{f' v{self.version}' if self.version > 1 else ''}"
        )

    @property
    def has_cover(self) -> bool:
        """Whether a cover letter was written."""
        return bool(self.cover_subject.strip() or self.cover_text.strip())

    @property
    def is_undisclosed(self) -> bool:
        """Whether it fixes a security problem that is not public yet, as its author answered."""
        return self.answers.get("security") == "yes"

    @property
    def changelog(self) -> str:
        """The changelog of the version that is sent next."""
        return self.changelogs.get(str(self.version), "")
