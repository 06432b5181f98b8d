# SPDX-License-Identifier: GPL-2.0-or-later
"""What a source tree and its MAINTAINERS say of a mail: who was forgotten, which tree it is for, whether it applies."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from patchpilot.cache import patterns as re
from patchpilot.errors import MissingError
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.generic import subject_line
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compiled
from patchpilot.model.address import Address, parse_address
from patchpilot.model.file_diff import FileChange, Hunk
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree, is_guess

if TYPE_CHECKING:
    from patchpilot.maintainers import SectionMatch


def is_mail(patch: Patch) -> bool:
    """Whether the patch is a mail on its way (or sent), so that its marks and recipients can be judged."""
    return any(patch.header(name) for name in ("To", "Cc", "Message-ID"))


@detector("target-tree", paths_pattern=str, except_pattern=str, words=list, default=str)
def target_tree(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """A mail whose files all belong to a subsystem that wants its tree named in the subject, which does not."""
    patch = context.patch
    if not is_mail(patch) or not patch.has_diff or patch.subject.rfc:
        return
    mine, others = compiled(arguments["paths_pattern"]), compiled(arguments["except_pattern"])
    paths = [path for path in patch.paths if not path.startswith(("Documentation/devicetree/", "MAINTAINERS"))]
    if not paths or not all(mine.search(path) and not others.search(path) for path in paths):
        return
    wanted = set(arguments["words"])
    marks = {word.lower() for word in patch.subject.words}
    if marks & wanted or any(re.search(r"\d\.\d|stable|-next$", word) for word in marks):
        return
    fix = any(tag.key == "fixes" for tag in patch.trailers) or re.search(
        r"\b(?:fix|crash|leak|deadlock|regression|oops|not work\w*|fail\w*|to work)\b", patch.subject.title, re.IGNORECASE
    )
    word = arguments["default"] if fix else f"{arguments['default']}-next"
    yield Hit(
        subject_line(context),
        (
            f"the target tree is not named in the subject: [PATCH {word}] (fixes go to {arguments['default']}, all else to "
            f"{arguments['default']}-next)"
        ),
    )


@detector("forgotten-maintainer")
def forgotten_maintainer(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """None of the people MAINTAINERS names for a touched file is among the recipients."""
    patch = context.patch
    have = _recipients(patch)
    if not have:
        return
    told: set[str] = set()
    for section in _sections(context):
        people = [address for value in section.section.values("M") if (address := parse_address(value))]
        lists = [address for address, _ in section.section.lists if address.lower() not in context.project.lists.catch_all]
        if (
            not people
            or section.depth < 1
            or section.by_keyword
            or not section.section.is_maintained
            or any(_among(address, have) for address in people)
        ):
            continue
        listed = any(address.lower() == other.key for address in lists for other in have)
        if (listed and not _is_deepest(context, section)) or section.section.name in told:
            continue
        told.add(section.section.name)
        whom = ", ".join(address.name or address.email for address in people[:3])
        yield Hit(
            _recipient_line(patch),
            f"missing recipient: no maintainer of {section.section.name} ({whom}) is in To: or Cc: (scripts/get_maintainer.pl)",
        )
        if len(told) == 3:
            return


@detector("forgotten-list")
def forgotten_list(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The list of the section that names a touched file most exactly is not among the recipients, though its maintainer is."""
    patch = context.patch
    have = _recipients(patch)
    if not have:
        return
    for section in _sections(context):
        lists = [address for address, _ in section.section.lists if address.lower() not in context.project.lists.catch_all]
        people = [address for value in section.section.values("M") if (address := parse_address(value))]
        if (
            not lists
            or section.depth < 2
            or section.by_keyword
            or not section.section.is_maintained
            or not any(_among(address, have) for address in people)
        ):
            continue
        if _is_deepest(context, section) and not any(address.lower() == other.key for address in lists for other in have):
            yield Hit(
                _recipient_line(patch), f"missing recipient: the mailing list of {section.section.name} ({lists[0]}) is not in To: or Cc:"
            )
            return


def _recipients(patch: Patch) -> list[Address]:
    """Everybody who gets the mail, its author and sender counted in; empty when the mail names no recipient."""
    addressed = [*patch.addresses("To"), *patch.addresses("Cc")]
    if not addressed or not patch.has_diff:
        return []
    return [*addressed, *(one for one in (patch.sender, patch.author) if one)]


def _among(person: Address, have: list[Address]) -> bool:
    return any(person.key == one.key or (person.name and person.name.lower() == one.name.strip('"').lower()) for one in have)


def _recipient_line(patch: Patch) -> int:
    return next((header.line for name in ("cc", "to") for header in patch.headers if header.name.lower() == name), 1)


def _sections(context: Context) -> "tuple[SectionMatch, ...]":
    """The sections of the touched files, the catch-all left out."""
    found: tuple[SectionMatch, ...] | None = context.shared.get("tree.sections")
    if found is None:
        found = ()
        if context.tree is not None:
            from patchpilot.maintainers import load
            from patchpilot.maintainers.match import match_texts

            try:
                file = load(context.tree)
                paths = [path for path in context.patch.paths if path != "MAINTAINERS"]
                found = tuple(match_text for match_text in match_texts(file, paths) if not match_text.is_rest)
            except MissingError:
                found = ()
        context.shared["tree.sections"] = found
    return found


