# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the subject: its prefix, its words, its [PATCH] prefix."""

from collections.abc import Iterator
from itertools import pairwise

from patchpilot.cache import cached_re
from patchpilot.lint.conditions import is_mail
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.generic import subject_line
from patchpilot.lint.english_verbs import imperative_of
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compiled
from patchpilot.lint.subsystem_facts import subsystem
from patchpilot.lint.usual_prefix import COMMITS, alike, learned_prefix, paths_asked
from patchpilot.lint.word_lists import word_set
from patchpilot.model.finding import FindingFix
from patchpilot.model.patch import Patch

_PREFIX = cached_re.compile(
    r"^(?P<prefix>[^\s:][^:]{0,50}?(?:: ?\([^)]{1,40}\)| \([^)]{1,40}\))?)\s*:\s*(?P<rest>.*)$"
)


def split_prefix(title: str) -> tuple[tuple[str, ...], str]:
    """Returns the prefixes of a title and the rest: "net: phy: fix it" gives (("net", "phy"), "fix
    it").
    """
    prefixes: list[str] = []
    rest = title
    while found := cached_re.match(
        r"^([\w./+@,*{}|&<>=-]+(?:\s?\([^)]*\)|\[[^\]]*\])?(?:"
        r" [\w./(),-]+){0,2})\s*:(?!:)\s*(?=\S)(.*)$",
        rest,
    ):
        if len(found[1]) > 50 or (prefixes and len(found[1].split()) > 2):
            break
        prefixes.append(found[1])
        rest = found[2]
    # the hwmon form: "hwmon: (driver) do it"
    if prefixes and (found := cached_re.match(r"^(\([\w/,. -]+\))\s+(.*)$", rest)):
        prefixes.append(found[1])
        rest = found[2]
    return tuple(prefixes), rest


def _plain(context: Context) -> str | None:
    """Returns the title if it is written for a change (not a revert, merge, release or cover
    letter).
    """
    title = context.patch.subject.title
    if not title or cached_re.match(r"(?:Revert|Reapply) \"|Merge |Linux \d", title):
        return None
    return title


@detector(
    "no-prefix",
    {"": "", "loose-file": "", "other-sign": "instead", "loose-file-other-sign": "instead"},
)
def no_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a title without a subsystem prefix.

    Less severe for a patch file that names no recipient, which may never go to a list.
    """
    patch = context.patch
    title = _plain(context)
    if title is None or not patch.has_diff or cached_re.match(r"(?:fixup|squash|amend)!", title):
        return
    prefixes, _ = split_prefix(title)
    if prefixes or cached_re.match(r"^[\w/.-]+：", title):
        return
    near = cached_re.match(r"^(\w[\w/-]*)(?: -|;| \()", title)
    case = "" if patch.commit or is_mail(patch) else "loose-file"
    usual = (
        learned_prefix(patch.paths) if context.history is None and context.project.kernel else None
    )
    fix = (
        FindingFix("suggest", f'other patches to {usual.where} have "{usual.text}:"')
        if usual
        else None
    )
    if near:
        yield Hit(
            subject_line(context),
            case="other-sign" if not case else "loose-file-other-sign",
            fix=fix,
            values={"instead": near[1]},
        )
    else:
        yield Hit(subject_line(context), case=case, fix=fix)


@detector(
    "path-prefix",
    {"directory": "prefix instead", "directory-without-prefix": "prefix instead", "file": "prefix"},
)
def path_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a prefix that is a directory or a file name instead of the subsystem's short name."""
    title = _plain(context)
    prefixes, _ = split_prefix(title or "")
    if not prefixes:
        return
    first = prefixes[0]
    if cached_re.match(
        r"^(?:drivers?|kernel|Documentation/devicetree\S*|drivers/\S+|include/\S+|sound/\S+|Documentation/devicetree)$",
        first,
        cached_re.IGNORECASE,
    ) and not (first == "Drivers" and len(prefixes) > 1):
        # "Drivers: hv:" is the usual prefix of its subsystem, not a path
        better = (
            prefixes[1]
            if first.lower() in ("driver", "drivers")
            and len(prefixes) > 1
            and prefixes[1] != "base"
            else "dt-bindings"
            if "devicetree" in first
            else None
        )
        values = {"prefix": first, "instead": better or ""}
        yield Hit(
            subject_line(context),
            case="directory" if better else "directory-without-prefix",
            values=values,
        )
    elif cached_re.search(r"\.(?:c|h|S|dts|dtsi|yaml|rst|txt)$", first):
        yield Hit(subject_line(context), case="file", values={"prefix": first})


