# SPDX-License-Identifier: GPL-2.0-or-later
"""Fill in a report about an unfixed bug (Documentation/admin-guide/reporting-issues.rst)."""

import re
import textwrap
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from shlex import quote

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import MissingError
from patchpilot.finding.candidates import find_module_paths
from patchpilot.finding.find_fix import FoundFixes
from patchpilot.finding.log_lines import LogLine, split_log
from patchpilot.finding.named_fixes import NEAREST
from patchpilot.finding.searched_tree import name_version
from patchpilot.model.printable import format_count, make_printable
from patchpilot.model.recipient import RecipientPlan
from patchpilot.projects.loading import detect
from patchpilot.recipients.plan import (
    RecipientSources,
    plan_paths,
    plan_undisclosed_for_paths,
)
from patchpilot.recipients.security_question import (
    QUESTION,
    SECURITY_WORDS,
    explain_answers,
    explain_undisclosed,
)
from patchpilot.recipients.topic import find_source_tree, make_recipient_sources
from patchpilot.resources import FILL_IN, SEND_QUESTIONS, save_new_draft_file
from patchpilot.series.cover_letter import (
    fill_template,
    read_template,
    strip_template_comments,
)
from patchpilot.tags.bisect_log import is_bisection, parse_bisection
from patchpilot.write_file import describe_written

_MAX_LOG_LINES, _MAX_FILES, _MAX_TITLE = 200, 3, 100
_COLUMNS = 72
_TRACE_START = re.compile(r"-+\[ cut here \]-+|=+$")
_TRACE_END = re.compile(r"-+\[ end (?:trace\b|Kernel panic)")
_SECONDS = re.compile(r"\d+\.\d+")
_HARDWARE = re.compile(r"\bHardware name: *(?P<name>\S.*)")
_UPSTREAM = re.compile(r"\d+\.\d+(?:\.\d+)?(?:-rc\d+)?(?:-\d{5}-g[0-9a-f]+)?\+?")
"""The release of an upstream kernel; a suffix is a vendor's or a configuration's."""
_TAINTED = re.compile(r"\bTainted: ([^\d\n]{1,200})")
_FOREIGN = {"P": "proprietary modules (P)", "O": "out-of-tree modules (O)"}
_LEAST_NEAR = 0.2
"""The probability from which on a commit with a match is named as near to a fix."""


_UNKNOWN_VERSION = f"""\
  {FILL_IN}: does it happen with the latest mainline? Which version was
  the last one without it? (Then it is a regression.)"""


def describe_bug_report(file: Path) -> str:
    """Return what to do with a saved report, the command that sends it, and last its path."""
    return (
        f"the report: fill in what is missing, until no {FILL_IN} is left, and read it; then"
        f" `git send-email {quote(str(file))}` sends it; {SEND_QUESTIONS}\n{describe_written(file)}"
    )


def describe_known_fix(fixes: FoundFixes) -> tuple[str, str]:
    """Return which commit fixes the bug and what to do instead of a report, or "" for both.

    The user tried the commit, or the branch of the log's release has it in a later release.
    """
    fix = fixes.working or (fixes.candidates[0] if fixes.update else None)
    if fix is None:
        return "", ""
    facts = [f'{fix.commit[:12]} ("{fix.subject}")']
    facts += [fix.trial.words] if fix.works else ["a commit that may fix it"]
    step = f"`{fix.next_step(fixes.messages)}`"
    if branch := fix.branch_fix:
        facts.append(branch.words)
        step = f"update to {branch.release}" if branch.release else "wait for the next release"
    return "; ".join(facts), step


