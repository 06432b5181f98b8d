# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot maintainers`: who must get a patch, and why."""

from typing import Any

import click

from patchpilot.cli.options import Common, common_options
from patchpilot.recipients.dropin.switches import NAMES, take

_HELP = """Say who must get TARGET (a patch, commits, or with -f files, directories and globs), in which header, and why.

\b
Switches of get_maintainer.pl are taken in its own spellings (--x, --nox, --no-x, -x):
  --git --git-fallback --git-blame --git-blame-signatures --git-since DATE
  --git-min-percent N --git-min-signatures N --git-max-maintainers N
  --git-all-signature-types --git-chief-penguins --fixes
  --m --r --l --s --n --moderated --mailmap --remove-duplicates --email
  --roles --rolestats --multiline --separator TEXT --file-emails
  --scm --status --subsystem --web --bug --keywords --pattern-depth N
  --sections --letters LETTERS --mpath PATH --find-maintainer-files -f
"""


class _Command(click.Command):
    """A command that takes the script's switches before click looks at the words: click has no `-norolestats`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the switches, remember what stood before `-f`, and leave the rest to click."""
        sizes = {
            name: 1 if isinstance(option, click.Option) and (option.is_flag or option.count) else 1 + option.nargs
            for option in self.params
            if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)
        }

        def ours(word: str) -> int:
            name, equals, _ = word.partition("=")
            if equals and name in sizes and name.startswith("--"):
                return 1
            if word in sizes:
                return sizes[word]
            # -oFILE and -CDIR
            return 1 if len(word) > 2 and word[:2] in ("-o", "-C") and word[1] != "-" else 0

        switches, rest = take(args, ours)
        ctx.meta["patchpilot.switches"] = switches
        return super().parse_args(ctx, rest)


@click.command(
    cls=_Command,
    name="maintainers",
    help=_HELP,
    epilog="Example: patchpilot maintainers --tree ~/linux 0001-net-fix-leak.patch",
)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--base", metavar="REV", help="what the topic is based on, when no TARGET is named")
@common_options("text", "json", "get_maintainer")
def command(common: Common, targets: tuple[str, ...], base: str | None, **_: Any) -> int | None:
    """Say who must get TARGET."""
    from patchpilot.services import maintainers as service

    switches = click.get_current_context().meta["patchpilot.switches"]
    if common.format == "get_maintainer":
        result = service.drop_in(targets, switches, tree=common.tree, repo=common.repo)
        for remark in result.remarks:
            click.echo(f"patchpilot: {remark}", err=True)
        common.write("\n".join(result.lines))
        return None
    return None


__all__ = ["NAMES", "command"]
