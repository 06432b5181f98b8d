# SPDX-License-Identifier: GPL-2.0-or-later
"""Suggest patchpilot's equivalents for commands and options of git, b4 and checkpatch.pl.

The suggestions are hints in usage errors: patchpilot itself has none of these commands and options.
"""

import re

from patchpilot.extras import upgrade_hint

_COMMANDS = {
    "add": "run `patchpilot track add '<message-id>'` to track a series",
    "am": "run `b4 am`; `patchpilot check '<message-id>'` checks a received series",
    "apply": "run `b4 shazam`; `patchpilot check '<message-id>'` checks a received series",
    "checkpatch": "run `patchpilot check`",
    "checkpatch.pl": "run `patchpilot check`",
    "diff": "run `patchpilot track show 1 --range-diff`; `patchpilot track` shows the numbers",
    "edit": "run `patchpilot draft --edit`",
    "follow": "run `patchpilot track`",
    "format-patch": "run `patchpilot send --outbox DIR`",
    "get_maintainer.pl": "run `patchpilot maintainers`",
    "init": "run `patchpilot setup`",
    "install": "run `patchpilot setup`",
    "lint": "run `patchpilot check`",
    "list": "run `patchpilot track`",
    "log": "run `patchpilot track` for sent series, or `patchpilot undo list` for changed commits",
    "man": "run `git help patchpilot-COMMAND` or `patchpilot help COMMAND`",
    "mbox": "run `b4 mbox`, or `patchpilot find COMMIT` for the thread of a commit",
    "reply": "run `patchpilot track reply`",
    "revert": "run `patchpilot undo`",
    "review": "run `patchpilot check '<message-id>'`",
    "send-email": "run `patchpilot send`",
    "shazam": "run `b4 shazam`; `patchpilot check '<message-id>'` checks a received series",
    "show": "run `patchpilot track show`",
    "status": "run `patchpilot track` for sent series, or `patchpilot` for all stages",
    "update": "run `patchpilot track update`",
    "version": "run `patchpilot --version`",
    "watch": "run `patchpilot track update`",
}
_SUBCOMMANDS = {
    "track": {
        "log": "run `patchpilot track show`",
        "status": "run `patchpilot track` or `patchpilot track show`",
        "sync": "run `patchpilot track update`",
        "fetch": "run `patchpilot track update`",
    },
}
_RANGE = "name the commit or the range: `patchpilot {command} HEAD`, or A..B"
_UNCOMMITTED = "commit the change first, or run `git diff {option} | patchpilot check -`"
_OPTIONS = {
    "check": {
        "-g": _RANGE,
        "--git": _RANGE,
        "--staged": _UNCOMMITTED,
        "--cached": _UNCOMMITTED,
        "--stdin": "use `-` for standard input: `git diff | patchpilot check -`",
        "--no-tree": "leave it out: patchpilot finds out whether there is a tree",
        "--root": "use --tree DIR",
        "--emacs": "use --format checkpatch",
        "--terse": "use --format checkpatch, one line for each finding",
        "--show-types": "leave it out: each finding has its rule in brackets",
        "--types": "use --select RULES",
        "--summary-file": "use --output FILE",
        "--fix-inplace": "use --fix",
    },
    "config": {
        "--get": "name the setting only, for example `patchpilot config via`",
        "--set": "run `git config patchpilot.NAME VALUE`",
        "--unset": "run `git config --unset patchpilot.NAME`",
        "--global": "run `git config --global patchpilot.NAME VALUE`",
    },
    "backport": {
        "-x": "leave it out: the message names the upstream commit",
    },
    "find": {"-c": "name the commit only, for example `patchpilot find HEAD`"},
    "send": {
        "-n": "use --dry-run",
        "--annotate": "run `patchpilot draft --edit` first",
        "--compose": "run `patchpilot draft --edit` first",
        "--rfc": "use --subject-prefix 'RFC PATCH'",
        "--reflect": "use --to-self",
        "--smtp-server": "run `patchpilot setup mail`, or set it with `git config`",
        "--from": "set it with `git config sendemail.from`",
        "--thread": "leave it out: a series is always threaded",
        "--suppress-cc": "use --no-auto for only --to and --cc",
    },
    "trailers": {
        "-u": "leave it out: tags are added by default",
        "-i": "leave it out: each tag is asked about on a terminal",
    },
    "undo": {"-l": "run `patchpilot undo list`"},
}
_ARGUMENTS = {
    "config": "to change a setting, run `git config patchpilot.NAME VALUE`",
    "backport": "name a branch with --onto, for example `--onto linux-6.1.y`",
}


def command_hint(group: str, name: str) -> str | None:
    """Return the hint for a command that another program has, or None.

    `group` is the patchpilot command given before `name`, or "".
    """
    if not group and name.lower() == "upgrade":
        return upgrade_hint()
    hints = _SUBCOMMANDS.get(group, {}) if group else _COMMANDS
    return hints.get(name.lower())


def option_hint(command: str, option: str) -> str | None:
    """Return the hint for an option that another program has, or None.

    For example, git uses a number such as -2 to select the latest commits.
    """
    if re.fullmatch(r"-[1-9]\d?", option):
        return f"name the commits: HEAD~{option[1:]}.., or HEAD for the latest one"
    hint = _OPTIONS.get(command, {}).get(option)
    return hint.format(command=command, option=option) if hint else None


def arguments_hint(command: str) -> str | None:
    """Return the hint to show if there are too many arguments, or None."""
    return _ARGUMENTS.get(command)
