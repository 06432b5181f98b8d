# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot doctor`: what would stop each stage on this machine."""

import sys

import click

from patchpilot.cli.options import Common, common_options, progress_of, via_option
from patchpilot.cli.output.text_layout import columns, filled
from patchpilot.cli.verb_command import verb
from patchpilot.config import unread_warnings
from patchpilot.errors import ExitCode
from patchpilot.model.printable import printable
from patchpilot.services.setup.diagnose import DoctorRequest, DoctorResult, diagnose

_MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL", "skip": "skip"}


@verb(epilog="\b\nExamples:\n  patchpilot doctor\n  patchpilot doctor --offline --format json")
@common_options("text", "json")
@via_option("the transport you mean to use")
@click.option("--identity", metavar="NAME", help="the sendemail identity to look at")
@click.option("--recover", is_flag=True, help="put backups in the place of damaged databases, with what can still be read of them")
def command(common: Common, via: str | None, identity: str | None, recover: bool) -> int:
    """Say what would stop each stage here, with the command that mends it. A login is tried, a mail is never sent."""
    if recover:
        from patchpilot.services.setup.diagnose import recovered

        common.write("".join(f"{printable(line)}\n" for line in recovered()) or "there is no database yet\n")
        return int(ExitCode.OK)
    with common.workplace() as place, progress_of(common) as progress:
        settings, problems = place.settings_with_problems()
        request = DoctorRequest(
            via=via or settings.get("via"),
            lore=settings.get("lore"),
            identity=identity,
            profile=settings.get("profile"),
            wrong_settings=problems,
            unread_settings=unread_warnings(settings),
            offline=common.offline,
            terminal=sys.stdin.isatty() and sys.stderr.isatty(),
        )
        result = diagnose(place.repository_if_any(), request, progress=progress)
    common.write(_json(result) if common.format == "json" else _text(result, quiet=common.quiet))
    return int(ExitCode.OK if result.healthy else ExitCode.FINDINGS)


def _text(result: DoctorResult, *, quiet: bool) -> str:
    lines: list[str] = []
    stage = ""
    for diagnosis in result.diagnoses:
        if quiet and diagnosis.state in ("ok", "skip"):
            continue
        if diagnosis.stage != stage:
            stage = diagnosis.stage
            lines.append(stage)
        lines += filled(f"  {_MARKS[diagnosis.state]}  ", printable(f"{diagnosis.name}: {diagnosis.message}"), columns())
        if diagnosis.hint:
            # whole: a command that is to be copied must not be broken
            lines.append(f"        {printable(str(diagnosis.hint))}")
    return "\n".join(lines) + "\n" if lines else ""


def _json(result: DoctorResult) -> str:
    from dataclasses import asdict

    from patchpilot.cli.output.json_document import document

    return document(
        "doctor",
        {"healthy": result.healthy, "checks": [{**asdict(diagnosis), "hint": str(diagnosis.hint)} for diagnosis in result.diagnoses]},
    )
