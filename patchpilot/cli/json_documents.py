# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the JSON documents of all commands by their classes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patchpilot.backports.audit_rows import AuditRow
from patchpilot.backports.audit_write import AuditDocument, AuditSummaryLine
from patchpilot.backports.cve_verdicts import CveAnswer, CveLine, CveResult, CveSummaryLine
from patchpilot.backports.result import BackportResult
from patchpilot.backports.work import ActionResults
from patchpilot.checking.answer import (
    CheckAnswer,
    CheckedLine,
    CommitFixes,
    DamagedLine,
    FixesPreview,
    SummaryLine,
)
from patchpilot.checking.list_rules import RuleExplanation
from patchpilot.checking.pack_examples import ExampleResult, TestedPack
from patchpilot.checking.result import CheckedPatch
from patchpilot.finding.bisect_fix import BisectStep
from patchpilot.finding.find_fix import FoundFixes
from patchpilot.finding.find_introduction import Introduction
from patchpilot.finding.try_commit import Trial
from patchpilot.model.path_fact import PathFact
from patchpilot.model.rule import Rule
from patchpilot.outgoing.transport import Sending
from patchpilot.recipients.topic import PlanResult
from patchpilot.reviewers.review import ProgramReview
from patchpilot.sending.edit_draft import DraftResult
from patchpilot.settings.trusted_packs import TreeConfiguration
from patchpilot.setup.diagnose import DoctorResult
from patchpilot.setup.install_hooks import Hook
from patchpilot.setup.list_settings import ConfigProblem, ConfigRow
from patchpilot.setup.lts_branches import StableSeriesList
from patchpilot.tags.find_culprits import FixesResult
from patchpilot.tags.review_trailers import CollectedTags
from patchpilot.tags.stable_request_tag import StableResult
from patchpilot.tags.undo_rewrite import UndoAnswer
from patchpilot.threads.review_ledger import SeriesLedger
from patchpilot.topic.message_changes import Preparation
from patchpilot.topic.posted_elsewhere import PostedFix
from patchpilot.tracking.classify_mails import ClassifiedMail
from patchpilot.tracking.compare_versions import RevisionComparison
from patchpilot.tracking.follow_topic import FollowedSeries, RemovedSeries
from patchpilot.tracking.posted_commit import PostedCommit, UnpostedCommit
from patchpilot.tracking.reply.answer import PlannedReply, UnsentReplies


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A JSON document: its name in `schema`, its command, and the classes that define its keys.

    `lists` maps a key to the class of the objects in its list. `several` is the key of a list that
    is present if there are several results. If `only` is set, the document then has no other key.
    `added` are classes whose keys may also occur in the objects of a list. If `has_alternatives` is
    set, one of the forms is printed, so only the keys that all forms share are required. If
    `is_json_lines` is set, each form is a separate line; keys.toml describes it under its first
    key. `description` replaces the command's description.
    """

    name: str
    forms: tuple[type, ...] = ()
    command: str = ""
    lists: Mapping[str, Any] = field(default_factory=dict)
    several: Mapping[str, Any] = field(default_factory=dict)
    only: bool = False
    added: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    has_alternatives: bool = False
    is_json_lines: bool = False
    description: str = ""
    like: str = ""


DOCUMENTS = (
    JsonDocument(
        "backport",
        (BackportResult, ActionResults, CveAnswer),
        several={"series": BackportResult},
    ),
    JsonDocument(
        "backport-cve",
        (CveLine, CveSummaryLine),
        has_alternatives=True,
        description=(
            "A line of `patchpilot backport --format jsonl`: the verdict of a CVE for a branch, or"
            " for none; the last line is the `summary`."
        ),
    ),
    JsonDocument("audit", (AuditDocument,), "backport --missing"),
    JsonDocument(
        "audit-line",
        (AuditRow, AuditSummaryLine),
        "backport --missing",
        has_alternatives=True,
        description=(
            "A line of `patchpilot backport --missing --format jsonl`: a fix with its verdict; the"
            " last line is the `summary`."
        ),
    ),
    JsonDocument(
        "check",
        (CheckAnswer,),
        lists={"patches": CheckedPatch},
        several={"reviews": ProgramReview},
        added={"patches": (CommitFixes, FixesPreview)},
    ),
    JsonDocument(
        "check-line",
        (CheckedLine, DamagedLine, SummaryLine),
        has_alternatives=True,
        description=(
            "A line of `patchpilot check --format jsonl`: a patch with its findings, or a mail that"
            " could not be checked (`error`); the last line is the `summary`."
        ),
    ),
    JsonDocument("classify", command="track classify", lists={"mails": ClassifiedMail}),
    JsonDocument("config", lists={"settings": ConfigRow, "problems": ConfigProblem}),
    JsonDocument("doctor", (DoctorResult,)),
    JsonDocument("draft", (DraftResult,)),
    JsonDocument("explain", lists={"rules": RuleExplanation}),
    JsonDocument("facts", command="explain --path", lists={"facts": PathFact}),
    JsonDocument(
        "find",
        (PostedCommit, FoundFixes, BisectStep, Introduction, Trial, UnpostedCommit),
        several={"posted_by_others": PostedFix, "cves": CveResult},
        like="track",
        has_alternatives=True,
    ),
    JsonDocument("fixes", (FixesResult,), several={"results": FixesResult}, only=True),
    JsonDocument("hooks", (), "setup hooks", lists={"hooks": Hook}),
    JsonDocument("ledger", (SeriesLedger,), "track show --ledger"),
    JsonDocument("lts", (StableSeriesList,), "setup stable"),
    JsonDocument("maintainers", (PlanResult,)),
    JsonDocument(
        "pack-test", (TestedPack,), command="explain --test", lists={"examples": ExampleResult}
    ),
    JsonDocument("prepare", (Preparation,)),
    JsonDocument("range-diff", (RevisionComparison,), "track show --range-diff"),
    JsonDocument("reply", (PlannedReply, UnsentReplies), "track reply", has_alternatives=True),
    JsonDocument("rules", (), "explain", lists={"rules": Rule}),
    JsonDocument("send", (Sending,)),
    JsonDocument("stable", (StableResult,)),
    JsonDocument("track", (FollowedSeries, RemovedSeries), has_alternatives=True),
    JsonDocument("trailers", (CollectedTags,)),
    JsonDocument("trust", (TreeConfiguration,)),
    JsonDocument("undo", (UndoAnswer,)),
)
