# SPDX-License-Identifier: GPL-2.0-or-later
"""Check a stream of messages, and write a JSON line for each patch in input order.

Each message is checked separately, and its line is available at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from patchpilot.archive.mail_stream import (
    StreamedMail,
    resolve_range,
    stream_mails,
    stream_range_mails,
)
from patchpilot.checking.answer import (
    CheckedLine,
    DamagedLine,
    make_summary_line,
    serialize_line,
)
from patchpilot.checking.driver import Driver, exit_code
from patchpilot.checking.result import CheckedPatch
from patchpilot.commits.range import refuse_missing_files
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import ExitCode, InputError
from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Options
from patchpilot.model.bounded import MAX_LINE
from patchpilot.model.mail import parse_mail, parse_mail_header, parse_patch
from patchpilot.model.patch import Patch, Series, shorten_patch
from patchpilot.model.rule import Severity

_BATCH_SIZE = 16
"""Number of messages per batch of a process."""


def open_target_stream(driver: Driver, targets: Sequence[str]) -> "CheckStream":
    """Return a stream that checks the messages in the TARGETs."""
    refuse_missing_files(targets)
    return CheckStream(driver, stream_mails(targets))


def open_range_stream(
    options: Options, epoch: str, revisions: str, top: Path | None = None
) -> "CheckStream":
    """Return a stream that checks the messages added by a range of commits.

    `epoch` is a git repository of a public-inbox archive, and `revisions` is `A..B` or `B`. The
    patches are checked in this process, against the source tree in `top`.
    """
    driver = Driver(options._replace(jobs=1), tree=DirectoryTree(top) if top else None)
    return CheckStream(driver, stream_range_mails(epoch, resolve_range(epoch, revisions)))


class CheckStream:
    """Iterate over the JSON lines of a check, ending with the summary.

    Lines are generated on demand; `exit_code` is valid after the last one. Rules about a series are
    disabled, and patches are not compared with each other, so that each line depends only on its
    own message.
    """

    def __init__(self, driver: Driver, mails: Iterable[StreamedMail]) -> None:
        self._driver, self._mails = driver, mails
        self._counts: Counter[str] = Counter()

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code of `check`.

        Return 2 if a message is damaged, otherwise 1 if a finding is at least as severe as
        `fail_on`, otherwise 0. If `fail_on` is `never`, always return 0.
        """
        fail_on = self._driver.options.fail_on
        if self._counts["damaged"] and fail_on != "never":
            return ExitCode.USAGE
        severities = (severity for severity in Severity if self._counts[f"counted {severity}"])
        return exit_code(severities, fail_on)

    def __iter__(self) -> Iterator[str]:
        jobs = self._driver.options.jobs
        for text, counts in self._driver.each(self._check_message, self._mails, _BATCH_SIZE, jobs):
            self._counts += counts
            if text:
                yield text
        yield make_summary_line(self._counts, self.exit_code)

    def _check_message(self, mail: StreamedMail) -> tuple[str, "Counter[str]"]:
        """Return the JSON line for a message and its counts; the line is "" if the message has no
        patch.
        """
        try:
            if mail.error:
                raise InputError(mail.error)
            patch = parse_patch(mail.raw, mail.source)
        except InputError as error:
            line = DamagedLine(
                mail.position, _read_message_id(mail.raw), mail.source, error.message
            )
            return serialize_line(line), Counter(mails=1, damaged=1)
        if not (
            patch.has_diff and _is_posted_patch(patch, mail.raw)
            if mail.archived
            else patch.has_diff or patch.subject.number != 0
        ):
            return "", Counter(mails=1)
        patch = shorten_patch(patch)
        setting = self._driver.run_for((patch,))
        findings = find_findings(setting.context(patch, Series((patch,))), setting.rules)
        checked = CheckedPatch(patch, tuple(findings), origin=findings.origin)
        if setting.options.proposes_edits:
            from patchpilot.checking.proposed_edits import add_patch_edits

            checked = add_patch_edits(setting, checked)
        checked_line = CheckedLine(
            mail.position, patch, setting.options.profile, checked.findings, checked.origin
        )
        counts = Counter(str(finding.severity) for finding in findings)
        counts.update(f"counted {finding.severity}" for finding in findings if finding.counts)
        return serialize_line(checked_line), Counter(mails=1, patches=1) + counts


def _is_posted_patch(patch: Patch, raw: bytes) -> bool:
    """Return whether an archived message is a posted patch rather than a reply or notification that
    contains a diff.
    """
    if patch.subject.is_patch and not patch.subject.raw.lower().startswith("re:"):
        return True
    from patchpilot.reading.mail_classifier import classify
    from patchpilot.reading.mail_kinds import MailKind

    return classify(parse_mail(raw)).kind is MailKind.PATCH


def _read_message_id(raw: bytes) -> str | None:
    try:
        return parse_mail_header(raw[: MAX_LINE // 2]).message_id
    except InputError:
        return None
