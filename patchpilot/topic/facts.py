# SPDX-License-Identifier: GPL-2.0-or-later
"""Summarize a topic by its version, base and project."""

from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.send_request import SendRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from patchpilot.commits.repository import Repository
    from patchpilot.threads.tracked import Tracked


class TopicFacts(NamedTuple):
    """A summary of a topic.

    `version` is the version in progress or, if it has been sent, the last version. `base` is the
    name of the base, or "" for a range, and `start` is its commit. `guessed` is set if neither the
    user nor b4 named the base. `mark` is the subject prefix of the messages, such as `PATCH net
    v2`.
    """

    version: int
    base: str
    start: str
    guessed: bool
    profile: str
    mark: str = "PATCH"


def summarize_topic(
    repository: "Repository",
    target: str | None,
    base: str | None,
    profile: str,
    tracked_series: "Sequence[Tracked]" = (),
) -> TopicFacts:
    """Return a summary of a TARGET's topic.

    If `base` is None, the base is searched for. `profile` is the configured name, or "" to detect
    it. `tracked_series` are tracked series that have already been read.

    Nothing is written, and the network is not used. Raise PatchpilotError if there is no topic.
    """
    from patchpilot.archive.track_store import Store
    from patchpilot.topic.base import find_base
    from patchpilot.topic.find import find_topic
    from patchpilot.topic.project import project_of
    from patchpilot.topic.state import compute_topic_state

    topic = find_topic(repository, SendRequest(target=target, base=base))
    with Store() as store:
        state = compute_topic_state(repository, topic, store=store, tracked_series=tracked_series)
    chosen_base = find_base(repository, base) if target is None else None
    return TopicFacts(
        version=state.next_version if state.is_begun or not state.is_sent else state.version,
        base=chosen_base.name if chosen_base else "",
        start=chosen_base.start if chosen_base else "",
        guessed=bool(chosen_base and chosen_base.is_guessed),
        profile=project_of(repository, profile, topic.series).name,
        mark=topic.draft.mark,
    )
