# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the topic of the current branch, for commands that also work without a repository.

Modules that need a repository are imported only if there is one.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.topic.workplace import Workplace

if TYPE_CHECKING:
    from patchpilot.archive.track_store import Store
    from patchpilot.threads.tracked import Tracked
    from patchpilot.topic.state import TopicState


def read_current_topic(
    workplace: Workplace, store: "Store", tracked_series: Sequence["Tracked"] = ()
) -> "TopicState | None":
    """Return the state of the current branch's topic, or None if there is none."""
    repository = workplace.repository_if_any()
    if repository is None:
        return None
    from patchpilot.topic.base import has_topic

    base = workplace.settings().get("base") or None
    if not has_topic(repository, base):
        return None
    from patchpilot.topic.state import find_topic_state

    return find_topic_state(repository, base=base, store=store, tracked_series=tracked_series)
