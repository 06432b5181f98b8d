# SPDX-License-Identifier: GPL-2.0-or-later
"""Build many commits on a Dask cluster, with one build unit for each commit and architecture."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.batch.cluster import run_units
from patchpilot.building.request import make_build_options
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.commits.repository import Repository
from patchpilot.lint.lint_context import Options
from patchpilot.model.built_commit import BuiltCommit
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding

if TYPE_CHECKING:
    from distributed import Client

PACKS = "build"
"""The prefix of the rules that report build problems."""


class BuiltUnit(NamedTuple):
    """The build of a commit for one architecture, and its findings.

    If `arch` is "", the commit was built for all architectures that suit it.
    """

    commit: str
    arch: str
    findings: tuple[Finding, ...]
    built: BuiltCommit


def build_commits(
    client: "Client",
    repository: Path,
    commits: Sequence[str],
    *,
    arches: Sequence[str] = (),
    quick: bool = False,
    progress: Progress = ignore_progress,
) -> Iterator[BuiltUnit]:
    """Build each commit on the cluster, and yield the results as they complete.

    Each commit is built for the given architectures; the default is all architectures that suit the
    commit. All machines must have the repository at the same path and trust it (`patchpilot trust
    --build`). A worker runs one compiler at a time in a separate directory. All workers on a
    machine share the cached results. Raise MissingError if the extra `cluster` is not installed.
    """
    units = list(product(commits, arches or ("",)))
    build = partial(_build_in_worker, repository, quick=quick)
    yield from run_units(client, build, units, "building", progress)


def _build_in_worker(repository: Path, commit: str, arch: str, *, quick: bool) -> BuiltUnit:
    """Build one unit in a worker. Each worker of a machine uses a separate directory."""
    from distributed import get_worker

    name = "".join(char if char.isalnum() else "-" for char in str(get_worker().name))
    return build_unit(repository, commit, arch, quick=quick, folder_name=f"worker-{name}")


def build_unit(
    repository: Path,
    commit: str,
    arch: str = "",
    *,
    quick: bool = False,
    folder_name: str = "",
) -> BuiltUnit:
    """Build a commit in this process, for one architecture or for all architectures that suit it.

    Concurrent builds must use different folder names.
    """
    options = make_build_options(
        arches=(arch,) if arch else (), quick=quick, jobs=1, place=folder_name
    )
    with Repository.open(repository) as repo:
        driver = Driver(Options(strict=True), repository=repo)
        result = driver.check_source(PatchSource((commit,)), build=options)
    (commit_build,) = result.commits
    findings = tuple(finding for finding in result.all if finding.name.startswith(PACKS))
    return BuiltUnit(commit_build.commit, arch, findings, commit_build)
