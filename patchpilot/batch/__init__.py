# SPDX-License-Identifier: GPL-2.0-or-later
"""Distribute work to many machines.

`check_range` checks one part of an epoch, `check_epochs` checks all parts on a Dask cluster,
`build_unit` builds one commit, and `build_commits` builds many on a cluster. `judge_part` judges
fixes for branches, and `judge_fixes` judges many on a cluster.
"""

from patchpilot.batch.builds import BuiltUnit, build_commits, build_unit
from patchpilot.batch.cluster import check_epochs
from patchpilot.batch.ranges import check_range
from patchpilot.batch.verdicts import judge_fixes, judge_part

__all__ = [
    "BuiltUnit",
    "build_commits",
    "build_unit",
    "check_epochs",
    "check_range",
    "judge_fixes",
    "judge_part",
]
