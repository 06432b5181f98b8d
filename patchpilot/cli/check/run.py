# SPDX-License-Identifier: GPL-2.0-or-later
"""What `patchpilot check` does with its words, however they were read."""

import importlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from patchpilot.cli.check.check_options import CI_FORMATS, CheckOptions
from patchpilot.cli.common import Common, left_out, progress_of
from patchpilot.config import WAIVERS_GIVEN
from patchpilot.errors import MissingError, UsageError

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.services.check.check_result import CheckResult
    from patchpilot.services.settings import Source


def answer(common: Common, words: CheckOptions) -> int:
    """Check, write the result, and say how the run ends."""
    from patchpilot.services.check.check_patches import check
    from patchpilot.services.settings import check_request, own_packs

    if (words.published or words.shared) and not words.fix:
        name = "--published" if words.published else "--shared"
        raise UsageError(f"{name} lets --fix rewrite commits: alone it does nothing", hint=f"patchpilot check --fix {name}")
    if words.data and not words.data.is_dir():
        raise MissingError(f"{words.data}: no such directory", hint="--data names the directory that has spelling.txt")
    targets = words.targets
    repository = None if _files_only(common, targets) else common.repository()
    source = _source(common, words, repository)
    settings = common.settings(
        repository,
        {
            "strict": "true" if words.strict else None,
            "fail-on": words.fail_on,
            "max-line-length": str(words.max_line_length) if words.max_line_length else None,
            "select": ",".join(words.select) or None,
            "ignore": ",".join(words.ignore) or None,
        },
        source,
    )
    packs = own_packs(settings, source)
    suppressions = None
    asked = words.baseline or words.write_baseline or words.waive or words.unwaive
    if asked or settings.waivers or (repository and _waivers_given()):
        from patchpilot.cli.check.suppression_options import suppressions_of_call

        judge = source if source and source.is_revision and common.format in CI_FORMATS else None
        suppressions = suppressions_of_call(words, settings, repository, packs, judge)
    request = check_request(
        settings,
        targets=targets,
        base=common.base(settings, words.base, repository, targets),
        since_version=words.since_version,
        kernel=_kernel(words.kernel),
        data_dir=words.data,
        jobs=words.jobs or os.cpu_count() or 1,
        checkpatch=words.checkpatch,
        checkpatch_compat=words.checkpatch_compat,
        packs=packs,
        suppressions=suppressions,
        from_archive=common.from_archive,
        skipped=left_out,
    )
    where: dict[str, Any] = {"repository": repository, "tree": common.source_tree()}
    if words.fix or words.diff:
        from patchpilot.cli.check import fix_options

        return fix_options.answer(common, words, request, where)
    with progress_of(common) as progress:
        result = check(request, **where, progress=progress)
    if common.verbose:
        print(f"profile {result.profile}, rules as of {'.'.join(map(str, result.kernel))}, {len(result.rules)} rules", file=sys.stderr)
    if suppressions:
        from patchpilot.cli.check.suppression_options import remark

        remark(common, result)
    common.write(_render(common, result, statistics=words.statistics), fold=True)
    if common.format == "text" and not common.quiet and _mendable(words):
        from patchpilot.cli.output.findings_text import offer

        sys.stdout.flush()
        if said := offer(result):
            print(f"patchpilot: {said}", file=sys.stderr)
    return int(result.exit_code)


def _source(common: Common, words: CheckOptions, repository: "Repository | None") -> "Source | None":
    """Where the tree's settings are read: the revision of --config-from, in a gate the base, else the working tree."""
    from patchpilot.services.settings import base_revision, revision_source, user_settings

    if words.config_from is not None:
        named = repository or common.repository()
        return revision_source(named, words.config_from, trusted=True)
    if repository is None or common.tree or common.format not in CI_FORMATS:
        return common.source(repository)
    # the tree's own word on its base is not asked for
    base = words.base or user_settings(repository.top, problems=[]).get("base") or None
    revision = base_revision(repository, words.targets, base)
    return revision_source(repository, revision) if revision else common.source(repository)


def _waivers_given() -> bool:
    """Whether any topic ever had a waiver: which one this is about takes longer to find out."""
    from platformdirs import user_state_path

    return (user_state_path("patchpilot") / WAIVERS_GIVEN).exists()


def _files_only(common: Common, targets: tuple[str, ...]) -> bool:
    """Whether nothing needs a repository: every TARGET is a file, or was meant as one, and no repository was named."""
    from patchpilot.commits.range import is_network_target, looks_like_file, names_file

    return (
        common.repo is None
        and bool(targets)
        and all(target == "-" or names_file(target) or looks_like_file(target) or is_network_target(target) for target in targets)
    )


def _kernel(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.\d+)?", text)
    if not found:
        raise UsageError(f"--kernel {text}: not a kernel version", hint="write it as in --kernel 6.1")
    return int(found[1]), int(found[2])


def _mendable(words: CheckOptions) -> bool:
    """Whether --fix could be added to this call: what is in an archive or packed stays as it is."""
    from patchpilot.commits.range import is_network_target

    return not words.checkpatch_compat and not any(is_network_target(target) or target.endswith(".gz") for target in words.targets)


def _render(common: Common, result: "CheckResult", *, statistics: bool) -> str:
    """The result in the chosen form; only that form's printer is imported."""
    if common.format == "text":
        from patchpilot.cli.output import findings_text

        if statistics:
            return findings_text.statistics(result)
        return findings_text.render(result, colored=common.colored, quiet=common.quiet, verbose=common.verbose, columns=common.room)
    printer = importlib.import_module(f"patchpilot.cli.output.findings_{common.format}")
    return str(printer.render(result))
