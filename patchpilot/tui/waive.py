# SPDX-License-Identifier: GPL-2.0-or-later
"""Waivers given and taken back where the findings are: the same record as `patchpilot check --waive` keeps."""

from typing import TYPE_CHECKING

from patchpilot.model.finding import Finding, Suppressed
from patchpilot.tui.widgets.choose import LineDialog

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.lint.rule import Rule
    from patchpilot.tui.screens.checks_screen import ChecksScreen


def waive(screen: "ChecksScreen", finding: Finding, count: int) -> None:
    """Ask why a finding's rule may be broken in this topic, and keep that; `count` findings are of this rule."""
    session = screen.session
    base = session.topic.base if session.topic else None

    def answered(reason: str | None) -> None:
        if not reason:
            return

        def work(repository: "Repository", _: object) -> object:
            from patchpilot.lint.waivers import Waiver
            from patchpilot.services.check.topic_waivers import give

            return give(repository, (Waiver(finding.name, " ".join(reason.split())),), _rules(screen, repository), session.target, base)

        screen.in_thread(
            "keeping the waiver", work, lambda _: _changed(screen, f"{finding.name} is waived for this topic: o shows what is")
        )

    every = "" if count == 1 else f" (there are {count} of it)"
    text = f"{finding.name}: {finding.message}\n\n"
    text += f"Why may it stay, in this topic{every}? The reason is kept with the topic; it is not in the commits and not sent."
    screen.app.push_screen(LineDialog(text, _judge, placeholder="the table reads better so"), answered)


def _judge(text: str) -> tuple[bool, str]:
    return True, "" if text.strip() else "a waiver has a reason; Enter on nothing waives nothing"


def take_back(screen: "ChecksScreen", excused: Suppressed) -> None:
    """Take back the waivers of the topic that a finding is waived by; of others is said where they stand."""
    from patchpilot.services.check.topic_waivers import ORIGIN

    session = screen.session
    base = session.topic.base if session.topic else None
    if excused.origin != ORIGIN:
        screen.notify(f"{excused.finding.name} is waived by {excused.origin}: take it out there", markup=False)
        return

    def work(repository: "Repository", _: object) -> tuple[str, ...]:
        from patchpilot.services.check.topic_waivers import known_draft, of_draft, take_back

        rules = _rules(screen, repository)
        words = next((rule.words for rule in rules if rule.id == excused.finding.rule), (excused.finding.name,))
        draft = known_draft(repository, session.target, base)
        names = tuple(one.rule for one in (of_draft(draft) if draft else ()) if one.covers(excused.finding, words))
        take_back(repository, names, rules, session.target, base)
        return names

    screen.in_thread("taking the waiver back", work, lambda names: _changed(screen, f"no longer waived: {', '.join(names)}"))


def _rules(screen: "ChecksScreen", repository: "Repository") -> "tuple[Rule, ...]":
    from patchpilot.lint.rule_store import load_rules
    from patchpilot.tui.screens.checks_screen import packs_of

    return tuple(load_rules(packs_of(screen.session, repository)))


def _changed(screen: "ChecksScreen", said: str) -> None:
    screen.notify(said, markup=False, timeout=6)
    screen.session.changed("waivers", "draft")
    screen.walk.jobs.begin(screen.stage)
