# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the recipients stage: its result, and its state in the stage bar."""

from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.services.send.counted_recipients import CountedRecipients


def load(ask: JobRequest) -> "tuple[CountedRecipients, StageStatus]":
    """Return the recipients as `send` counts them.

    These are the recipients of `patchpilot maintainers` and those that the configuration and the
    answers add.
    """
    from patchpilot.services.send.counted_recipients import (
        count_recipients,
        is_sendable,
    )
    from patchpilot.services.send.mail_recipients import difference

    ask.progress("looking up recipients")
    patch = ask.session.at if ask.session.view == "patch" else None
    result = count_recipients(
        ask.repository, ask.session.request(ask.repository), patch
    )
    kept, out = result.planned.plan.recipients, result.planned.left_out
    before: CountedRecipients | None = ask.session.last(Stage.RECIPIENTS)
    changed = (
        difference(before.planned.plan.recipients, kept)
        if before and before.patch == result.patch
        else ""
    )
    to, cc = (
        sum(recipient.header == "to" for recipient in kept),
        sum(recipient.header == "cc" for recipient in kept),
    )
    note = (
        f"{to} in To, {cc} in Cc"
        + (f", {len(out)} excluded" if out else "")
        + (f"; {changed}" if changed else "")
    )
    stuck = next(
        (
            recipient.address.email
            for recipient in kept
            if not is_sendable(recipient.address.email)
        ),
        None,
    )
    if stuck:
        return result, StageStatus(
            StageState.TODO,
            f"cannot send to {stuck}; press Space on it to exclude it",
            "1",
        )
    if not kept:
        return result, StageStatus(
            StageState.TODO, "no recipients; press + to add one", "1"
        )
    open_notes = sum(advice.remedy is not None for advice in result.advice)
    if open_notes:
        return result, StageStatus(
            StageState.TODO,
            f"{note}; {counted(open_notes, 'open note')}",
            str(open_notes),
        )
    return result, StageStatus(StageState.DONE, note)