def save_bug_report(
    repository: Repository,
    fixes: FoundFixes,
    log: str,
    *,
    good: str = "",
    bad: str = "",
    security: bool | None = None,
    suspect: str = "",
) -> Path:
    """Save the report as a draft in the user's state directory, and return its file.

    A report from the same day about the same module or function is kept: if its text differs, the
    new one has a number. `security` is the user's answer whether the bug is a security problem;
    if it is, the report is for the maintainers and the security team only. Without an answer, a log
    with the words of such a problem adds the question. `good` is a version without the bug and
    `bad` one with it: then it is a regression, and its tracker is informed
    (Documentation/admin-guide/reporting-regressions.rst). If the commits were searched for the
    commit that introduced the bug, `log` is this commit or the log of its bisection. `suspect` is a
    commit between `good` and `bad` that was chosen, but not bisected.
    """
    names = (*fixes.modules, *fixes.functions, "bug")
    message = next(iter(fixes.symptom.messages), "")
    trace = _quote_trace(log, message)
    paths = _find_paths(repository, fixes)
    to, cc = _find_contacts(repository, paths, plan_paths) if paths else ([], [])
    head = repository.find("HEAD")
    project = detect(CommitTree(repository, head) if head else None)
    # others do not know what is checked out here
    tree = name_version(repository, fixes.commit) if fixes.tree == "HEAD" else fixes.tree
    older = _UNKNOWN_VERSION
    looked = _describe_search(fixes, tree)
    log_text = "\n".join(f"  {line}" for line in trace)
    title = _make_title(fixes, message)
    if not fixes.symptom:
        # the text is the result of a bisection
        good, bad = _name_bisected_range(repository, log)
        culprit = repository.commit(fixes.commit)
        title = _cut_at_word(f"[REGRESSION] since {culprit.short}: {culprit.subject}", _MAX_TITLE)
        names = (f"regression-{culprit.short}",)
        tree = bad or culprit.short
        works = f"  It works with {good}.\n" if good else ""
        older = f"{works}  The first bad commit, by bisection, is {culprit.reference}"
        bisect_lines = log.splitlines()[:_MAX_LOG_LINES]
        bisect_text = "\n".join(f"  {line}" for line in bisect_lines)
        older += f":\n\n{bisect_text}" if good else "."
        older += f"\n\n#regzbot introduced: {culprit.short}"
        log_text = f"  {FILL_IN}: the error, for example lines of dmesg"
        cc.append(str(culprit.author))
    elif good:
        good, bad = (name_version(repository, name) for name in (good, bad))
        tree = bad
        looked = f"its origin in the {fixes.searched:,} commits of {good}..{bad}"
        suspected = ""
        if suspect:
            reference = repository.commit(suspect).reference
            suspected = f"\n  I suspect {reference}, but did not bisect."
        older = f"  It works with {good}.{suspected}\n\n#regzbot introduced: {good}..{bad}"
    if good or not fixes.symptom:
        cc += [project.lists.regressions] if project.lists.regressions else []
    cc += project.lists.main[:1]
    team, words = project.lists.security, find_security_words(fixes, trace)
    private_to, private_cc = list[str](), list[str]()
    if team and (security or (words and security is None)):
        contacts = _find_contacts(repository, paths, plan_undisclosed_for_paths)
        private_to, private_cc = contacts if any(contacts) else ([team], [])
    if security and team:
        to, cc = private_to, private_cc
    question = ""
    if private_cc + private_to and security is None:
        question = _format_question(words, team, private_to, private_cc)
    cc = [address for address in dict.fromkeys(cc) if address not in to]
    identity = repository.identity
    version = tree
    if fixes.tree == "HEAD":
        version = f"{FILL_IN} (the version; {tree} was searched)"
    nearest_fixes = [
        f'  {fix.commit[:12]} ("{fix.subject}")'
        for fix in fixes.candidates[:3]
        if fix.probability >= _LEAST_NEAR and fix.matches
    ]
    values = {
        "title": title,
        "to": ", ".join(to) or f"{FILL_IN}: the maintainers of the code",
        "cc": ", ".join(cc) or f"{FILL_IN}: the list",
        "security": question,
        "tree": tree if good else fixes.version.named or version,
        "version": fixes.version.words or version,
        "older": f"{_describe_fixed_kernels(fixes)}"
        f"{_ask_for_upstream_kernel(fixes.version.named, trace)}{older}",
        "log": log_text,
        "hardware": _describe_hardware(log),
        "looked": looked,
        "nearest": "\n".join([NEAREST, *nearest_fixes]) if nearest_fixes else "",
        "name": identity.name if identity else "",
    }
    name = f"{date.today():%Y-%m-%d}-{names[0]}"
    text = strip_template_comments(fill_template(read_template("bug-report"), values))
    return save_new_draft_file("reports", name, f"{make_printable(text)}\n")


def _describe_search(fixes: FoundFixes, tree: str) -> str:
    """Return where a fix was searched for."""
    if not fixes.searched:
        return f"a fix: there is no later commit than {tree}"
    span = f"of {tree}..{fixes.until}" if fixes.until else f"since {tree}"
    return f"a fix in the {fixes.searched:,} commits {span}"


def _describe_fixed_kernels(fixes: FoundFixes) -> str:
    """Return the newer version that works and the commit that fixes the bug, if they are known."""
    facts = [f"It works with {fixes.until}, which is newer."] if fixes.until else []
    known, _ = describe_known_fix(fixes)
    facts += [f"A fix is known: {known}."] if known else []
    return "".join(f"{_wrap(fact)}\n" for fact in facts)


def _wrap(text: str) -> str:
    return textwrap.indent(textwrap.fill(text, _COLUMNS - 2, break_on_hyphens=False), "  ")


def _ask_for_upstream_kernel(name: str, trace: Sequence[str]) -> str:
    """Return what to test if the kernel is a vendor's, or has modules that are not upstream.

    Such bugs are to be reproduced without them (Documentation/admin-guide/reporting-issues.rst).
    """
    tainted = " ".join(flags for line in trace for flags in _TAINTED.findall(line))
    modules = [text for flag, text in _FOREIGN.items() if re.search(rf"\b{flag}\b", tainted)]
    is_vendor = name and not _UPSTREAM.fullmatch(name)
    if not (is_vendor or modules):
        return ""
    reasons = [f"{name} is not an upstream kernel"] if is_vendor else []
    reasons += [f"the kernel is tainted by {' and '.join(modules)}"] if modules else []
    text = (
        f"{FILL_IN}: {'; '.join(reasons)}. Does it happen with an unmodified upstream kernel"
        f"{' without these modules' if modules else ''}? Otherwise, report it to the vendor."
    )
    return f"{_wrap(text)}\n"


