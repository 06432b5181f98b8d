# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot help`: show help on a command or a topic."""

import click

from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.verb_command import verb
from patchpilot.cli.verbs import VERBS
from patchpilot.errors import ExitCode, unknown


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot help\n"
        "  patchpilot help check\n"
        "  patchpilot help track add\n"
        "  patchpilot help exit-codes"
    )
)
@click.argument("word", required=False, metavar="[COMMAND|TOPIC]")
@click.argument("own", required=False, metavar="[COMMAND]")
@click.pass_context
def command(ctx: click.Context, word: str | None, own: str | None) -> int:
    """Show all options of COMMAND or its subcommand, or a TOPIC (default: the list of topics)."""
    root = ctx.find_root()
    group = root.command
    assert isinstance(group, click.Group)
    if word is None:
        click.echo(_topics())
    elif word in TOPICS and own is None:
        click.echo(TOPICS[word].strip())
    elif word in VERBS and (found := group.get_command(root, word)):
        shown = click.Context(found, info_name=word, parent=root)
        if own is not None:
            shown = _command_of(shown, own)
        click.echo(shown.command.get_help(shown))
    elif own is not None and word in TOPICS:
        raise click.UsageError(f"{word!r} is a topic, which has no commands")
    else:
        raise unknown("command or topic", word, (*VERBS, *TOPICS))
    return ExitCode.OK


def _command_of(verb: click.Context, name: str) -> click.Context:
    """The context of a verb's own command; UsageError where it has none of that name."""
    group = verb.command
    if not isinstance(group, click.Group):
        raise click.UsageError(f"{verb.info_name!r} has no commands")
    found = group.get_command(verb, name)
    if found is None:
        raise unknown("command", name, group.list_commands(verb))
    return click.Context(found, info_name=name, parent=verb)


def _topics() -> str:
    lines = [
        "Verbs",
        *(f"  {name:<12} {line}" for name, line in VERBS.items()),
        "",
        "Topics",
    ]
    lines += [
        f"  {name:<12} {text.strip().splitlines()[0]}" for name, text in TOPICS.items()
    ]
    return "\n".join([*lines, "", "Run `patchpilot help NAME` to show one of them."])
