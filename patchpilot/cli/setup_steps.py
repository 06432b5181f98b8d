# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the steps of `setup`: fix the problems that doctor finds, and set up the mail account."""

import shlex
from dataclasses import replace

from patchpilot.cli import ask
from patchpilot.cli.command import Common, show_progress
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.mail_questions import (
    ask_missing_values,
    ask_password_store,
    ask_server,
    ask_user,
    can_ask_user,
    confirm_question,
    read_password,
)
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import ExitCode, NetworkError, PatchpilotError, findings_exit_code
from patchpilot.model.printable import format_count, make_printable
from patchpilot.setup.diagnose import Diagnosis, DoctorRequest, diagnose_setup
from patchpilot.setup.mail import (
    OWN,
    PORTS,
    MailPlan,
    MailRequest,
    check_server_connection,
    find_overridden_settings,
    is_login_missing,
    is_wrong_encryption,
    is_wrong_password,
    plan_mail_settings,
    send_test_message,
    try_mail_login,
    validate_sender_address,
    write_mail_settings,
)
from patchpilot.setup.run_fix import list_fix_commands, run_fix_command

_MAIL = ("provider", "mail server")
"""Checks that setting up a mail account fixes."""
_MAX_ATTEMPTS = 3
"""Number of attempts to enter the password."""


def solve_problems(common: Common) -> int:
    """Go through the problems that `doctor` finds and, on a terminal, offer to fix each."""
    unsolved_problems: list[Diagnosis] = []
    has_mail = False
    for number, diagnosis in enumerate(problems := _find_problems(common), 1):
        print_message(
            make_printable(f"{number}/{len(problems)} {diagnosis.stage}: {diagnosis.message}")
        )
        if diagnosis.name in _MAIL and "no mail server is set" in diagnosis.message:
            has_mail = has_mail or _offer_mail(common)
            is_fixed = has_mail
        elif diagnosis.name == "identity" and diagnosis.state == "fail" and can_ask_user():
            is_fixed = _ask_identity()
        else:
            is_fixed = _offer_fix(common, diagnosis)
        unsolved_problems += [] if is_fixed else [diagnosis]
    solved_count = len(problems) - len(unsolved_problems)
    common.write(
        f"{solved_count} of {format_count(len(problems), 'problem')} solved\n"
        if problems
        else "nothing is missing: `patchpilot doctor` shows what was checked\n"
    )
    return int(
        findings_exit_code(any(diagnosis.state == "fail" for diagnosis in unsolved_problems))
    )


def _find_problems(common: Common) -> tuple[Diagnosis, ...]:
    with common.workplace() as workplace, show_progress(common) as progress:
        settings, wrong_settings = workplace.settings_with_problems()
        request = DoctorRequest(
            via=settings.get("via"),
            lore=settings.address("lore"),
            profile=settings.get("profile"),
            wrong_settings=wrong_settings,
            offline=common.offline,
        )
        result = diagnose_setup(workplace.repository_if_any(), request, progress=progress)
    diagnoses = [diagnosis for diagnosis in result.diagnoses if diagnosis.state in ("fail", "warn")]
    return tuple(sorted(diagnoses, key=lambda diagnosis: diagnosis.state != "fail"))


def _offer_mail(common: Common) -> bool:
    if not can_ask_user():
        print_message("    run `patchpilot setup mail`")
        return False
    if not confirm_question("  Set up a mail account now?", yes=False):
        return False
    return not set_up_mail_account(common, MailRequest(""), with_test=True)


def _ask_identity() -> bool:
    name = ask.ask_question("  Your name, as in Signed-off-by").strip()
    address = ask.prompt_value("  Your address", validate_sender_address)
    for key, value in (("user.name", name), ("user.email", address)):
        command = shlex.join(("git", "config", "--global", key, value))
        print_message(f"    {make_printable(command)}")
        run_fix_command(None, command)
    return True


def _offer_fix(common: Common, diagnosis: Diagnosis) -> bool:
    """Show how to fix a problem.

    If the commands are complete, offer to run them.
    """
    if diagnosis.hint:
        print_message(f"    {make_printable(str(diagnosis.hint))}")
    commands = list_fix_commands(diagnosis)
    if not commands or not can_ask_user():
        return False
    phrase = "this command" if len(commands) == 1 else "these commands"
    if not confirm_question(f"  Run {phrase}?", yes=False):
        return False
    with common.workplace() as workplace:
        repository = workplace.repository_if_any()
        return all(run_fix_command(repository, command) for command in commands)


