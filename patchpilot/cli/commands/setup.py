# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot setup`: set up what is missing on a new machine, and with `setup mail` the mail
account.
"""

from typing import Any

import click

from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import VerbGroup


@click.group(
    cls=VerbGroup,
    invoke_without_command=True,
    epilog="\b\nExamples:\n  patchpilot setup\n  patchpilot setup mail",
)
@common_options("text")
def command(common: Common) -> int:
    """Fix the problems that `doctor` finds, one by one.

    On a terminal, each command is shown, and run after you confirm it. The exit code is 1 if a
    problem remains that blocks a stage.
    """
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        from patchpilot.cli.setup_steps import walk

        return walk(common)
    if common.repo:
        context.find_root().ensure_object(dict)["repo"] = common.repo
    return 0


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot setup mail\n"
        "  patchpilot setup mail --address ada@example.org --server mail.example.org --dry-run"
    )
)
@common_options("text")
@click.option("--address", metavar="ADDRESS", default="", help="your address")
@click.option(
    "--provider",
    metavar="NAME",
    default="",
    help="gmail, outlook, fastmail, kernel.org and others; own, msmtp, or b4 (web endpoint)",
)
@click.option("--server", metavar="HOST", default="", help="mail server")
@click.option(
    "--port", metavar="N", type=click.IntRange(1, 65535), help="port of the mail server"
)
@click.option(
    "--encryption",
    type=click.Choice(["tls", "ssl", "none"]),
    help="STARTTLS, TLS or none",
)
@click.option(
    "--user",
    metavar="NAME",
    default="",
    help="user name (none: no login)  [default: the address]",
)
@click.option(
    "--certificate",
    metavar="FILE",
    default="",
    help="trust this certificate of the server",
)
@click.option(
    "--keep",
    metavar="PLACE",
    default="",
    help="where git finds the password: helper, libsecret, osxkeychain, manager, cache, store,"
    " netrc, or ask (nowhere)",
)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="read the password from the first line of stdin",
)
@click.option("--no-test", is_flag=True, help="do not log in before writing")
@click.option(
    "--to-self", is_flag=True, help="send a mail to your own address afterwards"
)
@click.option(
    "--dry-run", is_flag=True, help="show what would be written, and write nothing"
)
@click.option(
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
    from patchpilot.cli.setup_steps import set_up_mail
    from patchpilot.services.setup.set_up_mail import MailRequest

    request = MailRequest(**{**asked, "port": asked["port"] or 0})
    return set_up_mail(
        common,
        request,
        from_stdin=password_stdin,
        tests=not no_test,
        to_self=to_self,
        dry_run=dry_run,
        yes=yes,
    )
