# SPDX-License-Identifier: GPL-2.0-or-later
"""Selects the editor for the texts of a draft."""

from patchpilot.services.send.edit_draft import Edit
from patchpilot.topic.edit_commits import edit_text, editor_name
from patchpilot.topic.workplace import Workplace


def editor_of(place: Workplace) -> Edit:
    """Returns a function that opens the user's editor on a text and returns the edited text.

    The editor is set in patchpilot's settings; the default is git's editor. The function
    returns None if the editor fails.
    """
    editor = editor_name(place.repository, place.settings())
    return lambda text: edit_text(editor, text, "DRAFT.txt")
