# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot bug-report`: the information for a bug report, ready to paste."""

from patchpilot.cli.error_exit import notice
from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import verb
from patchpilot.config import Settings
from patchpilot.errors import PatchpilotError


@verb(
    epilog=(
        "\b\nExamples:\n  patchpilot bug-report\n  patchpilot bug-report -o report.md"
    )
)
@common_options("markdown")
def command(common: Common) -> int:
    """Print versions, settings and the last traceback, ready to paste into a report.

    Nothing is sent. Passwords, commands, servers and paths in settings are omitted. The traceback
    may contain branch names and paths, so read the report before you publish it.
    """
    from patchpilot.model.printable import printable
    from patchpilot.services.setup.bug_report import bug_report

    try:
        with common.workplace() as place:
            settings, _ = place.settings_with_problems()
    except PatchpilotError as error:
        notice("warning", f"the settings cannot be read: {error.message}")
        settings = Settings()
    common.write(printable(bug_report(settings)))
    return 0
