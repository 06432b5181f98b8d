# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the subject prefixes of messages, and propose a target tree for them.

Commits have no subject prefix, so `check` cannot do this for commits.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.maintainers.load import load_maintainers
from patchpilot.model.action import Action
from patchpilot.model.patch import Patch, Series
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.target_tree import name_tree
from patchpilot.projects.loading import subsystems
from patchpilot.topic.read_series import set_subject_prefix

if TYPE_CHECKING:
    from patchpilot.checking.result import CheckResult

RULES = ("missing-target-tree",)
_NO_TREES = ("PATCH", "RFC", "RESEND")
_STABLE_WORD = re.compile(r"stable|\d+\.\d+(?:\.y)?(?:-stable)?", re.IGNORECASE)
_TREE_FOR_REST = re.compile(r"\[[^]]*-next\b[^]]*\]")
_PREFIX = re.compile(r"\[(PATCH [^]]+)\]")


def find_prefix_warnings(
    result: "CheckResult | None", profile: str, *, is_regression: bool = False
) -> tuple[SendProblem, ...]:
    """Return the warnings about subject prefixes in check's result, without duplicates.

    Also warn if the prefix of a fix names the tree for other changes.
    """
    if result is None:
        return ()
    patches = [checked_patch.patch for checked_patch in result.patches]
    warnings = list(_find_wrong_tree_warnings(patches, profile, is_regression))
    for name, message, trees in _collect_prefix_findings(result):
        tree, other_tree = trees["fixes"], trees["rest"]
        hint = Action(
            "send",
            ("--subject-prefix", f"PATCH {tree}"),
            f"{{}}, or 'PATCH {other_tree}'",
        )
        warnings.append(
            SendProblem(
                name,
                _propose_fixes_tree(message, trees) if is_regression else message,
                hint,
            )
        )
    return tuple(warnings)


def _find_wrong_tree_warnings(
    patches: Sequence[Patch], profile: str, is_regression: bool
) -> Iterator[SendProblem]:
    wrong_patches = [
        patch
        for patch in patches
        if _TREE_FOR_REST.search(patch.subject.raw) and (is_regression or patch.tags("Fixes"))
    ]
    unprefixed_mails = (_make_mail(patch, "PATCH") for patch in wrong_patches)
    findings = (
        _collect_prefix_findings(_check_prefixes(unprefixed_mails, profile))
        if wrong_patches
        else []
    )
    for _, _, trees in findings:
        tree, other_prefix = trees["fixes"], f"[PATCH {trees['rest']}]"
        if any(
            re.search(rf"\[[^]]*\b{re.escape(trees['rest'])}\b", patch.subject.raw)
            for patch in wrong_patches
        ):
            reason = "it fixes a regression" if is_regression else "it has a Fixes: tag"
            yield SendProblem(
                "tree-for-the-rest",
                f"the subject contains {other_prefix}, but {reason}: [PATCH {tree}] is the tree for"
                " fixes, unless the commit that it fixes is in no release yet",
                Action("send", ("--subject-prefix", f"PATCH {tree}")),
            )
            return


def propose_tree_prefix(
    series: Series, prefix: str, profile: str, *, is_regression: bool = False
) -> str:
    """Return the subject prefix to propose if messages do not name their target tree, otherwise "".

    An empty `prefix` means PATCH. A regression fix goes to the tree for fixes, even without a
    Fixes: tag.
    """
    findings = _collect_prefix_findings(
        _check_prefixes((_make_mail(patch, prefix or "PATCH") for patch in series.patches), profile)
    )
    messages = (
        _propose_fixes_tree(message, trees) if is_regression else message
        for _, message, trees in findings
    )
    return next((match[1] for message in messages if (match := _PREFIX.search(message))), "")


def refuse_unknown_tree(repository: Repository, prefix: str) -> None:
    """Raise `UsageError` unless a subject prefix names a tree, and each of its words is known.

    A tree is one of the subsystems' trees, a repository or branch in MAINTAINERS (`T:`), or a
    stable branch.
    """
    words = [word for word in prefix.split() if word.upper() not in _NO_TREES]
    unknown_words = [word for word in words if not _STABLE_WORD.fullmatch(word)]
    if unknown_words:
        known_trees = _list_known_trees(repository)
        unknown_words = [word for word in unknown_words if word not in known_trees]
    if unknown_words or not words:
        name = " ".join(unknown_words) or prefix
        raise UsageError(
            f"no known tree: {name!r}",
            hint="name a tree, such as net-next; --subject-prefix takes any text",
        )


def _list_known_trees(repository: Repository) -> frozenset[str]:
    trees = {
        tree
        for subsystem in subsystems().values()
        for tree in (*subsystem.trees, *subsystem.other_trees)
    }
    head = repository.find("HEAD")
    with suppress(PatchpilotError):
        file = load_maintainers(CommitTree(repository, head)) if head else None
        for section in file.sections if file else ():
            for _, url, branch in section.tree_urls:
                trees.update(name_tree(url, branch))
    return frozenset(trees)


def format_tree_advice(tree: str) -> str:
    """Return the advice for a subject that names no target tree.

    The advice begins with the choice, because the end of the line may be cut off.
    """
    fixes = tree.removesuffix("-next")
    if tree == fixes:
        return f"use [{fixes}]: the subject names no target tree"
    return f"if it fixes a bug: [{fixes}], otherwise [{tree}]; the subject names no target tree"


def _propose_fixes_tree(message: str, trees: Mapping[str, str]) -> str:
    return message.replace(f"[PATCH {trees['tree']}]", f"[PATCH {trees['fixes']}]")


def _make_mail(patch: Patch, prefix: str) -> Patch:
    mail = set_subject_prefix(patch, prefix, "To: nobody@example.invalid")
    return mail._replace(commit=None)


def _check_prefixes(patches: Iterable[Patch], profile: str) -> "CheckResult":
    from patchpilot.checking.driver import Driver
    from patchpilot.lint.lint_context import Options

    options = Options(profile=profile, select=RULES, fail_on="never")
    return Driver(options).check((Series(tuple(patches)),))


def _collect_prefix_findings(
    result: "CheckResult",
) -> list[tuple[str, str, dict[str, str]]]:
    findings = (
        finding
        for checked_patch in result.patches
        for finding in checked_patch.findings
        if finding.name in RULES
    )
    by_message = {(finding.name, finding.message): dict(finding.values) for finding in findings}
    return [(name, message, values) for (name, message), values in by_message.items()]
