# SPDX-License-Identifier: GPL-2.0-or-later
"""List the preflight checks that passed, so that the sender need not repeat them.

They are derived from the same facts as the problems.
"""

from collections.abc import Collection, Iterator

from patchpilot.model.draft import COMPILE_TESTED
from patchpilot.model.printable import format_count
from patchpilot.model.send_problem import CheckLine, CheckState
from patchpilot.outgoing.hand_over import FAILING, LOCAL_ONLY, UNVERIFIED
from patchpilot.outgoing.preflight import (
    PreflightFacts,
    format_hidden_findings_note,
    is_mailing_list,
)
from patchpilot.projects.commit_marks import claimed_upstream_commit

COVERED = {
    "target": (
        "does-not-apply",
        "already-fixed",
        "stable-base",
        "three-way",
        "no-target",
    ),
    "check": ("check-errors", "unchecked", "no-signoff"),
    "build": ("not-built", "not-buildable"),
    "recipients": ("nobody", "no-list", "security-on-list", "doubtful-address", "many"),
    "sign-off": ("no-signoff", "sender"),
    "security": (
        "unanswered-security",
        "security-on-list",
        "public-thread",
        "private-thread",
        "names-report",
    ),
    "regression": ("unanswered-regression",),
    "cover": ("cover-subject", "cover-text", "no-cover"),
    "version": (
        "no-changelog",
        "unfinished",
        "placeholder",
        "already-sent",
        "version-sent",
        "sent-since",
    ),
    "round-trip": ("damaged",),
    "prefix": ("missing-target-tree",),
    "upstream": ("not-upstream",),
    "server": ("no-server", FAILING, LOCAL_ONLY, UNVERIFIED),
}
"""The problems and warnings of each check, which has passed if none of them was found."""


def list_passed_checks(facts: PreflightFacts, reported: Collection[str]) -> tuple[CheckLine, ...]:
    """Return the checks for which `reported` has no problem or warning, in the order of COVERED."""
    results = dict(_list_check_results(facts))
    return tuple(
        CheckLine(CheckState.OK, name, results[name])
        for name, problems in COVERED.items()
        if name in results and not set(problems) & set(reported)
    )


def _list_check_results(facts: PreflightFacts) -> Iterator[tuple[str, str]]:
    topic, draft = facts.topic, facts.topic.draft
    patches, version = topic.series.patches, topic.send.version
    is_single = len(patches) == 1
    if facts.target_fit and facts.target:
        yield "target", f"applies to {facts.target.label} ({facts.target.tip[:12]})"
    yield "check", f"check reports no errors{format_hidden_findings_note(facts.hidden)}"
    if facts.builds_cleanly:
        note = " (noted below the ---)" if draft.answers.get(COMPILE_TESTED) == "yes" else ""
        yield "build", f"{facts.built}{note}"
    list_count = sum(is_mailing_list(recipient) for recipient in topic.recipients)
    other_count = len(topic.recipients) - list_count
    yield (
        "recipients",
        f"recipients: {format_count(list_count, 'list')}, {format_count(other_count, 'other')}",
    )
    yield (
        "sign-off",
        (
            "Signed-off-by present"
            if is_single
            else f"Signed-off-by present in all {len(patches)} patches"
        ),
    )
    if "security" in draft.answers:
        yield (
            "security",
            (
                "undisclosed: sent to the maintainers and the security team"
                if draft.is_undisclosed
                else "no security problem"
            ),
        )
    if regression := draft.answers.get("regression"):
        yield (
            "regression",
            "not a regression"
            if regression == "no"
            else "regression: the regressions list gets a copy",
        )
    if topic.series.cover or (draft.has_cover and (topic.request.cover or not is_single)):
        yield "cover", "cover letter written"
    yield (
        "version",
        "not sent before" if version == 1 else f"v{version} has a changelog",
    )
    yield (
        "round-trip",
        "git am recreates the commit"
        if is_single
        else f"git am recreates all {len(patches)} commits",
    )
    target_tree = " ".join(
        word for word in draft.prefix.split() if word.upper() not in ("PATCH", "RFC", "RESEND")
    )
    if target_tree:
        yield "prefix", f"the subject names the target tree: {target_tree}"
    claims = [claim for patch in patches if (claim := claimed_upstream_commit(patch))]
    if claims and all(facts.upstream_known.get(claim) for claim in claims):
        yield (
            "upstream",
            (
                "the upstream commit is in mainline"
                if len(claims) == 1
                else "all upstream commits are in mainline"
            ),
        )
    yield "server", f"mail server: {topic.account.label}"
