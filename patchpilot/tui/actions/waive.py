# SPDX-License-Identifier: GPL-2.0-or-later
"""Add and remove waivers for findings, in the same record as `patchpilot check --waive`."""

from typing import TYPE_CHECKING

from patchpilot.checking.topic import is_topic_waiver, remove_waivers, waive_rule
from patchpilot.model.rule import Finding
from patchpilot.tui.widgets.choose import LineDialog, ask_for_answer

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.tui.stage.stage_screen import AnyScreen


def waive_finding(screen: "AnyScreen", finding: Finding, count: int) -> None:
    """Ask for a reason and waive the finding's rule in this topic.

    `count` is the number of findings of this rule.
    """
    session = screen.session

    def save_reason(reason: str) -> None:
        def save_waiver(repository: "Repository", _: object) -> None:
            settings, topic = session.read_settings(repository), session.checked_topic
            waive_rule(repository, settings, topic, finding.name, reason)

        message = (
            f"waived {finding.name} for this topic; press o to list waived findings, i to remove"
            " the waiver"
        )
        screen.run_in_thread(
            "saving the waiver",
            save_waiver,
            lambda _: _report_waiver_change(screen, message),
        )

    count_text = "" if count == 1 else f" ({count} findings)"
    text = (
        f"{finding.name}: {finding.message}\n\nReason to waive it in this topic{count_text}. The"
        " reason is stored with the topic; it is not added to the commits and not sent."
        " To cancel, press Enter on an empty line."
    )
    ask_for_answer(
        screen,
        LineDialog(
            text,
            lambda _: (True, ""),
            placeholder="for example: the table is more readable this way",
        ),
        save_reason,
    )


def remove_waiver(screen: "AnyScreen", finding: Finding) -> None:
    """Remove the topic's waivers for a finding.

    If the waiver is defined elsewhere, show its origin.
    """
    session = screen.session
    if finding.suppression and not is_topic_waiver(finding.suppression):
        screen.notify(
            f"{finding.name} is waived by {finding.suppression.origin}; remove the waiver there",
        )
        return

    screen.run_in_thread(
        "removing the waiver",
        lambda repository, _: remove_waivers(
            repository, session.read_settings(repository), session.checked_topic, finding
        ),
        lambda names: _report_waiver_change(screen, f"no longer waived: {', '.join(names)}"),
    )


def _report_waiver_change(screen: "AnyScreen", message: str) -> None:
    screen.notify(message)
    screen.rerun_stage("waivers", "draft")
