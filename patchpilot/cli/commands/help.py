# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot help`: show help on a command or a topic."""

from patchpilot.cli.command import COMMANDS, argument, make_command
from patchpilot.cli.help_page import format_help, format_shared_options, format_topic
from patchpilot.cli.help_topics import TOPICS
from patchpilot.errors import ExitCode, UsageError, unknown_word_error

_OPTIONS = "options"


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot help\n"
        "  patchpilot help options\n"
        "  patchpilot help check\n"
        "  patchpilot help track add\n"
        "  patchpilot help exit-codes"
    )
)
@argument("word", required=False, metavar="[COMMAND|TOPIC]")
@argument("own", required=False, metavar="[COMMAND]")
def command(word: str | None, own: str | None) -> int:
    """Show the options of COMMAND or its subcommand, or a TOPIC (default: the list of topics)."""
    from patchpilot.cli.main import root

    if word in COMMANDS:
        command = root.sub(word)
        if own is not None:
            if not command.commands:
                raise UsageError(f"{word!r} has no commands")
            if own not in command.commands:
                raise unknown_word_error("command", own, command.commands)
            command = command.sub(own)
        print(format_help(command))
    elif own is not None and word in (*TOPICS, _OPTIONS):
        raise UsageError(f"{word!r} is a topic, which has no commands")
    elif word == _OPTIONS:
        print(format_shared_options())
    elif word in TOPICS:
        print(format_topic(word))
    elif word is None:
        print(_list_topics())
    else:
        raise unknown_word_error("command or topic", word, (*COMMANDS, *TOPICS, _OPTIONS))
    return ExitCode.OK


def _list_topics() -> str:
    lines = [
        "Commands",
        *(f"  {name:<12} {line}" for name, line in COMMANDS.items()),
        "",
        "Topics",
        f"  {_OPTIONS:<12} Options that several commands have",
    ]
    lines += [f"  {name:<12} {text.strip().splitlines()[0]}" for name, text in TOPICS.items()]
    return "\n".join([*lines, "", "Run `patchpilot help NAME` to show one of them."])
