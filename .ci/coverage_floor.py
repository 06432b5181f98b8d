# SPDX-License-Identifier: GPL-2.0-or-later
"""Fails when branch coverage of `model` to `services` falls below the recorded floor."""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOMS = [
    "model",
    "commits",
    "history",
    "maintainers",
    "lint",
    "recipients",
    "tags",
    "backports",
    "outgoing",
    "archive",
    "reading",
    "settings",
    "topic",
    "checking",
    "services",
]


def main() -> int:
    """Combine the data of this run, print the figure, hold it against the floor."""
    floor = float((HERE / "coverage.txt").read_text())
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "combine", "-q"], check=False, capture_output=True)
    include = ",".join(f"patchpilot/{room}/*" for room in ROOMS)
    done = subprocess.run(
        [*coverage, "json", "-q", "-o", "-", f"--include={include}"],
        check=True,
        capture_output=True,
        text=True,
    )
    totals = json.loads(done.stdout)["totals"]
    covered, of = (
        totals["covered_lines"] + totals["covered_branches"],
        totals["num_statements"] + totals["num_branches"],
    )
    percent = 100 * covered / of
    print(
        f"branch coverage of {ROOMS[0]} … {ROOMS[-1]}: {percent:.1f} % (floor {floor:.1f} %)"
    )
    if percent < floor:
        print(
            "coverage fell below the recorded floor: test what you added, or say why in"
            " .ci/coverage.txt's commit",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
