# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot check`: say what maintainers and bots would say of a patch."""

from pathlib import Path
from typing import Any

import click

from patchpilot.cli.check.check_options import FORMATS, JOBS, CheckOptions
from patchpilot.cli.check.run import answer
from patchpilot.cli.options import Common, base_options, common_options
from patchpilot.config import COLUMNS, FAIL_ON
from patchpilot.errors import UsageError

_OTHERS = {
    "-f": "give a patch, or the commits that touch the file: whole files are not checked (maintainers -f takes one)",
    "--file": "give a patch, or the commits that touch the file: whole files are not checked (maintainers -f takes one)",
    "-g": "name the commit or the range as it is: patchpilot check HEAD, or check A..B",
    "--git": "name the commit or the range as it is: patchpilot check HEAD, or check A..B",
}
"""What checkpatch.pl's users write, and what to write here."""


class _CheckCommand(click.Command):
    """A command that knows what checkpatch.pl's users look for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with the way out where an option is checkpatch.pl's."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name not in _OTHERS:
                raise
            raise UsageError(f"check has no option {error.option_name}", hint=_OTHERS[error.option_name]) from error


@click.command(
    cls=_CheckCommand,
    epilog="\b\nExamples:\n  patchpilot check\n  patchpilot check --strict 0001-net-fix-it.patch\n  patchpilot check --diff origin/master..HEAD"
    "\n  patchpilot check '<20240101120000.1-1-ada@example.org>'",
)
@common_options(*FORMATS)
@base_options()
@click.option("--strict", is_flag=True, help="also give findings of severity check")
@click.option("--select", metavar="RULE,…", multiple=True, help="only these rules (id, name, checkpatch type or pack)")
@click.option("--ignore", metavar="RULE,…", multiple=True, help="not these rules")
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="severity that makes the exit code 1 [warning]")
@click.option("--max-line-length", metavar="N", type=click.IntRange(*COLUMNS), help="columns of a code line [100]")
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="where spelling.txt and const_structs.checkpatch are")
@click.option("--kernel", metavar="VERSION", help="rules as of that kernel [the tree's, else the newest]")
@click.option("--jobs", metavar="N", type=click.IntRange(*JOBS), help="processes for many patches [cores]")
@click.option("--statistics", is_flag=True, help="how often each rule fired, instead of the findings (text)")
@click.option("--checkpatch", is_flag=True, help="also run the tree's own scripts/checkpatch.pl (runs code of that tree)")
@click.option("--checkpatch-compat", is_flag=True, help="say what checkpatch.pl says, also where it is mistaken")
@click.option("--fix", is_flag=True, help="mend what is safe to mend: in patch files, or in the commits (with an undo record)")
@click.option("--diff", is_flag=True, help="show what --fix would do")
@click.option("--published", is_flag=True, help="with --fix: rewrite commits that a remote branch or a tag has")
@click.option("--shared", is_flag=True, help="with --fix: rewrite commits that another local branch has")
@click.option("--baseline", metavar="FILE", type=click.Path(path_type=Path), help="say nothing of the findings that this file has")
@click.option(
    "--write-baseline", metavar="[FILE]", is_flag=False, flag_value="", help="write today's findings to FILE, or to that of --baseline"
)
@click.option("--since-version", metavar="N", help="mark what is new since vN of this topic (or since a directory, an mbox, a range)")
@click.option("--waive", metavar="RULE=REASON", multiple=True, help="leave a rule's findings as they are, for this topic")
@click.option("--unwaive", metavar="RULE", multiple=True, help="take such a waiver back")
@click.option("--config-from", metavar="REV", help="take .patchpilot.toml and its packs from REV [with the CI formats: the base]")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
def command(common: Common, **words: Any) -> int:
    """Check patches: files, directories, mboxes, commits, ranges, a list's mails by '<message-id>' or URL, or `-`.

    With no TARGET: what your branch has over its base.
    """
    return answer(common, CheckOptions(**_with_baseline(words)))


def _with_baseline(words: dict[str, Any]) -> dict[str, Any]:
    """The words with --write-baseline as a flag: the word behind it is its FILE, or with --baseline FILE a TARGET."""
    word = words["write_baseline"]
    words["write_baseline"] = word is not None
    if word:
        if words["baseline"] is None:
            words["baseline"] = Path(word)
        elif Path(word) != words["baseline"]:
            words["targets"] = (word, *words["targets"])
    return words
