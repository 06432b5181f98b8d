# SPDX-License-Identifier: GPL-2.0-or-later
"""The editor in which the texts of a draft are written."""

import tempfile
from pathlib import Path

from patchpilot.commits.run import git, interactive
from patchpilot.services.send.edit_draft import Edit
from patchpilot.services.workplace import Workplace


def editor_of(place: Workplace) -> Edit:
    """The editor of the setting, else git's, which commit messages are written in: a text in, the text as edited out, None where it failed."""
    name = place.settings().get("editor") or git(place.repository.top, "var", "GIT_EDITOR").text.strip()

    def run(text: str) -> str | None:
        with tempfile.TemporaryDirectory(prefix="patchpilot-") as folder:
            file = Path(folder) / "DRAFT.txt"
            file.write_text(text, encoding="utf-8")
            code = interactive(["sh", "-c", f'{name} "$@"', name, str(file)])
            return file.read_text(encoding="utf-8") if code == 0 else None

    return run
