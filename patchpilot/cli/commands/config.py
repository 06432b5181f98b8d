# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot config`: list all settings with their values and origins."""

from pathlib import Path

from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
)
from patchpilot.cli.error_exit import print_error
from patchpilot.cli.output.stream import result_width, wrap_labeled
from patchpilot.config import KEYS, USER_KEYS, unknown_setting_warnings
from patchpilot.errors import UsageError, unknown_word_error
from patchpilot.model.printable import make_printable
from patchpilot.setup.list_settings import (
    ConfigProblem,
    ConfigRow,
    list_settings,
)


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot config\n"
        "  patchpilot config via\n"
        "  git config patchpilot.via b4"
    )
)
@common_options("text", "json")
@option("-l", "--list", "lists", is_flag=True, help="list every setting (the default)")
@argument("name", required=False)
def command(common: Common, name: str | None, *, lists: bool) -> int:
    """List every setting with its value and its origin, or print the value of one setting."""
    if lists and name is not None:
        raise UsageError(f"--list takes no setting, but {name!r} was given")
    with common.workplace() as workplace:
        settings, problems = workplace.settings_with_problems()
        repository = workplace.repository_if_any()
    rows = list_settings(settings, repository.top if repository else Path.cwd())
    problems += unknown_setting_warnings(settings)
    for problem in problems:
        print_error(problem.message, problem.hint, problem.exit_code)
    if name is not None:
        rows = tuple(row for row in rows if row.name == name)
        if not rows:
            names = [key.name for key in (*KEYS, *USER_KEYS)]
            raise unknown_word_error("setting", name, names)
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        config_problems = [ConfigProblem(problem.message, problem.hint) for problem in problems]
        common.write(format_json("config", settings=rows, problems=config_problems))
    elif name is not None:
        common.write(make_printable(rows[0].value) + "\n")
    else:
        common.write(_format_settings(rows))
    return 0


def _format_settings(rows: tuple[ConfigRow, ...]) -> str:
    max_width, indent = result_width(), max(len(row.name) for row in rows) + 2
    lines: list[str] = []
    for row in rows:
        value = make_printable(row.value) or "(empty)"
        lines += wrap_labeled(
            f"{row.name:{indent}}",
            f"{value}  ({make_printable(row.origin)})",
            max_width,
        )
        lines += wrap_labeled(" " * indent, row.meaning, max_width)
    lines.append("")
    lines += wrap_labeled(
        "",
        "To change a setting, run `git config --global patchpilot.NAME VALUE`",
        max_width,
    )
    lines += wrap_labeled(
        "",
        "Settings of a tree are in .patchpilot.toml, which cannot set commands, servers or"
        " addresses",
        max_width,
        indent=2,
    )
    return "\n".join(lines) + "\n"
