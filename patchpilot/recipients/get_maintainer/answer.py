# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer, line for line: sections of the files and keywords, signers from git, then the lines that the options request."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from patchpilot.maintainers.match import keyword_matches, keywords_in_text, match_path
from patchpilot.maintainers.section import Section
from patchpilot.maintainers.section_index import MaintainersFile
from patchpilot.model.bounded_pattern import bounded
from patchpilot.model.get_maintainer import GetMaintainerAnswer, Switches
from patchpilot.model.source_tree import Tree
from patchpilot.recipients.get_maintainer.address_format import Mailmap, Merger, split_mailbox, written
from patchpilot.recipients.get_maintainer.collected_roles import CollectedRoles, RoleRow
from patchpilot.recipients.get_maintainer.patch_scan import Scan, scan


class GetMaintainerRequest(NamedTuple):
    """The request: files in the script's order, and what was read from patches."""

    files: tuple[str, ...]
    exact: frozenset[str]
    fixes: tuple[str, ...]
    ranges: tuple[tuple[str, int, int], ...]
    from_filename: bool


class SignerSource(Protocol):
    """Where signers from git come from."""

    @property
    def remarks(self) -> list[str]:
        """What could not be determined, and why."""
        ...

    def add_file_people(self, people: CollectedRoles, question: GetMaintainerRequest) -> None:
        """Those who changed the files recently, as the options request."""
        ...

    def add_culprit_people(self, people: CollectedRoles, question: GetMaintainerRequest) -> None:
        """Those who signed the commits that are fixed."""
        ...


def answer(
    file: MaintainersFile,
    tree: Tree,
    switches: Switches,
    *,
    paths: Sequence[str] = (),
    patches: Sequence[tuple[str, str]] = (),
    history: SignerSource | None = None,
) -> GetMaintainerAnswer:
    """Answer for source files and patches ((name, text)) together; `history`, where there is one, adds signers from git."""
    switches = switches.settled
    remarks: list[str] = []
    files: list[str] = list(paths)
    places: set[int] = set()
    texts: list[tuple[str, list[str]]] = []
    fixes: dict[str, None] = {}
    ranges: list[tuple[str, int, int]] = []
    if switches.keywords and switches.keywords_in_file:
        for path in paths:
            data = tree.read(path) if path != "MAINTAINERS" else None
            if data is not None:
                places |= {item.place for item in keywords_in_text(file, data.decode("utf-8", "surrogateescape"))}
    for name, text in patches:
        read: Scan = scan(text)
        if not read.files:
            remarks.append(f"{name} does not look like a patch; use -f for source files")
        files += read.files
        if switches.fixes:
            fixes.update(dict.fromkeys(read.fixes))
        ranges += read.ranges
        texts += read.texts
    if patches:
        files = sorted(set(files))
    if switches.keywords and texts:
        places |= {keyword_match.place for keyword_match in keyword_matches(file, texts)}

    people = CollectedRoles(switches, file.words, Merger(_mailmap(tree, switches), switches.remove_duplicates))
    printed: list[str] = []
    exact = set()
    only_rest = False
    for path in files:
        named = match_path(file, path, switches.pattern_depth)
        only_rest = only_rest or all(file.section(item.section).name == file.words.rest for item in named)
        for item in named:
            section = file.section(item.section)
            if item.exact and section.is_maintained and section.values("M"):
                exact.add(path)
            people.add_section(section)
            if switches.sections:
                printed += _section_lines(section, switches.letters, tree)
    if switches.drop_the_rest_supporter and not only_rest:
        people.drop_rest()
    sections = {keyword.place: keyword.section for keyword in file.keywords} if places else {}
    for place in sorted(places, key=str):
        people.add_section(file.section(sections[place]))
    people.settle_names()
    question = GetMaintainerRequest(tuple(files), frozenset(exact), tuple(fixes), tuple(ranges), bool(paths))
    if history and switches.email:
        history.add_file_people(people, question)
    if switches.email:
        people.settle_chiefs()
        for box in named_in_files(files, tree, switches):
            mapped = people.merger.mailmap.apply(box) if file.words.maps_file_emails else box
            shown = written(*split_mailbox(mapped), with_name=switches.n)
            people.add(shown, "")
            people.add_role(shown, "in file")
    if history and question.fixes:
        history.add_culprit_people(people, question)
    if history:
        remarks += history.remarks
    omitted = people.omit_dangerous()
    return GetMaintainerAnswer((*printed, *_output(people, switches)), (*remarks, *omitted))


