# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot backport`: the verdict for every stable branch, and the patches to send."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from patchpilot.cli.options import Common, base_options, common_options, progress_of
from patchpilot.config import Settings
from patchpilot.model.message_id import given_message_id

if TYPE_CHECKING:
    from patchpilot.backports.backport_patches import BackportText
    from patchpilot.commits.repository import Repository
    from patchpilot.services.backport.backport_result import BackportResult

_FOLDER = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class BackportOptions:
    """What the call wants besides the verdicts."""

    folder: Path | None
    resolve: str | None
    build: str | None
    request: bool
    signoff: bool
    note: str
    in_reply_to: str | None


@click.command(epilog="\b\nExample:\n  patchpilot backport HEAD --onto stable/linux-6.1.y --format markdown")
@click.argument("target", required=False)
@click.option(
    "--onto", multiple=True, metavar="REV|DIR", help="a commit-ish or an unpacked tree instead of the stable branches (repeatable)"
)
@click.option("--ended", is_flag=True, help="also the series whose support is over")
@base_options("what the topic is based on, without a TARGET")
@click.option(
    "--effort",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="search prerequisites that long a branch; 0: verdicts only",
)
@click.option("--fixes", multiple=True, metavar="COMMIT", help="the culprit, for a fix without a Fixes: tag yet (repeatable)")
@click.option("--write", "folder", type=_FOLDER, metavar="DIR", help="write mail-ready patches, a folder a branch")
@click.option("--resolve", metavar="BRANCH", help="take a conflict to a clone of its own; call again when it is resolved")
@click.option("--build", metavar="CMD", help="run CMD in a throw-away clone of each branch that takes the fix")
@click.option("--request", is_flag=True, help="print the mail that asks the stable people to take the fix as it is")
@click.option("--signoff", is_flag=True, help="with --write: add your Signed-off-by")
@click.option("--note", default="", metavar="TEXT", help="what you adapted and why (--write, --resolve), or why trees need it (--request)")
@click.option(
    "--in-reply-to", metavar="MSGID", help="with --write: the FAILED mail that is answered (default: the one a followed series got)"
)
@click.option("--fail-on", type=click.Choice(["conflict", "affected", "never"]), default="never", show_default=True, help="exit 1 on this")
@common_options("text", "json", "markdown")
def command(
    common: Common,
    target: str | None,
    onto: tuple[str, ...],
    ended: bool,
    base: str | None,
    effort: float,
    fixes: tuple[str, ...],
    fail_on: str,
    **wants: Any,
) -> int:
    """Say for each stable branch whether the fix is there, is needed, applies, and what it stands on.

    TARGET is a commit, a range or (with --onto DIR) a patch file; without one, the commits of the current branch.
    """
    from patchpilot.cli.output import backport_report as output
    from patchpilot.services.backport.backport_targets import branch_word
    from patchpilot.services.backport.branch_verdicts import backport

    wanted = BackportOptions(**wants)
    repository = _repository(common, onto)
    settings = common.settings(repository)
    ours: dict[str, Any] = {"profile": settings.get("profile") or None, "remote": settings.get("lts-remote")}
    try:
        if wanted.resolve and repository:
            onto = (branch_word(repository, wanted.resolve, **ours),)
        with progress_of(common) as progress:
            base = common.base(settings, base, repository, (target,))
            asked: dict[str, Any] = {"ended": ended, "effort": effort, "base": base, "fixes": fixes}
            results = backport(repository, target, onto, **ours, **asked, progress=progress)
            done = _deeds(repository, results, wanted, settings) if _has_deeds(wanted) else output.WrittenReport()
    finally:
        if repository:
            repository.close()
    form: Any = {"json": output.as_json, "markdown": output.as_markdown, "text": output.as_text}[common.format]
    common.write(form(results, done))
    bad = {"conflict": output.has_conflict, "affected": output.has_affected, "never": output.has_nothing}[fail_on]
    return int(bad(results))


def _has_deeds(wants: BackportOptions) -> bool:
    return bool(wants.folder or wants.resolve or wants.build or wants.request)


def _deeds(repository: "Repository | None", results: "tuple[BackportResult, ...]", wants: BackportOptions, settings: Settings) -> Any:
    from patchpilot.cli.output.backport_report import WrittenReport
    from patchpilot.errors import MissingError
    from patchpilot.history.stable_branches import stable_branches
    from patchpilot.services.backport.stable_request import request_mail
    from patchpilot.services.backport.work_clone import build, resolve
    from patchpilot.services.backport.write_backports import write_backports

    if repository is None:
        raise MissingError("no git repository here: this needs commits", hint="name one with -C DIR")
    wording = _wording(repository, wants, settings)
    profile = settings.get("profile") or None
    stable = stable_branches(repository, profile=profile).stable
    writes = wants.folder and not wants.resolve
    written = write_backports(repository, results, wants.folder, wording=wording, profile=profile) if wants.folder and writes else ()
    resolving = resolve(repository, results[-1], results[-1].branches[0], stable, wants.folder, wording) if wants.resolve else None
    built = tuple(build(repository, results[-1], branch, stable, wants.build) for branch in results[-1].branches) if wants.build else ()
    request = request_mail(repository, results[-1], stable, wants.note) if wants.request else ""
    return WrittenReport(written, resolving, built, request)


def _wording(repository: "Repository", wants: BackportOptions, settings: Settings) -> "BackportText":
    from patchpilot.backports.backport_patches import BackportText
    from patchpilot.errors import MissingError

    signs = wants.signoff or settings.flag("signoff")
    signer = repository.identity if signs else None
    if signs and signer is None:
        raise MissingError("git does not know who you are", hint="git config --global user.name and user.email")
    answered = given_message_id(wants.in_reply_to) if wants.in_reply_to else None
    return BackportText(wants.note if not wants.request else "", signer, answered)


def _repository(common: Common, onto: tuple[str, ...]) -> "Repository | None":
    from patchpilot.errors import MissingError

    try:
        return common.repository()
    except MissingError:
        if common.repo is None and onto and all(Path(one).is_dir() for one in onto):
            return None
        raise
