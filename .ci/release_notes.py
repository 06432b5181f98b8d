# SPDX-License-Identifier: GPL-2.0-or-later
"""Print the notes for a release. They are the first section of CHANGELOG.md that has entries."""

import re
import sys
from pathlib import Path


def notes(changelog: str) -> str:
    """Return the text of the first section that has entries, without its heading."""
    for section in re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]:
        _, _, text = section.partition("\n")
        if re.search(r"^- ", text, re.MULTILINE):
            return text.strip() + "\n"
    return ""


if __name__ == "__main__":
    sys.stdout.write(notes(Path("CHANGELOG.md").read_text(encoding="utf-8")))
