# SPDX-License-Identifier: GPL-2.0-or-later
"""The common base of the send stage's keys and of the delivery of its messages."""

from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.tui.screens.repair_keys import (
    edit_draft,
    undo_repair,
)
from patchpilot.tui.stage.list_detail_screen import ListDetailScreen
from patchpilot.tui.view.session import Session

if TYPE_CHECKING:
    from patchpilot.services.repair import Repaired
    from patchpilot.services.send.sending import Sending


class SendBase(ListDetailScreen):
    """A screen with the plan, the last repair, and the update after the messages change."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._repaired: Repaired | None = None
        self.is_stopping = self.sends_next = False

    @property
    def known(self) -> "Sending | None":
        """The plan and the state that are on screen."""
        shown: Sending | None = self._shown
        return shown

    def send_now(self, planned: "Sending") -> None:
        """Send these mails, which was confirmed."""
        raise NotImplementedError

    def changed(self) -> None:
        """Prepare the mails again: their commits or texts are others."""
        self.session.changed("draft")
        self.reread()
        self.tui.jobs.begin(self.stage)

    def repaired(self, done: "Repaired") -> None:
        """Report what was fixed, and prepare the mails again."""
        self._repaired = done
        self.notify(
            "; ".join(
                (f"fixed: {', '.join(done.words)}; press u to undo", *done.costs)
            ),
        )
        self.changed()

    def action_undo(self) -> None:
        """Undo the last repair as a whole, otherwise the last rewrite of the commits."""
        if self._repaired:
            done, self._repaired = self._repaired, None
            undo_repair(self, done, self.changed)
            return
        from patchpilot.tui.actions.undo_action import undo

        undo(self)

    def action_edit(self) -> None:
        """Edit cover letter, changelog and notes in one text."""
        edit_draft(self, self.changed)

    def show_blocked(self, planned: "Sending") -> None:
        """Set up the mail server that is missing; show what else blocks."""
        from patchpilot.model.send_problem import NO_SERVER
        from patchpilot.tui.screens.mail_dialog import MailDialog

        assert planned.blocked
        if planned.blocked != NO_SERVER:
            self.show_error(
                PatchpilotError(planned.blocked.message, hint=str(planned.blocked.hint))
            )
            return

        def done(words: str | None) -> None:
            if words:
                self.notify(words)
                self.changed()

        sender = planned.account.sender
        self.app.push_screen(MailDialog(sender.email if sender else ""), done)
