# SPDX-License-Identifier: GPL-2.0-or-later
"""What only a mail can lack: a commit has no subject mark yet, so `check` is silent of it there."""

from collections.abc import Sequence

from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from patchpilot.outgoing.plan import Problem
from patchpilot.outgoing.transport import Captured

RULES = ("missing-target-tree",)


def mark_warnings(mails: Sequence[Captured], profile: str) -> tuple[Problem, ...]:
    """What `check` says of the marks of the mails as they would leave, each sentence once."""
    from patchpilot.services.check import check_series
    from patchpilot.services.checked import Wanted

    patches = tuple(parse_patch(mail.raw.replace(b"\r\n", b"\n"), mail.subject) for mail in mails)
    result = check_series((Series(patches),), Wanted(profile=profile, select=RULES, fail_on="never"))
    found = dict.fromkeys((one.name, one.message) for checked in result.patches for one in checked.findings)
    return tuple(Problem(name, message, "patchpilot send --subject-prefix 'PATCH net', or 'PATCH net-next'") for name, message in found)
