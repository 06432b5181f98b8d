# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the dialog that asks whether commands named by a repository may run.

If the user agrees, the interrupted work is repeated.
"""

from functools import partial

from textual.dom import DOMNode

from patchpilot.model.action import UntrustedCommandsError
from patchpilot.tui.widgets.choose import Callback, Confirm, ask_for_confirmation


def ask_for_trust(
    node: DOMNode,
    error: UntrustedCommandsError,
    on_trusted: Callback,
    on_declined: Callback = bool,
) -> None:
    """Show the commands; if the user trusts them, record that and call `on_trusted`.

    Otherwise, call `on_declined`.
    """

    def trust_and_continue() -> None:
        from patchpilot.settings.trusted_packs import trust_commands

        trust_commands(error.commands)
        on_trusted()

    rows = []
    for command in error.commands:
        text_rows = (f"  {line}" for line in command.text.splitlines())
        rows += [f"{command.name} ({command.file}):", *text_rows, ""]
    explanation = (
        "Once you trust them, they are used as shown. If they change, you are asked again; files"
        " that they call may change without a question."
    )
    text = f"{error.message}.\n\n{explanation}"
    title = "Trust these commands and settings?"
    question = Confirm(text, "trust", title=title, mail_lines=rows)
    ask_for_confirmation(node, question, trust_and_continue, on_declined)


def run_with_trust(node: DOMNode, work: Callback) -> None:
    try:
        work()
    except UntrustedCommandsError as error:
        ask_for_trust(node, error, partial(run_with_trust, node, work))
