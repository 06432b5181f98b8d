# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot setup`: configure what is missing on a new machine.

`setup mail`, `setup stable` and `setup hooks` each configure one part.
"""

from pathlib import Path
from typing import Any

from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
)
from patchpilot.errors import ExitCode, UsageError
from patchpilot.topic.workplace import Workplace


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot setup\n"
        "  patchpilot setup mail\n"
        "  patchpilot setup stable --fetch\n"
        "  patchpilot setup hooks"
    ),
)
@common_options("text")
def command(common: Common) -> int:
    """Fix the problems that `doctor` finds, one by one.

    On a terminal, each command is shown, and run after you confirm it. The exit code is 1 if a
    problem remains that blocks a stage.
    """
    from patchpilot.cli.setup_steps import solve_problems

    return solve_problems(common)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot setup mail\n"
        "  patchpilot setup mail --address ada@example.org --server mail.example.org --dry-run"
    )
)
@common_options("text")
@option("--address", metavar="ADDRESS", default="", help="your address")
@option(
    "--provider",
    metavar="NAME",
    default="",
    help="gmail, outlook, fastmail, kernel.org and others; own, msmtp, or b4 (web endpoint)",
)
@option("--server", metavar="HOST", default="", help="mail server")
@option("--port", metavar="N", type=int, limits=(1, 65535), help="port of the mail server")
@option(
    "--encryption",
    choices=["tls", "ssl", "none"],
    help="STARTTLS, TLS or none",
)
@option(
    "--user",
    metavar="NAME",
    default="",
    help="user name (none: no login)  [default: the address; without encryption, none]",
)
@option(
    "--certificate",
    metavar="FILE",
    default="",
    help="trust this certificate of the server",
)
@option(
    "--keep",
    metavar="PLACE",
    default="",
    help="where git finds the password: helper, libsecret, osxkeychain, manager, cache, store,"
    " netrc, or ask (nowhere)",
)
@option(
    "--password-stdin",
    is_flag=True,
    help="read the password from the first line of stdin",
)
@option("--no-test", is_flag=True, help="do not log in before writing")
@option("--to-self", is_flag=True, help="send a mail to your own address afterwards")
@option("--dry-run", is_flag=True, help="show what would be written, and write nothing")
@option(
    "--yes",
    is_flag=True,
    help="write without asking, including a password in plain text",
)
def mail(
    common: Common,
    no_test: bool,
    to_self: bool,
    dry_run: bool,
    yes: bool,
    password_stdin: bool,
    **asked: Any,
) -> int:
    """Set up the mail account that git send-email uses.

    Missing settings are asked for. The settings are shown, tested with a login, and written to your
    git configuration after you confirm them. The password is never written to the git
    configuration, and is only stored in plain text if you agree.
    """
    from patchpilot.cli.setup_steps import set_up_mail_account
    from patchpilot.setup.mail import MailRequest

    request = MailRequest(**{**asked, "port": asked["port"] or 0})
    return set_up_mail_account(
        common,
        request,
        from_stdin=password_stdin,
        with_test=not no_test,
        to_self=to_self,
        dry_run=dry_run,
        yes=yes,
    )


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot setup stable\n"
        "  patchpilot setup stable --fetch\n"
        "  patchpilot setup stable --offline"
    )
)
@common_options("text", "json")
@option(
    "--fetch",
    is_flag=True,
    help="fetch the maintained branches that this repository lacks",
)
def stable(common: Common, fetch: bool) -> int:
    """Download the project's list of stable series, and print the maintained ones with their
    end-of-life dates.

    With --offline: print the known list. With --fetch: fetch the stable branches into this
    repository, from the remote that provides them. If there is none, a remote named stable is
    added. Ctrl-C stops the fetch.
    """
    from dataclasses import replace

    from patchpilot.cli.output.json_document import format_json
    from patchpilot.model.printable import make_printable
    from patchpilot.setup.lts_branches import (
        find_stable_profile,
        list_lts_series,
        publishes_series,
        update_lts_series,
    )

    if fetch:
        return _fetch_missing_series(common)
    with common.workplace() as workplace:
        profile = find_stable_profile(workplace)
    known = list_lts_series(profile)
    branches = (
        known if common.offline or not publishes_series(profile) else update_lts_series(profile)
    )
    rows = tuple(row for row in branches.series if not row.is_over)
    if common.format == "json":
        common.write(format_json("lts", replace(branches, series=rows)))
    else:
        lines = [f"{row.version:<6} EOL {row.ends}" for row in rows]
        lines.append(f"{branches.family}, as of {branches.updated}")
        common.write(make_printable("\n".join(lines)))
    return 0


def _fetch_missing_series(common: Common) -> int:
    from patchpilot.cli.error_exit import print_notice
    from patchpilot.setup.fetch_branches import (
        fetch_branches,
        find_missing_branches,
    )

    if common.offline:
        raise UsageError("--fetch and --offline cannot be combined")
    with common.workplace() as workplace:
        profile = workplace.settings().get("profile") or None
        missing_series = find_missing_branches(workplace.repository, profile)
        if missing_series is None:
            print_notice("note", "no maintained stable branch is missing here")
            return 0
        print_notice("note", f"fetching {missing_series.summary}")
        fetch_branches(workplace.repository, missing_series)
    return 0


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot setup hooks\n"
        "  patchpilot setup hooks commit-msg\n"
        "  patchpilot setup hooks --remove"
    )
)
@common_options("text", "json")
@option("--remove", is_flag=True, help="remove the hooks")
@option("--run", metavar="FILE", help="check FILE as HOOK does, which calls this itself")
@argument("hooks", several=True, metavar="[HOOK]...")
def hooks(common: Common, remove: bool, run: str | None, hooks: tuple[str, ...]) -> int:
    """Install the hooks that check commits and messages.

    HOOK (default: all): commit-msg, sendemail-validate or b4.
    """
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.model.printable import make_printable
    from patchpilot.setup import install_hooks as service

    with common.workplace() as workplace:
        if run is not None:
            return _run_hook(workplace, hooks[0] if hooks else "", Path(run))
        change_hooks = service.remove_named_hooks if remove else service.install_named_hooks
        states = change_hooks(workplace.repository, hooks)
    if common.format == "json":
        common.write(format_json("hooks", hooks=states))
    else:
        common.write(
            "".join(
                f"{hook.name:18}  {hook.state:9}  {make_printable(hook.place)}\n" for hook in states
            )
        )
    return 0


def _run_hook(workplace: Workplace, name: str, file: Path) -> int:
    """Run the check of an installed hook.

    Errors stop git. Other findings are only printed.
    """
    from patchpilot.cli.error_exit import print_error, print_notice
    from patchpilot.cli.output.findings_place import locate_in_commit
    from patchpilot.cli.output.stream import print_message
    from patchpilot.model.printable import make_one_line
    from patchpilot.setup import check_in_hook as hook
    from patchpilot.setup import install_hooks as service

    if name not in service.GIT_HOOKS:
        raise UsageError("--run is only for installed hooks", hint="run `patchpilot setup hooks`")
    is_message = name == "commit-msg"
    if service.is_not_patch_message(file) if is_message else service.is_started_by_patchpilot():
        return 0
    result, problem = hook.check_in_hook(workplace, file, is_commit_message=is_message)
    if problem:
        # a missing rule pack must not block a commit
        print_notice("warning", f"{problem}: skipped")
    for row in result.rows:
        place = locate_in_commit(row.finding, row.patch, is_message=is_message)
        finding = row.finding
        print_message(
            make_one_line(f"{place}{finding.severity}: {finding.message} [{finding.name}]")
        )
    if result.exit_code:
        print_error(
            "the check found errors",
            "fix the errors, or bypass the hook with --no-verify (git send-email: --no-validate)",
            ExitCode.FINDINGS,
        )
    return int(result.exit_code)