def _describe_hardware(log: str) -> str:
    """Return the machines that the kernel's lines name, and what the user fills in."""
    names = (_HARDWARE.search(line.text) for line in split_log(log) if not line.program)
    machines = dict.fromkeys(match["name"].strip() for match in names if match)
    missing = "the distribution" if machines else "both"
    todo = f"{FILL_IN}: {missing}; attach the whole dmesg and the .config"
    return "\n".join(f"  {line}" for line in (*machines, todo))


def find_security_words(fixes: FoundFixes, trace: Sequence[str]) -> str:
    """Return the words of a security problem in the lines about a symptom, or ""."""
    text = "\n".join(trace) if fixes.symptom else ""
    found = dict.fromkeys(match[0] for match in SECURITY_WORDS.finditer(text))
    return " and ".join(f"“{word}”" for word in list(found)[:2])


def explain_security(repository: Repository, fixes: FoundFixes, log: str) -> tuple[str, str]:
    """Return the question whether the bug of a log is a security problem, and what to consider.

    Return "" for both if nothing in its trace is a reason to ask, or if the project has no security
    team.
    """
    head = repository.find("HEAD")
    team = detect(CommitTree(repository, head) if head else None).lists.security
    trace = _quote_trace(log, next(iter(fixes.symptom.messages), ""))
    words = find_security_words(fixes, trace)
    if not (team and words):
        return "", ""
    text = f"The log has {words}.\n{explain_undisclosed('reports', team)}\n{explain_answers(team)}"
    return QUESTION, text


def _format_question(words: str, team: str, to: Sequence[str], cc: Sequence[str]) -> str:
    """Return the part of the report that asks about a security problem, to be deleted by the
    user.
    """
    paragraphs = [
        f"{FILL_IN}: {QUESTION} The log has {words}.",
        *explain_answers(team).split("\n"),
        f"{explain_undisclosed('reports', team)} If yes, these are the only recipients:",
    ]
    lines = [
        line
        for paragraph in paragraphs
        for line in textwrap.wrap(paragraph, _COLUMNS, break_on_hyphens=False)
    ]
    lines += [f"  To: {', '.join(to) or team}", *([f"  Cc: {', '.join(cc)}"] if cc else [])]
    return "\n".join([*lines, "Delete these lines.", "", ""])


def _quote_trace(log: str, message: str) -> list[str]:
    """Return the kernel's lines as dmesg prints them, from a message to the end of its trace."""
    all_lines = split_log(log)
    lines = [line for line in all_lines if not line.program] or all_lines
    first = next((i for i, line in enumerate(lines) if message and message in line.text), 0)
    if first and _TRACE_START.match(lines[first - 1].text.strip()):
        first -= 1
    end = next(
        (
            i + 1
            for i, line in enumerate(lines)
            if i > first and _TRACE_END.match(line.text.strip())
        ),
        len(lines),
    )
    shown = [_format_line(line) for line in lines[first:end][:_MAX_LOG_LINES]]
    left = end - first - len(shown)
    return [*shown, f"({format_count(left, 'more line')})"] if left > 0 else shown


def _format_line(line: LogLine) -> str:
    if not _SECONDS.fullmatch(line.stamp):
        return line.text
    seconds, _, rest = line.stamp.partition(".")
    return f"[{seconds:>5}.{rest}] {line.text}"


def _name_bisected_range(repository: Repository, text: str) -> tuple[str, str]:
    """Return the first good and bad versions of a `git bisect log`, or "" for a commit alone."""
    if not is_bisection(text):
        return "", ""
    bisection = parse_bisection(text)
    good, bad = bisection.good[:1], bisection.bad[:1]
    return name_version(repository, "".join(good)), name_version(repository, "".join(bad))


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


def _find_paths(repository: Repository, fixes: FoundFixes) -> Sequence[str]:
    """Return the files of the log's functions and messages, otherwise the paths of its modules."""
    return (fixes.files or find_module_paths(repository, fixes.commit, fixes.symptom))[:_MAX_FILES]


def _find_contacts(
    repository: Repository,
    paths: Sequence[str],
    make_plan: Callable[[Sequence[str], RecipientSources], RecipientPlan],
) -> tuple[list[str], list[str]]:
    """Return To: and Cc: of a report about these files, if they are known."""
    try:
        source = find_source_tree(None, repository)
    except MissingError:
        # the report says what to fill in
        return [], []
    plan = make_plan(paths, make_recipient_sources(source, repository, None))
    return [str(contact.address) for contact in plan.to], [
        str(contact.address) for contact in plan.cc
    ]
