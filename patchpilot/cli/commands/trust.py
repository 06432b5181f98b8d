# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot trust`: show the configuration of a tree, and allow its rule packs and commands."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.trust_question import format_untrusted_commands
from patchpilot.errors import UsageError
from patchpilot.model.action import Action
from patchpilot.model.printable import make_printable
from patchpilot.topic.workplace import Workplace

if TYPE_CHECKING:
    from patchpilot.settings.trusted_packs import TreeConfiguration


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot trust\n"
        "  patchpilot trust --show ~/linux\n"
        "  patchpilot trust --revoke"
    )
)
@common_options("text", "json")
@option(
    "--build",
    is_flag=True,
    help="also trust the commands that a build of the tree runs (make)",
)
@option(
    "--build-changes",
    metavar="RANGE",
    help="also trust these commits, if builds cannot be confined here",
)
@option(
    "--config-from",
    metavar="REV",
    help="trust the rule packs of a revision, without a checkout of it",
)
@option("--show", is_flag=True, help="only print what would be trusted")
@option("--revoke", is_flag=True, help="revoke trust, including earlier versions")
@argument("directory", metavar="[DIR]", type=Path, required=False)
def command(
    common: Common,
    build: bool,
    build_changes: str | None,
    config_from: str | None,
    show: bool,
    revoke: bool,
    directory: Path | None,
) -> int:
    """Trust the rule packs and commands of the tree in DIR (default: the current directory).

    The rule packs are named in .patchpilot.toml and run in `check`. The commands are named in the
    repository's git configuration (.git/config and the files that it includes), its hooks and
    .b4-config; `send` runs them, for example. Settings of the mail server and of aliases are
    included. Everything is printed, is only used after you trust it, and must be trusted again
    after a change. Your global git configuration is always trusted. With --build, `patchpilot
    build` may run make in a copy of the tree. Files that a trusted command calls are not pinned: a
    changed script runs without a question.
    """
    from patchpilot.settings import trusted_packs as service

    if config_from:
        if build or build_changes or common.tree:
            other = "--build" if build else "--build-changes" if build_changes else "--tree"
            raise UsageError(
                f"--config-from and {other} cannot be combined",
                hint="trust the rule packs first, then the rest",
            )
        with Workplace(directory or common.repo) as workplace:
            configuration = service.find_revision_configuration(workplace.repository, config_from)
    else:
        configuration = service.find_tree_configuration(
            directory,
            repo=common.repo,
            tree=common.tree,
            build=build or revoke,
            commits=build_changes or "",
        )
    removed = service.revoke_trust(configuration) if revoke else 0
    if configuration.needs_trust and not (show or revoke):
        service.trust_configuration(configuration)
    is_trusted = not revoke and (configuration.trusted or (configuration.needs_trust and not show))
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        common.write(format_json("trust", replace(configuration, trusted=is_trusted)))
        return 0
    if not revoke:
        files = (
            f"==> {make_printable(name)} <==\n{_decode_printable(data)}"
            for name, data in configuration.files
        )
        common.write("\n".join((*files, format_untrusted_commands(configuration.commands))))
    if not common.quiet:
        sys.stdout.flush()
        print_notice(
            "note",
            f"{configuration.label}: "
            + _describe_trust(configuration, is_trusted, revoke, removed, config_from),
        )
    return 0


def _decode_printable(data: bytes) -> str:
    return make_printable(data.decode("utf-8", "replace"))


def _describe_trust(
    configuration: "TreeConfiguration",
    is_trusted: bool,
    revoke: bool,
    removed: int,
    config_from: str | None,
) -> str:
    if revoke:
        return "no longer trusted" if removed else "was not trusted"
    if not configuration.needs_trust:
        return "no rule packs or commands, nothing to trust"
    arguments = ("--config-from", config_from) if config_from else ()
    return (
        "trusted as printed (to undo: --revoke)"
        if is_trusted
        else f"not trusted (to trust it: `{Action('trust', arguments).command}`)"
    )
