# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot doctor`: check the requirements of each stage on this machine."""

import sys

from patchpilot.cli.command import (
    Common,
    common_options,
    make_command,
    option,
    show_progress,
    via_option,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.output.stream import result_width, wrap_labeled
from patchpilot.config import Settings, unknown_setting_warnings
from patchpilot.errors import ExitCode, PatchpilotError, findings_exit_code
from patchpilot.model.printable import make_printable
from patchpilot.setup.diagnose import (
    DoctorRequest,
    DoctorResult,
    diagnose_setup,
)

_MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL", "skip": "skip"}


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot doctor\n"
        "  patchpilot doctor --offline --format json\n"
        "  patchpilot doctor --report -o report.md"
    )
)
@common_options("text", "json")
@via_option("transport to check")
@option("--identity", metavar="NAME", help="sendemail identity to check")
@option(
    "--recover",
    is_flag=True,
    help="restore damaged databases from their backups and from what can still be read",
)
@option(
    "--arrived",
    is_flag=True,
    help="record that a message you sent from here arrived; send then stops warning about the"
    " program that takes the messages",
)
@option(
    "--report",
    is_flag=True,
    help="print versions, settings and the last traceback as Markdown, for a bug report",
)
def command(
    common: Common,
    via: str | None,
    identity: str | None,
    recover: bool,
    arrived: bool,
    report: bool,
) -> int:
    """Check what each stage needs on this machine, and show the command that fixes each problem.

    The check logs in to the mail server, but sends no mail. A report omits passwords, commands,
    servers and paths in settings. Its traceback may contain branch names and paths, so read the
    report before you publish it.
    """
    if report:
        return _write_bug_report(common)
    if recover:
        from patchpilot.setup.diagnose import recover_databases

        common.write(
            "".join(f"{make_printable(line)}\n" for line in recover_databases())
            or "there is no database yet\n"
        )
        return int(ExitCode.OK)
    if arrived:
        from patchpilot.setup.diagnose import record_arrival

        with common.workplace() as workplace:
            line = record_arrival(
                workplace.repository_if_any(), via or workplace.settings().get("via"), identity
            )
        print_notice("note", line)
    with common.workplace() as workplace, show_progress(common) as progress:
        settings, problems = workplace.settings_with_problems()
        request = DoctorRequest(
            via=via or settings.get("via"),
            lore=settings.address("lore"),
            identity=identity,
            profile=settings.get("profile"),
            wrong_settings=problems,
            unread_settings=unknown_setting_warnings(settings),
            offline=common.offline,
            terminal=sys.stdin.isatty() and sys.stderr.isatty(),
        )
        result = diagnose_setup(workplace.repository_if_any(), request, progress=progress)
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        common.write(format_json("doctor", result))
    else:
        common.write(_format_diagnoses(result, quiet=common.quiet))
    return int(findings_exit_code(not result.healthy))


def _write_bug_report(common: Common) -> int:
    from patchpilot.setup.bug_report import format_bug_report

    try:
        with common.workplace() as workplace:
            settings, _ = workplace.settings_with_problems()
    except PatchpilotError as error:
        print_notice("warning", f"the settings cannot be read: {error.message}")
        settings = Settings()
    common.write(make_printable(format_bug_report(settings)))
    return int(ExitCode.OK)


def _format_diagnoses(result: DoctorResult, *, quiet: bool) -> str:
    lines: list[str] = []
    stage = ""
    for diagnosis in result.diagnoses:
        if quiet and diagnosis.state in ("ok", "skip"):
            continue
        if diagnosis.stage != stage:
            stage = diagnosis.stage
            lines.append(stage)
        lines += wrap_labeled(
            f"  {_MARKS[diagnosis.state]}  ",
            make_printable(f"{diagnosis.name}: {diagnosis.message}"),
            result_width(),
        )
        if diagnosis.hint:
            # print the command on one line, so that it can be copied
            lines.append(f"        {make_printable(str(diagnosis.hint))}")
    return "\n".join(lines) + "\n" if lines else ""
