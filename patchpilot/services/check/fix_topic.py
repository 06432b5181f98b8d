# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows or applies the safe fixes for a topic's findings, with the current settings."""

from collections.abc import Collection

from patchpilot.checking.fixed_patch import Only
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.model.progress import Progress, silent
from patchpilot.services.check.apply_fixes import FixResult, fix
from patchpilot.services.check.check_topic import CheckedTopic, topic_request


def fix_topic(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    *,
    strict: bool = False,
    overrides: Collection[str] | None = None,
    only: Only | None = None,
    progress: Progress = silent,
) -> FixResult:
    """Returns the safe fixes for the topic's commits, and applies them with `overrides`.

    If `overrides` is None, nothing is written and the result is a preview. Each name in
    `overrides` overrides the refusal with that name. `only` selects the findings to fix.
    """
    request = topic_request(repository, settings, topic, strict=strict)
    return fix(
        request._replace(
            targets=(topic.target,) if topic.target else (), base=topic.base
        ),
        write=overrides is not None,
        overrides=overrides or (),
        only=only,
        repository=repository,
        progress=progress,
    )
