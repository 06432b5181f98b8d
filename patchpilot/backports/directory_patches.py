# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the patches for an unpacked source directory, for use with patch(1) or `git am`."""

from collections.abc import Sequence
from pathlib import Path

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.message import make_backport_message
from patchpilot.backports.patches import BackportText, make_patch_file_name
from patchpilot.backports.result import BackportResult
from patchpilot.backports.write import (
    WrittenBackport,
    backport_folder_name,
    write_mails,
)
from patchpilot.commits.mail_commits import MailCommits
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.model.address import Address
from patchpilot.model.bounded import EPOCH, parse_header_date
from patchpilot.model.commit import Commit
from patchpilot.model.patch import Patch
from patchpilot.projects.loading import detect, find_project
from patchpilot.projects.project import StableTrees


def write_directory_backports(
    results: Sequence[BackportResult],
    folder: Path,
    *,
    wording: BackportText,
    profile: str | None = None,
) -> tuple[WrittenBackport, ...]:
    """Write the patches for each directory that the fixes apply to, into `folder`/<version>.

    Each patch applies on top of the previous one.
    """
    backports = []
    for index, branch in enumerate(results[-1].branches):
        if branch.tip:
            continue
        needed_fixes = [
            (result, result.branches[index])
            for result in results
            if result.branches[index].wants_fix
        ]
        skip_reason = next(
            filter(None, (_explain_not_written(answer) for _, answer in needed_fixes)),
            "",
        )
        if skip_reason or not needed_fixes:
            backports.append(
                WrittenBackport(branch.branch, (), skip_reason or "the tree has the fix")
            )
            continue
        project = find_project(profile) if profile else detect(DirectoryTree(branch.branch))
        mails = _make_directory_messages(needed_fixes, project.stable, wording)
        files = write_mails(
            folder / backport_folder_name(branch.branch, branch.version, branch.tip), mails
        )
        backports.append(WrittenBackport(branch.branch, files))
    return tuple(backports)


def _explain_not_written(answer: BranchResult) -> str:
    if answer.change is None:
        return (
            "nothing left to change"
            if answer.adaptation
            else f"{answer.reason}; it cannot be adapted from its content alone"
        )
    if answer.adaptation and not answer.adaptation.is_sure:
        return f"{answer.adaptation.draft_words}: adapt it manually"
    return ""


def _make_directory_messages(
    fixes: Sequence[tuple[BackportResult, BranchResult]],
    stable: StableTrees,
    wording: BackportText,
) -> list[tuple[str, bytes]]:
    messages = []
    with MailCommits() as commits:
        for number, (result, verdict) in enumerate(fixes, 1):
            change, adaptation = verdict.change, verdict.adaptation
            assert change is not None
            original_commit = _convert_to_commit(change.patch, result.commit)
            notes = (
                *(adaptation.notes if adaptation else ()),
                *([wording.note] if wording.note and adaptation else []),
            )
            message = make_backport_message(
                original_commit,
                stable,
                notes=notes,
                signer=wording.signer,
                adapter=wording.adapter if adaptation else None,
            )
            prefix = stable.subject.format(version=verdict.version) if verdict.version else "PATCH"
            title = f"{prefix} {number}/{len(fixes)}" if len(fixes) > 1 else prefix
            messages.append(
                (
                    make_patch_file_name(number, original_commit.subject),
                    commits.mail(change.patch, message, change.before, change.after, title),
                )
            )
    return messages


def _convert_to_commit(patch: Patch, commit: str | None) -> Commit:
    """Convert a patch to a Commit; its id is "" if the patch has not been committed."""
    author = patch.author or Address("", "")
    date = parse_header_date(patch.header("Date") or "") or EPOCH
    return Commit(
        commit or "",
        "",
        (),
        author,
        date,
        author,
        date,
        "\n".join([patch.subject.title, "", *patch.message]),
    )
