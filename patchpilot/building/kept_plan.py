# SPDX-License-Identifier: GPL-2.0-or-later
"""Caches build plans between runs, because reading all Kconfig files takes a second."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from patchpilot.building.configuration import CHECKERS, Configuration, host_arch
from patchpilot.building.plan import BuildOptions, Change, Plan, make_plan
from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.commits.repository import Repository

KIND = Kind("build-plan", (str(Path(__file__).parent),), 60)


def kept_plan(
    repository: Repository, changes: Sequence[Change], options: BuildOptions
) -> Plan:
    """Returns the build plan for a series, from the cache if there is one for the same trees and
    options.
    """
    trees = [
        repository.commit(state.commit).tree
        for change in changes
        for state in (change.before, change.after)
    ]
    programs = [name for name in CHECKERS if shutil.which(name)]
    parts = (*trees, repr((options._replace(jobs=1, place=""), programs, host_arch())))
    key = key_of(KIND, (part.encode("utf-8", "surrogateescape") for part in parts))
    known = recall(KIND, key)
    if known:
        sources, rows, notes = known
        configurations = tuple(
            (Configuration(*row), tuple(paths)) for row, paths in rows
        )
        return Plan(
            tuple(map(tuple, sources)), configurations, tuple(map(tuple, notes))
        )
    plan = make_plan(changes, options)
    rows = [(tuple(one), paths) for one, paths in plan.configurations]
    remember(KIND, key, (plan.sources, rows, plan.notes))
    return plan
