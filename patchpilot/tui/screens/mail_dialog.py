# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog that sets up the mail account.

It shows the settings, tests them with a login, and writes them all at once.
"""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer
from textual.widgets import Checkbox, Input, Static

from patchpilot.tui.screens.write_tags_dialog import Tick
from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.view.thread_work import in_new_thread
from patchpilot.tui.widgets.dialog import FIELD_HELP, Dialog
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.services.setup.set_up_mail import MailPlan, MailRequest

_REST = 0.3
"""Seconds after the last key until the settings are made again."""
FIELDS = (
    ("address", "Address"),
    ("provider", "Provider"),
    ("server", "Server"),
    ("user", "User name"),
    ("password", "Password"),
    ("keep", "Keep it in"),
)


class MailDialog(Dialog[str | None]):
    """A dialog that returns a description of what was done, or None if canceled.

    Nothing is written before the login succeeds.
    """

    DEFAULT_CSS = """
    MailDialog Horizontal { height: 1; }
    MailDialog .label { width: 12; }
    MailDialog Input { width: 1fr; margin: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s",
            "write",
            "test the login and save",
            priority=True,
            key_display="Ctrl-S",
        ),
        *FIELD_HELP,
    ]
    title_text = "Set up mail"

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._plan: MailPlan | None = None
        self._resting: Timer | None = None
        self._accepted = ""
        self._working = False

    def head(self) -> ComposeResult:
        """The fields, and what is wrong with the settings that they make."""
        from patchpilot.services.setup.set_up_mail import (
            password_places,
            proposed_provider,
            provider_names,
        )

        values = {
            "address": self._address,
            "provider": proposed_provider(self._address),
            "keep": next(one.name for one in password_places() if not one.plain),
        }
        hints = {
            "server": 'only for the provider "own": HOST or HOST:PORT',
            "user": "the address",
            "password": "not shown; most providers require an app password",
        }
        for name, label in FIELDS:
            with Horizontal():
                yield Static(plain(label), classes="label")
                yield LineInput(
                    values.get(name, ""),
                    placeholder=hints.get(name, ""),
                    id=name,
                    password=name == "password",
                    compact=True,
                    select_on_focus=False,
                )
        yield Tick(
            "afterwards, send a test message to yourself",
            value=True,
            id="to-self",
            compact=True,
        )
        providers = ", ".join(name for name, _ in provider_names())
        places = ", ".join(one.name for one in password_places())
        yield Static(
            plain(f"Providers: {providers}\nPlaces for the password: {places}"),
            classes="keys",
        )
        yield PlainText("note")

    def rest(self) -> ComposeResult:
        """The settings."""
        with VerticalScroll(id="rest", can_focus=False):
            yield PlainText("settings")

    def on_mount(self) -> None:
        """Show the settings of the first values."""
        self.query_one("#address", Input).focus()
        self._renew()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the settings once the keys rest."""
        event.stop()
        self._accepted = ""
        if self._resting:
            self._resting.stop()
        self._resting = self.set_timer(_REST, self._renew)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field."""
        event.stop()
        self.focus_next()

    def request(self) -> "MailRequest":
        """What the fields say."""
        from patchpilot.services.setup.set_up_mail import MailRequest

        return MailRequest(
            self._value("address"),
            self._value("provider"),
            self._value("server"),
            user=self._value("user"),
            keep=self._value("keep"),
        )

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _renew(self) -> None:
        from patchpilot.errors import PatchpilotError
        from patchpilot.services.setup.set_up_mail import plan_mail

        request = self.request()

        def work() -> None:
            try:
                plan = plan_mail(request)
            except PatchpilotError as error:
                self.app.call_from_thread(self._show, None, str(error.message))
            else:
                self.app.call_from_thread(self._show, plan, "")

        in_new_thread(self, work, "mail-settings")

    def _show(self, plan: "MailPlan | None", problem: str) -> None:
        if not self.is_mounted:
            return
        self._plan = plan
        rows = [one.command for one in plan.settings] if plan else []
        self.query_one("#settings", Static).update(plain("\n".join(rows)))
        notes = [problem, *(plan.notes if plan else ())]
        if plan and plan.needs_password:
            notes.append(f"login: {plan.login}; kept in {plan.keeper.what}")
        self._say("\n".join(filter(None, notes)))

    def _say(self, text: str) -> None:
        self.query_one("#note", Static).update(plain(text))

    def action_write(self) -> None:
        """Log in with what is shown, then write it; plain text is asked about first."""
        plan, password = self._plan, self.query_one("#password", Input).value
        if plan is None or self._working:
            self.notify("not ready yet")
            return
        if plan.needs_password and not password:
            self._say("the password is missing")
            self.query_one("#password").focus()
            return
        if (
            plan.needs_password
            and plan.keeper.plain
            and self._accepted != plan.keeper.name
        ):
            self._accepted = plan.keeper.name
            self._say(
                f"the password would be stored in {plan.keeper.what}: press Ctrl-S again"
                f" to accept that"
            )
            return
        self._working = True
        self._say("logging in …")
        wants_mail = self.query_one("#to-self", Checkbox).value
        in_new_thread(
            self, lambda: self._write(plan, password, to_self=wants_mail), "mail-login"
        )

    def _write(self, plan: "MailPlan", password: str, *, to_self: bool) -> None:
        from patchpilot.errors import PatchpilotError
        from patchpilot.services.setup.set_up_mail import (
            mail_to_oneself,
            try_login,
            write_mail,
        )

        try:
            done = try_login(plan, password)
            write_mail(plan, password)
            if to_self and plan.account.configured:
                done = f"{done}; {mail_to_oneself(plan, password)}"
        except PatchpilotError as error:
            self.app.call_from_thread(self._failed, str(error.message))
        else:
            self.app.call_from_thread(self.dismiss, done)

    def _failed(self, problem: str) -> None:
        self._working = False
        if self.is_mounted:
            self._say(problem)
