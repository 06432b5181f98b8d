# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m tests.lab.trailer_agreement REPOSITORY… [-n COMMITS]` compares the trailers of the
latest commits of each repository with those that `git interpret-trailers --parse` prints.

The exit code is 1 if they differ.
"""

import argparse
import sys
from pathlib import Path

from patchpilot.commits.run import git
from patchpilot.model.trailer import parse_trailers


def main() -> int:
    """Prints the messages that differ, and the counts of each repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path, nargs="+")
    parser.add_argument("-n", type=int, default=400)
    words = parser.parse_args()
    different = 0
    for repository in words.repository:
        out = git(repository, "log", "-z", "--no-merges", "--format=%B", f"-{words.n}")
        messages = out.text.strip("\0").split("\0")
        for message in messages:
            found = parse_trailers(message.split("\n"))
            mine = "".join(f"{trailer}\n" for trailer in found)
            stdin = message.encode("utf-8", "surrogateescape")
            if mine != git(None, "interpret-trailers", "--parse", stdin=stdin).text:
                different += 1
                print(message.partition("\n")[0])
        print(f"{repository}: {len(messages)} messages")
    print(f"{different} differ")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
