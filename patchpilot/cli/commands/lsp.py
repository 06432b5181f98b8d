# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot lsp`: run the language server."""

import os
import sys

from patchpilot.cli.command import make_command, option


@make_command(epilog="\b\nExample:\n  patchpilot lsp --topic")
@option(
    "--topic",
    is_flag=True,
    help="check all changes of the topic, not only those since HEAD",
)
@option("--base", metavar="REV", help="base of the topic (implies --topic)")
def command(topic: bool, base: str | None) -> int:
    """Run the language server on standard input and output.

    An editor shows its findings in source files, commit messages and patch files while you edit
    them.
    """
    from patchpilot.lsp.server import limit_stream, make_server

    # duplicate the streams, because the server closes its own on exit but this process continues
    with (
        os.fdopen(os.dup(sys.stdin.fileno()), "rb") as stdin,
        os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stdout,
    ):
        make_server(topic=topic, base=base).start_io(limit_stream(stdin), stdout)
    return 0
