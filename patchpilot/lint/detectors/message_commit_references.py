# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect wrong references to commits in the message: `commit <id> ("subject")` and `Fixes:`.

Check the form of a reference and, if there is a repository, whether it is correct.
"""

import re
from itertools import accumulate

from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan_patch, to_byte_text
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
from patchpilot.lint.detectors.message import starts_register_dump
from patchpilot.lint.detectors.tags import find_closing_parenthesis
from patchpilot.lint.lint_context import Context, HistoryFacts, cached_per_patch
from patchpilot.lint.message_parts import find_pasted_lines, find_tags_by_name
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import (
    DIGITS,
    FixesLine,
    mentions_fixes_tag,
    read_fixes_line,
    read_fixes_value,
)
from patchpilot.model.patch import Patch
from patchpilot.model.rule import FindingFix
from patchpilot.projects.commit_marks import claimed_upstream_commit, find_upstream_commits

_COMMIT_ID = compile_lazily(r"\bcommit\s+[0-9a-f]{5,}\b", re.IGNORECASE)
_COMMIT_ENDS = compile_lazily(r"\bcommit\s*$", re.IGNORECASE)
_ID_BEGINS = compile_lazily(r"^\s*[0-9a-f]{5,}\b", re.IGNORECASE)
_BARE_ID = compile_lazily(r"(?:\s|^)[0-9a-f]{12,40}(?:[\s\"'(\[]|$)", re.IGNORECASE)
_BRACKETED_ID = compile_lazily(r"[<\[][0-9a-f]{12,40}[>\]]", re.IGNORECASE)
_EXEMPT = compile_lazily(
    r"^\s*(?i:Link|Patchwork|http|https|BugLink|base-commit|prerequisite-(?:patch|message|change)-id):"
    r"|^This reverts commit [0-9a-f]{7,40}",
    re.ASCII,
)
_DESCRIBED = compile_lazily(r"\bcommit\s+[0-9a-f]{5,}\s*(?=\()", re.IGNORECASE)
_BEGINS = compile_lazily(r"\bcommit\s+[0-9a-f]{5,}|\bcommit\s*$", re.IGNORECASE)
_NAMED = compile_lazily(r"\b(c)ommit\s+([0-9a-f]{5,})\b", re.IGNORECASE)
_LONG_ENOUGH = compile_lazily(r"\bcommit\s+[0-9a-f]{12,40}", re.IGNORECASE)
_TOO_LONG = compile_lazily(r"\bcommit\s+[0-9a-f]{41,}", re.IGNORECASE)
_ONE_SPACE = compile_lazily(r"\bcommit [0-9a-f]", re.IGNORECASE)
_LOWER_CASE = compile_lazily(r"\b[Cc]ommit\s+[0-9a-f]{5,40}[^A-F]")
_ANY_ID = compile_lazily(r"\b([0-9a-f]{12,40})\b", re.IGNORECASE)
_MENTIONED = compile_lazily(r"\bcommit\s+([0-9a-f]{6,40})\b", re.IGNORECASE)
_SOME_ID = compile_lazily(r"\b[0-9a-f]{7,40}\b", re.IGNORECASE)
_TITLE_FOLLOWS = compile_lazily(r"\s*\(\s*[\"']")
_AFTER_COMMIT = compile_lazily(r"\bcommits?\s+$", re.IGNORECASE)
_NUMBER = compile_lazily(r"(?:0000|ffff|[0-9a-f]{16}$)")
_LOOK_BACK = 400
"""Number of characters before an id that are searched for the other commits of a list."""
_HEX_RUN = compile_lazily(r"[0-9a-fA-F]{5}")


_FULL = 40
_LONGER_IDS = (6, 17)
"""First kernel with Fixes: tags of more than twelve digits."""


_STABLE_DEP_OF = compile_lazily(r"\s*stable-dep-of: [0-9a-f]{12,40} \(\".+\"\)\s*$", re.IGNORECASE)
"""The tag that names the fix which needs the patch."""


@typed_detector(
    "checkpatch-commits",
)
def check_references(context: Context) -> TypedHits:
    lines = scan_patch(context)
    history = context.history
    options = context.options
    backport = not options.checkpatch_compat and (
        context.patch.subject.is_for_stable
        or (not options.matches_script and claimed_upstream_commit(context.patch))
    )
    marked = _list_marked_lines(context.patch) if backport else frozenset()
    has_oops, continued = False, 0
    for line in lines.lines:
        if line.starts_file or line.starts_hunk or line.in_header:
            continue
        text = line.text
        if not line.in_log and line.left and line.sign == "+":
            continue
        fixes = read_fixes_line(text)
        if fixes and fixes.is_unquoted and fixes.commit_id and fixes.ends_id:
            yield from _check_fixes_tag(line, fixes, history, context.options.message_kernel)
        has_oops = has_oops or starts_register_dump(line)
        if (
            line.in_log
            and not has_oops
            and _names_commit(lines, line)
            and not (backport and (line.number in marked or _STABLE_DEP_OF.match(text)))
        ):
            is_other = not options.checkpatch_compat and is_of_other_project(context, line.number)
            hit = None if is_other else _check_reference(lines, line, history, continued)
            if hit:
                yield "GIT_COMMIT_ID", _adjust_hit(context, hit)
            if _COMMIT_ENDS.search(text):
                continued = line.number
        # without a repository, checkpatch.pl reports every id as unknown; do so only in
        # compatibility mode
        is_expected = (
            history is not None and history.is_complete()
        ) or context.options.checkpatch_compat
        if (
            line.log_after
            and is_expected
            and (commit_id := _find_mentioned_id(text, fixes))
            and _find_commit(history, commit_id) is None
            and (
                options.checkpatch_compat
                or (fixes and fixes.id == commit_id)
                or not is_of_other_project(context, line.number)
            )
        ):
            yield "UNKNOWN_COMMIT_ID", make_hit(line.number, id=commit_id)
        if has_oops and line.in_log and not text.strip(" \t\r\f\v"):
            has_oops = False


_PROJECT = (
    r"(?:acpica|binutils(?:-gdb)?|busybox|buildroot|cpython|coreboot|dpdk|dwarves|e2fsprogs|edk2"
    r"|freebsd|fstests|gcc|gdb|glibc|grub2?|illumos|iproute2?|kmod|lib(?:drm|fdt|uring|virt)|lld|llvm(?:-project)?|clang"
    r"|lz4|ltp|mesa|musl|netbsd|newlib|nftables|openbsd|opensbi|op-?tee(?:[_ ]os)?|openssl|openzfs"
    r"|pahole|qemu|rustc|rust-lang/\S+|seabios|sqlite|strace|systemd|tf-a|u-?boot|util-linux"
    r"|valgrind|weston|xfsprogs|xfstests|zephyr|zfs|zlib|zstd)"
)
"""Projects whose commits are no commits of the kernel."""
_OF_KERNEL = r"(?:linux\S*|kernel\S*|mainline|upstream|stable|lts|vendor|android|net|bpf|this|same)"
_REPOSITORY = r"(?:project|repo|repository)"
_OTHER_BEFORE = compile_lazily(
    rf"\b(?:{_PROJECT}|(?!{_OF_KERNEL}\b)[\w.+-]+ {_REPOSITORY})(?:'s)?"
    r"(?: (?:upstream|master|main|git|tree|repo|repository|project)){0,3}(?: in)?[ :,]+"
    r"(?:commits? )?$",
    re.IGNORECASE,
)
_OTHER_AFTER = compile_lazily(
    r"[ ,.;]*(?:\(\"[^\"]{0,200}\"\))?[ ,]*(?:in|of|from|to) (?:the )?(?:upstream )?"
    rf"(?:{_PROJECT}\b|(?!{_OF_KERNEL}\b)[\w.+-]+(?:'s)? (?:git )?{_REPOSITORY}\b)",
    re.IGNORECASE,
)
_MENTIONED_ID = compile_lazily(r"\b[0-9a-f]{5,40}\b", re.IGNORECASE)


def is_of_other_project(context: Context, number: int) -> bool:
    """Return whether every commit id in a line of the message names a commit of another project."""
    message, index = context.patch.message, number - context.patch.message_line
    if not 0 <= index < len(message):
        return False
    text, starts = _join_message(context)
    start, end = starts[index], starts[index + 1] - 1
    if _COMMIT_ENDS.search(text, start, end) and index + 1 < len(message):
        end = starts[index + 2] - 1
    ids = list(_MENTIONED_ID.finditer(text, start, end))
    return bool(ids) and all(
        _OTHER_BEFORE.search(text[max(0, match.start() - _LOOK_BACK) : match.start()])
        or _OTHER_AFTER.match(text, match.end())
        for match in ids
    )


def _list_marked_lines(patch: Patch) -> frozenset[int]:
    """Return the lines that name the commit of a backport, which stable-kernel-rules.rst and
    vendors require in other forms. The id must be complete.
    """
    message = "\n".join(map(str.strip, patch.message))
    commits = find_upstream_commits(message, patch.subject.title)
    return frozenset(patch.message_line + each.at for each in commits if len(each.id) == _FULL)


def _find_commit(history: HistoryFacts | None, commit_id: str) -> Commit | None:
    return history.find_commit(commit_id.lower()) if history and commit_id else None


def _read_parenthesized_title(text: str, start: int) -> tuple[str, bool]:
    """Return the text in the parentheses that open at `start`, without double quotes, and whether
    it was quoted.
    """
    inner = text[start + 1 : find_closing_parenthesis(text, start) - 1]
    if len(inner) >= 2 and inner[0] == inner[-1] == '"':
        return inner[1:-1], True
    return inner, False


def _find_mentioned_id(text: str, fixes: FixesLine | None) -> str:
    """Return the first id after `Fixes:` or `commit` in a line, or ""."""
    if (
        fixes
        and (fixes.before, fixes.colon, fixes.word) == ("", ":", "")
        and fixes.id
        and fixes.space
        and fixes.has_digits(6)
    ):
        return fixes.id
    match = _MENTIONED.search(text)
    return match[1] if match else ""


def _check_fixes_tag(
    line: ScannedLine,
    fixes: FixesLine,
    history: HistoryFacts | None,
    kernel: tuple[int, int],
) -> TypedHits:
    text = line.text
    commit_id, title, quoted, good = "", "", False, False
    title_start = len(text) - len(fixes.rest)
    if (
        fixes.space
        and not fixes.word
        and fixes.gap
        and find_closing_parenthesis(text, title_start) > 0
    ):
        commit_id = fixes.id
        title, quoted = _read_parenthesized_title(text, title_start)
        good = (
            (fixes.before, fixes.name, fixes.colon, fixes.space) == ("", "Fixes", ":", " ")
            and fixes.gap == " "
            and DIGITS <= len(commit_id) <= (40 if kernel >= _LONGER_IDS else DIGITS)
            and commit_id == commit_id.lower()
            and quoted
        )
    commit = _find_commit(history, commit_id)
    true_title = to_byte_text(commit.subject) if commit else title
    if good and true_title == title:
        return
    if commit:
        right = f"Fixes: {commit.reference}"
        yield (
            "BAD_FIXES_TAG",
            make_hit(line.number, "known", None, FindingFix("suggest", right), right=right),
        )
    else:
        yield "BAD_FIXES_TAG", Hit(line.number)


def _names_commit(lines: LineScan, line: ScannedLine) -> bool:
    """Return whether a line refers to a commit by `commit` and an id, or by an id alone."""
    text = line.text
    if not (_HEX_RUN.search(text) or text.lower().rstrip().endswith("commit")) or _EXEMPT.match(
        text
    ):
        return False
    if _COMMIT_ID.search(text):
        return True
    following = lines.lines[line.number].raw if line.number < len(lines.lines) else None
    if following is not None and _COMMIT_ENDS.search(text) and _ID_BEGINS.match(following):
        return True
    return (
        bool(_BARE_ID.search(text))
        and not _BRACKETED_ID.search(text)
        and not mentions_fixes_tag(text)
    )


def _adjust_hit(context: Context, hit: Hit) -> Hit:
    """Return a hit whose case depends on the whole message, because checkpatch.pl reads only single
    lines.

    The id may be a number, may be introduced earlier, or may be one of several.
    """
    message, index = (
        context.patch.message,
        (hit.patch_line or 0) - context.patch.message_line,
    )
    if not 0 <= index < len(message):
        return hit
    text, starts = _join_message(context)
    start, end = starts[index], starts[index + 1] - 1
    if hit.case == "known":
        right = str(hit.values["right"])
        # checkpatch.pl reads a subject on at most two lines
        is_right = start <= text.lower().find(right.lower(), start) < end
        return hit._replace(case="titled", fix=None) if is_right else hit
    if _COMMIT_ENDS.search(text, start, end) and index + 1 < len(message):
        end = starts[index + 2] - 1
    cases = []
    for match in _SOME_ID.finditer(text, start, end):
        before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
        if len(match[0]) >= DIGITS or _AFTER_COMMIT.search(before):
            cases.append(_bare_id_case(context, match, before, index in find_pasted_lines(context)))
    if not cases or not all(cases):
        return hit
    return hit._replace(case=cases[0], values=hit.values or {"id": ""})


@cached_per_patch
def _join_message(context: Context) -> tuple[str, tuple[int, ...]]:
    """Return the message in one line, and the position of each line in it and of the end."""
    parts = [part.strip() for part in context.patch.message]
    starts = accumulate((len(part) + 1 for part in parts), initial=0)
    return " ".join(parts), tuple(starts)


def _bare_id_case(context: Context, match: re.Match[str], before: str, is_pasted: bool) -> str:
    """Return why a bare id is acceptable, or "" if it needs `commit <id> ("subject")`.

    A full id with a subject is enough to find the commit.
    """
    commit_id, titled = (
        match[0].lower(),
        _TITLE_FOLLOWS.match(match.string, match.end()),
    )
    if (
        not titled
        and not _AFTER_COMMIT.search(before)
        and (is_pasted or _NUMBER.match(commit_id) or before.endswith("From "))
    ):
        return "number"
    if titled:
        return "titled" if len(commit_id) >= DIGITS else ""
    introduced = _find_titled_ids(context).get(commit_id[:7], match.start())
    is_introduced = introduced < match.start() or not _find_fixed_prefixes(context).isdisjoint(
        commit_id[:size] for size in range(1, 8)
    )
    return "again" if is_introduced else ""


@cached_per_patch
def _find_titled_ids(context: Context) -> dict[str, int]:
    """Map the first 7 digits of each id that a subject follows to its first position in the joined
    message.
    """
    text, _ = _join_message(context)
    positions: dict[str, int] = {}
    for match in _SOME_ID.finditer(text):
        if _TITLE_FOLLOWS.match(text, match.end()):
            positions.setdefault(match[0][:7].lower(), match.start())
    return positions


@cached_per_patch
def _find_fixed_prefixes(context: Context) -> frozenset[str]:
    """Return the first 7 digits of the commits in Fixes: tags."""
    values = [read_fixes_value(tag.value) for _, tag in find_tags_by_name(context, "fixes")]
    return frozenset(fixes.id[:7].lower() for fixes in values if fixes.id and not fixes.word)


def _join_title(lines: LineScan, line: ScannedLine) -> tuple[str, str, bool]:
    """Join a line with the lines that complete its commit title.

    Return the joined text, the title, and whether the title is quoted.
    """
    text = line.text
    if not _BEGINS.search(text):
        return text, "", False
    for following in (line.number, line.number + 1):
        for match in _DESCRIBED.finditer(text):
            if find_closing_parenthesis(text, match.end()) > 0:
                return text, *_read_parenthesized_title(text, match.end())
        if following >= len(lines.lines):
            break
        text += " " + lines.lines[following].raw.strip(" \t\n\r\f\v")
    return text, "", False


def _check_reference(
    lines: LineScan, line: ScannedLine, history: HistoryFacts | None, continued: int
) -> Hit | None:
    """Return the error in a line's reference to a commit, or None.

    The reference may continue on the next two lines.
    """
    text, title, quoted = _join_title(lines, line)
    good, commit_id = False, ""
    if reference := _NAMED.search(text):
        commit_id = reference[2].lower()
        good = bool(
            _LONG_ENOUGH.search(text)
            and not _TOO_LONG.search(text)
            and _ONE_SPACE.search(text)
            and _LOWER_CASE.search(text)
        )
    elif bare := _ANY_ID.search(text):
        commit_id = bare[1].lower()
    commit = _find_commit(history, commit_id)
    if (history and commit_id and not commit) or (continued == line.number - 1 and continued):
        return None
    if good and quoted and (commit is None or to_byte_text(commit.subject) == title):
        return None
    if commit:
        right = f"commit {commit.reference}"
        return make_hit(line.number, "known", None, FindingFix("suggest", right), right=right)
    return line.make_hit_here(None, "id", id=commit_id) if commit_id else Hit(line.number)
