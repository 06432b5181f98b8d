# SPDX-License-Identifier: GPL-2.0-or-later
"""What a topic is, in a few words: its version, its base, and the profile that holds for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchpilot.model.send_request import SendRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from patchpilot.commits.repository import Repository
    from patchpilot.topic.followed.known_series import Tracked


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """`version` is the one that is worked on or, once it is sent, the last one; `base` the base's
    name ("" for a range) and `start` its commit.

    `guessed` says that neither the user nor b4 named the base; `mark` is the subject prefix of the
    mails, such as `PATCH net v2`.
    """

    version: int
    base: str
    start: str
    guessed: bool
    profile: str
    mark: str = "PATCH"


def topic_facts(
    repository: "Repository",
    target: str | None,
    base: str | None,
    profile: str,
    known: "Sequence[Tracked]" = (),
) -> TopicFacts:
    """The facts of a TARGET's topic over a base (None: the one that is found); `profile` is the
    configured name, "" to detect it.

    `known` are followed series that were read already. Nothing is written, and nothing asked of the
    network. PatchpilotError when there is no topic.
    """
    from patchpilot.archive.track_store import Store
    from patchpilot.topic.find_topic import find_topic
    from patchpilot.topic.topic_base import find_base
    from patchpilot.topic.topic_project import project_of
    from patchpilot.topic.topic_state import topic_state

    topic = find_topic(repository, SendRequest(target=target, base=base))
    with Store() as store:
        state = topic_state(repository, topic, store=store, known=known)
    found = find_base(repository, base) if target is None else None
    return TopicFacts(
        version=state.next_version
        if state.is_begun or not state.is_sent
        else state.version,
        base=found.name if found else "",
        start=found.start if found else "",
        guessed=bool(found and found.guessed),
        profile=project_of(repository, profile, topic.series).name,
        mark=topic.draft.mark,
    )
