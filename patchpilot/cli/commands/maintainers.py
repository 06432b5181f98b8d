# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot maintainers`: list the recipients of a patch, with reasons."""

import sys
from collections.abc import Sequence
from typing import Any

from patchpilot.cli.command import (
    FLAG,
    NUMBER,
    TEXT,
    Common,
    Option,
    argument,
    common_options,
    list_base_options,
    make_command,
    show_progress,
    table_options,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.errors import UsageError
from patchpilot.model.address import Address
from patchpilot.model.get_maintainer import NAMES, TYPES, GetMaintainerAnswer

OPTIONS = (
    *list_base_options("base of the topic, if no TARGET is given"),
    Option(
        ("--per-patch",),
        "list the recipients of each patch instead of the series' recipients",
    ),
    Option(("--brief",), "do not print reasons"),
    Option(
        ("--add-to",),
        "add ADDRESS to To: for this topic",
        TEXT,
        "ADDRESS",
        multiple=True,
    ),
    Option(
        ("--add-cc",),
        "add ADDRESS to Cc: for this topic",
        TEXT,
        "ADDRESS",
        multiple=True,
    ),
    Option(
        ("--drop",),
        "remove ADDRESS from the recipients of this topic",
        TEXT,
        "ADDRESS",
        multiple=True,
    ),
    Option(
        ("--restore",),
        "undo --add-to, --add-cc or --drop for ADDRESS",
        TEXT,
        "ADDRESS",
        multiple=True,
    ),
    Option(
        ("--reset",),
        "undo all manual changes to the recipients of this topic",
    ),
    Option(
        ("--security",),
        "undisclosed security fix: only the maintainers, with a copy to the security team",
    ),
)
_SWITCH = "switch_"
"""Prefix of the keys for get_maintainer.pl's switches, some of which have the name of another
option.
"""


def _make_switch(field: str) -> Option:
    """Return an option for a switch, with all spellings that get_maintainer.pl accepts."""
    names = [name for name, known_field in NAMES.items() if known_field == field]
    spellings = tuple(f"{dash}{name}" for name in names for dash in ("--", "-"))
    kinds = {bool: FLAG, int: NUMBER, str: TEXT}
    can_negate = TYPES[field] is bool and field != "file"
    negations = ("--no-", "--no", "-no-", "-no") if can_negate else ()
    return Option(
        spellings,
        "",
        kinds[TYPES[field]],
        name=f"{_SWITCH}{field}",
        off=tuple(f"{prefix}{name}" for name in names for prefix in negations),
        hidden=True,
    )


SWITCHES = tuple(map(_make_switch, dict.fromkeys(NAMES.values())))


@make_command(
    epilog="\b\nExample:\n  patchpilot maintainers --tree ~/linux 0001-net-fix-leak.patch"
)
@argument("targets", several=True, metavar="[TARGET]...")
@table_options((*OPTIONS, *SWITCHES))
@common_options("text", "json", "get_maintainer")
def command(common: Common, targets: tuple[str, ...], **values: Any) -> int | None:
    """List the recipients of TARGET (a patch, commits, or with -f files, directories and globs), in
        which header, and why.

    \b
    Switches of get_maintainer.pl are accepted in its spellings (--x, --nox, --no-x, -x):
      --git --git-fallback --git-blame --git-blame-signatures --git-since DATE
      --git-min-percent N --git-min-signatures N --git-max-maintainers N
      --git-all-signature-types --git-chief-penguins --fixes --file-emails
      --m --r --l --s --n --moderated --roles --rolestats --multiline
      --separator TEXT --no-email --scm --status --subsystem --web --keywords
      --mailmap --remove-duplicates --pattern-depth N --sections --letters TEXT -f
    """
    switches = {
        option.key.removeprefix(_SWITCH): value
        for option in SWITCHES
        if (value := values.pop(option.key)) != option.default_value
    }
    answer_script_call = common.format == "get_maintainer" or switches.get("sections")
    if answer_script_call and values["security"]:
        raise UsageError(
            "--security cannot be combined with the output of get_maintainer.pl",
            hint="omit --format get_maintainer and --sections",
        )
    if answer_script_call:
        _print_like_script(common, targets, switches)
    else:
        _print_plan(common, targets, switches, values)
    return None


def _print_like_script(common: Common, targets: tuple[str, ...], switches: dict[str, Any]) -> None:
    from patchpilot.recipients.get_maintainer.topic_answer import run_get_maintainer

    is_network = any(target.startswith(("<", "http://", "https://")) for target in targets)
    result = run_get_maintainer(
        targets,
        switches,
        tree=common.tree,
        repo=common.repo,
        # import the archive reader lazily, because this takes longer than the rest of the run
        from_archive=common.workplace().from_archive if is_network else None,
    )
    common.write(
        _printable_lines(
            result,
            quiet=common.quiet,
            to_terminal=not common.output and sys.stdout.isatty(),
        )
    )


def _print_plan(
    common: Common,
    targets: tuple[str, ...],
    switches: dict[str, Any],
    options: dict[str, Any],
) -> None:
    from patchpilot.cli.output.recipients_report import (
        format_recipients_json,
        format_recipients_text,
    )
    from patchpilot.recipients import topic as service

    edits = {
        name: options[option]
        for name, option in (
            ("to", "add_to"),
            ("cc", "add_cc"),
            ("drop", "drop"),
            ("restore", "restore"),
        )
    }
    base = options["base"]
    with common.workplace() as workplace, show_progress(common) as progress:
        if not targets and not common.tree:
            base = workplace.base(workplace.settings(), base)
        request = service.MaintainersRequest(
            targets,
            common.tree,
            common.repo,
            base,
            switches,
            common.profile or "",
            options["per_patch"],
            options["security"],
            workplace.from_archive,
            None if targets or common.tree else workplace.repository_if_any(),
        )

        def ask() -> service.PlanResult:
            return (
                service.plan_files(request)
                if switches.get("file")
                else service.plan_targets(request, progress=progress)
            )

        result = ask()
        missing_addresses: Sequence[Address] = ()
        if any(edits.values()) or options["reset"]:
            for plan in {
                recipient_plan.topic: recipient_plan for recipient_plan in result.results
            }.values():
                service.edit_recipients(plan, **edits, reset=options["reset"])
            missing_addresses = (
                ()
                if common.quiet
                else service.find_absent_addresses(result.results, options["drop"])
            )
            result = ask()
    for address in missing_addresses:
        print_notice(
            "note",
            f"{address.email} is not among the recipients now; it will also be dropped later (undo:"
            f" --restore {address.email})",
        )
    common.write(
        format_recipients_json(result)
        if common.format == "json"
        else format_recipients_text(result, with_reasons=not options["brief"]),
        fold=True,
    )


def _printable_lines(answer: GetMaintainerAnswer, *, quiet: bool, to_terminal: bool) -> str:
    """Return the lines as text, escaped for a terminal.

    Print the notes on stderr unless `quiet` is set.
    """
    text = "".join(f"{line}\n" for line in answer.lines)
    if to_terminal or answer.remarks:
        from patchpilot.cli.error_exit import print_notice
        from patchpilot.model.printable import make_printable

        for remark in () if quiet else answer.remarks:
            print_notice("warning", remark)
        text = make_printable(text) if to_terminal else text
    return text
