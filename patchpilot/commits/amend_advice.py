# SPDX-License-Identifier: GPL-2.0-or-later
"""Give advice about changing the message or the author of a commit."""

import re

from patchpilot.model.action import Action

AMEND = "git commit --amend"
_SIGN_OFF = re.compile(rf"{AMEND} (?:-s|--signoff)$")


def name_rewrite(advice: str, commit: str) -> str:
    """Return advice that amends HEAD as advice for an older commit.

    patchpilot adds a sign-off; for other changes, `git rebase` stops at the commit.
    """
    if _SIGN_OFF.search(advice):
        return _SIGN_OFF.sub(f"`{Action('prepare', (commit, '--signoff')).command}`", advice)
    if AMEND not in advice:
        return advice
    return f'git rebase -i {commit}^ with "edit" for this commit, then: {advice}'