def _is_deepest(context: Context, match: "SectionMatch") -> bool:
    """Whether some path has no section with people that names it more exactly."""
    for path in match.paths:
        depths = [
            section.depth
            for section in _sections(context)
            if path in section.paths and section.section.values("M") and not section.by_keyword
        ]
        if depths and match.depth >= max(depths):
            return True
    return False


@detector("already-there")
def already_there(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Every hunk's new side is in the tree already, and its old side is not: the change was made there."""
    if context.tree is None or not context.patch.has_diff or _older(context.patch, context.tree) or _elsewhere(context.patch, context.tree):
        return
    states = _states(context)
    if states and all(state == "there" for _, state in states):
        yield Hit(
            states[0][0], f"the patch does not apply to {context.tree.label}: what it changes is already there (it applies in reverse)"
        )


@detector("does-not-apply")
def does_not_apply(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A hunk whose context is not in the tree, where the tree is of the patch's time."""
    if context.tree is None or not context.patch.has_diff or not _same_age(context.patch, context.tree):
        return
    if _elsewhere(context.patch, context.tree):
        return
    states = _states(context)
    if states and all(state == "there" for _, state in states):
        return
    for line, state in states:
        if state != "fits":
            yield Hit(line, f"the patch does not apply to {context.tree.label}: the context of this hunk was not found there; rebase it")
            return


def _states(context: Context) -> list[tuple[int, str]]:
    """(patch line, "fits", "there" or "alien") of every hunk; empty when nothing can be said."""
    found: list[tuple[int, str]] | None = context.shared.get("tree.states")
    if found is None:
        found = context.shared["tree.states"] = []
        assert context.tree is not None
        for change in context.patch.files:
            # what an earlier patch of the series could not be put on says so there, once
            if not is_guess(context.tree, change.old_path or change.path):
                found += _file_states(context.tree, change)
    return found


def _file_states(tree: Tree, change: FileChange) -> Iterator[tuple[int, str]]:
    if change.is_binary or (change.is_rename and not change.hunks):
        return
    if change.old_path is None:
        yield (
            change.patch_line,
            "alien" if tree.exists(change.path) and _holds(tree, change, "+") is False else "there" if tree.exists(change.path) else "fits",
        )
        return
    data = tree.read(change.old_path)
    if data is None:
        yield change.patch_line, "alien"
        return
    text = "\n" + "\n".join(line.rstrip("\r") for line in data.decode("utf-8", "surrogateescape").split("\n")) + "\n"
    for hunk in change.hunks:
        old, new = _side(hunk, "-"), _side(hunk, "+")
        if old in text:
            yield hunk.patch_line, "fits"
        elif new in text and len(new) > 20:
            yield hunk.patch_line, "there"
        else:
            yield hunk.patch_line, "alien"


def _holds(tree: Tree, change: FileChange, sign: str) -> bool:
    data = (tree.read(change.path) or b"").decode("utf-8", "surrogateescape")
    return all(_side(hunk, sign).strip() in data for hunk in change.hunks)


def _side(hunk: Hunk, sign: str) -> str:
    return "\n" + "".join(f"{line.text}\n" for line in hunk.lines if line.kind in (" ", sign))


def _older(patch: Patch, tree: Tree) -> bool:
    """Whether the patch was made before the tree came out: it has had the time to be applied, and nobody is about to send it."""
    released, sent = _released(tree.version), _sent(patch)
    return patch.commit is None and released is not None and sent is not None and sent < released


def _elsewhere(patch: Patch, tree: Tree) -> bool:
    """Whether the patch is meant for a stable tree that this one is not: its change is in mainline, or it would not be sent there."""
    stables = patch.subject.stables
    return bool(stables) and (tree.version is None or f"{tree.version[0]}.{tree.version[1]}" not in stables)


def _same_age(patch: Patch, tree: Tree) -> bool:
    """Whether patch and tree are of one time: the Date: is within four months of the tree's release."""
    released, sent = _released(tree.version), _sent(patch)
    return released is not None and sent is not None and abs(sent - released) < timedelta(days=120)


_DATE = re.compile(r"\b(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* (\d{4})\b")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def _sent(patch: Patch) -> datetime | None:
    """The day in the Date: header; the hour does not matter here."""
    found = _DATE.search(patch.header("Date") or "")
    try:
        return datetime(int(found[3]), _MONTHS.index(found[2]) // 3 + 1, int(found[1]), tzinfo=UTC) if found else None
    except ValueError:
        return None


def _released(version: tuple[int, int] | None) -> datetime | None:
    """About when a kernel came out: a release takes nine weeks, 5.0 came in March 2019 and 6.0 in October 2022."""
    if version is None or version[0] not in (5, 6, 7):
        return None
    start = {5: datetime(2019, 3, 3, tzinfo=UTC), 6: datetime(2022, 10, 2, tzinfo=UTC), 7: datetime(2026, 4, 12, tzinfo=UTC)}[version[0]]
    return start + timedelta(days=64 * version[1])
