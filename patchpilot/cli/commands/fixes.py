# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot fixes`: find the commit that introduced the bug fixed by a commit."""

import sys
from pathlib import Path

from patchpilot.cli.command import (
    Common,
    argument,
    base_options,
    common_options,
    make_command,
    option,
    show_progress,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.errors import InputError, findings_exit_code
from patchpilot.tags.find_culprits import (
    LIMIT,
    FixesRequest,
    FixesResult,
    find_culprits_of_each,
)
from patchpilot.tags.rank_culprits import Candidate

MAX_LOG = 4 << 20


@make_command(epilog="\b\nExamples:\n  patchpilot fixes HEAD\n  patchpilot fixes --verify HEAD")
@common_options("text", "json")
@option(
    "--limit",
    metavar="N",
    type=int,
    limits=(1, 100),
    default=LIMIT,
    shows_default=True,
    help="number of candidates to show",
)
@option("--verify", is_flag=True, help="only check the commits' Fixes: tags")
@option(
    "--bisect-log",
    metavar="FILE",
    type=Path,
    help="output of `git bisect log`, or a bug report that quotes its end",
)
@base_options(
    "base of the topic; for a bug that the topic itself introduced, squashing is suggested"
)
@argument("target", required=False)
def command(
    common: Common,
    limit: int,
    verify: bool,
    bisect_log: Path | None,
    base: str | None,
    target: str | None,
) -> int:
    """Find the commits that most likely introduced the bug that TARGET (a commit or a range A..B)
    fixes, and check its Fixes: tags.
    """
    log = _read_message(bisect_log)
    with common.workplace() as workplace, show_progress(common) as progress:
        repository, settings = workplace.repository, workplace.settings()
        base = workplace.base(settings, base)
        request = FixesRequest(
            target,
            limit=limit,
            verify=verify,
            bisect_log=log,
            base=base,
            profile=settings.get("profile"),
        )
        results = find_culprits_of_each(repository, request, progress=progress)
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        is_single = len(results) == 1
        common.write(
            format_json("fixes", results[0]) if is_single else format_json("fixes", results=results)
        )
    else:
        common.write(
            "\n".join(format_fixes_result(result, verify) for result in results),
            fold=True,
        )
    if verify:
        if any(result.is_unverified for result in results):
            print_notice(
                "note",
                "the clone is shallow; fetch older history with `git fetch --unshallow`",
            )
        return findings_exit_code(any(result.has_problem for result in results))
    return findings_exit_code(not all(result.sure for result in results))


def _read_message(file: Path | None) -> str | None:
    if file is None:
        return None
    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_LOG).decode("utf-8", "replace")
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_LOG).decode("utf-8", "replace")
    except OSError as error:
        raise InputError(
            f"cannot read {file}: {error.strerror or error}",
            hint="run `git bisect log > FILE` to create the log",
        ) from error


def format_fixes_result(result: FixesResult, verify: bool) -> str:
    from patchpilot.model.printable import make_printable

    lines = [f'{result.commit[:12]} ("{result.subject}")']
    for checked_tag in result.present:
        lines.append(f"  {checked_tag.tag.text}")
        lines += [f"    - {problem.message}" for problem in checked_tag.problems]
        if checked_tag.verified:
            lines.append(f"    verified: {', '.join(checked_tag.verified)}")
        if checked_tag.suggestion:
            lines.append(f"    help: {checked_tag.suggestion}")
    if verify:
        return make_printable("\n".join(lines if result.present else [*lines, "  no Fixes: tag"]))
    if result.reason:
        lines.append(f"not certain: {result.reason}")
    for culprit in result.candidates:
        lines += format_candidate(culprit)
    if len(result.tags) > 1:
        lines += ["one tag each:", *(f"  {tag}" for tag in result.tags)]
    return make_printable("\n".join([*lines, *result.notes]))


def format_candidate(candidate: Candidate) -> list[str]:
    """Format a candidate as its tag and its evidence, on separate lines."""
    facts = [
        *candidate.evidence,
        *(f"but it {reason}" for reason in candidate.against),
        *([f"first in {candidate.first_release}"] if candidate.first_release else []),
    ]
    return [f"{candidate.confidence:4.0%}  {candidate.tag}", f"      {'; '.join(facts)}"]
