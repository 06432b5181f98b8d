# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse references to other commits in a commit message: `Fixes:` lines, backports and reverts.

Only this module parses `Fixes:` lines (Documentation/process/submitting-patches.rst). It also
accepts malformed lines, which are indented or quoted, or have the wrong case, no colon, or `commit`
before the id. Other references are in the format of the stable trees
(Documentation/process/stable-kernel-rules.rst) or were written manually. This module also decides
whether a message claims to fix a bug.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from patchpilot.cache.cached_re import cached_search, lazy_pattern
from patchpilot.model.patch import Patch

_BLANK = r"[ \t\r\f\v]"


_LINE = lazy_pattern(
    rf"^(?P<before>[ \t\r\f\v>|]*)(?P<name>fixes)(?P<colon>{_BLANK}*:|)(?P<space>{_BLANK}*)"
    rf"(?:(?P<word>commit:?{_BLANK}*)?(?P<id>[0-9a-f]{{5,}})(?P<gap>{_BLANK}*))?(?P<rest>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)


_MENTION = lazy_pattern(r"\bfixes:\s*[0-9a-f]{12,40}", re.IGNORECASE | re.ASCII)


DIGITS = 12
"""Number of digits of the id in a `Fixes:` tag; more are needed only if it is ambiguous."""


class FixesLine(NamedTuple):
    """The parts of a line that begins with `Fixes`; joined in order, they are equal to the line.

    `before` contains spaces or quote marks (`>`, `|`). `colon` includes the spaces before the
    colon, and is "" if there is none. `word` is "commit" with an optional colon and spaces. `id`
    has 5 or more digits, and `gap` is the space after it. If there is no id, these parts are "" and
    `rest` is the whole value.
    """

    before: str
    name: str
    colon: str
    space: str
    word: str
    id: str
    gap: str
    rest: str

    @property
    def is_tag(self) -> bool:
        """Return whether bots accept the line as a tag.

        It must not be quoted and must not have a space before the colon.
        """
        return self.colon == ":" and self.is_unquoted

    @property
    def is_unquoted(self) -> bool:
        """Return whether only spaces precede the name, and the colon follows it directly."""
        return self.colon in ("", ":") and not self.before.strip()

    @property
    def commit_id(self) -> str:
        """Return the id, or "" if it is missing or if a colon follows the word `commit`."""
        return "" if ":" in self.word else self.id

    @property
    def is_spaced(self) -> bool:
        """Return whether a space separates the id from the word before it; this is true if there is
        no word.
        """
        return not self.word or self.word[-1].isspace()

    @property
    def value(self) -> str:
        """Return the text after the colon and its spaces."""
        return f"{self.word}{self.id}{self.gap}{self.rest}"

    @property
    def ends_id(self) -> bool:
        """Return whether there is an id, and no letter or digit follows it directly."""
        next_char = self.rest[:1]
        is_continued = (
            not self.gap and next_char.isascii() and (next_char.isalnum() or next_char == "_")
        )
        return bool(self.id) and not is_continued

    def has_digits(self, minimum: int, maximum: int = 40) -> bool:
        """Return whether the id is a complete word of at least `minimum` and at most
        `maximum` digits.
        """
        return self.ends_id and minimum <= len(self.id) <= maximum


def read_fixes_line(line: str) -> FixesLine | None:
    """Parse a line that begins with `Fixes`; return None for any other line."""
    match = _LINE.match(line)
    return _to_fixes_line(match) if match else None


def parse_fixes_lines(message: str) -> Iterator[FixesLine]:
    """Parse all lines of a message that begin with `Fixes`, in order."""
    return map(_to_fixes_line, _LINE.finditer(message))


def read_fixes_value(value: str) -> FixesLine:
    """Parse the value of a `Fixes` tag."""
    line = " ".join(value.split("\n"))
    fixes_line = read_fixes_line(f"Fixes: {line}")
    assert fixes_line is not None  # the pattern guarantees the name and the colon
    return fixes_line


def mentions_fixes_tag(line: str) -> bool:
    """Return whether a line contains `Fixes:` with an id of 12 or more digits."""
    return _MENTION.search(line) is not None


def _to_fixes_line(match: re.Match[str]) -> FixesLine:
    return FixesLine(**match.groupdict(""))


_MORE = lazy_pattern(r"[ \t]*(?:,|&|and\b)[ \t]*(?P<id>[0-9a-f]{7,40})\b", re.IGNORECASE)
_HEX = lazy_pattern(r"[0-9a-f]{7,40}", re.IGNORECASE)


_REVERT = lazy_pattern(
    r"\bthis\s+(?:patch\s+|commit\s+)?reverts\s+(?:the\s+)?(?:upstream\s+|stable\s+|mainline\s+)?(?:commits?\s+)?(?P<first>[0-9a-f]{7,40})\b"
    r"(?:\s*\([^)\n]*\)?)?(?P<more>(?:(?:\s*,\s*|\s+)(?:and\s+)?(?:commit\s+)?[0-9a-f]{12,40}\b)*)"
    r"(?:[\s,(]+which\s+(?:is|was)\s+(?:upstream\s+)?commit\s+(?P<upstream>[0-9a-f]{12,40})\b)?",
    re.IGNORECASE,
)


class FixedCommit(NamedTuple):
    """A commit in a `Fixes:` line.

    It consists of the id and the quoted subject, which is "" if there is none. The id has 7 to 40
    digits; it is in lower case but not completed.
    """

    id: str
    subject: str


def find_reverted_commits(message: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the ids that a message claims to revert, in lower case, and those among them that
    are the upstream commits of others.

    In "this reverts commit A, which is commit B upstream", both are reverted.
    """
    reverts: dict[str, None] = {}
    upstream: set[str] = set()
    for revert in _REVERT.finditer(message) if "reverts" in message.lower() else ():
        for commit_id in (revert["first"], *_HEX.findall(revert["more"])):
            reverts.setdefault(commit_id.lower())
        if revert["upstream"]:
            upstream.add(revert["upstream"].lower())
            reverts.setdefault(revert["upstream"].lower())
    return tuple(reverts), frozenset(upstream)


def find_fixed_commits(message: str) -> tuple[FixedCommit, ...]:
    """Return the commits in the `Fixes:` lines of a message, in order."""
    if "fixes" not in message.lower():
        return ()
    lines = parse_fixes_lines(message)
    return tuple(fixed for line in lines for fixed in _parse_fixed_commits(line))


def _parse_fixed_commits(line: FixesLine) -> list[FixedCommit]:
    """Return the commits in a `Fixes:` line.

    There is usually one, and none if the line has no id. A short decimal number counts as the
    number of a bug report unless a subject follows.
    """
    if not _is_readable(line):
        return []
    ids, remaining = [line.id], line.gap + line.rest
    while match := _MORE.match(remaining):
        ids.append(match["id"])
        remaining = remaining[match.end() :]
    subject = remaining.strip().lstrip(":-").strip()
    for opening, closing in ("()", '""', "''"):
        if subject.startswith(opening):
            subject = subject[1:].rstrip().removesuffix(closing).strip()
    return [
        FixedCommit(id_.lower(), subject if len(ids) == 1 else "")
        for id_ in ids
        if subject or not (id_.isdigit() and len(id_) < 10)
    ]


def _is_readable(line: FixesLine) -> bool:
    """Return whether spaces separate the words, and at most two spaces precede the name."""
    return (
        line.before in ("", " ", "  ")
        and line.is_unquoted
        and bool(line.space)
        and line.is_spaced
        and line.has_digits(7)
    )


_KINDS = {
    "revert": lazy_pattern(r"^revert\b", re.IGNORECASE),
    "merge": lazy_pattern(r"^merge\b", re.IGNORECASE),
    "cosmetic": lazy_pattern(
        r"\b(renam\w*|mov(?:e|es|ing|ed)|clean\s?-?ups?|cleanups?|refactor\w*|reorgani[sz]\w*|re-?indent\w*|reformat\w*|format\w*|white\s?space"
        r"|coding style|style|typos?|spelling|comments?|spdx|licen[cs]e\w*|prefix\w*|checkpatch|constify|const|split\w*|relocat\w*|reorder\w*"  # noqa: E501
        r"|drop\w*|remov\w*|unused|copyright|simplif\w*|consolidat\w*|unify|tidy|convert\w*|replac\w*|switch to|rework\w*|restructur\w*)\b",  # noqa: E501
        re.IGNORECASE,
    ),
    "fix": lazy_pattern(
        r"\b(fix\w*|correct\w*|avoid\w*|prevent\w*|bug\w*|leak\w*|crash\w*|handle|check"
        r"|(?<!a )(?<!the )missing|workaround)\b",
        re.IGNORECASE,
    ),
    "feature": lazy_pattern(
        r"\b(add\w*|support\w*|introduc\w*|implement\w*|enabl\w*|initial\w*|new|allow\w*|import\w*|create\w*|provid\w*|extend\w*)\b",
        re.IGNORECASE,
    ),
}


@lru_cache(maxsize=4096)
def classify_subject(subject: str) -> str:
    """Return the kind of change that a subject announces.

    It is "revert", "merge", "cosmetic", "fix", "feature" or "other". Prefixes (`net: foo:`) are
    ignored.
    """
    description = subject.rpartition(": ")[2]
    for name, pattern in islice(_KINDS.items(), 2):
        if pattern.search(subject):
            return name
    first_offsets = {
        name: match.start()
        for name, pattern in islice(_KINDS.items(), 2, None)
        if (match := pattern.search(description))
    }
    return min(first_offsets, key=lambda name: first_offsets[name]) if first_offsets else "other"


def find_fix_claim(title: str, message: Sequence[str], paths: Sequence[str] = ()) -> str:
    """Return the text in a message that claims to fix a bug, or "" if there is none.

    `message` contains the lines after the subject, and `paths` the changed files.
    """
    if is_cosmetic(title, paths):
        return ""
    kind = classify_subject(title)
    if kind == "revert":
        return "Revert"
    if claim := find_bug_word(title) or find_cure_text(title, message):
        return claim
    if claim := find_regression_text(title, message):
        return claim
    if kind == "fix":
        return title.rpartition(": ")[2]
    blamed = find_blamed_commit(title, message)
    return f"commit {blamed[1]}" if blamed else ""


_VERSION = r"(?:linux |kernel |release |version |the )*v?\d+\.\d+(?:\.\d+)?(?:-rc\d+)?\b"
_SINCE = lazy_pattern(
    rf"\b(?:since|starting (?:with|from)|(?:up|down)grad\w+ (?:from {_VERSION} )?to"
    rf"|updat\w+ (?:from {_VERSION} )?to) {_VERSION}",
    re.IGNORECASE,
)
_RUNS = r"(?:works?|worked|(?:is|was) (?:fine|ok|okay|good)|boots|booted)\b"
_IN = rf"\b(?:in|with|on|under|until|before|up to|till) {_VERSION}"
_WORKED = lazy_pattern(
    rf"{_IN},? (?:(?:it|this|that|everything|all|(?:the|my) \w+) )?(?:\w+ )?{_RUNS}"
    rf"|\b{_RUNS}[^.;]{{0,30}}{_IN}|\b{_VERSION} (?:still )?{_RUNS}",
    re.IGNORECASE,
)
_MISBEHAVES = lazy_pattern(
    r"\b(?:reboots?|resets? itself|freezes?|stalls?|does not (?:boot|work|start|resume|wake)"
    r"|doesn't (?:boot|work|start|resume|wake)|black screen|no (?:sound|picture|network|link|image)"
    r"|is gone|disappears?|vanish\w*|slow(?:er|s down)?|unusable)\b",
    re.IGNORECASE,
)


def find_regression_text(title: str, message: Sequence[str]) -> str:
    """Return the text in which a message reports that something worked in an earlier release.

    Return "" if there is none, or if the title announces a feature or a cleanup.
    """
    if _NEW.search(title) or _TIDIES.search(title):
        return ""
    text = " ".join((title, *message))
    since, worked = _SINCE.search(text), _WORKED.search(text)
    fails = _MISBEHAVES.search(text) or re.search(rf"\b(?:{_BREAKS})\b", text, re.IGNORECASE)
    if (since and (worked or fails)) or (worked and fails):
        match = since or worked
        return match[0] if match else ""
    return ""


def may_fix_bug(title: str, message: Sequence[str], paths: Sequence[str] = ()) -> bool:
    """Return whether a message may describe a bug although it does not claim a fix.

    It must mention a failure, and its title must not announce a feature or a cleanup.
    """
    return (
        classify_subject(title) == "other"
        and not is_cosmetic(title, paths)
        and _FAILS.search(" ".join((title, *message))) is not None
    )


def find_defect_text(title: str) -> str:
    """Return the text in a subject that describes a fixed crash, leak, race or similar defect.

    Return "" for other fixes, and for bugs outside of the code.
    """
    if not _CURED.search(title) or not find_bug_word(title) or is_cosmetic(title, ()):
        return ""
    match = _DEFECT.search(title)
    return match[0].strip() if match else ""


_CURED = lazy_pattern(
    r"\b(?:fix|avoid|prevent|plug|resolve|repair|correct|stop|close|handle)(?:e?s|ed|ing)?\b",
    re.IGNORECASE,
)

_DEFECT = lazy_pattern(
    r"(?:\bfix(?:e[sd]|ing)?(?: \w+)? )?\b(?:(?:kernel )?(?:panic|oops)(?:es)?|crash(?:es|ed)?|use[- ]after[- ]free|UAF|double[- ]free"  # noqa: E501
    r"|null[- ](?:ptr|pointer)(?:[- ]deref\w*)?|out[- ]of[- ]bounds?|OOB|overflow|underflow|(?:\w+ )?leak(?:s|age|ing)?|dead[- ]?lock"  # noqa: E501
    r"|race(?: condition)?|uninit(?:iali[sz]ed)?|regression|hang(?:s|ing)?|lockup|corruption|infinite loop|build (?:error|failure|break\w*))\b",  # noqa: E501
    re.IGNORECASE,
)


_FOLLOWS = lazy_pattern(
    r"[ ,]*(?:\(\".{0,200}?\"\)[ ,]*)?(?:\w+ ){1,5}(?:should|must|no longer need"
    r"|can (?:now |just |simply |also )*(?:use|drop|remove|set|call|rely"
    r"|be (?:removed|dropped|replaced|used)))\b"
)
"""Text after the name of a commit whose work the patch continues."""


def explains_missing_fixes(lines: Sequence[str]) -> bool:
    """Return whether the message explains why there is no Fixes: tag.

    Valid reasons are that the bug is older than the git history, or that no single commit
    introduced it.
    """
    return _NO_FIXES.search(" ".join(line.strip() for line in lines)) is not None


_NO_FIXES = lazy_pattern(
    r"(?:\b(?:no|not|cannot|without|omit\w*|lack\w*|skip\w*)|n['’]t)\b[^.]{0,40}\bfixes:?[\"'`]* (?:tags?|lines?)\b"  # noqa: E501
    r"|\b(?:pre-?dat(?:es?|ing)|older than|before|prior to)(?: \w+){0,3} git(?: history| era)?\b|\bpre-git\b|\bLinux-2\.6\.12-rc2\b",  # noqa: E501
    re.IGNORECASE,
)


def find_blamed_commit(title: str, lines: Sequence[str]) -> tuple[int, str] | None:
    """Return the line index and the id of the commit that a message blames for the bug, or None."""
    text = " ".join(lines)
    is_cleanup = _TIDIES.search(title)
    # the search continues right after each commit, because the following text may name another one
    for match in re.finditer(r"\b[Cc]ommit (?P<id>[0-9a-f]{7,40})\b(?=(?P<after>.{0,400}))", text):
        after = match["after"]
        before = text[max(0, match.start() - 60) : match.start()]
        if cached_search(
            r"(?:[Rr]everts?|[Uu]pstream|following|similar to|as in|like|same as|see|based on"
            r"|described in|support for .*introduced (?:by|in|with)|after applying"
            r"|backport\w*)\W*(?:this )?$",
            before,
        ) or (before.rstrip().lower().endswith("since") and _FOLLOWS.match(after)):
            continue
        if is_cleanup and _NO_USE.search(f"{before}{after[:300]}"):
            # a commit that left code unused is not blamed for a bug, because removing the code is a
            # cleanup
            continue
        if (
            (cached_search(r"\b[Ss]ince\W*$", before) and _describes_failure(after))
            or (
                cached_search(r"\b[Aa]s(?: (?:it|this|we|they) \w+)? before\W*$", before)
                and _FAILS.search(text)
            )
            or cached_search(
                r"\b(?:[Cc]aused by|[Bb]roken by|[Bb]roke (?:by|in|with)|[Ii]ntroduced"
                r" (?:by|in|with)|[Bb]isect\w*.{0,40})\W*$",
                before,
            )
            or re.search(
                (
                    r"^[^.]{0,160}\b(?:introduced (?:a |an |the )?(?:\w+ )?(?:bug|regression|problem|issue|leak|race)|broke\b|breaks\b"  # noqa: E501
                    r"|forgot|missed|causes?d? |overlooked|wrongly|accidentally|mistakenly|inadvertently)"  # noqa: E501
                    r"|\b(?:However|Unfortunately|But now|But this|This (?:broke|breaks|causes|caused|leads|means))\b.{0,200}\b(?:fail\w*"  # noqa: E501
                    r"|exit|crash\w*|error|broke\w*|wrong|return|leak\w*|hang\w*|oops|regression|no longer|not work\w*|warning|E[A-Z]{3,})\b"  # noqa: E501
                ),
                after,
            )
        ):
            line = next(
                (index for index, line in enumerate(lines) if match["id"][:7] in line),
                0,
            )
            return line, match["id"][:12]
    return None


def _describes_failure(following: str) -> bool:
    """Return whether the sentence about a commit, or the next one, describes a failure.

    The quoted title of the commit is ignored.
    """
    sentences = re.split(r"\.\s+(?=[A-Z])", re.sub(r"^\W*\(\".*?\"\)", "", following))
    return re.search(rf"\b(?:{_BREAKS})\b", ". ".join(sentences[:2]), re.IGNORECASE) is not None


def describes_harm(title: str, lines: Sequence[str]) -> bool:
    """Return whether a title or message describes a failure.

    The message may mention an earlier commit without blaming it.
    """
    if _TIDIES.search(title):
        return find_bug_word(title) is not None
    return bool(
        find_bug_word(title) or find_cure_text(title, lines) or _FAILS.search(" ".join(lines))
    )


_TIDIES = lazy_pattern(
    r"(?:^|: (?:\([^()]*\) )?)(?:re)?(?:move|drop|delete|clean|simplify|unify|unexport|use|switch|convert|replace|get rid|stop using|make|rename|consolidate|merge"  # noqa: E501
    r"|kill|retire|factor|inline|fold|constify|mark|reduce|shrink|update|don't|do not|no need)(?:e?s|e?d|ing)?\b|\b(?:unused|obsolete|redundant|unneeded|dead code)\b",  # noqa: E501
    re.IGNORECASE,
)
_NO_USE = lazy_pattern(
    r"\b(?:no longer (?:\w+ )?(?:used?|needed|required|necessary|called|exists?|has|have|referenced|any)|not (?:used|needed|required|necessary)"  # noqa: E501
    r"(?: any ?more)?|unused|redundant|unneeded|unnecessary|needless|obsolete|superfluous|pointless|useless|dead code|no (?:more )?(?:in-tree )?"  # noqa: E501
    r"(?:users?|callers?|need)|(?:can|could) (?:now |be |therefore |safely |also )+|is (?:now )?(?:possible|available|supported)|last user|only user"  # noqa: E501
    r"|any ?more|leftovers?)\b",
    re.IGNORECASE,
)


_BUG = lazy_pattern(
    r"\b(?:fix(?:e[sd]|ing)?|(?:kernel )?(?:panic|oops)(?:es)?|crash(?:es|ed)?|use[- ]after[- ]free|UAF|double[- ]free"  # noqa: E501
    r"|null[- ](?:ptr|pointer)[- ]?(?:deref\w*|dereference)?|out[- ]of[- ]bounds?|OOB|overflow|underflow|"  # noqa: E501
    r"(?:memory|resource|refcount|reference|\w+) leak(?:s|age)?|leak(?:s|ing)?|dead[- ]?lock|race(?: condition)?"  # noqa: E501
    r"|uninit(?:ialized|ialised)?(?:[- ]\w+)?|regression|hang(?:s|ing)?|lockup|corruption|infinite loop|build (?:error"  # noqa: E501
    r"|failure|break\w*)|wrong|incorrect|broken|invalid|missing|correctly)\b",
    re.IGNORECASE,
)


_PREFIX = lazy_pattern(
    r"(?!(?:\w+ ){0,2}(?:bug)?fix(?:e[sd]|ing|up)?(?![\w-]))"
    r"(?:[^\s:()]+(?: [^\s:()]+){0,2}(?: ?\([^)]*\))?:|\([\w/,. -]+\))\s+",
    re.IGNORECASE,
)
_COMPOUND = lazy_pattern(r"\b(?:fixed|broken)-(?=\w)", re.IGNORECASE)
"""The start of a name such as fixed-mmio or broken-hpi."""


def _strip_prefixes(title: str) -> str:
    """Remove prefixes, and "fixed-" or "broken-" at the start of names, from a title.

    A prefix that is a word for a fix is kept.
    """
    start = 0
    while match := _PREFIX.match(title, start):
        start = match.end()
    return _COMPOUND.sub("", title[start:])


_FIXED_NOUN = lazy_pattern(
    # at the start of a title, "fix" is a verb
    r"(?:(?!^)\b(?:fix(?:es)?)|\bfixed|^fix(?:es)?(?=-| up))"
    r"[- ](?:rate|point|up|size|width|length|link|layout|regulator|clock)\b"
    # a defect cannot be fixed in this sense
    r"(?! (?:\w+ ){0,2}(?:leak|overflow|underflow|dead-?lock|race|crash|panic|oops|hang|lock-?up"
    r"|corruption|regression|use-after-free|double[- ]free|null|out[- ]of[- ]bounds?|UAF|OOB))"
    r"|\bfixup\b",
    re.IGNORECASE,
)
"""Names such as "fixed clock" and "fix-up"."""


def find_bug_word(title: str) -> str | None:
    """Return the word for a bug or a fix that follows the prefixes of a subject, or None."""
    title = _strip_prefixes(title)
    match = _BUG.search(title)
    if not match or _FIXED_NOUN.search(title):
        return None
    weak = match[0].lower() in (
        "wrong",
        "incorrect",
        "broken",
        "invalid",
        "missing",
        "race",
        "overflow",
        "underflow",
    )
    if weak and not cached_search(
        r"\b(?:fix|correct|prevent|avoid|add|handle|repair|resolve)\w*\b",
        title,
        re.IGNORECASE,
    ):
        return None
    if match[0].lower() == "missing" and not re.search(
        (
            r"\bmissing \w*(?:check|put|free|unlock|clk|error|unwind|return|disable|release|null|of_node_put|module_device|break"  # noqa: E501
            r"|barrier|lock|init|validation)"
        ),
        title,
        re.IGNORECASE,
    ):
        return None
    return match[0]


_CRASH = lazy_pattern(
    r"(?:(?-i:\b(?:BUG|KASAN|KMSAN|UBSAN|Oops): |\bINFO: (?:task|rcu|lockdep|possible|trying)\b)|\bcall trace:|\bgeneral protection fault\b"  # noqa: E501
    r"|\bunable to handle (?:kernel|page)\b|\b(?:possible|inconsistent) (?:circular|recursive) locking\b|\bkernel (?:panics?|oops(?:es)?)\b"  # noqa: E501
    r"|\b(?:the|this) (?:kernel|system|machine|board|driver) (?:\w+ )?(?:panics?|oops(?:es)?|crash(?:es|ed)?)\b|\boopses\b"  # noqa: E501
    r"|\bnull[- ]p(?:oin)?te?r[- ](?:deref\w*|access)\b)",
    re.IGNORECASE,
)


BUG_SIGN = r"(?:BUG: K.|UB)SAN: |Call Trace:|stable@|syzkaller"
"""Signs of a fix, according to checkpatch.pl."""


def find_crash_text(title: str, lines: Sequence[str]) -> str:
    """Return the text in a title or message that shows a kernel crash, such as "BUG:".

    Return "" if there is none, or if the title announces a new feature or a cleanup.
    """
    return _first_affirmed_match(_CRASH, title, (title, *lines)).strip(" :")


def _first_affirmed_match(pattern: re.Pattern[str], title: str, lines: Sequence[str]) -> str:
    """Return the first match that is not negated.

    Return "" if there is none, or if the title announces a new feature or a cleanup.
    """
    is_cleanup = _TIDIES.search(title) and _NO_USE.search(title)
    if _NEW.search(title) or (is_cleanup and not re.search(BUG_SIGN, "\n".join(lines))):
        return ""
    # titles of other commits are quoted, so ignore words in them
    text = re.sub(r"\(\"[^\"]*\"\)", "", " ".join(lines))
    return next(
        (
            match[0]
            for match in pattern.finditer(text)
            if not _DENIED.search(text[max(0, match.start() - 24) : match.start()])
        ),
        "",
    )


_NEW = lazy_pattern(
    r"\b(?:support|introduce|implement|new driver|document|dt-bindings|selftests?|convert"
    r"|rework|refactor)\b",
    re.IGNORECASE,
)


def find_cure_text(title: str, lines: Sequence[str]) -> str | None:
    """Return the text in the message about a bug that the subject does not mention.

    Return None if there is none, or if the subject announces a new feature.
    """
    if cure := _first_affirmed_match(_CURE, title, lines):
        return cure
    guard = _GUARDS.search(title)
    harm = guard and _HARM.search(" ".join(lines))
    if guard and harm and not _NEW.search(title):
        return guard["guard"]
    return None


_DENIED = lazy_pattern(
    r"(?:\bnot|n't|n’t|\bnever|\bwithout|\bno longer|\bcannot|\bnor)(?: \w+)? $",
    re.IGNORECASE,
)
_GUARDS = lazy_pattern(
    r": (?:\([^()]*\) )?(?P<guard>validate|sanity[- ]check|check (?:that|for|return|the return|size|length|range|bounds|null)|prevent|restore|reject|invalidate"  # noqa: E501
    r"|bail out|don't|do not|properly|really|unmask|clear|limit|bound|make sure|ensure|drop (?:the |a )?reference|put|release|initiali[sz]e"  # noqa: E501
    r"|disable .* (?:for|on|with))\b",
    re.IGNORECASE,
)
_HARM = lazy_pattern(
    r"\b(?:crash(?:es|ed)?|oops|panic|hangs?|corrupt\w*|out[- ]of[- ]bounds|overflow\w*|use[- ]after[- ]free|dereferenc\w+|stale|garbage|leak\w*"  # noqa: E501
    r"|uninitiali[sz]ed|no longer works?|does(?: not|n't) work|stops? working|fail(?:s|ed|ure)|broken|never (?:called|freed|released|set))\b",  # noqa: E501
    re.IGNORECASE,
)


_CURE = lazy_pattern(
    rf"{_CRASH.pattern}|\b(?:WARNING: CPU: \d+|refcount_t: underflow"
    r"|fix(?:es|ed)? (?:the|this|that|these|it|a|an) (?:\w+ ){0,2}(?:problem|issue|bug|crash|leak|race|error|warning"  # noqa: E501
    r"|regression|deadlock|overflow)s?|to fix this|use[- ]after[- ]free|double[- ]free"
    r"|fail(?:s|ed|ing)? with (?:the |an )?(?:error )?-E[A-Z]{2,}"
    r"|out[- ]of[- ]bounds? (?:read|write|access)|buffer overflow|memory leak"
    r"|(?:leads?|leading|results?|resulting) (?:to|in) (?:a |an |the )?(?:[\w-]+,? ){0,4}"
    r"(?:crash(?:es)?|panics?|deadlocks?|hangs?|leaks?|freezes?|reboots?|lock-?ups?|oops(?:es)?|stalls?|corruptions?)"
    r"|fix(?:es|ed)? (?:the|this|that|a|an) (?:\S+ ){1,2}regression|(?:print|read|us|access)(?:s|e|es|ing)? (?:\w+ )?uninitiali[sz]ed \w+)\b",  # noqa: E501
    re.IGNORECASE,
)


_BREAKS = (
    r"crash\w*|oops\w*|panic\w*|hangs?|hung|dead-?locks?|corrupt\w*|overflow\w*|dereferenc\w+|leak\w*|regress\w*|broke|broken|breaks?|breakage"
    r"|fails?|failed|failing|failures?|no longer|(?:does|do|did) not|(?:does|do|did|ca)n['’]t|can ?not|stop(?:s|ped)? working|wrong\w*|incorrect\w*"  # noqa: E501
    r"|splat|warn(?:s|ing|ings)|forgot|missed|mistakenly|accidentally|inadvertently|unintended"
)
_FAILS = lazy_pattern(rf"\b(?:{_BREAKS}|bug|issue|problem|error|never)\b", re.IGNORECASE)


def is_cosmetic(title: str, paths: Sequence[str]) -> bool:
    """Return whether a fix only changes spelling, style, comments or documentation.

    Such a fix does not affect the running kernel.
    """
    if re.search(
        (
            r"\b(?:typos?|spelling|white ?space|indent\w*|coding style|checkpatch|comments?|kernel-?doc|grammar|formatting|w=1"  # noqa: E501
            r"|sparse|style|alignment|maintainers|email|documentation|wording)\b"
        ),
        title.lower(),
    ):
        return True
    return changes_only_documents(paths)


BINDINGS = "Documentation/devicetree/bindings/"


def changes_only_documents(paths: Sequence[str]) -> bool:
    """Return whether a change affects only documentation.

    Devicetree bindings do not count as documentation.
    """
    return bool(paths) and all(
        (
            path.startswith(("Documentation/", "MAINTAINERS", ".mailmap", "CREDITS", "LICENSES/"))
            and not path.startswith(BINDINGS)
        )
        or path.endswith((".rst", ".md"))
        for path in paths
    )


def only_adds_device_ids(patch: Patch) -> bool:
    """Return whether a patch only adds an entry to a table of devices.

    Such a patch needs no explanation. The stable trees accept it although it does not fix a bug.
    """
    added = [line.text for change in patch.files for line in change.lines("+") if line.text.strip()]
    return 0 < len(added) <= _ENTRY and any(
        cached_search(
            r"0x[0-9a-fA-F]{4}|_DEVICE|DMI_MATCH|compatible|^\s+- \S+,\S+$|enum:",
            added_text,
        )
        for added_text in added
    )


_ENTRY = 8
