# SPDX-License-Identifier: GPL-2.0-or-later
"""Which tests run which lines, and how long each takes: made once by a run of the tests with
coverage's contexts.
"""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.mutants.operators import Mutant

TESTS = (
    "backports",
    "cli",
    "commits",
    "history",
    "model",
    "outgoing",
    "recipients",
    "series",
    "services",
    "tags",
    "archive",
    "reading",
    "test_config.py",
)
"""The folders of tests that know the mutated rooms.

The examples of the rule packs and the screens come after these and take longest.
"""


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """The tests of each line of each file, and the seconds each test took.

    Tests that failed are left out.
    """

    lines: dict[str, dict[int, tuple[str, ...]]]
    seconds: dict[str, float]

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that run a mutant: its room's own first, then the quick ones.

        Where it runs at import only, those of its module.
        """
        covered = self.lines.get(mutant.path, {})
        first, last = mutant.lines
        found = {
            test
            for line, tests in covered.items()
            if first <= line <= last
            for test in tests
        }
        if not found:
            found = {test for tests in covered.values() for test in tests}
        room, stem = Path(mutant.path).parts[1], Path(mutant.path).stem

        def order(test: str) -> tuple[bool, float, str]:
            file = test.partition("::")[0]
            return (
                not (file.startswith(f"tests/{room}/") and stem in Path(file).stem),
                self.seconds[test],
                test,
            )

        return sorted(found & self.seconds.keys(), key=order)


def measure(
    tree: Path,
    folder: Path,
    environment: dict[str, str],
    name: str,
    tests: Sequence[str],
) -> None:
    """Run those tests of `tree` that `make test` runs, with coverage.

    `NAME.coverage` and `NAME.xml` in `folder` are the result, which `load` adds to what is there.
    """
    options = ["-q", "-m", "not long", f"--junitxml={folder / name}.xml"]
    options += ["--cov=patchpilot", "--cov-context=test", "--cov-report="]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options,
            "-o",
            "junit_duration_report=total",
            *tests,
        ],
        cwd=tree,
        env={**environment, "COVERAGE_FILE": str(folder / f"{name}.coverage")},
        check=False,
    )


def load(folder: Path, paths: set[str]) -> CoverageMap:
    """What `measure` wrote, for these files."""
    from coverage import CoverageData

    seconds = {
        test: took
        for file in sorted(folder.glob("*.xml"))
        for test, took in _seconds(file).items()
    }
    lines: dict[str, dict[int, set[str]]] = {path: {} for path in paths}
    for file in sorted(folder.glob("*.coverage")):
        data = CoverageData(basename=str(file))
        data.read()
        for measured in data.measured_files():
            path = next((path for path in paths if measured.endswith(f"/{path}")), None)
            for line, contexts in (
                data.contexts_by_lineno(measured).items() if path else ()
            ):
                tests = {
                    context.rpartition("|")[0] for context in contexts if "|" in context
                }
                lines[str(path)].setdefault(line, set()).update(tests & seconds.keys())
    return CoverageMap(
        {
            path: {line: tuple(sorted(tests)) for line, tests in known.items()}
            for path, known in lines.items()
        },
        seconds,
    )


def _seconds(file: Path) -> dict[str, float]:
    """Test id → seconds, of the tests that passed.

    JUnit has the module's dotted name and the test's; ids have the file.
    """
    found = {}
    for case in ET.parse(file).iter("testcase"):
        if not len(case):
            found[
                f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
            ] = float(case.get("time", "0"))
    return found
