# SPDX-License-Identifier: GPL-2.0-or-later
"""Check `Fixes:` tags for the problems that bots report, and a few others.

This module does no I/O: the caller passes functions that look up commits.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import DIGITS, read_fixes_line
from patchpilot.model.json_form import json_form

Find = Callable[[str], Commit | None]
_URL = lazy_pattern(r"^<?https?://", re.IGNORECASE)
_OTHER_TAG = lazy_pattern(r"^[A-Za-z][A-Za-z0-9-]*:")
_QUOTES = {'"': '"”', "“": '"”', "'": "'’", "‘": "'’"}


class TagProblem(NamedTuple):
    """A problem with a tag. `kind` is a name that does not change between releases."""

    kind: str
    message: str


class FixesTag(NamedTuple):
    """A parsed `Fixes:` line.

    `line` is its line index in the message. `commit_id` is the id as written, or None. `subject` is
    the quoted text in the parentheses, and `comment` is the text after the closing parenthesis.
    """

    text: str
    line: int
    commit_id: str | None = None
    word: str = ""
    space: str = ""
    rest: str = ""
    subject: str = ""
    comment: str = ""
    parenthesised: bool = False
    quoted: bool = False
    indented: bool = False
    has_open_parenthesis: bool = False
    open_quote: bool = False

    @property
    def is_url(self) -> bool:
        """Return whether the value is a URL; some projects link to their bug tracker."""
        return bool(_URL.match(self.text.partition(":")[2].strip()))


@json_form("tag=tag.text commit=target_id problems=messages kinds suggestion verified")
class JudgedTag(NamedTuple):
    """A tag in a message, its problems, and the commit that it names (or None).

    `meant` is the commit that the tag should name instead: the mainline commit of a backport, or
    the commit with the quoted subject. `verified` lists what was checked and is correct.
    """

    tag: FixesTag
    target: Commit | None
    problems: tuple[TagProblem, ...]
    meant: Commit | None = None
    verified: tuple[str, ...] = ()

    @property
    def target_id(self) -> str | None:
        """Return the full id of the commit that the tag names."""
        return self.target.id if self.target else None

    @property
    def introduced_by(self) -> Commit | None:
        """Return the commit that introduced the bug.

        Of a backport, this is its mainline commit; of an unknown id, the commit with the quoted
        subject.
        """
        is_backport = self.target and self.meant and self.target.subject == self.meant.subject
        return self.meant if is_backport or self.target is None else self.target

    @property
    def messages(self) -> tuple[str, ...]:
        """Return the problems as sentences."""
        return tuple(problem.message for problem in self.problems)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of the problems."""
        return tuple(problem.kind for problem in self.problems)

    @property
    def suggestion(self) -> str | None:
        """Return the corrected line, or None if the line is correct or the commit is unknown."""
        commit = self.meant or self.target
        line = format_fixes_line(commit) if commit and self.problems else None
        return line if line != self.tag.text or self.tag.indented else None


class Relations(NamedTuple):
    """Functions that return how a commit is related to the commit with the tag.

    Each function returns None if the answer is unknown. `series` contains the ids of the commits in
    the same series. If `complete` is set, a commit that is not found does not exist.
    `mainline_commit` returns the mainline commit of a backport, and `titled` returns the only
    earlier commit with a subject. `changed_paths` returns the paths that a commit changes, `paths`
    are this commit's, and `reach` returns what the commit changed of them, such as "these
    lines".
    """

    is_ancestor: Callable[[Commit], bool | None] = lambda _: None
    in_mainline: Callable[[Commit], bool | None] = lambda _: None
    first_release: Callable[[Commit], str | None] = lambda _: None
    own_release: str | None = None
    series: Collection[str] = ()
    is_ambiguous: Callable[[str], bool] = lambda _: False
    complete: bool = True
    mainline_commit: Callable[[Commit], Commit | None] = lambda _: None
    titled: Callable[[str], Commit | None] = lambda _: None
    changed_paths: Callable[[Commit], Collection[str]] = lambda _: ()
    paths: Collection[str] = ()
    reach: Callable[[Commit], str] = lambda _: ""


def format_fixes_line(commit: Commit, digits: int = DIGITS) -> str:
    """Return the Fixes: line for a commit, such as `Fixes: 43645ce03e00 ("qed: …")`.

    The subject is copied from the commit and never folded.
    """
    return f'Fixes: {commit.id[:digits]} ("{commit.subject}")'


