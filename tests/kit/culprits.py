# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a small history with a bug, for tests of tags."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.tags.find_culprits import (
    FixesRequest,
    FixesResult,
    find_culprits,
)
from patchpilot.tags.stable_request_tag import (
    StableRequest,
    StableResult,
    propose_stable_tags,
)
from tests.kit.cli import Outcome
from tests.kit.repos import Repo

START = """\
#include "ring.h"

int ring_open(struct ring *ring)
{
\tring->size = 16;
\treturn 0;
}

void ring_close(struct ring *ring)
{
\tring->size = 0;
}
"""
CULPRIT = START.replace(
    "\tring->size = 16;\n",
    "\tring->size = 16;\n"
    "\tring->mask = ring->size;\n"
    "\tring->table = ring_table_alloc(ring->size);\n",
)
LATER = CULPRIT.replace("\tring->size = 0;\n", "\tring->size = 0;\n\tring->open = false;\n")
FIX = LATER.replace("ring->mask = ring->size;", "ring->mask = ring->size - 1;")
SIGNED = "\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"


@dataclass(frozen=True, slots=True)
class RingHistory:
    """A repository and its commits."""

    repo: Repo
    start: str
    culprit: str
    later: str
    fix: str

    def commit_ring(self, message: str, ring_code: str) -> str:
        return self.repo.commit(message + SIGNED, {"ring.c": ring_code})

    def find_fixes(self, target: str = "HEAD", **options: Any) -> FixesResult:
        with Repository.open(self.repo.path) as repository:
            return find_culprits(repository, FixesRequest(target, **options))

    def find_stable(self, **options: Any) -> StableResult:
        with Repository.open(self.repo.path) as repository:
            return propose_stable_tags(repository, StableRequest("HEAD", **options))

    def run_command(self, command: str, *arguments: object, **call_options: Any) -> Outcome:
        return self.repo.patchpilot(command, *arguments, **call_options)

    def run_json_command(self, command: str, *arguments: object) -> Any:
        return json.loads(self.run_command(command, *arguments, "--format", "json").out)


def create_ring_history(
    path: Path,
    message: str = "ring: fix the mask\n\nThe mask must be one less than the size.\n",
) -> RingHistory:
    """Create the history of a ring buffer.

    It was added in v1.0, has a wrong mask since v1.1, and is fixed after v1.2.
    """
    repo = Repo(path)
    start = repo.commit(
        "ring: add ring buffers" + SIGNED, {"ring.c": START, "other.c": "int other;\n"}
    )
    repo.tag("v1.0")
    culprit = repo.commit(
        "ring: support a mask and a table\n" + SIGNED,
        {"ring.c": CULPRIT},
        author="Bob Breaker <bob@example.org>",
    )
    repo.tag("v1.1")
    later_commit = repo.commit("ring: remember that it is closed\n" + SIGNED, {"ring.c": LATER})
    repo.tag("v1.2")
    repo.branch("topic")
    fix_commit = repo.commit(message + SIGNED, {"ring.c": FIX})
    return RingHistory(repo, start, culprit, later_commit, fix_commit)
