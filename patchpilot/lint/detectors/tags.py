# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems with tags: sign-offs, addresses, order, spelling and links, and missing Fixes:
and Cc: stable tags.

As in checkpatch.pl's sign-off rules, addresses are split into name, comment, address and rest, with
one character per byte.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from patchpilot.cache.cached_re import cached_match, cached_search
from patchpilot.lint.c.c_patterns import IDENT
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, from_byte_text, scan_patch
from patchpilot.lint.conditions import is_mail
from patchpilot.lint.detector import (
    Arguments,
    Hit,
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.detectors.c_pattern import added_c_text, all_added_c_lines
from patchpilot.lint.detectors.generic import make_subject_hit
from patchpilot.lint.detectors.mail import find_last_patch_line, is_patch
from patchpilot.lint.habits import find_patch_habits, find_patch_subsystem
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_parts import (
    find_pasted_lines,
    find_tag_lines,
    find_tags_by_name,
    is_same_person,
    may_be_same_person,
)
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.model.address import (
    Address,
    AddressState,
    check_email_address,
    decode_words,
    find_assistant_errors,
)
from patchpilot.model.c_scanner import COMMENT
from patchpilot.model.commit_references import (
    BUG_SIGN,
    changes_only_documents,
    describes_harm,
    explains_missing_fixes,
    find_blamed_commit,
    find_bug_word,
    find_crash_text,
    find_cure_text,
    find_defect_text,
    find_fix_claim,
    is_cosmetic,
    only_adds_device_ids,
    read_fixes_line,
)
from patchpilot.model.trailer import is_trailer
from patchpilot.projects.commit_marks import (
    claimed_upstream_commit,
    find_marked_commits,
    find_upstream_commits,
    is_backport,
)


@detector(
    "assisted-by-form",
)
def malformed_assisted_by(context: Context) -> Hits:
    """Report email addresses, brackets and everyday tools in an Assisted-by: tag."""
    for line, tag in find_tags_by_name(context, "assisted-by"):
        for case, text in find_assistant_errors(tag.value).items():
            yield make_hit(line, case, text=text)


@detector(
    "missing-fixes",
)
def missing_fixes_tag(context: Context) -> Hits:
    """Report a patch that claims to fix a bug without naming the commit that introduced it."""
    patch = context.patch
    if not patch.has_diff or find_tags_by_name(context, "fixes") or is_backport(patch):
        return
    title = patch.subject.title
    if cached_match(r"(?:Revert|Reapply) \"", title) or explains_missing_fixes(patch.message):
        return
    prefixes = set(patch.subject.words)
    blamed = _find_blamed_commit(context)
    if (
        blamed
        and not is_cosmetic(title, patch.paths)
        and prefixes.isdisjoint(context.project.tags.feature_prefixes)
    ):
        # leave out the quoted titles of other commits, because they do not describe this patch
        text = re.sub(r"\(\".*?\"\)", "", " ".join(patch.message))
        yield make_hit(
            blamed[0],
            "blamed" if describes_harm(title, [text]) else "mentioned",
            commit=blamed[1],
        )
        return
    fix_trees = prefixes.intersection(context.project.tags.fix_prefixes)
    if (
        fix_trees
        and not changes_only_documents(patch.paths)
        # a patch in a series may only prepare the fix
        and (patch.subject.total in (None, 1) or find_fix_claim(title, patch.message, patch.paths))
    ):
        yield make_subject_hit(context, "fixes-tree", tree=min(fix_trees))
        return
    if "fix-without-fixes" in context.active_rules and any(_check_fixes(context)):
        return
    # if the full history is available, the user can find the commit with a command
    cases = (
        ("with-history", find_defect_text(title) if context.history else ""),
        ("crash", find_crash_text(title, patch.message)),
        ("subject", find_bug_word(title) or find_cure_text(title, patch.message)),
    )
    case, word = next((pair for pair in cases if pair[1]), ("", None))
    if word and not is_cosmetic(title, patch.paths):
        yield make_subject_hit(
            context,
            f"{case}-and-stable" if _needs_stable_tag(context) else case,
            word=word,
            stable=context.project.lists.stable,
        )


def _needs_stable_tag(context: Context) -> bool:
    return (
        bool(_find_serious_words(context))
        and bool(context.project.lists.stable)
        and not _has_untagged_stable(context)
        and "stable@" not in "\n".join(context.patch.message)
    )


def _find_serious_words(context: Context) -> str:
    """Return the first words of the subject or message that name a serious bug, or ""."""
    text = "\n".join((context.patch.subject.title, *context.patch.message))
    match = re.search(_SERIOUS, text, re.IGNORECASE)
    return match[0].strip() if match else ""


def _has_untagged_stable(context: Context) -> bool:
    """Return whether the prefix names a tree whose maintainers select stable fixes without Cc:
    stable tags.
    """
    return not {word.lower() for word in context.patch.subject.words}.isdisjoint(
        context.project.tags.unmarked_prefixes
    )


def _find_blamed_commit(context: Context) -> tuple[int, str] | None:
    """Return (patch line, id) of the commit that the message names as the cause of the bug, or
    None.
    """
    lines = [
        "" if index in find_pasted_lines(context) else line
        for index, line in enumerate(context.patch.message)
    ]
    blamed = find_blamed_commit(context.patch.subject.title, lines)
    return (context.patch.message_line + blamed[0], blamed[1]) if blamed else None


@detector(
    "missing-stable",
)
def missing_stable_tag(context: Context) -> Hits:
    """Report a fix without Cc: stable if it is serious, or if fixes to its directory usually have
    the tag.

    A Fixes: tag alone does not get a fix into stable trees.
    """
    patch = context.patch
    fixes = find_tags_by_name(context, "fixes")
    lists = context.project.lists
    if (
        not fixes
        or not lists.stable
        or re.search(lists.stable_pattern, "\n".join(patch.message))
        or is_backport(patch)
    ):
        return
    if _has_untagged_stable(context) or is_cosmetic(patch.subject.title, patch.paths):
        return
    hit = _check_stable(context, fixes[0][0])
    if hit and not (context.history and context.history.needs_no_backport(patch, context.project)):
        yield hit


def _check_stable(context: Context, line: int) -> Hit | None:
    patch, stable = context.patch, context.project.lists.stable
    if serious := _find_serious_words(context):
        return make_hit(line, "serious", quoted=serious, stable=stable)
    documented = find_patch_subsystem(context) if is_mail(patch) else None
    if documented and documented.fixes_to_stable:
        return make_hit(line, "documented", stable=stable, folder=documented.title)
    usual = find_patch_habits(context) if is_mail(patch) else None
    if usual and (weight := usual.weigh_share(*usual.mark_share("Cc: stable"))):
        share, total = usual.mark_share("Cc: stable")
        case = "each-fix" if weight == "speaks" else "question"
        basis = usual.describe_basis(total, "fixes")
        return make_hit(line, case, stable=stable, share=share, basis=basis)
    return None


_SERIOUS = (
    r"\b(?:kernel panic|oops(?:es)?\b|crash(?:es|ed|ing)?|use[- ]after[- ]free|UAF|double[- ]free|null[- ](?:ptr"  # noqa: E501
    r"|pointer)[- ]?deref\w*|null pointer|out[- ]of[- ]bounds?|OOB|buffer overflow|heap overflow|stack overflow|"  # noqa: E501
    r"memory leak|refcount leak|dead[- ]?lock|data corruption|memory corruption|KASAN|infinite loop|lockup|information leak"  # noqa: E501
    r"|regression|hangs?)\b"
)


@detector(
    "backport-unmarked",
)
def missing_mainline_commit_id(context: Context) -> Hits:
    """Report a stable patch whose message lacks the full id of the mainline commit."""
    patch = context.patch
    if not patch.subject.is_for_stable or not patch.has_diff or not patch.headers:
        return
    # vendor trees also use a bare version as a prefix, but have different rules
    is_for_stable = any(
        "stable" in address.key for name in ("To", "Cc") for address in patch.addresses(name)
    )
    if not is_for_stable and not any(
        re.search(r"\.y\b|stable", word, re.IGNORECASE) for word in patch.subject.words
    ):
        return
    text = "\n".join(patch.message)
    named_ids = find_upstream_commits(text)
    marks = [mark for mark in find_marked_commits(text) if len(mark[1]) == 40]
    if marks:
        _, commit_id, at = marks[0]
        form = context.project.stable.marker.format(commit=commit_id)
        own_vendors = {vendor for vendor, *_ in find_marked_commits(form)}
        if own_vendors.isdisjoint(vendor for vendor, *_ in marks):
            yield make_hit(patch.message_line + at, "other-form", form=form)
    elif re.search(
        r"(?i)\b(?:upstream|mainline|backport|commit)\b[^\n]*\b[0-9a-f]{40}\b|\b[0-9a-f]{40}\b[^\n]*\bupstream\b",
        text,
    ):
        return
    elif named_ids:
        yield make_hit(patch.message_line + named_ids[0].at, "short-id")
    elif not re.search(r"(?i)upstream|mainline|linus", text):
        yield make_hit(None, "no-commit")


@detector("stable-size", lines=int)
def oversized_stable_patch(context: Context, arguments: Arguments) -> Hits:
    """Report a stable patch that exceeds the stable trees' size limit."""
    for line, tag in find_tags_by_name(context, "cc"):
        if cached_search(r"\bstable@", tag.value):
            size = sum(len(hunk.lines) for change in context.patch.files for hunk in change.hunks)
            if size > arguments["lines"]:
                case = "" if size > 3 * arguments["lines"] else "slightly"
                yield make_hit(line, case, length=size, most=arguments["lines"])
            return


@detector(
    "sender-not-signed",
)
def missing_sender_signoff(context: Context) -> Hits:
    """Report a patch by another author that the sender has not signed off."""
    patch = context.patch
    sender, author = patch.sender, patch.author
    if (
        not (sender and author and patch.in_body_from)
        or is_same_person(sender, author)
        or may_be_same_person(sender, author)
        or cached_search(r"\bvia\b.*\b(?:Relay|B4)|devnull\+", str(sender))
    ):
        return
    signed = find_tags_by_name(context, "signed-off-by")
    people = [tag.address for _, tag in signed if tag.address]
    if signed and not any(
        is_same_person(sender, person) or may_be_same_person(sender, person) for person in people
    ):
        yield make_hit(signed[-1][0], sender=sender.called)


@detector("invalid-address")
def invalid_own_address(context: Context) -> Hits:
    """Report an address of the author or of a sign-off to which no message can be sent."""
    patch = context.patch
    signed = [
        (line, tag.address)
        for line, tag in find_tags_by_name(context, "signed-off-by")
        if tag.address
    ]
    is_kept = is_backport(patch)
    # a backport keeps the author and the tags of the upstream commit
    invalid = [
        (line, address, reason)
        for line, address in (signed[-1:] if is_kept else signed)
        if (reason := _explain_invalid_address(address))
    ]
    for line, address, reason in invalid:
        yield make_hit(line, "signer", email=address.email, reason=reason)
    author = patch.author
    if not author or is_kept or any(is_same_person(author, it[1]) for it in invalid):
        return
    if reason := _explain_invalid_address(author):
        yield make_subject_hit(context, "author", email=author.email, reason=reason)


def _explain_invalid_address(address: Address) -> str:
    verdict = check_email_address(address.email)
    reason = verdict.reason.rstrip(".")
    return f"{reason[:1].lower()}{reason[1:]}" if verdict.state is AddressState.BAD else ""


@detector("unexplained-signer")
def unexplained_signer(context: Context) -> Hits:
    """Report a Signed-off-by before the author's if its signer has no Co-developed-by."""
    author = context.patch.author
    partners = [
        tag.address
        for _, tag in find_tags_by_name(
            context, "co-developed-by", "co-authored-by", "originally-by"
        )
        if tag.address
    ]
    unexplained: list[Hit] = []
    for line, tag in find_tags_by_name(context, "signed-off-by"):
        signer = tag.address
        if author and signer and is_same_person(author, signer):
            yield from unexplained[:1]
            return
        if signer and not any(is_same_person(signer, partner) for partner in partners):
            unexplained.append(make_hit(line, signer=signer.called))


@detector(
    "alias-name",
)
def login_name_in_signoff(context: Context) -> Hits:
    """Report a sign-off with a login name instead of a real name."""
    for line, tag in find_tags_by_name(context, "signed-off-by"):
        address = tag.address
        if not address:
            continue
        name = address.name.strip()
        is_odd = name.islower() or re.search(r"[\d_@]|^[A-Za-z]+\.[A-Za-z]", name) or not name
        if " " not in name and is_odd:
            yield make_hit(line, "alias", name=name or address.email)


@detector(
    "floating-tags",
)
def blank_lines_between_tags(context: Context) -> Hits:
    """Report blank lines between tags.

    Git reads only tags after the last blank line as trailers.
    """
    patch = context.patch
    lines = patch.message
    tags = {trailer.line for _, trailer in find_tag_lines(context)}
    # a Link: may belong to the text above it, and compiler output may look like a tag
    certain_tags = {
        trailer.line
        for _, trailer in find_tag_lines(context)
        if trailer.key.endswith("-by") or trailer.key in _NEVER_IN_TEXT
    }
    last = max(tags, default=-1)
    if last < 0:
        return
    for index in sorted(tags, reverse=True):
        gap = index - 1
        lines_above = gap
        while lines_above >= 0 and not lines[lines_above].strip():
            lines_above -= 1
        if lines_above < gap and lines_above in certain_tags:
            yield make_hit(patch.message_line + gap, "blank-line")
            return
    if (sentence := _find_sentence(lines, last)) is not None:
        yield make_hit(patch.message_line + sentence, "below")
        return
    yield from _find_stranded_tag(context, last)


_NEVER_IN_TEXT = ("fixes", "cc", "closes", "datasheet")


def _find_sentence(lines: Sequence[str], last: int) -> int | None:
    if last + 1 < len(lines) and lines[last + 1].strip():
        return None
    return next(
        (
            index
            for index in range(last + 1, len(lines))
            if len(lines[index].split()) >= 4 and cached_match(r"[A-Za-z]\w* \w", lines[index])
        ),
        None,
    )


def _find_stranded_tag(context: Context, last: int) -> Hits:
    """Yield a hit for the first tag that text separates from the tags at the end."""
    patch = context.patch
    lines = list(enumerate(patch.message[:last]))
    blank = [number for number, text in lines if not text.strip()]
    text_lines = [number for number, text in lines if text.strip()]
    plain = [number for number, text in lines if not is_trailer(text)]
    for line, tag in find_tag_lines(context):
        number = tag.line
        if (
            tag.key not in _STRANDED
            or number >= last
            or not (tag.address or cached_match(r"[0-9a-f]{7,40}\b", tag.value))
        ):
            continue
        if (
            tag.key == "fixes"
            and cached_match(r"[A-Z]\w* \w+ \w+", patch.message[number + 1])
            and not is_trailer(patch.message[number + 1])
        ):
            yield make_hit(line, "text", tag=tag.name)
            return
        next_blank = _find_next_position(blank, number, last)
        previous_line = patch.message[number - 1] if number else ""
        alone = not previous_line.strip() or is_trailer(previous_line) or tag.key == "fixes"
        block = bisect_left(plain, number) == bisect_left(plain, next_blank)
        if not (alone and block and next_blank < last):
            continue
        text = patch.message[_find_next_position(text_lines, next_blank, last)]
        if cached_match(r"[A-Za-z]\w*(?:\(\))? \w+", text) and not is_trailer(text):
            yield make_hit(line, "text", tag=tag.name)
            return


def _find_next_position(positions: Sequence[int], position: int, default: int) -> int:
    index = bisect_right(positions, position)
    return positions[index] if index < len(positions) else default


_STRANDED = (
    "fixes",
    "reported-by",
    "suggested-by",
    "reviewed-by",
    "acked-by",
    "tested-by",
)


@detector(
    "lost-review",
)
def lost_review_tag(context: Context) -> Hits:
    """Report review tags missing from this version, and earlier reviewers who do not receive it."""
    patch = context.patch
    newest = patch.subject.version
    older = [patch for patch in context.older if patch.subject.version < newest]
    if not older:
        return
    from patchpilot.lint.recognize_findings import pair_with_earlier_patches

    index = pair_with_earlier_patches(older, [patch]).get(0)
    if index is None:
        return
    earlier, cover = older[index], context.series.cover
    text = " ".join((*patch.notes, *(cover.lines if cover else ())))
    kept_tags = {(tag.key, tag.address.key) for tag in patch.trailers if tag.address}
    recipients = {address.key for name in ("To", "Cc") for address in patch.addresses(name)}
    for tag in earlier.trailers:
        if tag.key not in _REVIEWS or not tag.address:
            continue
        version = f"v{earlier.subject.version}"
        values = {"who": tag.address.called, "tag": tag.name, "version": version}
        is_lost = (tag.key, tag.address.key) not in kept_tags
        if is_lost and not cached_search(r"(?i)\b(?:drop|remov|reset|not carried)", text):
            yield make_subject_hit(context, "", **values)
        if recipients and tag.address.key not in recipients:
            yield make_subject_hit(context, "recipient", **values)


_REVIEWS = ("reviewed-by", "acked-by", "tested-by")


_REVERT = "This reverts commit"
_BUG_SIGN = compile_lazily(BUG_SIGN)
_ID_TABLE = compile_lazily(r"struct\s+[a-z]\w*_device_id\b\s+\w+\s*\[\s*\]\s*=\s*\{")
_FIELD = compile_lazily(rf"\.{IDENT}=")
_EMPTY = compile_lazily(rf'""|0x0|[\s{COMMENT},0]')
_TABLE_ENDS = (
    "{}};",
    "{{}}};",
    "ISAPNP_DEVICE_SINGLE_END}};",
    "ISAPNP_CARD_END}};",
    "NULL};",
)


@typed_detector(
    "checkpatch-newer",
)
def check_newer(context: Context) -> TypedHits:
    """Report problems that only newer versions of checkpatch.pl report."""
    yield from _check_fixes(context)
    yield from _check_id_tables(context)


def _check_fixes(context: Context) -> TypedHits:
    lines = scan_patch(context)
    sign = ""
    inside = in_diff = False
    for line in lines.lines:
        in_diff = in_diff or line.starts_hunk or (line.starts_file and not inside)
        inside = line.log_after
        if not (line.in_header or line.starts_hunk or line.starts_file):
            if _has_fixes_tag(line.text) or (line.text.startswith(_REVERT) and not in_diff):
                return
            if not in_diff and (match := _BUG_SIGN.search(line.text)):
                sign = match[0].strip()
    if sign and is_patch(lines):
        patch = context.patch
        needs_none = explains_missing_fixes(patch.message) or only_adds_device_ids(patch)
        case = "explained" if needs_none else ""
        yield (
            "MISSING_FIXES_TAG",
            make_hit(find_last_patch_line(lines), case, sign=sign),
        )


def _has_fixes_tag(text: str) -> bool:
    """Return whether checkpatch.pl recognizes a line as a Fixes: tag."""
    line = read_fixes_line(text)
    return line is not None and line.is_unquoted and bool(line.commit_id)


def _check_id_tables(context: Context) -> TypedHits:
    if "_device_id" not in added_c_text(context):
        return
    from patchpilot.lint.c.walk import parse_c_code

    for line in all_added_c_lines(context):
        if "_device_id" not in line.text or not _ID_TABLE.search(line.text):
            continue
        span = parse_c_code(context).statement(line.number)
        if span is None:
            continue
        table = "\n".join(part[1:] for part in span.text.split("\n")).replace("\\\n", "\n")
        table = _FIELD.sub("", _EMPTY.sub("", table))
        if not table.endswith(_TABLE_ENDS):
            yield (
                "MISSING_SENTINEL",
                make_hit(line.number, "cut" if span.level > 0 else ""),
            )


_NON_SPACES = compile_lazily(r"\S+")
_QUOTED = compile_lazily(r'"(.+)"')
_TO_QUOTE = compile_lazily(r"[^\w \-]")
_FREE_QUOTE = compile_lazily(r'(?<!\\)"')
_ENDS = compile_lazily(r"[.,\"]+$")
_SPACES = " \t\n\r\f\v"


class Mailbox(NamedTuple):
    """The parts of a tag's value, which may be empty.

    A name with characters that must be quoted in a message header is in quotes.
    """

    name: str
    comment: str
    address: str
    rest: str

    def format_mailbox(self) -> str:
        address = _ENDS.sub("", self.address.strip(_SPACES))
        name = _quote_name(_unquote_name(self.name))
        comment, suffix = (
            f" {text}" if (text := part.strip(_SPACES)) else ""
            for part in (self.comment, self.rest)
        )
        return (f"{name}{comment} <{address}>" if name else address) + suffix


def parse_mailbox(text: str) -> Mailbox:
    """Parse a tag value of the form `Name (comment) <address> rest`.

    All parts are empty if the address after a name is not in angle brackets.
    """
    name = address = suffix = ""
    if angled := _split_angle_brackets(text):
        name, address, suffix = angled
    elif bare := next((run for run in _NON_SPACES.finditer(text) if "@" in run[0][1:-1]), None):
        address, suffix = bare[0], text[bare.end() :]
        name = text[: text.index(address)].strip(_SPACES).removeprefix('"').removesuffix('"')
        if name and not (
            address.startswith("<")
            and address.endswith(">")
            and ">" not in address[1:-1]
            and len(address) > 2
        ):
            return Mailbox("", "", "", "")
    quoted = ""
    if match := _QUOTED.search(name):
        quoted = match[1]
        name = name[: match.start()] + name[match.end() :]
    name, comment = _strip_comments(name)
    name = f"{quoted} {_unquote_name(name)}".strip(_SPACES)
    address = address.strip(_SPACES).removeprefix("<").removesuffix(">")
    return Mailbox(_quote_name(name), comment, address, suffix.strip(_SPACES))


def _split_angle_brackets(text: str) -> tuple[str, str, str] | None:
    """Split a text at the last address in angle brackets, or return None."""
    for run in reversed(list(_NON_SPACES.finditer(text))):
        end = text.rfind(">", run.start(), run.end())
        sign = text.rfind("@", run.start(), end - 1) if end > run.start() else -1
        start = text.rfind("<", run.start(), sign - 1) if sign > run.start() else -1
        if start >= 0:
            return text[:start], text[start + 1 : end], text[end + 1 :]
    return None


def find_closing_parenthesis(text: str, start: int) -> int:
    """Return the offset after the parenthesis that closes the one at `start`, or -1."""
    return _match_parentheses(text).get(start, -1)


@lru_cache(maxsize=8)
def _match_parentheses(text: str) -> dict[int, int]:
    """Map the offset of each open parenthesis to the offset after the closing one.

    This takes one pass, because hostile text may have thousands of unclosed parentheses.
    """
    result: dict[int, int] = {}
    open_offsets: list[int] = []
    for index, char in enumerate(text):
        if char == "(":
            open_offsets.append(index)
        elif char == ")" and open_offsets:
            result[open_offsets.pop()] = index + 1
    return result


def _strip_comments(name: str) -> tuple[str, str]:
    """Return a name without the comments in parentheses, and the comments, in one pass."""
    closings = _match_parentheses(name)
    kept: list[str] = []
    comments: list[str] = []
    position = 0
    start = name.find("(")
    while start >= 0:
        if end := closings.get(start, 0):
            kept.append(name[position:start])
            comments.append(name[start:end].strip(_SPACES))
            position = end
        start = name.find("(", end or start + 1)
    if not comments:
        return name, ""
    middle = (piece.strip(_SPACES) for piece in kept[1:])
    first, last = kept[0].rstrip(_SPACES), name[position:].lstrip(_SPACES)
    return " ".join((first, *filter(None, middle), last)), "".join(comments)


def _unquote_name(name: str) -> str:
    return name.strip(' "')


def _quote_name(name: str) -> str:
    return '"' + _FREE_QUOTE.sub('\\\\"', name) + '"' if _TO_QUOTE.search(name) else name


KNOWN = [
    "signed-off-by",
    "co-developed-by",
    "acked-by",
    "tested-by",
    "reviewed-by",
    "reported-by",
    "suggested-by",
    "assisted-by",
    "to",
    "cc",
]
_STANDARD = (
    "Signed-off-by:",
    "Co-developed-by:",
    "Acked-by:",
    "Tested-by:",
    "Reviewed-by:",
    "Reported-by:",
    "Suggested-by:",
)
_TAG = compile_lazily(rf"^(\s*)([a-z0-9_-]+by:|(?:{'|'.join(KNOWN)}):)(\s*)(.*)", re.IGNORECASE)
_KNOWN_TAG = compile_lazily(rf"(?:{'|'.join(KNOWN)}):", re.IGNORECASE)
_SIGNED = compile_lazily(r"^\s*signed-off-by:\s*(.*)", re.IGNORECASE)
_LABEL = compile_lazily(r"(?:to:|\s+(?i:to|cc):)[^@]*$")
_FROM = compile_lazily(r"^(?:X-Google-Original-)?From:\s*(.*)")
_FOLDED = compile_lazily(r"^[ \t]\s*(.*)")
_BY_LIST = compile_lazily(r"\bvia [\w. -]{1,60}[)'\"]* <", re.IGNORECASE)
_AGENT = compile_lazily(r"^\S+:\S+")
_STABLE = compile_lazily(r"^.*stable@(?:vger\.)?kernel\.org", re.IGNORECASE)
_ADDRESS_COMMENT = compile_lazily(r"\([^()]*\)")
_NAME_COMMENT = compile_lazily(r"\([^)]+\)")
_SUBADDRESS = compile_lazily(r"(\S+)\+\S+(@.*)")


@typed_detector(
    "checkpatch-signoff",
)
def check_sign_offs(context: Context) -> TypedHits:
    lines = scan_patch(context)
    as_script = context.options.matches_script
    author = ""
    signed = _AuthorSignOff(as_script)
    is_compat = context.options.checkpatch_compat
    known = frozenset(() if is_compat else (f"{it.lower()}:" for it in context.project.tags.known))
    previous_tags: set[str] = set()
    for line in lines.lines:
        # skip unchanged lines of the diff, which checkpatch.pl mistakes for tags
        if line.starts_hunk or line.starts_file or (line.left and not as_script):
            continue
        text = line.text
        if (
            text.startswith("From:")
            # Gmail replaces an address in From: that the account does not own
            or (text.startswith("X-Google-Original-From:") and not as_script)
            or (text.startswith("=?") and "From:" in decode_words(text))
        ):
            # checkpatch.pl compares names in other encodings as they are
            encoding = "=?utf-8?" if as_script else "=?"
            author = _read_author(lines, line, encoding) or author
        colon = text.find(":")
        if colon < 2:
            continue
        match = _SIGNED.match(text)
        if match:
            is_author = not as_script and match[1].lower() == author.lower()
            signed.read_signoff(author if is_author else match[1], author)
        if (
            not line.in_header
            and text[colon - 2 : colon].lower() in ("by", "to", "cc")
            and (tag := _TAG.match(text))
            and (as_script or not _LABEL.match(text))
        ):
            yield from _check_tag(lines, line, tag, author, previous_tags, known)
    if is_patch(lines) and any(line.log_after for line in lines.lines):
        number, upstream = find_last_patch_line(lines), claimed_upstream_commit(context.patch)
        is_by_list = signed.any and _BY_LIST.search(author) is not None
        if is_by_list and not (is_compat or upstream or is_mail(context.patch)):
            # a list rewrote the author's address in the message from which the commit was made
            yield "NO_AUTHOR_SIGN_OFF", make_hit(number, "list", author=from_byte_text(author))
        elif as_script or not is_by_list:
            yield from signed.find_signoff_hits(author, number, upstream)


def _read_author(lines: LineScan, line: ScannedLine, encoding: str) -> str:
    match = _FROM.match(decode_words(line.text))
    if not match:
        return ""
    author = match[1]
    for following in lines.lines[line.number :]:
        folded = _FOLDED.match(following.raw)
        if not folded:
            break
        author += folded[1]
    if encoding in line.text.lower():
        author = author.encode("utf-8", "surrogateescape").decode("latin-1")
    return parse_mailbox(author.replace('"', "")).format_mailbox()


class _AuthorSignOff:
    """The sign-off that matches the author best: the first exact match, otherwise the last partial
    one.
    """

    __slots__ = ("any", "as_script", "problem", "text", "whole")

    def __init__(self, as_script: bool) -> None:
        self.as_script = as_script
        self.any = self.whole = False
        self.text = self.problem = ""

    def read_signoff(self, text: str, author: str) -> None:
        self.any = True
        if not author or self.whole:
            return
        signer, expected = parse_mailbox(text), parse_mailbox(author)
        if signer == expected:
            self.whole = True
            return
        is_same_address = signer.address.lower() == expected.address.lower()
        problem = ""
        if is_same_address:
            problem = "comment" if signer.name == expected.name else "name"
        elif signer.name == expected.name:
            problem = "address"
            if _SUBADDRESS.sub(r"\1\2", signer.address, count=1) == _SUBADDRESS.sub(
                r"\1\2", expected.address, count=1
            ):
                problem = "subaddress"
        elif not (self.as_script or self.problem) and may_be_same_person(
            Address(expected.name, expected.address),
            Address(signer.name, signer.address),
        ):
            problem = "name"
        if problem:
            self.text, self.problem = text, problem

    def find_signoff_hits(self, author: str, number: int, upstream: str | None) -> TypedHits:
        """Yield the hits about the author's sign-off, all on the given patch line.

        A backport keeps the tags of the upstream commit, so it may lack the author's sign-off.
        """
        if not self.any:
            yield "MISSING_SIGN_OFF", Hit(number)
        elif self.whole or (upstream and not self.as_script):
            return
        elif not self.problem:
            yield "NO_AUTHOR_SIGN_OFF", make_hit(number, author=from_byte_text(author))
        else:
            yield (
                "FROM_SIGN_OFF_MISMATCH",
                make_hit(
                    number,
                    self.problem,
                    author=from_byte_text(author),
                    signer=from_byte_text(self.text),
                ),
            )


def _bad_signoff_hit(line: ScannedLine, case: str, **values: str) -> tuple[str, Hit]:
    return "BAD_SIGN_OFF", line.make_hit_here(None, case, **values)


def _check_tag(
    lines: LineScan,
    line: ScannedLine,
    match: re.Match[str],
    author: str,
    previous_tags: set[str],
    known: Collection[str],
) -> TypedHits:
    bad = partial(_bad_signoff_hit, line)
    before, tag, after, value = match.groups()
    normal = tag[:1].upper() + tag[1:].lower()
    if not (_KNOWN_TAG.search(tag) or tag.lower() in known):
        similar = next((name for name in _STANDARD if _edit_distance(tag, name) <= 2), "")
        case = "near" if similar else "unknown"
        yield "UNKNOWN_TAG", line.make_hit_here(None, case, tag=tag, near=similar)
    if before:
        yield bad("space-before", tag=normal)
    if tag.lower().endswith("-by:") and tag != normal:
        yield bad("capitals", tag=tag, usual=normal)
    if after != " ":
        yield bad("space-after", tag=normal)
    if tag.lower().startswith("assisted-by:"):
        if not _AGENT.match(value):
            yield bad("agent")
        return
    yield from _check_value(line, value, in_text=tag.islower() and "-" not in tag)
    compact = re.sub(r"[ \t\n\r\f\v]+", "", line.text).lower()
    if compact in previous_tags:
        yield bad("repeated")
    previous_tags.add(compact)
    if tag.lower() == "co-developed-by:":
        if value == author:
            yield bad("author-is-co-developer", author=author)
        yield from _check_co_developer(lines, line, value)


def _check_value(line: ScannedLine, value: str, *, in_text: bool) -> TypedHits:
    bad = partial(_bad_signoff_hit, line)
    box = parse_mailbox(value)
    better = box.format_mailbox()
    if not better:
        # the line may be prose that starts with "to:"
        yield bad("text" if in_text else "no-address", value=value)
        return
    if parse_mailbox(better) != box:
        yield bad("address-form", value=value, better=better)
    if _ADDRESS_COMMENT.sub("", box.address) != box.address:
        yield bad("comment-in-address", address=box.address)
    if len(_NAME_COMMENT.findall(box.comment)) > 1:
        yield bad("comments", value=value)
    if _STABLE.match(value):
        if box.name or (box.rest and not (box.rest.startswith("#") and len(box.rest) > 1)):
            yield (
                "BAD_STABLE_ADDRESS_STYLE",
                line.make_hit_here(right=_format_stable_address(box), value=value),
            )
    elif box.rest and not (
        (box.rest[0] == "#" and len(box.rest) > 1)
        or (box.rest[0] == "(" and box.rest[-1] == ")" and len(box.rest) > 2)
    ):
        yield bad("after-address", value=value)


def _format_stable_address(box: Mailbox) -> str:
    words = re.sub(r'[a-zA-Z\s\-"]+', "", box.name)
    suffix = re.sub(r"^\((.*)\)$", r"\1", box.rest)
    suffix = re.sub(r"^\[(.*)\]$", r"\1", suffix).lstrip(" \t#").rstrip()
    if words != suffix:
        suffix = f"{suffix} {words}".strip()
    return f"{box.address} # {suffix}" if suffix else box.address


def _check_co_developer(lines: LineScan, line: ScannedLine, value: str) -> TypedHits:
    """Report a co-developer whose Signed-off-by is missing, or is not on the next line."""
    email = parse_mailbox(value).address.lower()
    signers = (_SIGNED.match(other.raw) for other in lines.lines)
    if email and not any(
        parse_mailbox(signer[1]).address.lower() == email for signer in signers if signer
    ):
        yield "CO_DEVELOPER_SIGN_OFF", line.make_hit_here(None, developer=value)
        return
    following = lines.lines[line.number].raw if line.number < len(lines.lines) else None
    signed = _SIGNED.match(following) if following is not None else None
    if not signed:
        yield _bad_signoff_hit(line, "co-developer-unsigned")
    elif signed[1] != value:
        yield _bad_signoff_hit(line, "co-developer-differs")


@lru_cache(maxsize=256)
def _edit_distance(first: str, second: str) -> int:
    """Return the Levenshtein distance, ignoring case and hyphens."""
    first, second = first.lower().replace("-", ""), second.lower().replace("-", "")
    row = list(range(len(second) + 1))
    for i, char in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, against in enumerate(second, 1):
            cost = diagonal if char == against else 1 + min(diagonal, row[j], row[j - 1])
            diagonal, row[j] = row[j], cost
    return row[-1]