def parse_tag(text: str, line: int = 0) -> FixesTag | None:
    """Parse a `Fixes:` line as bots do: in any case, and with or without indentation.

    Return None for other lines.
    """
    parsed = read_fixes_line(text)
    if parsed is None or not parsed.is_tag:
        return None
    indented = bool(parsed.before)
    if not parsed.commit_id:
        return FixesTag(text.strip(), line, rest=parsed.value.rstrip(), indented=indented)
    remainder = parsed.rest.rstrip()
    space = parsed.gap if remainder else ""
    subject, comment, parenthesised, has_open_parenthesis = remainder, "", False, False
    if remainder.startswith("("):
        parenthesised = True
        content, closing, tail = remainder[1:].rpartition(")")
        has_open_parenthesis = not closing
        subject, comment = (content, tail.strip()) if closing else (remainder[1:], "")
    subject, quoted, open_quote = _strip_quotes(subject.strip())
    return FixesTag(
        text=text.strip(),
        line=line,
        commit_id=parsed.commit_id.lower(),
        word=parsed.word.rstrip(),
        space=space,
        rest=remainder,
        subject=subject,
        comment=comment,
        parenthesised=parenthesised,
        quoted=quoted,
        indented=indented,
        has_open_parenthesis=has_open_parenthesis,
        open_quote=open_quote,
    )


def _strip_quotes(text: str) -> tuple[str, bool, bool]:
    """Return the text without its quotes, whether it is quoted, and whether the closing quote is
    missing.
    """
    closing = _QUOTES.get(text[:1])
    if not closing:
        return text, False, False
    if len(text) > 1 and text[-1] in closing:
        return text[1:-1].strip(), True, False
    return text[1:].strip(), True, True


def is_same_subject(quoted: str, subject: str) -> bool:
    """Return whether a quoted subject matches a commit's subject.

    Like the bots, accept an ellipsis or a truncated subject.
    """
    quoted, subject = " ".join(quoted.split()), " ".join(subject.split())
    if quoted.endswith("..."):
        return subject.startswith(quoted[:-3].rstrip())
    if quoted.startswith("..."):
        return subject.endswith(quoted[3:].lstrip())
    if " ... " in quoted:
        head, _, tail = quoted.partition(" ... ")
        return subject.startswith(head.strip()) and subject.endswith(tail.strip())
    return subject.startswith(quoted)


def _judge_tag(
    tag: FixesTag, target: Commit | None, relations: Relations, meant: Commit | None
) -> tuple[TagProblem, ...]:
    """Return the problems of a tag whose commit was looked up, in the order in which bots report
    them.
    """
    if tag.commit_id is None:
        if tag.is_url:
            return (
                TagProblem(
                    "url",
                    "names a web page, not a commit: use Closes: or Link: for a report",
                ),
            )
        return (TagProblem("no-id", 'names no commit: use Fixes: <12 digits> ("subject")'),)
    problems: list[TagProblem] = []
    if tag.word:
        problems.append(
            TagProblem("commit-word", f"drop the word {tag.word!r} before the commit id")
        )
    if not tag.rest:
        problems.append(TagProblem("no-subject", "the commit's subject is missing"))
    elif not tag.space:
        problems.append(TagProblem("no-space", "space required between the id and the subject"))
    if target is None:
        if relations.is_ambiguous(tag.commit_id):
            problems.append(
                TagProblem("ambiguous", f"{tag.commit_id} is ambiguous: use more digits")
            )
        elif not relations.complete:
            problems.append(
                TagProblem(
                    "unverified",
                    f"could not be checked: {tag.commit_id} is not in this shallow clone",
                )
            )
        else:
            problems.append(
                TagProblem(
                    "unknown-commit",
                    f"there is no commit {tag.commit_id} in this repository",
                )
            )
        return tuple(problems)
    problems += _format_problems(tag, target)
    problems += _find_content_problems(target, relations, meant)
    return tuple(problems)


def _format_problems(tag: FixesTag, target: Commit) -> list[TagProblem]:
    problems: list[TagProblem] = []
    commit_id = tag.commit_id or ""
    if len(commit_id) < DIGITS:
        problems.append(
            TagProblem("short-id", f"the id has {len(commit_id)} digits; use at least {DIGITS}")
        )
    elif len(commit_id) > DIGITS:
        problems.append(
            TagProblem("long-id", f"the id has {len(commit_id)} digits; {DIGITS} are enough")
        )
    if tag.has_open_parenthesis:
        problems.append(
            TagProblem("open-parenthesis", "missing closing parenthesis after the subject")
        )
    if tag.open_quote:
        problems.append(TagProblem("open-quote", "missing closing quote after the subject"))
    if not tag.rest:
        return problems
    if not is_same_subject(tag.subject, target.subject):
        problems.append(
            TagProblem(
                "other-subject",
                f"the subject does not match the commit's: {target.subject!r}",
            )
        )
    elif " ".join(tag.subject.split()) != " ".join(target.subject.split()):
        problems.append(
            TagProblem("cut-subject", "the subject is shortened: quote the full subject")
        )
    if not tag.parenthesised or not tag.quoted:
        required = "parentheses" if not tag.parenthesised else "double quotes"
        problems.append(
            TagProblem("bare-subject", f'{required} required around the subject: ("subject")')
        )
    if tag.comment:
        problems.append(TagProblem("trailing-comment", "text after the closing parenthesis"))
    return problems


