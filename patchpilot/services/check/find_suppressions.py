# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the waivers and the baseline that apply to a check.

They come from the command line, the topic and the tree. The module is only imported if
there are any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.checking.suppressions import Suppressions
from patchpilot.errors import UsageError
from patchpilot.lint.rule_store import OwnPack, load_rules
from patchpilot.lint.waivers import Waiver, from_tables, from_words
from patchpilot.model.action import Action
from patchpilot.settings.read_settings import Source, tracked_content

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.config import Settings


@dataclass(frozen=True, slots=True)
class SuppressionRequest:
    """The command-line options about waivers and baselines.

    `fixes` is set if the findings are to be fixed. `judge` is the revision whose settings a
    CI gate uses; a tracked baseline is read from that revision.
    """

    targets: Sequence[str] = ()
    base: str | None = None
    waive: Sequence[str] = ()
    unwaive: Sequence[str] = ()
    baseline: Path | None = None
    write_baseline: bool = False
    fixes: bool = False
    judge: Source | None = None


class FoundSuppressions(NamedTuple):
    """The waivers and the baseline for a check (None: nothing is suppressed).

    `recorded` describes the waivers recorded for the topic, and `warning` is the reason why
    the baseline is ignored; both may be empty.
    """

    suppressions: Suppressions | None
    recorded: str = ""
    warning: str = ""


def find_suppressions(
    request: SuppressionRequest,
    settings: "Settings",
    repository: "Repository | None",
    packs: tuple[OwnPack, ...],
) -> FoundSuppressions:
    """Returns the waivers and the baseline for a check, the most specific first.

    New waivers for a topic are recorded in its draft. Raises `UsageError` for invalid
    combinations of options.
    """
    if request.write_baseline and request.fixes:
        raise UsageError(
            "--fix and --write-baseline cannot be combined",
            hint="run --fix first, then --write-baseline",
        )
    given = from_words(request.waive)
    base = request.base or settings.get("base") or None
    recorded = (
        _write_down(given, request, base, repository, packs)
        if given or request.unwaive
        else ""
    )
    if request.write_baseline and request.baseline is None:
        raise UsageError(
            "--write-baseline: no file given",
            hint="use --write-baseline FILE, or --baseline FILE --write-baseline",
        )
    waivers = (
        *given,
        *_of_topic(request.targets, base, repository),
        *from_tables(settings.waivers, settings.label),
    )
    distinct: dict[tuple[str, tuple[str, ...], str], Waiver] = {}
    for waiver in waivers:
        # what was given in this call is in the topic's draft by now
        distinct.setdefault(
            (
                (waiver.rule.lower(), waiver.paths, waiver.subject)
                if waiver.kind != "tree"
                else (f"{id(waiver)}", (), "")
            ),
            waiver,
        )
    if not waivers and request.baseline is None:
        return FoundSuppressions(None, recorded)
    content, warning = None, ""
    if request.judge and repository and request.baseline and not request.write_baseline:
        content = tracked_content(repository, request.judge, request.baseline)
        if content == b"":
            label = request.judge.tree.label
            warning = (
                f"{request.baseline}: not in the base {label}, so it suppresses nothing yet"
                " (--config-from REV names another revision)"
            )
    return FoundSuppressions(
        Suppressions(
            tuple(distinct.values()), request.baseline, request.write_baseline, content
        ),
        recorded,
        warning,
    )


def _of_topic(
    targets: Sequence[str], base: str | None, repository: "Repository | None"
) -> tuple[Waiver, ...]:
    if repository is None:
        return ()
    from patchpilot.checking.topic_waivers import of_topic

    return of_topic(repository, targets, base)


def _write_down(
    given: tuple[Waiver, ...],
    request: SuppressionRequest,
    base: str | None,
    repository: "Repository | None",
    packs: tuple[OwnPack, ...],
) -> str:
    """Put waivers into the topic's draft, or take them out, and say so.

    Patch files have no topic: there a waiver is for this call.
    """
    from patchpilot.checking.topic_waivers import give, take_back

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
    if not given:
        return ""
    draft = give(repository, given, rules, target, base)
    return (
        f"waived for {draft.change_id}: {', '.join(waiver.rule for waiver in given)} (--unwaive"
        " removes it)"
    )
