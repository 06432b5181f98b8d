# SPDX-License-Identifier: GPL-2.0-or-later
"""A small history with a bug in it."""

from dataclasses import dataclass
from pathlib import Path

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
LATER = CULPRIT.replace(
    "\tring->size = 0;\n", "\tring->size = 0;\n\tring->open = false;\n"
)
FIX = LATER.replace("ring->mask = ring->size;", "ring->mask = ring->size - 1;")
SIGNED = "\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"


@dataclass(frozen=True, slots=True)
class History:
    """The repository and the commits of the story."""

    repo: Repo
    start: str
    culprit: str
    later: str
    fix: str


def history(
    path: Path,
    message: str = "ring: fix the mask\n\nThe mask must be one less than the size.\n",
) -> History:
    """A ring buffer: born in v1.0, its mask wrong since v1.1, mended on top of v1.2."""
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
    later = repo.commit(
        "ring: remember that it is closed\n" + SIGNED, {"ring.c": LATER}
    )
    repo.tag("v1.2")
    repo.branch("topic")
    fix = repo.commit(message + SIGNED, {"ring.c": FIX})
    return History(repo, start, culprit, later, fix)
