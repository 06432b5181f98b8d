# SPDX-License-Identifier: GPL-2.0-or-later
"""What `check` does with waivers and baselines: its words and settings in, remarks on stderr out. Loaded only where one of them is there."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.cli.output.safe_text import crop, one_line, printable
from patchpilot.errors import UsageError
from patchpilot.lint.waivers import Waiver, from_tables, from_words
from patchpilot.services.check.suppressions import Suppressions
from patchpilot.services.settings import tracked_content

if TYPE_CHECKING:
    from patchpilot.cli.check.check_options import CheckOptions
    from patchpilot.cli.common import Common
    from patchpilot.commits.repository import Repository
    from patchpilot.config import Settings
    from patchpilot.lint.rule_store import OwnPack
    from patchpilot.services.check.check_result import CheckResult
    from patchpilot.services.settings import Source

SHOWN = 72
"""Columns of a line that is quoted on stderr."""


def suppressions_of_call(
    words: "CheckOptions",
    settings: "Settings",
    repository: "Repository | None",
    packs: "tuple[OwnPack, ...]",
    judge: "Source | None" = None,
) -> Suppressions | None:
    """What this call excuses, most personal first; None for nothing. What is waived for a topic is written down here.

    `judge`: the revision by which a gate judges, which has its word on a baseline that is tracked.
    """
    if words.write_baseline and (words.fix or words.diff):
        raise UsageError("what is recorded in a baseline is not mended", hint="mend first: --fix, then --write-baseline")
    given = from_words(words.waive)
    if given or words.unwaive:
        _write_down(given, words, settings, repository, packs)
    if words.write_baseline and words.baseline is None:
        raise UsageError("--write-baseline: where to?", hint="--write-baseline FILE, or --baseline FILE --write-baseline")
    waivers = (*given, *_of_topic(words, settings, repository), *from_tables(settings.waivers, settings.label))
    known: dict[tuple[str, tuple[str, ...], str], Waiver] = {}
    for waiver in waivers:
        # what was given in this call is in the topic's draft by now
        known.setdefault(
            (waiver.rule.lower(), waiver.paths, waiver.subject) if waiver.kind != "tree" else (f"{id(waiver)}", (), ""), waiver
        )
    if not waivers and words.baseline is None:
        return None
    held = None
    if judge and repository and words.baseline and not words.write_baseline:
        held = tracked_content(repository, judge, words.baseline)
        if held == b"":
            note = f"{words.baseline}: not in the base {judge.tree.label}, so it excuses nothing yet (--config-from REV names another revision)"
            print(f"patchpilot: {printable(note)}", file=sys.stderr)
    return Suppressions(tuple(known.values()), words.baseline, words.write_baseline, held)


def _of_topic(words: "CheckOptions", settings: "Settings", repository: "Repository | None") -> tuple[Waiver, ...]:
    if repository is None:
        return ()
    from patchpilot.services.check.topic_waivers import of_topic

    return of_topic(repository, words.targets, words.base or settings.get("base") or None)


def _write_down(
    given: tuple[Waiver, ...], words: "CheckOptions", settings: "Settings", repository: "Repository | None", packs: "tuple[OwnPack, ...]"
) -> None:
    """Put waivers into the topic's draft, or take them out; patch files have no topic: there a waiver is for this call."""
    from patchpilot.lint.rule_store import load_rules
    from patchpilot.services.check.topic_waivers import give, take_back

    if repository is None or any(target == "-" or Path(target).exists() for target in words.targets):
        if words.unwaive:
            raise UsageError("--unwaive: patch files have no topic to take a waiver from", hint="call it in the repository, or with -C DIR")
        return
    if len(words.targets) > 1:
        raise UsageError("a waiver is given for one topic, and several TARGETs were named", hint="name one range A..B")
    rules, base = load_rules(packs), words.base or settings.get("base") or None
    target = words.targets[0] if words.targets else None
    if words.unwaive:
        take_back(repository, words.unwaive, rules, target, base)
    if given:
        draft = give(repository, given, rules, target, base)
        print(f"waived for {draft.change_id}: {', '.join(one.rule for one in given)} (--unwaive takes it back)", file=sys.stderr)


def remark(common: "Common", result: "CheckResult") -> None:
    """Say on stderr what a person should know; nothing in the checkpatch form, whose readers take it for a failure."""
    if common.format != "checkpatch":
        for line in _remarks(result, verbose=common.verbose, quiet=common.quiet):
            print(printable(line), file=sys.stderr)


def _remarks(result: "CheckResult", *, verbose: bool, quiet: bool) -> Iterator[str]:
    verdict = result.verdict
    if verdict is None:
        return
    for one in verdict.ended:
        yield f"{one.origin}: the waiver of {one.title} ended on {one.until}: its findings count again"
    if verbose:
        for one in verdict.idle:
            yield f"{one.origin}: the waiver of {one.title} was for nothing this time"
    if verdict.written and not quiet:
        total, fresh, dropped = verdict.written
        yield f"{verdict.baseline}: {total} finding{'' if total == 1 else 's'} recorded, {fresh} of them new, {dropped} dropped"
    if verdict.stale and not quiet:
        count = sum(one.count for one in verdict.stale)
        told = "1 finding is" if count == 1 else f"{count} findings are"
        way = "" if verbose else ", -v shows them"
        yield f"{verdict.baseline}: {told} no longer there (--write-baseline drops them{way})"
        if verbose:
            for stale in verdict.stale:
                times = f" ({stale.count} times)" if stale.count > 1 else ""
                yield crop(one_line(f"  {stale.path or 'the message'}: {stale.name}: {stale.text}"), SHOWN) + times
