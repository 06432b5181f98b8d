# SPDX-License-Identifier: GPL-2.0-or-later
"""Run codespell on every file of the repository.

.ci/spelling.toml lists exceptions with reasons. .ci/lint uses this program. The exit code is 1 if
there is a misspelled word or an unnecessary exception.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
EXCEPTIONS = ROOT / ".ci" / "spelling.toml"
_LINE = re.compile(r"(?P<file>.+?):(?P<line>\d+): (?P<word>.+) ==> ")


class _Exception(NamedTuple):
    """Words that are correct in certain files. If `words` is empty, no word in these files is
    checked.
    """

    files: list[str]
    reason: str
    words: Sequence[str] = ()

    def covers(self, file: str, word: str) -> bool:
        """Return whether the exception applies to a word in a file."""
        return (word in self.words or not self.words) and any(
            fnmatchcase(file, pattern) for pattern in self.files
        )


def main() -> int:
    """Print each misspelled word like codespell, and each unnecessary exception."""
    exceptions = [
        _Exception(**table)
        for table in tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8"))["exception"]
    ]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [file for file in listed.stdout.split("\0") if file and (ROOT / file).is_file()]
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", "--", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    used, problems = set[int](), list[str]()
    for line in done.stdout.splitlines():
        if match := _LINE.match(line):
            covering = [error for error in exceptions if error.covers(match["file"], match["word"])]
            used.update(exceptions.index(exception) for exception in covering[:1])
            problems += [] if covering else [line]
    problems += [
        f"{EXCEPTIONS.relative_to(ROOT)}: nothing needs the exception for"
        f" {', '.join(exception.files)}: {exception.reason}"
        for number, exception in enumerate(exceptions)
        if number not in used
    ]
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
