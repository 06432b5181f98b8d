# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the MAINTAINERS file, index it by folder, and find the sections that match paths, file
names and patch texts.
"""

from patchpilot.maintainers.load import (
    Entry,
    MaintainersFile,
    Section,
    SectionMatch,
    load_maintainers,
    match_patch,
)

__all__ = [
    "Entry",
    "MaintainersFile",
    "Section",
    "SectionMatch",
    "load_maintainers",
    "match_patch",
]
