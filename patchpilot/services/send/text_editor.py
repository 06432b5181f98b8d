# SPDX-License-Identifier: GPL-2.0-or-later
"""The editor in which the texts of a draft are written."""

from patchpilot.services.send.edit_draft import Edit
from patchpilot.topic.edit_commits import edit_text, editor_name
from patchpilot.topic.workplace import Workplace


def editor_of(place: Workplace) -> Edit:
    """The editor of the setting, else git's, which commit messages are written in: a text in, the
    text as edited out, None where it failed.
    """
    editor = editor_name(place.repository, place.settings())
    return lambda text: edit_text(editor, text, "DRAFT.txt")
