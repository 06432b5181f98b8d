# SPDX-License-Identifier: GPL-2.0-or-later
"""Write get_maintainer.pl's output line by line.

It consists of contacts in the sections that match files and keywords, signers from git, and lines
requested with options.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.maintainers.load import (
    MaintainersFile,
    Section,
    find_keywords_in_text,
    match_keywords,
    match_path,
)
from patchpilot.model.bounded import compile_bounded
from patchpilot.model.get_maintainer import GetMaintainerAnswer, GetMaintainerOptions
from patchpilot.model.source_tree import Tree
from patchpilot.recipients.get_maintainer.address_format import (
    Mailmap,
    Merger,
    format_mailbox,
    split_mailbox,
)
from patchpilot.recipients.get_maintainer.collected_roles import (
    CollectedRoles,
    GetMaintainerRequest,
)
from patchpilot.recipients.get_maintainer.patch_scan import ChangedRange, PatchScan, scan_patch

if TYPE_CHECKING:
    from patchpilot.recipients.get_maintainer.git_signers import GitHistory


def answer_get_maintainer(
    file: MaintainersFile,
    tree: Tree,
    switches: GetMaintainerOptions,
    *,
    paths: Sequence[str] = (),
    patches: Sequence[tuple[str, str]] = (),
    history: "GitHistory | None" = None,
) -> GetMaintainerAnswer:
    """Return get_maintainer.pl's output for source files and patches together.

    Patches are given as (name, text). If `history` is given, add signers from git.
    """
    switches = switches.with_implied
    run_input = _RunInput(list(paths))
    if switches.keywords and switches.keywords_in_file:
        run_input.keyword_positions |= _find_keyword_positions(file, tree, paths)
    for name, patch_text in patches:
        run_input.add_patch(name, scan_patch(patch_text))
    if patches:
        run_input.files = sorted(set(run_input.files))
    if switches.keywords and run_input.texts:
        run_input.keyword_positions |= {
            match.entry_index for match in match_keywords(file, run_input.texts)
        }

    collected = CollectedRoles(
        switches,
        file.words,
        Merger(read_mailmap(tree, switches), switches.remove_duplicates),
    )
    matched = _add_sections(collected, file, tree, switches, run_input.files)
    sections = (
        {keyword.entry_index: keyword.section for keyword in file.keywords}
        if run_input.keyword_positions
        else {}
    )
    for location in sorted(run_input.keyword_positions, key=str):
        collected.add_section(file.section(sections[location]))
    collected.settle_names()
    fixes = run_input.fixes if switches.fixes else {}
    request = GetMaintainerRequest(
        tuple(run_input.files), matched.exact, tuple(fixes), tuple(run_input.ranges)
    )
    if switches.email:
        _add_file_contacts(collected, request, tree, switches, history)
    if history and request.fixes:
        history.add_culprit_contacts(collected, request)
    remarks = (
        *run_input.remarks,
        *(history.remarks if history else ()),
        *collected.omit_dangerous(),
    )
    return GetMaintainerAnswer((*matched.printed, *_format_output(collected, switches)), remarks)


class _RunInput:
    """The input of a run: the files, texts, changed ranges, Fixes: tags and keywords."""

    def __init__(self, files: list[str]) -> None:
        self.files = files
        self.texts: list[tuple[str, list[str]]] = []
        self.fixes: dict[str, None] = {}
        self.ranges: list[ChangedRange] = []
        self.keyword_positions: set[int] = set()
        self.remarks: list[str] = []

    def add_patch(self, name: str, scan_result: PatchScan) -> None:
        """Add the contents of a patch."""
        if not scan_result.files:
            self.remarks.append(f"{name} does not look like a patch; use -f for source files")
        self.files += scan_result.files
        self.fixes.update(dict.fromkeys(scan_result.fixes))
        self.ranges += scan_result.ranges
        self.texts += scan_result.texts


class _MatchedSections(NamedTuple):
    """The files with an exact match in a maintained section, and the sections to print."""

    exact: frozenset[str]
    printed: tuple[str, ...]


def _find_keyword_positions(file: MaintainersFile, tree: Tree, paths: Sequence[str]) -> set[int]:
    contents = (tree.read(path) for path in paths if path != "MAINTAINERS")
    return {
        item.entry_index
        for data in contents
        if data is not None
        for item in find_keywords_in_text(file, data.decode("utf-8", "surrogateescape"))
    }


def _add_sections(
    collected: CollectedRoles,
    file: MaintainersFile,
    tree: Tree,
    switches: GetMaintainerOptions,
    files: Sequence[str],
) -> _MatchedSections:
    printed_lines: list[str] = []
    exact = set()
    only_rest = False
    for path in files:
        path_matches = match_path(file, path, switches.pattern_depth)
        rest_flags = [file.section(item.section).name == file.words.rest for item in path_matches]
        only_rest = only_rest or all(rest_flags)
        for item in path_matches:
            section = file.section(item.section)
            if item.exact and section.is_maintained and section.values("M"):
                exact.add(path)
            collected.add_section(section)
            if switches.sections:
                printed_lines += _format_section(section, tree, switches.letters.lower())
    if switches.drop_the_rest_supporter and not only_rest:
        collected.drop_rest()
    return _MatchedSections(frozenset(exact), tuple(printed_lines))


def _add_file_contacts(
    collected: CollectedRoles,
    request: GetMaintainerRequest,
    tree: Tree,
    switches: GetMaintainerOptions,
    history: "GitHistory | None",
) -> None:
    if history:
        history.add_file_contacts(collected, request)
    collected.settle_chiefs()
    for box in find_mailboxes_in_files(request.files, tree, switches):
        mapped = collected.merger.mailmap.apply(box) if collected.words.maps_file_emails else box
        mailbox = format_mailbox(*split_mailbox(mapped), with_name=switches.n)
        collected.add(mailbox, "")
        collected.add_role(mailbox, "in file")


def read_mailmap(tree: Tree, switches: GetMaintainerOptions) -> Mailmap:
    """Return the .mailmap of a tree, which is empty if the options exclude it."""
    data = tree.read(".mailmap") if switches.mailmap else None
    return Mailmap(data.decode("utf-8", "surrogateescape") if data else "")


def _format_output(collected: CollectedRoles, switches: GetMaintainerOptions) -> list[str]:
    entries: dict[str, str] = {}
    for row in (*collected.rows, *(collected.lists if switches.l else ())):
        entries.setdefault(
            row.printed_address,
            f"{row.printed_address} ({row.role})" if switches.roles else row.printed_address,
        )
    groups = [list(entries.values())] if entries else []
    for is_requested, values in (
        (switches.scm, collected.trees),
        (switches.status, collected.statuses),
        (switches.subsystem, collected.names),
        (switches.web, collected.pages),
    ):
        if is_requested:
            groups.append(list(dict.fromkeys(values)))
    lines: list[str] = []
    for group in groups:
        lines += group if switches.multiline else [switches.separator.join(group)]
    return lines


def _format_section(section: Section, tree: Tree, letters: str) -> list[str]:
    lines = [section.name]
    for entry in section.entries:
        if letters and entry.letter.lower() not in letters:
            continue
        value = _format_pattern(entry.value, tree) if entry.letter in "FX" else entry.value
        lines.append(f"{entry.letter}:\t{value}")
    return [*lines, ""]


def _format_pattern(value: str, tree: Tree) -> str:
    """Format a file pattern like the script, which converts regular expressions back to patterns.

    A slash is added to a folder. Only the first of several question marks in a row is printed,
    because the script skips two characters for a dot or star.
    """
    if not set(value) & set(".*?"):
        return value + "/" if not value.endswith("/") and tree.is_dir(value) else value
    pattern = ""
    position, last_mark = 0, -3
    for char in value:
        if char == "?" and position - last_mark > 2:
            pattern, last_mark = pattern + "?", position
        else:
            pattern += "." if char == "?" else char
        position += 2 if char in ".*" else 1
    return pattern[:-1] + "?" if value.endswith("?") else pattern


_USER, _HOST = "[0-9A-Za-z_.+-]+", "[0-9A-Za-z.-]+"
# match words that may be a name, and an address with or without angle brackets
_ADDRESS = rf"[A-Za-z\x80-\xc3,.\"' +-]*\s*,*\s*[<({{]?{_USER}@{_HOST}\.[0-9A-Za-z]+[>)}}]?"
_BOX = rf"[<({{]?({_USER}@{_HOST})[>)}}]?"
MAX_SCANNED = 1 << 20


def find_mailboxes_in_files(
    paths: Iterable[str], tree: Tree, switches: GetMaintainerOptions
) -> tuple[str, ...]:
    """Return the mailboxes found in source files, without duplicates (see `_find_addresses`)."""
    return tuple(
        dict.fromkeys(box for path in paths for box in _find_addresses(path, tree, switches))
    )


def _find_addresses(path: str, tree: Tree, switches: GetMaintainerOptions) -> list[str]:
    """Return the mailboxes in a .yaml file, because devicetree bindings name their maintainers.

    With --file-emails, return those in any file except MAINTAINERS.
    """
    is_read = path.endswith(".yaml") or switches.file_emails
    if not is_read or re.search(r"\bMAINTAINERS$", path):
        return []
    data = tree.read(path)
    if data is None or b"@" not in data:
        return []
    addresses = (
        match[0]
        for match in compile_bounded(_ADDRESS).finditer(data[:MAX_SCANNED].decode("latin-1"))
    )
    return [
        _clean_mailbox(address, switches).encode("latin-1").decode("utf-8", "surrogateescape")
        for address in addresses
    ]


def _clean_mailbox(prose: str, switches: GetMaintainerOptions) -> str:
    """Return the mailbox in a line of prose. Its name consists of at most two or three words before
    the address.
    """
    name, address = split_mailbox(re.sub(_BOX, r"<\1>", prose))
    if name == '"[,\\.]"':
        name = ""
    name_words = re.split(r"[^A-Za-z\x80-\xc3',.+-]", name)
    while name_words and not name_words[-1]:
        name_words.pop()
    if len(name_words) > 2:
        first, middle, last = name_words[-3:]
        has_initial = (len(first) == 1 and first.isascii() and first.isalpha()) or (
            len(first) == 2 and first.endswith(".")
        )
        name = (
            f"{first} {middle} {last}"
            if has_initial or len(middle) == 1 or (len(middle) == 2 and middle.endswith("."))
            else f"{middle} {last}"
        )
    if name[-1:] in (",", "."):
        name = name[:-1]
    elif name[-2:] in (',"', '."'):
        name = name[:-2] + '"'
    if name[:1] in (",", "."):
        name = name[1:]
    elif name[:2] in ('",', '".'):
        name = '"' + name[2:]
    return format_mailbox(name, address, with_name=switches.n)
