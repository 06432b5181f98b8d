# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the waivers and the baseline that apply to a check.

They come from the command line, the topic and the tree. This module is imported only if any are
given.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.checking.request import CheckRequest
from patchpilot.checking.result import Suppressions
from patchpilot.checking.topic_waivers import (
    REVIEW_COMMENT,
    give,
    take_back,
    topic_waivers,
)
from patchpilot.errors import UsageError
from patchpilot.lint.lint_context import OwnPack
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.waivers import Waiver, parse_waiver_tables, parse_waiver_words
from patchpilot.model.action import Action
from patchpilot.settings.read_settings import read_tracked_file
from patchpilot.settings.source import Source

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.config import Settings


def find_suppressions(
    request: CheckRequest,
    settings: "Settings",
    repository: "Repository | None",
    packs: tuple[OwnPack, ...],
    gate_source: Source | None,
    notify: Callable[[Any, str], None],
) -> Suppressions | None:
    """Return the waivers and the baseline for a check, with the most specific waivers first.

    Return None if there are none. `request` contains the command-line options; new waivers for a
    topic are recorded in the topic's draft. `gate_source` is the revision that contains the
    settings of a CI gate; if the baseline is tracked, it is read from this revision. `notify`
    reports recorded waivers and an ignored baseline. Raise `UsageError` if options cannot be
    combined.
    """
    if request.write_baseline and (request.fix or request.diff):
        raise UsageError(
            "--fix and --write-baseline cannot be combined",
            hint="run --fix first, then --write-baseline",
        )
    waivers_given = parse_waiver_words(request.waive)
    base = request.base or settings.get("base") or None
    if (waivers_given or request.unwaive) and (
        message := _record_waivers(waivers_given, request, base, repository, packs)
    ):
        notify("note", message)
    if request.write_baseline and request.baseline is None:
        raise UsageError(
            "--write-baseline: no file given",
            hint="use --write-baseline FILE, or --baseline FILE --write-baseline",
        )
    waivers = (
        *(waiver for waiver in waivers_given if not REVIEW_COMMENT.fullmatch(waiver.rule)),
        *(topic_waivers(repository, request.targets, base) if repository else ()),
        *parse_waiver_tables(settings.waivers, settings.label),
    )
    unique_waivers: dict[object, Waiver] = {}
    for waiver in waivers:
        # remove duplicates, because the draft already contains the waivers from the command line
        key = waiver.rule.lower(), waiver.paths, waiver.subject
        unique_waivers.setdefault(id(waiver) if waiver.kind == "tree" else key, waiver)
    if not waivers and request.baseline is None:
        return None
    baseline = None
    if gate_source and repository and request.baseline and not request.write_baseline:
        baseline = read_tracked_file(repository, gate_source, request.baseline)
        if baseline == b"":
            notify(
                "warning",
                f"{request.baseline}: not in the base {gate_source.tree.label}, so it suppresses"
                " nothing yet (--config-from REV names another revision)",
            )
    return Suppressions(
        tuple(unique_waivers.values()),
        request.baseline,
        request.write_baseline,
        baseline,
    )


def _record_waivers(
    waivers: tuple[Waiver, ...],
    request: CheckRequest,
    base: str | None,
    repository: "Repository | None",
    packs: tuple[OwnPack, ...],
) -> str:
    """Add or remove waivers in the topic's draft, and return a description of the change.

    Patch files have no topic, so their waivers are not recorded.
    """
    if repository is None or any(
        target == "-" or Path(target).exists() for target in request.targets
    ):
        if request.unwaive:
            raise UsageError(
                "--unwaive: patch files do not belong to a topic and have no waivers",
                hint=Action("", ("-C", "DIR"), "run it in the repository, or with {}"),
            )
        return ""
    if len(request.targets) > 1:
        raise UsageError(
            "--waive requires a single TARGET: a waiver applies to one topic",
            hint="pass one range A..B",
        )
    rules = load_rules(packs)
    target = request.targets[0] if request.targets else None
    if request.unwaive:
        take_back(repository, request.unwaive, rules, target, base)
    if not waivers:
        return ""
    draft = give(repository, waivers, rules, target, base)
    return (
        f"waived for {draft.change_id}: {', '.join(waiver.rule for waiver in waivers)} (--unwaive"
        " removes it)"
    )
