# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole archives checked on many machines: `check_range` for one part of an epoch, `check_epochs`
for all parts on a Dask cluster.
"""

from patchpilot.batch.cluster import check_epochs
from patchpilot.batch.ranges import check_range

__all__ = ["check_epochs", "check_range"]
