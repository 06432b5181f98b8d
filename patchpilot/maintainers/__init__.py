# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the MAINTAINERS file and match paths, file names and patch texts against it.

The file is indexed by folder.
"""

from patchpilot.maintainers.load import load
from patchpilot.maintainers.match import SectionMatch, match
from patchpilot.maintainers.section import Entry, Section
from patchpilot.maintainers.section_index import MaintainersFile

__all__ = ["Entry", "MaintainersFile", "Section", "SectionMatch", "load", "match"]
