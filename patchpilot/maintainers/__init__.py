# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the MAINTAINERS file, index it by folder, and find the sections that match paths, file
names and patch texts. Find the contacts whom a patch adds or removes.
"""

from patchpilot.maintainers.changed_contacts import ChangedContact, find_changed_contacts
from patchpilot.maintainers.load import (
    Entry,
    MaintainersFile,
    Section,
    SectionMatch,
    load_maintainers,
    match_patch,
)

__all__ = [
    "ChangedContact",
    "Entry",
    "MaintainersFile",
    "Section",
    "SectionMatch",
    "find_changed_contacts",
    "load_maintainers",
    "match_patch",
]
