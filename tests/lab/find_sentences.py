# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the normative sentences (must, should, never, please, …) of a kernel tree's documents, and
reports those that `checks/sentences` does not answer yet.

python -m tests.lab.find_sentences TREE              # sentences without a row, and stale rows
python -m tests.lab.find_sentences TREE --all        # every sentence, with its hash
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.lab.sentences import Table, read_tables

NORMATIVE = re.compile(
    r"\b(?:must|should|shall|never|please|avoid|prefer(?:red|ably|able)?|required|mandatory"
    r"|forbidden|prohibited|discouraged|recommended|ought|not (?:allowed|acceptable)|make sure"
    r"|be sure|unacceptable|deprecated)\b"
    r"|(?:^|[,;:(\-\"] ?|\b(?:and|but|so|then|or) )(?:do not|don't)\b",
    re.IGNORECASE,
)
_UNDERLINE = re.compile(r"^([=\-~^\"'`#*+:._])\1{2,}\s*$")
_DIRECTIVE = re.compile(r"^\s*\.\. ")
_ADMONITION = re.compile(
    r"^\s*\.\. (?:note|warning|attention|important|tip|caution|admonition)::"
)
_ITEM = re.compile(r"^\s*(?:[-*+•]|\(?[0-9a-zA-Z#]{1,2}[.)])\s+")
_END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[A-Z\"'(`*])")
_MARKUP = re.compile(r"[`*_|\\]+|:\w+:(?=`)")
_SPACE = re.compile(r"\s+")


class Sentence(NamedTuple):
    """A normative sentence: its document below Documentation, nearest heading, text and hash."""

    document: str
    anchor: str
    text: str
    hash: str


def sentences(text: str, document: str) -> Iterator[Sentence]:
    """Yields the normative sentences of a document, each once."""
    seen = set()
    for anchor, paragraph in _paragraphs(text.splitlines()):
        for sentence in _END.split(paragraph):
            key = sentence_hash(sentence)
            if NORMATIVE.search(sentence) and key not in seen:
                seen.add(key)
                yield Sentence(document, anchor, sentence.strip(), key)


def sentence_hash(sentence: str) -> str:
    """The hash of a sentence's letters, whatever its markup, case and line breaks."""
    plain = _SPACE.sub(" ", _MARKUP.sub("", sentence)).strip(" .:;,").lower()
    return hashlib.sha1(plain.encode(), usedforsecurity=False).hexdigest()[:10]


def _paragraphs(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yields (heading, paragraph) without code, comments and directives."""
    anchor = ""
    block: list[str] = []
    skipped: int | None = None
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if skipped is not None:
            if not line.strip() or indent > skipped:
                continue
            skipped = None
        following = lines[number + 1] if number + 1 < len(lines) else ""
        heading = bool(line.strip()) and bool(_UNDERLINE.match(following))
        code = line.rstrip().endswith("::") or _DIRECTIVE.match(line)
        if heading or not line.strip() or _ITEM.match(line) or _UNDERLINE.match(line):
            yield from _block(anchor, block)
            block = []
        if heading:
            anchor = line.strip()
        elif code:
            if not _DIRECTIVE.match(line):
                block.append(line.strip())
            yield from _block(anchor, block)
            block = []
            skipped = None if _ADMONITION.match(line) else indent
        elif line.strip() and not _UNDERLINE.match(line):
            block.append(_ITEM.sub("", line).strip())
    yield from _block(anchor, block)


def _block(anchor: str, block: list[str]) -> Iterator[tuple[str, str]]:
    if block:
        yield anchor, " ".join(block)


def documents(tree: Path, table: Table) -> Iterator[Path]:
    """Yields the documents of a table's folders that the tree has."""
    root = tree / "Documentation"
    for pattern in table.documents:
        for file in sorted(root.glob(pattern)):
            if str(file.relative_to(root)) not in table.left_out:
                yield file


def found(tree: Path, table: Table) -> Iterator[Sentence]:
    """Yields the normative sentences of a table's documents in a tree."""
    root = tree / "Documentation"
    for file in documents(tree, table):
        text = file.read_text(encoding="utf-8", errors="replace")
        yield from sentences(text, str(file.relative_to(root)))


def report(tree: Path, *, show_all: bool = False) -> Iterator[str]:
    """Yields a line for each sentence without a row, and for each row without its sentence."""
    for table in read_tables():
        answered = {(row.document, row.hash) for row in table.rows}
        present = set()
        for one in found(tree, table):
            key = (one.document, one.hash)
            present.add(key)
            if show_all or key not in answered:
                yield f"new\t{one.document}\t{one.hash}\t{one.anchor}\t{one.text}"
        for row in table.rows:
            if (row.document, row.hash) not in present:
                yield f"gone\t{row.document}\t{row.hash}\t{row.anchor}\t{row.sentence}"


def main() -> int:
    """Prints the sentences without a row; 1 when there are some."""
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("tree", type=Path)
    words.add_argument("--all", action="store_true")
    args = words.parse_args()
    lines = list(report(args.tree, show_all=args.all))
    print("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
