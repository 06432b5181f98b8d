# SPDX-License-Identifier: GPL-2.0-or-later
"""The MAINTAINERS file: parsed, indexed by folder, matched against paths, file names and the text
of a patch.
"""

from patchpilot.maintainers.load import load
from patchpilot.maintainers.match import SectionMatch, match
from patchpilot.maintainers.section import Entry, Section
from patchpilot.maintainers.section_index import MaintainersFile

__all__ = ["Entry", "MaintainersFile", "Section", "SectionMatch", "load", "match"]