@detector("missing-patch-prefix")
def missing_patch_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a mail or patch file with a diff whose subject has nothing in brackets."""
    patch = context.patch
    if (
        patch.has_diff
        and patch.commit is None
        and patch.header("Date")
        and patch.subject.title
        and not _is_marked(patch)
    ):
        yield Hit(subject_line(context))


def _is_marked(patch: Patch) -> bool:
    """Whether the subject starts with brackets: that of the mail, where a Subject: in its body has
    the title of the commit.
    """
    return (
        bool(patch.subject.marks)
        or cached_re.match(r"\s*\[", patch.header("Subject") or "") is not None
    )


@detector("repeated-prefix", {"number": "", "prefix": "prefix"})
def repeated_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports the same prefix twice, or a second series number outside of the brackets."""
    title = context.patch.subject.title
    prefixes, rest = split_prefix(title)
    # the driver drivers/video/backlight/backlight.c has the prefix "backlight: backlight:"
    drivers = {
        cached_re.sub(r"\.\w+$", "", path.rpartition("/")[2]).lower()
        for path in context.patch.paths
    }
    for first, second in pairwise(prefixes):
        if first.lower() == second.strip("()").lower() and first.lower() not in drivers:
            yield Hit(subject_line(context), case="prefix", values={"prefix": first})
            return
    marks = [
        word
        for mark in context.patch.subject.marks
        for word in cached_re.findall(r"\b\d+/\d+\b", mark)
    ]
    if len(marks) > 1 or cached_re.match(r"\(?\d+/\d+\)?\b", rest):
        yield Hit(subject_line(context), case="number")


