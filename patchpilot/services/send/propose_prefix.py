# SPDX-License-Identifier: GPL-2.0-or-later
"""What only a mail can lack: a commit has no subject mark yet, so `check` is silent of it there."""

from collections.abc import Sequence

from patchpilot.model.action import Action
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.model.send_problem import SendProblem

RULES = ("missing-target-tree",)


def mark_warnings(mails: Sequence[RenderedMail], profile: str) -> tuple[SendProblem, ...]:
    """What `check` says of the marks of the mails as they would leave, each sentence once."""
    from patchpilot.services.check.check_patches import check_series
    from patchpilot.services.check.check_request import CheckRequest

    patches = tuple(parse_patch(mail.raw.replace(b"\r\n", b"\n"), mail.subject) for mail in mails)
    result = check_series((Series(patches),), CheckRequest(profile=profile, select=RULES, fail_on="never"))
    found = dict.fromkeys((finding.name, finding.message) for checked in result.patches for finding in checked.findings)
    return tuple(
        SendProblem(name, message, Action("send", ("--subject-prefix", "PATCH net"), "{}, or 'PATCH net-next'")) for name, message in found
    )
