# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot trust`: show what a tree configures, and let its rule packs run from now on."""

import sys
from pathlib import Path

import click

from patchpilot.cli.error_exit import notice
from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import verb
from patchpilot.model.printable import printable


@verb(epilog="\b\nExamples:\n  patchpilot trust\n  patchpilot trust --show ~/linux\n  patchpilot trust --revoke")
@common_options("text", "json")
@click.option("--show", is_flag=True, help="only show it")
@click.option("--revoke", is_flag=True, help="trust it no longer, nor what it was before")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
def command(common: Common, show: bool, revoke: bool, directory: Path | None) -> int:
    """Trust the configuration of the tree in DIR (default: here): its .patchpilot.toml and the rule packs that it names, as they are now.

    Both are shown. Rule packs of a tree run in `check` only when they are trusted; a change of any of these files asks again.
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
        state = "names no rule packs: nothing of it needs your trust"
    else:
        state = "trusted from now on, as shown (--revoke takes it back)" if trusted else "not trusted (`patchpilot trust` trusts it)"
    sys.stdout.flush()
    notice("note", f"{configuration.label}: {state}")
    return 0
