# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot trust`: show what a tree configures, and allow its rule packs."""

import sys
from pathlib import Path

import click

from patchpilot.cli.error_exit import notice
from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import verb
from patchpilot.model.printable import printable


@verb(epilog="\b\nExamples:\n  patchpilot trust\n  patchpilot trust --show ~/linux\n  patchpilot trust --revoke")
@common_options("text", "json")
@click.option("--show", is_flag=True, help="only print it")
@click.option("--revoke", is_flag=True, help="revoke trust, also for earlier versions")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
def command(common: Common, show: bool, revoke: bool, directory: Path | None) -> int:
    """Trust the configuration of the tree in DIR (default: here): its .patchpilot.toml and the rule packs in it.

    The files are printed. The rule packs of a tree run in `check` only when they are trusted; after a change they must be trusted again.
    """
    from patchpilot.services.setup import trusted_packs as service

    configuration = service.configuration_of(directory, repo=common.repo, tree=common.tree)
    if revoke:
        gone = service.revoke(configuration)
    elif configuration.needs_trust and not show:
        service.trust(configuration)
    trusted = not revoke and (configuration.trusted or (configuration.needs_trust and not show))
    if common.format == "json":
        from patchpilot.cli.output.json_document import document

        files = [{"path": name, "bytes": len(data)} for name, data in configuration.files]
        common.write(
            document("trust", {"configuration": configuration.label, "digest": configuration.digest, "trusted": trusted, "files": files})
        )
        return 0
    if not revoke:
        common.write(
            "\n".join(f"==> {printable(name)} <==\n{printable(data.decode('utf-8', 'replace'))}" for name, data in configuration.files)
        )
    if common.quiet:
        return 0
    if revoke:
        state = "no longer trusted" if gone else "was not trusted"
    elif not configuration.needs_trust:
        state = "no rule packs, nothing to trust"
    else:
        state = "trusted as printed (to undo: --revoke)" if trusted else "not trusted (to trust it: `patchpilot trust`)"
    sys.stdout.flush()
    notice("note", f"{configuration.label}: {state}")
    return 0