@detector("subject-characters", {"non-ascii": "code", "capitals": ""})
def subject_characters(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a character that is not ASCII and has an ASCII form that everybody can type and
    search for.
    """
    title = context.patch.subject.title
    if found := cached_re.search(
        r"[\u2010-\u2015\u2018-\u201f\u2026\u3000-\u303f\uff00-\uffef\u00a0]", title
    ):
        yield Hit(subject_line(context), case="non-ascii", values={"code": f"{ord(found[0]):04X}"})
    _, rest = split_prefix(title)
    letters = cached_re.findall(r"[A-Za-z]", rest)
    if len(rest.split()) >= 4 and len(letters) >= 15 and rest.isupper():
        yield Hit(subject_line(context), case="capitals")


@detector("vague-subject", {"this-patch": "quoted", "vague": "subject", "one-word": "subject"})
def vague_subject(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a subject that does not say what changes."""
    title = _plain(context)
    if title is None:
        return
    prefixes, rest = split_prefix(title)
    meaningful = [
        word
        for word in cached_re.findall(r"[a-z0-9_+'-]+", rest.lower())
        if word not in word_set("message", "vague")
    ]
    if found := cached_re.match(
        r"(?:a )?patch (?:to|for|that)\b|\b[Tt]his (?:patch|commit|change)\b",
        rest,
        cached_re.IGNORECASE,
    ):
        yield Hit(subject_line(context), case="this-patch", values={"quoted": found[0]})
    elif rest and not meaningful and not cached_re.search(r"\d", rest):
        yield Hit(subject_line(context), case="vague", values={"subject": rest})
    elif len(rest.split()) == 1 and prefixes and context.patch.has_diff:
        yield Hit(subject_line(context), case="one-word", values={"subject": rest})


@detector("subject-not-imperative", "quoted verb")
def subject_not_imperative(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a title that is not imperative ("fixed", "adds", "adding")."""
    title = _plain(context)
    if title is None:
        return
    _, rest = split_prefix(title)
    found = cached_re.match(r"(?P<verb>[A-Za-z]+)\s+\S", rest)
    if not found:
        return
    verb, order = found["verb"], imperative_of(found["verb"])
    if order and not (
        verb.lower() in word_set("message", "nouns")
        or cached_re.match(r"[A-Za-z]+ing\s+(?:of|is|for|fix|fixes|cleanups?)\b", rest)
        or cached_re.match(r"\w+ (?:to|for|in|of)\b", rest)
    ):
        yield Hit(subject_line(context), values={"quoted": verb, "verb": order})


@detector(
    "patch-prefix",
    {
        "outside": "",
        "unread": "quoted",
        "two-marks": "",
        "reply": "quoted",
        "unrecognized": "",
        "number": "number total",
        "no-mark": "",
    },
)
def patch_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a version or the word PATCH outside of the brackets, or in a form that tools do not
    parse.
    """
    patch = context.patch
    title = patch.subject.title
    if cached_re.match(r"^\(?[vV]\d{1,2}\)?\s*[:\]-]?\s+\S", title) or cached_re.search(
        r"\s[\[(][vV]\d{1,2}[\])]$", title
    ):
        yield Hit(subject_line(context), case="outside")
    elif unread := _unread_version(patch):
        yield Hit(subject_line(context), case="unread", values={"quoted": unread})
    elif len([mark for mark in patch.subject.marks if cached_re.search(r"\bPATCH\b", mark)]) > 1:
        yield Hit(subject_line(context), case="two-marks")
    elif (
        patch.has_diff
        and (
            found := cached_re.match(
                r"\s*((?:Re|Fwd?|FW|AW|WG)\s*:)", patch.subject.raw, cached_re.IGNORECASE
            )
        )
        and _signed(patch)
    ):
        yield Hit(subject_line(context), case="reply", values={"quoted": found[1]})
    elif cached_re.match(r"^PATCH\b", title) or (
        patch.subject.words
        and not patch.subject.is_patch
        and cached_re.search(r"\bpatch", " ".join(patch.subject.words), cached_re.IGNORECASE)
    ):
        yield Hit(subject_line(context), case="unrecognized")
    elif (
        patch.subject.number is not None
        and patch.subject.total
        and patch.subject.number > patch.subject.total
    ):
        yield Hit(
            subject_line(context),
            case="number",
            values={"number": patch.subject.number, "total": patch.subject.total},
        )
    elif (
        patch.header("Message-ID")
        and patch.has_diff
        and not patch.subject.is_patch
        and not _is_marked(patch)
    ):
        yield Hit(subject_line(context), case="no-mark")


def _unread_version(patch: Patch) -> str | None:
    """Returns a version or number in the brackets in a form that no tool parses: "version 2",
    "ver2", "1 of 3".
    """
    if patch.subject.version > 1:
        return None
    marks = " ".join(patch.subject.marks)
    found = cached_re.search(
        r"\b(?:version\s*|ver\.?\s*|rev\.?\s*|v\.\s*|v\s+|PATCH[,-]\s*v)\d+\b|\b\d+ of \d+\b",
        marks,
        cached_re.IGNORECASE,
    )
    return found[0] if found else None


def _signed(patch: Patch) -> bool:
    return any(tag.key == "signed-off-by" for tag in patch.trailers)


_BINDINGS = "Documentation/devicetree/bindings/"


@detector("binding-subject", {"format": "", "driver": "", "": "quoted"})
def binding_subject(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a binding's subject that repeats its prefix ("dt-bindings: … bindings", "YAML",
    "schema").
    """
    prefixes, rest = split_prefix(context.patch.subject.title)
    if not any(
        prefix.lower() in ("dt-bindings", "dt-binding", "dt_bindings", "bindings")
        for prefix in prefixes
    ):
        return
    found = cached_re.search(
        r"\b(?:dt[- ]?)?(?:bindings?(?: doc\w*)?|device ?tree bindings?|yaml"
        r" (?:schema|doc\w*)|documentation)\b",
        rest,
        cached_re.IGNORECASE,
    )
    if cached_re.search(r"(?<![.\w-])(?:yaml|json)\b(?!.*schema)", rest, cached_re.IGNORECASE):
        yield Hit(subject_line(context), case="format")
    elif cached_re.search(r"\bdrivers?\b", rest, cached_re.IGNORECASE) and all(
        path.startswith(_BINDINGS) for path in context.patch.paths
    ):
        yield Hit(subject_line(context), case="driver")
    elif found and not cached_re.match(
        r"(?:convert|[Mm]ove|[Rr]evert)", rest, cached_re.IGNORECASE
    ):
        yield Hit(subject_line(context), values={"quoted": found[0]})


@detector(
    "prefix-convention",
    {
        "": "prefix instead subsystem",
        "learned": "prefix usual folder total",
        "part": "prefix usual folder total",
    },
)
def prefix_convention(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a title without the prefix that the subsystem documents or, where there is no
    history, that other patches to the directory have.
    """
    patch = context.patch
    title = _plain(context)
    # markers of a vendor's tree have their own rule
    marks = (
        r"^(?:(?:FROM\w+(?:\([^)]*\))?|WIP|HACK|UPSTREAM|BACKPORT|ANDROID|CHROMIUM|RFC)\s*:\s*)+"
    )
    title = cached_re.sub(marks, "", title or "")
    prefixes, _ = split_prefix(title)
    # a directory as a prefix has its own rule
    if (
        not title
        or not prefixes
        or not patch.has_diff
        or not context.project.kernel
        or any(path_prefix(context, {}))
    ):
        return
    own = subsystem(context)
    written = ": ".join(prefixes)
    if own and own.prefix_pattern and not compiled(own.prefix_pattern).search(title):
        yield Hit(
            subject_line(context),
            values={"prefix": written, "instead": own.prefix, "subsystem": own.title},
        )
    elif context.history is None and (
        usual := learned_prefix([path for path in patch.paths if path != "MAINTAINERS"])
    ):
        values = {
            "prefix": written,
            "usual": usual.text,
            "folder": usual.where,
            "total": usual.total,
        }
        if not usual.is_known(prefixes[0]) and not cached_re.search(
            r"tree-?wide", prefixes[0], cached_re.IGNORECASE
        ):
            yield Hit(subject_line(context), case="learned", values=values)
        elif alike(prefixes[0], usual.best) and not usual.has_further(prefixes):
            yield Hit(subject_line(context), case="part", values=values)


_STRONG_SHARE = 0.9
_LEAST_TITLES = 10


@detector("case-after-prefix", {"": "word usual subsystem", "learned": "word usual"})
def case_after_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports a first word after the prefix in the other case than the subsystem wants, or than
    nearly all other subjects of the files have.
    """
    title = _plain(context)
    if title is None or not context.patch.has_diff or not context.project.kernel:
        return
    word, case = _first_word(title), case_of(title)
    if not case:
        return
    own = subsystem(context)
    learned = _learned_case(context)
    if own and own.after_prefix and own.after_prefix != case and learned != case:
        yield Hit(
            subject_line(context),
            values={"word": word, "usual": _CASES[own.after_prefix], "subsystem": own.title},
        )
    elif learned and learned != case and not (own and own.after_prefix):
        yield Hit(
            subject_line(context), case="learned", values={"word": word, "usual": _CASES[learned]}
        )


_CASES = {"capital": "a capital letter", "lower": "a lower-case letter"}


def _first_word(title: str) -> str:
    """Returns the first word after the prefixes, and after a driver in the form "Input: driver - do
    this".
    """
    return cached_re.sub(r"^[\w/.,()]+ - ", "", split_prefix(title)[1]).split(" ", 1)[0]


def case_of(title: str) -> str:
    """Returns "capital" or "lower" for the first word after the prefixes; "" without prefixes, and
    where the word may be a name or a number.
    """
    prefixes, _ = split_prefix(title)
    word = _first_word(title)
    if not prefixes:
        return ""
    if cached_re.fullmatch(r"[A-Z][a-z]+", word):
        return "capital"
    return "lower" if cached_re.fullmatch(r"[a-z]+", word) else ""


def _learned_case(context: Context) -> str:
    """Returns the case of the first words of nearly all subjects in the history of the files, or by
    the table where there is no history; "" if mixed.
    """
    if context.history is None:
        usual = learned_prefix([path for path in context.patch.paths if path != "MAINTAINERS"])
        return usual.case if usual else ""
    for paths in paths_asked(context.patch):
        cases = [
            case
            for subject in context.history.subjects_touching(paths, COMMITS)
            if (case := case_of(subject))
        ]
        if len(cases) >= _LEAST_TITLES:
            return next(
                (case for case in _CASES if cases.count(case) / len(cases) >= _STRONG_SHARE), ""
            )
    return ""