def _find_meant_commit(tag: FixesTag, target: Commit | None, relations: Relations) -> Commit | None:
    """Return the commit that a tag should name instead of its target, or None."""
    is_other = target is None or not is_same_subject(tag.subject, target.subject)
    if tag.commit_id and tag.subject and is_other and (titled := relations.titled(tag.subject)):
        return titled
    if target is None or target.id in relations.series:
        return None
    if relations.is_ancestor(target) is False or relations.in_mainline(target) is False:
        return relations.mainline_commit(target)
    return None


def _find_content_problems(
    target: Commit, relations: Relations, meant: Commit | None
) -> list[TagProblem]:
    if target.id in relations.series:
        return [
            TagProblem(
                "own-series",
                "names a commit of the same series: squash the fix into it instead",
            )
        ]
    if meant and meant.subject == target.subject and relations.in_mainline(target) is False:
        message = f"names a backport of {meant.id[:DIGITS]}: name the mainline commit"
        return [TagProblem("not-mainline", message)]
    if relations.is_ancestor(target) is False:
        return [TagProblem("not-ancestor", "names a commit that is not an ancestor of this one")]
    if relations.in_mainline(target) is False:
        return [TagProblem("not-mainline", "names a commit that is not in mainline")]
    changed = relations.changed_paths(target)
    if not meant and changed and relations.paths and not shares_file(changed, relations.paths):
        message = f"is unlikely: {target.short} changes none of this patch's files"
        return [TagProblem("unlikely", message)]
    release = relations.first_release(target)
    if relations.own_release and release and release == relations.own_release:
        return [
            TagProblem(
                "same-release",
                f"bug and fix are first released in {release}: no release has only the bug",
            )
        ]
    return []


def shares_file(paths: Collection[str], others: Collection[str]) -> bool:
    """Return whether two commits change the same file, which may have been moved to another
    directory.
    """
    names = {path.rpartition("/")[2] for path in others}
    return any(path.rpartition("/")[2] in names for path in paths)


def _list_verified(
    target: Commit | None, problems: Sequence[TagProblem], relations: Relations
) -> tuple[str, ...]:
    """Return what was checked of a tag and is correct."""
    if target is None:
        return ()
    kinds = {problem.kind for problem in problems}
    facts = ["exists"] if kinds - _CONTENT_PROBLEMS else ["well-formed", "exists"]
    if "not-ancestor" not in kinds and relations.is_ancestor(target):
        facts.append("an ancestor")
    if reach := relations.reach(target):
        facts.append(f"changed {reach}")
    elif "unlikely" not in kinds and shares_file(relations.changed_paths(target), relations.paths):
        facts.append("changed this file" if len(relations.paths) == 1 else "changed these files")
    return tuple(facts)


_CONTENT_PROBLEMS = frozenset(
    ["own-series", "not-mainline", "not-ancestor", "same-release", "unlikely", "duplicate"]
)


def judge_message(
    lines: Sequence[str],
    find_commit: Find,
    *,
    relations: Relations | None = None,
    separate_block: bool = False,
) -> tuple[JudgedTag, ...]:
    """Return every `Fixes:` line in a message with its commit and problems.

    `lines` starts with the subject. The position of the tag is also checked; with `separate_block`,
    it must be above the sign-offs, separated by a blank line.
    """
    queries = relations or Relations()
    tags: list[JudgedTag] = []
    line_by_target: dict[str, int] = {}
    for index, line_text in enumerate(lines):
        tag = parse_tag(line_text, index)
        if tag is None or index == 0:
            continue
        target = find_commit(tag.commit_id) if tag.commit_id else None
        position_problems = [
            problem
            for problem in _find_position_problems(lines, tag)
            if not (separate_block and problem.kind == "blank-around")
        ]
        meant = _find_meant_commit(tag, target, queries)
        problems = [*position_problems, *_judge_tag(tag, target, queries, meant)]
        if target and target.id in line_by_target:
            problems.append(
                TagProblem(
                    "duplicate",
                    f"names the same commit as line {line_by_target[target.id] + 1}",
                )
            )
        elif target:
            line_by_target[target.id] = index
        verified = _list_verified(target, problems, queries)
        tags.append(JudgedTag(tag, target, tuple(problems), meant, verified))
    return tuple(tags)


def _find_position_problems(lines: Sequence[str], tag: FixesTag) -> list[TagProblem]:
    previous = lines[tag.line - 1].strip() if tag.line else ""
    following = lines[tag.line + 1] if tag.line + 1 < len(lines) else None
    problems = []
    if (
        not previous
        and following is not None
        and not following.strip()
        and any(line.strip() for line in lines[tag.line + 1 :])
    ):
        problems.append(
            TagProblem("blank-around", "blank lines separate the tag from the other tags")
        )
    if tag.indented:
        problems.append(
            TagProblem(
                "indented",
                "the tag is indented: bots parse it although it looks quoted",
            )
        )
    if (
        following
        and following.strip()
        and not _OTHER_TAG.match(following)
        and (tag.has_open_parenthesis or tag.open_quote or not tag.rest)
    ):
        problems.append(
            TagProblem("folded", "the tag continues on the next line: keep it on one line")
        )
    return problems
