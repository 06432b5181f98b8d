# SPDX-License-Identifier: GPL-2.0-or-later
"""Write below the `---` how a topic was tested: the author's answer, and the recorded builds."""

import hashlib
from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.action import Action
from patchpilot.model.built_commit import BuiltCommit, list_tested_architectures
from patchpilot.model.draft import COMPILE_TESTED, TESTED, Draft
from patchpilot.model.send_request import SendRequest
from patchpilot.series.draft import Drafts
from patchpilot.topic.find import finish_topic


def find_last_builds(repository: Repository, draft: Draft) -> list[BuiltCommit | None]:
    """Return the recorded build of each current commit of the topic."""
    from patchpilot.building.record import find_build

    return [find_build(repository, patch.commit) for patch in draft.patches if patch.commit]


TESTED_LINES = {
    "hardware": "Tested on hardware.",
    "qemu": "Tested in QEMU.",
    "built": "Compile-tested only.",
    "no": "Not tested.",
}
"""Maps each answer how the code was tested to its line below the `---`."""


def read_tested_answer(draft: Draft) -> str:
    """Return the answer how the topic was tested, or "" if there is none for its current code."""
    answer, _, code = draft.answers.get(TESTED, "").partition(" ")
    return answer if code == _code_fingerprint(draft) else ""


def bind_tested_answer(draft: Draft, answer: str) -> str:
    """Return the answer in the form in which it is saved, which is valid for the current code."""
    return f"{answer} {_code_fingerprint(draft)}"


def _code_fingerprint(draft: Draft) -> str:
    return hashlib.sha256("\n".join(draft.patch_ids).encode()).hexdigest()[:12]


def format_tested_lines(repository: Repository, draft: Draft) -> str:
    """Return the lines to put below the `---`: the answer, and the configurations that were built.

    Return "" if the user did not request them.
    """
    return (
        _list_tested_lines(repository, draft) if draft.answers.get(COMPILE_TESTED) == "yes" else ""
    )


def _list_tested_lines(repository: Repository, draft: Draft) -> str:
    configurations = list_tested_architectures(find_last_builds(repository, draft))
    answer = TESTED_LINES.get(read_tested_answer(draft), "")
    built = f"Compile-tested: {configurations}" if configurations else ""
    return "\n".join(filter(None, (answer, built)))


def set_tested_lines(repository: Repository, request: SendRequest, *, enabled: bool) -> str:
    """Add the lines how the topic was tested to its messages, or remove them; return the lines.

    Raise `UsageError` if nothing is known about the current code.
    """
    draft = finish_topic(repository, request).draft
    lines = _list_tested_lines(repository, draft)
    if enabled and not lines:
        raise UsageError(
            "not every commit of the topic was built in its current form",
            hint=Action("build", (), "build them: {}"),
        )
    updated_draft = replace(
        draft, answers={**draft.answers, COMPILE_TESTED: "yes" if enabled else "no"}
    )
    with Drafts() as drafts:
        drafts.keep(draft, updated_draft, "set")
    return lines if enabled else ""
