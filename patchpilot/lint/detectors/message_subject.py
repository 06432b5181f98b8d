# SPDX-License-Identifier: GPL-2.0-or-later
"""What maintainers say of a subject line."""

from collections.abc import Iterator
from itertools import pairwise

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.generic import subject_line
from patchpilot.lint.english_verbs import imperative_of
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compiled
from patchpilot.model.patch import Patch

_PREFIX = re.compile(r"^(?P<prefix>[^\s:][^:]{0,50}?(?:: ?\([^)]{1,40}\)| \([^)]{1,40}\))?)\s*:\s*(?P<rest>.*)$")


def split_prefix(title: str) -> tuple[tuple[str, ...], str]:
    """The prefixes of a title and what is left: "net: phy: fix it" gives (("net", "phy"), "fix it")."""
    prefixes: list[str] = []
    rest = title
    while found := re.match(r"^([\w./+@,*{}|&<>=-]+(?:\s?\([^)]*\)|\[[^\]]*\])?(?: [\w./()-]+){0,2})\s*:(?!:)\s*(?=\S)(.*)$", rest):
        if len(found[1]) > 50 or (prefixes and len(found[1].split()) > 2):
            break
        prefixes.append(found[1])
        rest = found[2]
    # the hwmon form: "hwmon: (driver) do it"
    if prefixes and (found := re.match(r"^(\([\w/,. -]+\))\s+(.*)$", rest)):
        prefixes.append(found[1])
        rest = found[2]
    return tuple(prefixes), rest


def _plain(context: Context) -> str | None:
    """The title, when it is one a person wrote for a change (no revert, merge, release or cover letter)."""
    title = context.patch.subject.title
    if not title or re.match(r"(?:Revert|Reapply) \"|Merge |Linux \d", title):
        return None
    return title


@detector("no-prefix")
def no_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The title does not start with the subsystem. A loose patch file that names no recipient may never go to a list: there it is milder."""
    patch = context.patch
    title = _plain(context)
    if title is None or not patch.has_diff or re.match(r"(?:fixup|squash|amend)!", title):
        return
    prefixes, _ = split_prefix(title)
    if prefixes or re.match(r"^[\w/.-]+：", title):
        return
    near = re.match(r"^(\w[\w/-]*)(?: -|;| \()", title)
    case = "" if patch.commit or any(patch.header(name) for name in ("To", "Cc", "Message-ID")) else "loose-file"
    yield Hit(subject_line(context), "the subject has no subsystem prefix" + (f' (as in "{near[1]}: …")' if near else ""), case=case)


@detector("path-prefix")
def path_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The prefix is a directory or a file name, where the subsystem's short name is meant."""
    title = _plain(context)
    prefixes, _ = split_prefix(title or "")
    if not prefixes:
        return
    first = prefixes[0]
    if re.match(
        r"^(?:drivers?|kernel|Documentation/devicetree\S*|drivers/\S+|include/\S+|sound/\S+|Documentation/devicetree)$",
        first,
        re.IGNORECASE,
    ):
        better = (
            prefixes[1]
            if first.lower() in ("driver", "drivers") and len(prefixes) > 1 and prefixes[1] != "base"
            else "dt-bindings"
            if "devicetree" in first
            else None
        )
        hint = f': use "{better}:"' if better else ""
        yield Hit(
            subject_line(context), f'"{first}:" is a directory, not the prefix the subsystem uses{hint}; see git log --oneline on the file'
        )
    elif re.search(r"\.(?:c|h|S|dts|dtsi|yaml|rst|txt)$", first):
        yield Hit(subject_line(context), f'"{first}:" is a file name: name the subsystem and driver without the suffix')


