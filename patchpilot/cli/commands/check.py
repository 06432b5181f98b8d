# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot check`: say what maintainers and bots would say of a patch."""

import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patchpilot.cli.options import Common, common_options, progress_of
from patchpilot.config import Settings, load
from patchpilot.errors import UsageError

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.services.check import CheckResult

FORMATS = ("text", "json", "checkpatch", "sarif", "github", "gitlab", "junit", "rdjsonl")


@click.command(epilog="Example: patchpilot check --strict 0001-net-fix-it.patch; patchpilot check origin/master..HEAD")
@common_options(*FORMATS)
@click.option("--base", metavar="REV", help="what your topic is based on")
@click.option("--strict", is_flag=True, help="also give findings of severity check")
@click.option("--select", metavar="RULE,…", multiple=True, help="only these rules (id, name, checkpatch type or pack)")
@click.option("--ignore", metavar="RULE,…", multiple=True, help="not these rules")
@click.option("--fail-on", type=click.Choice(("error", "warning", "check", "never")), help="severity that makes the exit code 1 [warning]")
@click.option("--max-line-length", metavar="N", type=click.IntRange(40, 1000), help="columns of a code line [100]")
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="where spelling.txt and const_structs.checkpatch are")
@click.option("--kernel", metavar="VERSION", help="rules as of that kernel [the tree's, else the newest]")
@click.option("--jobs", metavar="N", type=click.IntRange(1, 256), help="processes for many patches [cores]")
@click.option("--statistics", is_flag=True, help="how often each rule fired, instead of the findings (text)")
@click.option("--checkpatch", is_flag=True, help="also run the tree's own scripts/checkpatch.pl (runs code of that tree)")
@click.option("--checkpatch-compat", is_flag=True, help="say what checkpatch.pl says, also where it is mistaken")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
def command(
    common: Common,
    base: str | None,
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    max_line_length: int | None,
    data: Path | None,
    kernel: str | None,
    jobs: int | None,
    statistics: bool,
    checkpatch: bool,
    checkpatch_compat: bool,
    targets: tuple[str, ...],
) -> int:
    """Check patches: files, directories, mboxes, commits, ranges, or `-`. With no TARGET: what your branch has over its base."""
    from patchpilot.lint import regexcache
    from patchpilot.lint.kept import cache_dir

    regexcache.use(cache_dir())
    from patchpilot.services.check import check

    repository = None if _files_only(common, targets) else common.repository()
    settings = _settings(
        common,
        repository,
        {
            "strict": "true" if strict else None,
            "fail-on": fail_on,
            "max-line-length": str(max_line_length) if max_line_length else None,
            "select": ",".join(select) or None,
            "ignore": ",".join(ignore) or None,
        },
    )
    with progress_of(common) as progress:
        result = check(
            targets,
            repository=repository,
            base=base or settings.get("base") or None,
            tree=common.source_tree(),
            profile=settings.get("profile"),
            strict=settings.flag("strict"),
            select=settings.words("select"),
            ignore=settings.words("ignore"),
            packs=_packs(common, repository, settings),
            fail_on=settings.get("fail-on"),
            max_line_length=_columns(settings),
            kernel=_kernel(kernel),
            data_dir=data,
            jobs=jobs or os.cpu_count() or 1,
            checkpatch=checkpatch,
            checkpatch_compat=checkpatch_compat,
            progress=progress,
        )
    if common.verbose:
        click.echo(f"profile {result.profile}, rules as of {'.'.join(map(str, result.kernel))}, {len(result.rules)} rules", err=True)
    common.write(_render(common, result, statistics=statistics))
    regexcache.keep()
    return int(result.exit_code)


def _files_only(common: Common, targets: tuple[str, ...]) -> bool:
    """Whether nothing needs a repository: every TARGET is a file, or was meant as one, and no repository was named."""
    from patchpilot.commits.range import looks_like_file

    return (
        common.repo is None
        and bool(targets)
        and all(target == "-" or Path(target).exists() or looks_like_file(target) for target in targets)
    )


def _settings(common: Common, repository: "Repository | None", flags: dict[str, str | None]) -> Settings:
    if repository is None and common.tree is None:
        return load(flags={"profile": common.profile, **flags})
    return common.settings(repository, **flags)


def _packs(common: Common, repository: "Repository | None", settings: Settings) -> tuple[Path, ...]:
    """The user's own packs: those of the tree's file are inside the tree."""
    setting = next((one for one in settings.all if one.name == "packs"), None)
    top = common.tree or (repository.top if repository else None)
    inside = setting is not None and setting.origin not in ("git config", "flag")
    return tuple(top / word if inside and top else Path(word).expanduser() for word in settings.words("packs"))


def _columns(settings: Settings) -> int:
    text = settings.get("max-line-length")
    if not text.isdigit() or not 40 <= int(text) <= 1000:
        raise UsageError(f"max-line-length {text!r} is no number from 40 to 1000")
    return int(text)


def _kernel(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.\d+)?", text)
    if not found:
        raise UsageError(f"--kernel {text}: not a kernel version", hint="write it as in --kernel 6.1")
    return int(found[1]), int(found[2])


def _render(common: Common, result: "CheckResult", *, statistics: bool) -> str:
    """The result in the chosen form; only that form's printer is imported."""
    if common.format == "text":
        from patchpilot.cli.output import findings_text

        if statistics:
            return findings_text.statistics(result)
        return findings_text.render(result, colored=common.colored, quiet=common.quiet)
    printer = importlib.import_module(f"patchpilot.cli.output.findings_{common.format}")
    return str(printer.render(result))
