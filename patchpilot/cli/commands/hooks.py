# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot hooks`: install, remove, list and run git and b4 hooks."""

from pathlib import Path

import click

from patchpilot.cli.error_exit import notice, say
from patchpilot.cli.options import Common, common_options
from patchpilot.cli.output.stream import tell
from patchpilot.cli.verb_command import verb
from patchpilot.errors import ExitCode, UsageError
from patchpilot.model.printable import printable
from patchpilot.services.setup import install_hooks as service
from patchpilot.topic.workplace import Workplace


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot hooks\n"
        "  patchpilot hooks install commit-msg\n"
        "  patchpilot hooks remove"
    )
)
@common_options("text", "json")
@click.argument(
    "action", type=click.Choice(("list", "install", "remove", "run")), default="list"
)
@click.argument("words", nargs=-1, metavar="[HOOK]...")
def command(common: Common, action: str, words: tuple[str, ...]) -> int:
    """Install, remove or list the hooks that check commits and messages.

    HOOK (default: all): commit-msg, sendemail-validate or b4.
    """
    with common.workplace() as place:
        if action == "run":
            return _run(place, words)
        if action == "install":
            hooks = service.install(place.repository, words)
        elif action == "remove":
            hooks = service.remove(place.repository, words)
        else:
            hooks = service.status(place.repository)
    if common.format == "json":
        from patchpilot.cli.output.json_document import document

        common.write(document("hooks", hooks=hooks))
    else:
        common.write(
            "".join(
                f"{hook.name:18}  {hook.state:9}  {printable(hook.place)}\n"
                for hook in hooks
            )
        )
    return 0


def _run(place: Workplace, words: tuple[str, ...]) -> int:
    """Run an installed hook: errors stop git, other findings are only printed."""
    if len(words) < 2 or words[0] not in service.GIT_HOOKS:
        raise UsageError(
            "`hooks run` is only for installed hooks",
            hint="run `patchpilot hooks install`",
        )
    name, file = words[0], Path(words[1])
    if name == "sendemail-validate" and service.sent_by_us():
        return 0
    if name == "sendemail-validate":
        return _check(place, file)
    if service.is_no_patch(file):
        return 0
    return _check(place, file, is_message=True)


def _check(place: Workplace, file: Path, *, is_message: bool = False) -> int:
    from patchpilot.services.setup import check_in_hook as hook

    result, problem = (
        hook.check_message_in_hook if is_message else hook.check_in_hook
    )(place, file)
    if problem:
        # a missing pack must not stop a commit
        notice("warning", f"{problem}: skipped")
    for finding in result.all:
        tell(f"{finding.severity}: {printable(finding.message)} [{finding.name}]")
    if result.exit_code:
        say(
            "the check found errors",
            "fix the errors, or bypass the hook with --no-verify (git send-email: --no-validate)",
            ExitCode.FINDINGS,
        )
    return int(result.exit_code)
