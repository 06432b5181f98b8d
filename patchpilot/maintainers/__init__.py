# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the MAINTAINERS file and match paths, file names and patch texts against it.

The file is indexed by folder.
"""

from patchpilot.maintainers.load import (
    Entry,
    MaintainersFile,
    Section,
    SectionMatch,
    load,
    match,
)

__all__ = ["Entry", "MaintainersFile", "Section", "SectionMatch", "load", "match"]
