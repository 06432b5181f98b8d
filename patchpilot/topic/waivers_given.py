# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether any topic has waivers at all: a check of patches without any opens no database."""

from patchpilot.config import WAIVERS_GIVEN
from patchpilot.series.topic_database import state_folder


def mark_given() -> None:
    """Remember that some topic has a waiver, or an answer that counts as one."""
    (state_folder() / WAIVERS_GIVEN).touch(mode=0o600)


def is_given() -> bool:
    """Whether any topic ever had one: which one this is about takes longer to find out."""
    return (state_folder() / WAIVERS_GIVEN).exists()