def set_up_mail_account(
    common: Common,
    request: MailRequest,
    *,
    from_stdin: bool = False,
    with_test: bool,
    to_self: bool = False,
    dry_run: bool = False,
    yes: bool = False,
) -> int:
    """Set up the mail account.

    Ask for missing values, show the settings, log in, write the settings, and send a test message
    to the user.
    """
    with common.workplace() as workplace:
        repository = workplace.repository_if_any()
        identity = repository.identity if repository else None
        email = identity.email if identity else ""
        request = ask_missing_values(replace(request, has_password=from_stdin), email)
        plan = _make_plan(request)
        password = ""
        while not dry_run:
            try:
                password = _test_login(plan, from_stdin=from_stdin, with_test=with_test)
                break
            except NetworkError as error:
                if request.provider != OWN or from_stdin or not can_ask_user():
                    raise
                print_notice("error", error.message)
                request = _ask_server_again(request, plan, error)
                plan = _make_plan(request)
        plan = plan_mail_settings(ask_password_store(request, plan))
        common.write(make_printable("\n".join(setting.command for setting in plan.settings)))
        for note in plan.notes:
            print_notice("note", note)
        if plan.needs_password:
            print_notice(
                "warning" if plan.keeper.plain else "note",
                f"the password is kept in {plan.keeper.description}",
            )
        if dry_run:
            return int(ExitCode.OK)
        if not confirm_question("Write these settings?", yes=yes, default=True):
            print_notice("note", "nothing was written")
            return int(ExitCode.FINDINGS)
        _write_settings(plan, password)
        for key in find_overridden_settings(plan, repository):
            print_notice("warning", f"this repository's own {key} replaces the new value here")
        if plan.account.configured:
            _send_test(plan, password, to_self=to_self, yes=yes)
    return int(ExitCode.OK)


def _make_plan(request: MailRequest) -> MailPlan:
    """Plan the settings, and warn of a password in plain text before it is asked for."""
    plan = plan_mail_settings(request)
    if plan.plain_password_warning:
        print_notice("warning", plan.plain_password_warning)
    return plan


def _ask_server_again(request: MailRequest, plan: MailPlan, error: NetworkError) -> MailRequest:
    """Ask for the server again, with the previous answers as defaults. If the encryption failed,
    ask for a different encryption instead; if the server has no login, for the user name.
    """
    account = plan.account
    if is_login_missing(error):
        return replace(request, user=ask_user("none"))
    if not is_wrong_encryption(error):
        request = replace(request, server="", port=0, encryption=None)
        return ask_server(request, account.encryption or "none", plan.host)
    port = 0 if account.port in PORTS.values() else account.port
    request = replace(request, server=account.server, port=port, encryption=None)
    return ask_server(request, "ssl" if account.encryption == "tls" else "tls")


def _test_login(plan: MailPlan, *, from_stdin: bool, with_test: bool) -> str:
    """Test the login, and return the password.

    On a terminal, ask again if the password is wrong.
    """
    if with_test and plan.needs_password:
        # connect before asking, because a password is useless if the server does not respond
        check_server_connection(plan)
    for attempts_left in reversed(range(_MAX_ATTEMPTS)):
        password = read_password(plan, from_stdin=from_stdin)
        if not with_test:
            break
        if plan.needs_password and not password:
            print_notice("warning", "the login was not tested: there is no password")
            break
        try:
            print_notice("note", try_mail_login(plan, password))
            break
        except NetworkError as error:
            if not (
                attempts_left and can_ask_user() and not from_stdin and is_wrong_password(error)
            ):
                raise
            print_notice("error", f"{error.message}; {error.hint}")
    return password


def _write_settings(plan: MailPlan, password: str) -> None:
    """Write the settings.

    Only an interruption before this has the exit code INTERRUPTED: then nothing was written.
    """
    try:
        write_mail_settings(plan, password)
    except KeyboardInterrupt:
        raise PatchpilotError(
            "interrupted: the settings may be incomplete",
            hint="run `patchpilot setup mail` again",
        ) from None
    print_notice("note", "written to your git configuration")


def _send_test(plan: MailPlan, password: str, *, to_self: bool, yes: bool) -> None:
    """Send a test message to the user if it was requested or, on a terminal, confirmed."""
    try:
        if to_self or (
            can_ask_user() and not yes and confirm_question("Send a mail to yourself?", yes=False)
        ):
            print_notice("note", send_test_message(plan, password))
    except KeyboardInterrupt:
        print_notice("note", "interrupted; the settings were written before")
