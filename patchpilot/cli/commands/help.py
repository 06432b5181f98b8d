# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot help`: show help on a verb or a topic."""

import click

from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.verb_command import verb
from patchpilot.cli.verbs import VERBS
from patchpilot.errors import ExitCode, unknown


@verb(
    epilog="\b\nExamples:\n  patchpilot help\n  patchpilot help check\n  patchpilot help exit-codes"
)
@click.argument("word", required=False, metavar="[VERB|TOPIC]")
@click.pass_context
def command(ctx: click.Context, word: str | None) -> int:
    """Show all options of VERB, or a TOPIC; without either, the list of topics."""
    root = ctx.find_root()
    group = root.command
    assert isinstance(group, click.Group)
    if word is None:
        click.echo(_topics())
    elif word in TOPICS:
        click.echo(TOPICS[word].strip())
    elif word in VERBS and (found := group.get_command(root, word)):
        click.echo(found.get_help(click.Context(found, info_name=word, parent=root)))
    else:
        raise unknown("verb or topic", word, (*VERBS, *TOPICS))
    return ExitCode.OK


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
