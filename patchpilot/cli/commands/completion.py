# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot completion`: print the completion script for a shell."""

import click
from click.shell_completion import get_completion_class

from patchpilot.cli.verb_command import verb
from patchpilot.errors import ExitCode

SHELLS = ("bash", "zsh", "fish")
_REPAIRS = (
    # a value may have commas: fish would cut it at the first
    ('string split "," ', 'string split -m 1 "," '),
    # the name of a branch may have what a shell acts on: zsh and fish quote what they insert, bash
    # does not
    (
        "COMPREPLY+=($value)",
        (
            '[[ $value == *[^[:alnum:]_./@+,:=%^~-]* ]] && printf -v value %q "$value"\n           '
            ' COMPREPLY+=("$value")'
        ),
    ),
)


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot completion bash > ~/.local/share/bash-completion/completions/patchpilot\n"
        "  patchpilot completion zsh > ~/.zfunc/_patchpilot\n"
        "  patchpilot completion fish > ~/.config/fish/completions/patchpilot.fish"
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script for SHELL.

    The script completes commands, options and their values, such as rules, revisions and projects.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(
        ctx.find_root().command, {}, "patchpilot", "_PATCHPILOT_COMPLETE"
    ).source()
    for wrong, right in _REPAIRS:
        script = script.replace(wrong, right)
    click.echo(script)
    return ExitCode.OK
