# SPDX-License-Identifier: GPL-2.0-or-later
"""The safe fixes of a topic's findings, shown or written, by the settings in force."""

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
    """What is safe to fix in the topic's commits: what it would be without `overrides`, else
    written; each overrides the refusal that names it. `only` chooses the findings."""
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
