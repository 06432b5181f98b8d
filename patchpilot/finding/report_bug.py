# SPDX-License-Identifier: GPL-2.0-or-later
"""Fill in a report about an unfixed bug (Documentation/admin-guide/reporting-issues.rst)."""

import textwrap
from datetime import date
from pathlib import Path
from shlex import quote

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import MissingError
from patchpilot.finding.find_fix import FoundFixes
from patchpilot.history.releases import parse_release
from patchpilot.model.printable import make_printable
from patchpilot.projects.loading import detect
from patchpilot.recipients.plan import plan_paths
from patchpilot.recipients.topic import find_source_tree, make_recipient_sources
from patchpilot.resources import FILL_IN, SEND_QUESTIONS, save_draft_file
from patchpilot.series.cover_letter import (
    fill_template,
    read_template,
    strip_template_comments,
)
from patchpilot.tags.bisect_log import is_bisection, parse_bisection
from patchpilot.write_file import describe_written

_MAX_LOG_LINES, _MAX_FILES, _MAX_TITLE = 60, 3, 100


_UNKNOWN_VERSION = f"""\
  {FILL_IN}: does it happen with the latest mainline? Which version was
  the last one without it? (Then it is a regression.)"""


def describe_bug_report(file: Path) -> str:
    """Return what to do with a saved report, the command that sends it, and last its path."""
    return (
        f"the report: fill in what is missing, until no {FILL_IN} is left, and read it; then"
        f" `git send-email {quote(str(file))}` sends it; {SEND_QUESTIONS}\n{describe_written(file)}"
    )


def save_bug_report(
    repository: Repository, fixes: FoundFixes, log: str, *, good: str = "", bad: str = ""
) -> Path:
    """Save the report as a draft in the user's state directory, and return its file.

    It replaces a report from the same day about the same module or function. `good` is a version
    without the bug and `bad` one with it: then it is a regression, and its tracker is informed
    (Documentation/admin-guide/reporting-regressions.rst). If the commits were searched for the
    commit that introduced the bug, `log` is this commit or the log of its bisection.
    """
    names = (*fixes.modules, *fixes.functions, "bug")
    message = next(iter(fixes.symptom.messages), "")
    lines = log.splitlines()
    first = next((number for number, line in enumerate(lines) if message and message in line), 0)
    to, cc = _find_contacts(repository, fixes)
    head = repository.find("HEAD")
    project = detect(CommitTree(repository, head) if head else None)
    tree, older = fixes.tree, _UNKNOWN_VERSION
    looked = f"a fix in the {fixes.searched:,} commits since {tree}"
    if not fixes.searched:
        looked = f"a fix: there is no later commit than {tree}"
    log_text = "\n".join(f"  {line}" for line in lines[first:][:_MAX_LOG_LINES])
    title = _make_title(fixes, message)
    if not fixes.symptom:
        # the text is the result of a bisection
        good, bad = _name_bisected_range(repository, log)
        culprit = repository.commit(fixes.commit)
        title = _cut_at_word(f"[REGRESSION] since {culprit.short}: {culprit.subject}", _MAX_TITLE)
        names = (f"regression-{culprit.short}",)
        tree = bad or culprit.short
        works = f"  It works with {good}.\n" if good else ""
        older = f"{works}  git bisect names {culprit.reference}"
        older += f":\n\n{log_text}" if good else "."
        older += f"\n\n#regzbot introduced: {culprit.short}"
        log_text = f"  {FILL_IN}: the error, for example lines of dmesg"
        cc.append(str(culprit.author))
    elif good:
        tree = bad
        looked = f"its origin in the {fixes.searched:,} commits of {good}..{bad}"
        older = f"  It works with {good}.\n\n#regzbot introduced: {good}..{bad}"
    if good or not fixes.symptom:
        cc += [project.lists.regressions] if project.lists.regressions else []
    identity = repository.identity
    nearest_fixes = [f'  {fix.commit[:12]} ("{fix.subject}")' for fix in fixes.candidates[:3]]
    values = {
        "title": title,
        "to": ", ".join(to) or f"{FILL_IN}: the maintainers of the code",
        "cc": ", ".join(dict.fromkeys([*cc, *project.lists.main[:1]])) or f"{FILL_IN}: the list",
        "tree": tree if good else fixes.version.named or tree,
        "version": fixes.version.words or tree,
        "older": older,
        "log": log_text,
        "looked": looked,
        "nearest": "\n".join(["The nearest are:", *nearest_fixes]) if nearest_fixes else "",
        "name": identity.name if identity else "",
    }
    name = f"{date.today():%Y-%m-%d}-{names[0]}"
    text = strip_template_comments(fill_template(read_template("bug-report"), values))
    return save_draft_file("reports", name, f"{make_printable(text)}\n")


def _name_bisected_range(repository: Repository, text: str) -> tuple[str, str]:
    """Return the first good and bad versions of a `git bisect log`, or "" for a commit alone."""
    if not is_bisection(text):
        return "", ""
    bisection = parse_bisection(text)
    good, bad = bisection.good[:1], bisection.bad[:1]
    return _name_version(repository, "".join(good)), _name_version(repository, "".join(bad))


def _name_version(repository: Repository, commit: str) -> str:
    """Return the tag of a release, otherwise the abbreviated id."""
    found = repository.find(commit) if commit else None
    tags = repository.git("tag", "--points-at", found).text.split() if found else []
    return next((tag for tag in tags if parse_release(tag)), commit[:12])


def _make_title(fixes: FoundFixes, message: str) -> str:
    """Return a subject with the driver or its device, the failure, and the function."""
    if not message:
        return f"{next(iter((*fixes.modules, *fixes.functions)), 'bug')}: {FILL_IN}"
    function, module = next(iter(fixes.functions), ""), next(iter(fixes.modules), "")
    prefix = f"{module}: " if module and not message.startswith(module) else ""
    suffix = f" in {function}()" if function and (prefix or function in message) else ""
    kept = _cut_at_word(message, _MAX_TITLE - len(prefix))
    if suffix and function not in kept:
        kept = f"{_cut_at_word(message, _MAX_TITLE - len(prefix) - len(suffix))}{suffix}"
    return f"{prefix}{kept}"


def _cut_at_word(text: str, size: int) -> str:
    """Return the first words of a text that fit; a first word that does not fit is cut."""
    return textwrap.shorten(text, max(size, 1), placeholder="") or text[:size]


def _find_contacts(repository: Repository, fixes: FoundFixes) -> tuple[list[str], list[str]]:
    """Return who maintains the files that the log names, and their lists, if that is known."""
    if not fixes.files:
        return [], []
    try:
        source = find_source_tree(None, repository)
    except MissingError:
        # the report says what to fill in
        return [], []
    plan = plan_paths(fixes.files[:_MAX_FILES], make_recipient_sources(source, repository, None))
    return [str(contact.address) for contact in plan.to], [
        str(contact.address) for contact in plan.cc
    ]
