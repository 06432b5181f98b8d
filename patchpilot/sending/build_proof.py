# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the `Compile-tested:` line from the recorded builds of a topic's commits."""

from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.action import Action
from patchpilot.model.built_commit import BuiltCommit, list_tested_architectures
from patchpilot.model.draft import COMPILE_TESTED, Draft
from patchpilot.model.send_request import SendRequest
from patchpilot.series.draft import Drafts
from patchpilot.topic.find import finish_topic


def find_last_builds(repository: Repository, draft: Draft) -> list[BuiltCommit | None]:
    """Return the recorded build of each current commit of the topic."""
    from patchpilot.building.record import find_build

    return [find_build(repository, patch.commit) for patch in draft.patches if patch.commit]


def format_compile_tested_line(repository: Repository, draft: Draft) -> str:
    """Return the `Compile-tested:` line to put below the `---`.

    Return "" if the user did not request the line or the commits have changed since the build.
    """
    is_wanted = draft.answers.get(COMPILE_TESTED) == "yes"
    configurations = (
        list_tested_architectures(find_last_builds(repository, draft)) if is_wanted else ""
    )
    return f"Compile-tested: {configurations}" if configurations else ""


def set_compile_tested_line(repository: Repository, request: SendRequest, *, enabled: bool) -> str:
    """Add or remove the `Compile-tested:` line, and return its text.

    Raise `UsageError` if not all commits have been built.
    """
    draft = finish_topic(repository, request).draft
    configurations = list_tested_architectures(find_last_builds(repository, draft))
    if enabled and not configurations:
        raise UsageError(
            "not every commit of the topic was built in its current form",
            hint=Action("build", (), "build them: {}"),
        )
    updated_draft = replace(
        draft, answers={**draft.answers, COMPILE_TESTED: "yes" if enabled else "no"}
    )
    with Drafts() as drafts:
        drafts.keep(draft, updated_draft, "set")
    return configurations if enabled else ""