@detector("repeated-prefix")
def repeated_prefix(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The same prefix twice, or a second series number outside the brackets."""
    title = context.patch.subject.title
    prefixes, rest = split_prefix(title)
    for one, two in pairwise(prefixes):
        if one.lower() == two.strip("()").lower():
            yield Hit(subject_line(context), f'the subject has the prefix "{one}:" twice')
            return
    marks = [word for mark in context.patch.subject.marks for word in re.findall(r"\b\d+/\d+\b", mark)]
    if len(marks) > 1 or re.match(r"\(?\d+/\d+\)?\b", rest):
        yield Hit(subject_line(context), "the subject carries its number in the series twice")


@detector("subject-characters")
def subject_characters(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A character that is not ASCII and has an ASCII form everybody can type and search."""
    title = context.patch.subject.title
    if found := re.search(r"[\u2010-\u2015\u2018-\u201f\u2026\u3000-\u303f\uff00-\uffef\u00a0]", title):
        yield Hit(subject_line(context), f"the subject has the non-ascii character U+{ord(found[0]):04X}: use plain ASCII punctuation")
    _, rest = split_prefix(title)
    letters = re.findall(r"[A-Za-z]", rest)
    if len(rest.split()) >= 4 and len(letters) >= 15 and rest.isupper():
        yield Hit(subject_line(context), "the subject is written in capital letters: write words in lower case, names as they are")


@detector("vague-subject")
def vague_subject(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A subject that says nothing of what changes."""
    title = _plain(context)
    if title is None:
        return
    prefixes, rest = split_prefix(title)
    told = [word for word in re.findall(r"[a-z0-9_+'-]+", rest.lower()) if word not in _EMPTY]
    if found := re.match(r"(?:a )?patch (?:to|for|that)\b|\b[Tt]his (?:patch|commit|change)\b", rest, re.IGNORECASE):
        yield Hit(subject_line(context), f'"{found[0]}" in the subject is redundant: say what the change does')
    elif rest and not told and not re.search(r"\d", rest):
        yield Hit(subject_line(context), f'the subject "{rest}" is vague: say what is changed or what went wrong')
    elif len(rest.split()) == 1 and prefixes and context.patch.has_diff:
        yield Hit(subject_line(context), f'the subject is one word long ("{rest}"): say what is changed')


_EMPTY = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "some",
        "several",
        "various",
        "many",
        "few",
        "minor",
        "small",
        "simple",
        "trivial",
        "misc",
        "miscellaneous",
        "little",
        "more",
        "other",
        "of",
        "in",
        "on",
        "for",
        "to",
        "and",
        "or",
        "with",
        "from",
        "bug",
        "bugs",
        "issue",
        "issues",
        "problem",
        "problems",
        "error",
        "errors",
        "warning",
        "warnings",
        "fix",
        "fixes",
        "fixed",
        "fixing",
        "bugfix",
        "fixup",
        "update",
        "updates",
        "updated",
        "change",
        "changes",
        "changed",
        "improve",
        "improvements",
        "improvement",
        "cleanup",
        "cleanups",
        "clean",
        "up",
        "code",
        "patch",
        "driver",
        "file",
        "files",
        "stuff",
        "things",
        "work",
        "tweak",
        "tweaks",
        "modify",
        "modified",
        "modification",
        "compile",
        "compiler",
        "build",
        "checkpatch",
        "style",
        "coding",
        "correct",
        "adjust",
        "rework",
        "refactor",
        "address",
        "review",
        "comments",
        "feedback",
        "potential",
        "possible",
    ]
)


@detector("subject-mood")
def subject_mood(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The title tells ("fixed", "adds", "adding") instead of ordering."""
    title = _plain(context)
    if title is None:
        return
    _, rest = split_prefix(title)
    found = re.match(r"(?P<verb>[A-Za-z]+)\s+\S", rest)
    if not found:
        return
    verb, order = found["verb"], imperative_of(found["verb"])
    if order and not (
        verb.lower() in _NOUNS
        or re.match(r"[A-Za-z]+ing\s+(?:of|is|for|fix|fixes|cleanups?)\b", rest)
        or re.match(r"\w+ (?:to|for|in|of)\b", rest)
    ):
        yield Hit(subject_line(context), f'the subject says "{verb}": use the imperative mood ("{order}")')


_NOUNS = frozenset(
    [
        "locking",
        "loading",
        "timing",
        "mapping",
        "setting",
        "settings",
        "testing",
        "handling",
        "string",
        "wiring",
        "warnings",
        "reads",
        "writes",
        "updates",
        "changes",
        "moves",
        "links",
        "caches",
        "ports",
        "locks",
        "calls",
        "cleanups",
        "drops",
        "states",
        "limited",
        "tracing",
        "tracks",
        "splitting",
        "padding",
        "marks",
        "guards",
    ]
)


@detector("version-outside")
def version_outside(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The version or the word PATCH stands outside the brackets or is written so that tools do not read it."""
    patch = context.patch
    title = patch.subject.title
    if re.match(r"^\(?[vV]\d{1,2}\)?\s*[:\]-]?\s+\S", title) or re.search(r"\s[\[(][vV]\d{1,2}[\])]$", title):
        yield Hit(subject_line(context), "the version belongs into the brackets: [PATCH v2]")
    elif unread := _unread_version(patch):
        yield Hit(subject_line(context), f'"{unread}" is no version that tools read: write [PATCH v2], [PATCH v2 1/3] …')
    elif len([mark for mark in patch.subject.marks if re.search(r"\bPATCH\b", mark)]) > 1:
        yield Hit(subject_line(context), "the subject has two [PATCH] marks: everything goes into one, [PATCH v2 1/3]")
    elif patch.has_diff and (found := re.match(r"\s*((?:Re|Fwd?|FW|AW|WG)\s*:)", patch.subject.raw, re.IGNORECASE)) and _signed(patch):
        yield Hit(subject_line(context), f'"{found[1]}" in the subject: a patch is no reply or forwarded mail, and tools skip it')
    elif re.match(r"^PATCH\b", title) or (
        patch.subject.words and not patch.subject.is_patch and re.search(r"\bpatch", " ".join(patch.subject.words), re.IGNORECASE)
    ):
        yield Hit(
            subject_line(context), "the mark must be [PATCH], [PATCH v2], [PATCH net-next v2 1/3] …: tools do not recognise this subject"
        )
    elif patch.subject.number is not None and patch.subject.total and patch.subject.number > patch.subject.total:
        yield Hit(
            subject_line(context), f"there is no patch {patch.subject.number} of {patch.subject.total}: let git format-patch number them"
        )
    elif patch.header("Message-ID") and patch.has_diff and not patch.subject.is_patch and not patch.subject.marks:
        yield Hit(subject_line(context), "the subject has no [PATCH] mark: tools and people will not see that this is a patch")


def _unread_version(patch: Patch) -> str | None:
    """A version or number in the brackets that is written as no tool reads it: "version 2", "ver2", "1 of 3"."""
    if patch.subject.version > 1:
        return None
    marks = " ".join(patch.subject.marks)
    found = re.search(r"\b(?:version\s*|ver\.?\s*|rev\.?\s*|v\.\s*|v\s+|PATCH[,-]\s*v)\d+\b|\b\d+ of \d+\b", marks, re.IGNORECASE)
    return found[0] if found else None


def _signed(patch: Patch) -> bool:
    return any(tag.key == "signed-off-by" for tag in patch.trailers)


_BINDINGS = "Documentation/devicetree/bindings/"


@detector("binding-subject")
def binding_subject(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A binding's subject that says again what its prefix says ("dt-bindings: … bindings", "YAML", "schema")."""
    prefixes, rest = split_prefix(context.patch.subject.title)
    if not any(prefix.lower() in ("dt-bindings", "dt-binding", "dt_bindings", "bindings") for prefix in prefixes):
        return
    found = re.search(
        r"\b(?:dt[- ]?)?(?:bindings?(?: doc\w*)?|device ?tree bindings?|yaml (?:schema|doc\w*)|documentation)\b", rest, re.IGNORECASE
    )
    if re.search(r"(?<![.\w-])(?:yaml|json)\b(?!.*schema)", rest, re.IGNORECASE):
        text = "the subject names the format: what the binding is converted to is a DT schema, YAML is how it is written"
        yield Hit(subject_line(context), text, case="format")
    elif re.search(r"\bdrivers?\b", rest, re.IGNORECASE) and all(path.startswith(_BINDINGS) for path in context.patch.paths):
        text = "the subject describes a driver, and a binding is about hardware: name the device"
        yield Hit(subject_line(context), text, case="driver")
    elif found and not re.match(r"(?:convert|[Mm]ove|[Rr]evert)", rest, re.IGNORECASE):
        yield Hit(subject_line(context), f'"{found[0]}" in the subject is redundant: the prefix dt-bindings says it')


@detector("prefix-convention", conventions=list)
def prefix_convention(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """All files are a subsystem's whose documentation fixes the form of subjects, and the title has another. `conventions` are
    "path pattern => title pattern => how it reads", the first that takes all paths counts."""
    patch = context.patch
    title = _plain(context)
    # marks of a vendor's tree are another rule's matter
    marks = r"^(?:(?:FROM\w+(?:\([^)]*\))?|WIP|HACK|UPSTREAM|BACKPORT|ANDROID|CHROMIUM|RFC)\s*:\s*)+"
    title = re.sub(marks, "", title or "")
    prefixes, _ = split_prefix(title)
    paths = [path for path in patch.paths if path != "MAINTAINERS"]
    if not title or not paths or not prefixes or not patch.has_diff:
        return
    for entry in arguments["conventions"]:
        where, form, reads = entry.split(" => ", 2)
        if not all(compiled(where).search(path) for path in paths):
            continue
        # a directory for a prefix is another rule's matter
        if not compiled(form).search(title) and not any(path_prefix(context, {})):
            yield Hit(subject_line(context), f'the subject prefix "{": ".join(prefixes)}:" is not the one used here: write "{reads}"')
        return
