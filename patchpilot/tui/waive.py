# SPDX-License-Identifier: GPL-2.0-or-later
"""Waivers given and taken back where the findings are: the same record as `patchpilot check --waive` keeps."""

from typing import TYPE_CHECKING

from patchpilot.model.finding import Finding, Suppressed
from patchpilot.tui.widgets.choose import LineDialog

if TYPE_CHECKING:
    from patchpilot.services.topic.open_repository import Repository
    from patchpilot.tui.screens.stage_screen import StageScreen


def waive(screen: "StageScreen", finding: Finding, count: int) -> None:
    """Ask why a finding's rule may be broken in this topic, and keep that; `count` findings are of this rule."""
    session = screen.session

    def answered(reason: str | None) -> None:
        if not reason:
            return

        def work(repository: "Repository", _: object) -> None:
            from patchpilot.services.check.check_topic import waive_rule

            waive_rule(repository, session.settings(repository), session.checked_topic, finding.name, reason)

        screen.in_thread(
            "keeping the waiver", work, lambda _: _changed(screen, f"{finding.name} is waived for this topic: o shows what is")
        )

    every = "" if count == 1 else f" (there are {count} of it)"
    text = f"{finding.name}: {finding.message}\n\n"
    text += f"Why may it stay, in this topic{every}? The reason is kept with the topic; it is not in the commits and not sent."
    screen.app.push_screen(LineDialog(text, _judge, placeholder="the table reads better so"), answered)


def _judge(text: str) -> tuple[bool, str]:
    return True, "" if text.strip() else "a waiver has a reason; Enter on nothing waives nothing"


def take_back(screen: "StageScreen", suppressed: Suppressed) -> None:
    """Take back the waivers of the topic that a finding is waived by; of others is said where they are."""
    from patchpilot.services.check.check_topic import is_of_topic

    session = screen.session
    if not is_of_topic(suppressed):
        screen.notify(f"{suppressed.finding.name} is waived by {suppressed.origin}: take it out there", markup=False)
        return

    def work(repository: "Repository", _: object) -> tuple[str, ...]:
        from patchpilot.services.check.check_topic import take_back_waivers

        return take_back_waivers(repository, session.settings(repository), session.checked_topic, suppressed.finding)

    screen.in_thread("taking the waiver back", work, lambda names: _changed(screen, f"no longer waived: {', '.join(names)}"))


def _changed(screen: "StageScreen", message: str) -> None:
    screen.notify(message, markup=False, timeout=6)
    screen.session.changed("waivers", "draft")
    screen.tui.jobs.begin(screen.stage)