def _mailmap(tree: Tree, switches: Switches) -> Mailmap:
    data = tree.read(".mailmap") if switches.mailmap else None
    return Mailmap(data.decode("utf-8", "surrogateescape") if data else "")


def _output(people: CollectedRoles, switches: Switches) -> list[str]:
    rows: Iterable[RoleRow] = (*(people.rows if switches.email else ()), *(people.lists if switches.l else ()))
    seen: dict[str, str] = {}
    for row in rows:
        seen.setdefault(row.who, f"{row.who} ({row.role})" if switches.roles else row.who)
    groups = [list(seen.values())] if seen else []
    for is_asked, values in (
        (switches.scm, people.trees),
        (switches.status, people.statuses),
        (switches.subsystem, people.names),
        (switches.web, people.sites),
        (switches.bug, people.bugs),
    ):
        if is_asked:
            groups.append(list(dict.fromkeys(values)))
    lines: list[str] = []
    for group in groups:
        lines += group if switches.multiline else [switches.separator.join(group)]
    return lines


def _section_lines(section: Section, letters: str, tree: Tree) -> list[str]:
    """A section as `--sections` prints it; with `letters`, its name and the lines of those letters only."""
    lines = [section.name]
    for entry in section.entries:
        if not letters or entry.letter.lower() in letters.lower():
            value = _pattern_back(entry.value, tree) if entry.letter in "FX" else entry.value
            lines.append(f"{entry.letter}:\t{value}")
    return [*lines, ""]


def _pattern_back(value: str, tree: Tree) -> str:
    """A file pattern as the script prints it: a folder gets its slash, and of adjacent question marks only the first is printed.

    The script converts its regular expressions back to patterns; in them a dot or a star takes two characters.
    """
    if not set(value) & set(".*?"):
        return value + "/" if not value.endswith("/") and tree.is_dir(value) else value
    shown = ""
    place, given_back = 0, -3
    for char in value:
        if char == "?" and place - given_back > 2:
            shown, given_back = shown + "?", place
        else:
            shown += "." if char == "?" else char
        place += 2 if char in ".*" else 1
    return shown[:-1] + "?" if value.endswith("?") else shown


_USER, _HOST = "[0-9A-Za-z_.+-]+", "[0-9A-Za-z.-]+"
# in prose: words that may be a name, then an address with or without angle brackets
_ADDRESS = rf"[A-Za-z\x80-\xc3,.\"' +-]*\s*,*\s*[<({{]?{_USER}@{_HOST}\.[0-9A-Za-z]+[>)}}]?"
_BOX = rf"[<({{]?({_USER}@{_HOST})[>)}}]?"
MAX_SCANNED = 1 << 20


def named_in_files(paths: Iterable[str], tree: Tree, switches: Switches) -> tuple[str, ...]:
    """The mailboxes in source files, each once: see `_addresses_in`."""
    return tuple(dict.fromkeys(box for path in paths for box in _addresses_in(path, tree, switches)))


def _addresses_in(path: str, tree: Tree, switches: Switches) -> list[str]:
    """The mailboxes in a source file: in any with --file-emails, else in .yaml files (devicetree bindings name their maintainers)."""
    if not switches.email or path.endswith("MAINTAINERS") or not (switches.file_emails or path.endswith(".yaml")):
        return []
    data = tree.read(path)
    if data is None or b"@" not in data:
        return []
    addresses = (match[0] for match in bounded(_ADDRESS).finditer(data[:MAX_SCANNED].decode("latin-1")))
    return [_cleaned(address, switches).encode("latin-1").decode("utf-8", "surrogateescape") for address in addresses]


def _cleaned(text: str, switches: Switches) -> str:
    """A mailbox found in prose: at most the last two or three words before it are its name."""
    name, address = split_mailbox(re.sub(_BOX, r"<\1>", text))
    if name == '"[,\\.]"':
        name = ""
    words = re.split(r"[^A-Za-z\x80-\xc3',.+-]", name)
    while words and not words[-1]:
        words.pop()
    if len(words) > 2:
        first, middle, last = words[-3:]
        initial = (len(first) == 1 and first.isascii() and first.isalpha()) or (len(first) == 2 and first.endswith("."))
        name = (
            f"{first} {middle} {last}" if initial or len(middle) == 1 or (len(middle) == 2 and middle.endswith(".")) else f"{middle} {last}"
        )
    if name[-1:] in (",", "."):
        name = name[:-1]
    elif name[-2:] in (',"', '."'):
        name = name[:-2] + '"'
    if name[:1] in (",", "."):
        name = name[1:]
    elif name[:2] in ('",', '".'):
        name = '"' + name[2:]
    return written(name, address, with_name=switches.n)
