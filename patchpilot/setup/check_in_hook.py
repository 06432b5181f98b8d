# SPDX-License-Identifier: GPL-2.0-or-later
"""Check a new commit, or a message of a topic, in a git hook."""

import re
from collections.abc import Mapping
from pathlib import Path

from patchpilot.checking.driver import Driver, PatchSource, options_of
from patchpilot.checking.result import CheckResult
from patchpilot.checking.topic_waivers import suppressions_of
from patchpilot.commits.message_mail import make_message_mail
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import InputError
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding
from patchpilot.settings.tree_data import read_trusted_packs
from patchpilot.topic.workplace import Workplace


def check_in_hook(
    workplace: Workplace, file: Path, *, is_commit_message: bool
) -> tuple[CheckResult, str]:
    """Check a patch file or the message of a new commit in a git hook.

    The repository's settings apply, but only errors make the check fail. Return the
    result, and the reason why the tree's rule packs were not used, or "". Each finding has a path
    and a line, which are in `file` if it is about the message. A new commit is checked against its
    parent, and a patch file against the parent of the commit that git format-patch names in it, or
    HEAD.
    """
    repository, settings = workplace.repository, workplace.settings()
    content = _read_file(file)
    lines: Mapping[int, int] | None = None
    if is_commit_message:
        content, base, lines = make_message_mail(
            repository, content.decode("utf-8", "surrogateescape")
        )
    else:
        commit = re.match(rb"From ([0-9a-f]{40}) ", content)
        base = f"{commit[1].decode()}^" if commit else ""
    base_id = repository.find(base)
    packs, problem = read_trusted_packs(settings, workplace.source())
    driver = Driver(
        options_of(settings, fail_on="error", packs=packs),
        # the new commit belongs to the branch's topic, so its waivers apply
        suppressions=suppressions_of(
            repository,
            settings,
            (),
            settings.get("base") or None,
            among=load_rules(packs),
        ),
        repository=repository,
        tree=CommitTree(repository, base_id) if base_id else None,
    )
    result = driver.check_source(PatchSource(["-"], stdin=content))
    return _locate_findings(result, str(file), lines), problem


def _read_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def _locate_findings(
    result: CheckResult, file: str, lines: Mapping[int, int] | None
) -> CheckResult:
    """Set the path and line of the findings about the message.

    `lines` maps its lines to lines of the file, counted from 0; None if they are equal.
    """

    def locate(finding: Finding, _: Patch | None) -> Finding:
        line = finding.patch_line or 1
        return (
            finding
            if finding.path
            else finding._replace(path=file, line=line if lines is None else lines.get(line, 0) + 1)
        )

    return result.map_findings(locate)
