# SPDX-License-Identifier: GPL-2.0-or-later
"""Records whether any topic has waivers, so that a check without them opens no database."""

from patchpilot.config import WAIVERS_GIVEN
from patchpilot.resources import state_folder, state_path


def mark_given() -> None:
    """Record that some topic has a waiver, or an answer that counts as one."""
    (state_folder() / WAIVERS_GIVEN).touch(mode=0o600)


def is_given() -> bool:
    """Whether any topic has ever had a waiver.

    Finding out which topic takes longer.
    """
    return (state_path() / WAIVERS_GIVEN).exists()
