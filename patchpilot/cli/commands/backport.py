# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot backport`: the verdict for every stable branch."""

from pathlib import Path
from typing import Any

import click

from patchpilot.cli.options import Common, common_options, progress_of


@click.command(epilog="Example: patchpilot backport HEAD --onto stable/linux-6.1.y --format markdown")
@click.argument("target", required=False)
@click.option(
    "--onto", multiple=True, metavar="REV|DIR", help="a commit-ish or an unpacked tree instead of the stable branches (repeatable)"
)
@click.option("--ended", is_flag=True, help="also the series whose support is over")
@click.option("--base", metavar="REV", help="what the topic is based on, without a TARGET")
@click.option(
    "--effort", type=click.FloatRange(0), default=10.0, show_default=True, metavar="SECONDS", help="search prerequisites that long a branch"
)
@click.option("--fail-on", type=click.Choice(["conflict", "affected", "never"]), default="never", show_default=True, help="exit 1 on this")
@common_options("text", "json", "markdown")
def command(common: Common, target: str | None, onto: tuple[str, ...], ended: bool, base: str | None, effort: float, fail_on: str) -> int:
    """Say for each stable branch whether the fix is there, is needed, applies, and what it stands on.

    TARGET is a commit, a range or (with --onto DIR) a patch file; without one, the commits of the current branch.
    """
    from patchpilot.cli.output import backport as output
    from patchpilot.services.backport import backport

    repository = _repository(common, onto)
    settings = common.settings(repository)
    try:
        with progress_of(common) as progress:
            results = backport(
                repository,
                target,
                onto,
                profile=settings.get("profile") or None,
                remote=settings.get("lts-remote"),
                ended=ended,
                effort=effort,
                base=base or settings.get("base") or None,
                progress=progress,
            )
    finally:
        if repository:
            repository.close()
    form: Any = {"json": output.as_json, "markdown": output.as_markdown, "text": output.as_text}[common.format]
    common.write(form(results))
    bad = {"conflict": output.has_conflict, "affected": output.has_affected, "never": output.has_nothing}[fail_on]
    return int(bad(results))


def _repository(common: Common, onto: tuple[str, ...]) -> Any:
    from patchpilot.errors import MissingError

    try:
        return common.repository()
    except MissingError:
        if common.repo is None and onto and all(Path(one).is_dir() for one in onto):
            return None
        raise
