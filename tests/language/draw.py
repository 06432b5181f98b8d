# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m tests.language.draw SEED`: 200 texts, drawn at random, for somebody who reads them
without any context.

40 docstrings of modules, public classes and public functions, 40 texts of the TUI, 40 of the
command line (descriptions of commands, errors with their hints), 40 messages of rules and 40
paragraphs of the documentation; numbered, without their places. `--places` prints the place of
each number instead, for whoever rewrites the texts that were not clear.
"""

import argparse
import ast
import functools
import random
import re
from collections.abc import Iterator

from tests.language.texts import (
    ROOT,
    Text,
    code_strings,
    documentation,
    help_texts,
    public_docstrings,
    rule_texts,
    value_name,
)

SHARES = {
    "docstring": 40,
    "TUI text": 40,
    "command line": 40,
    "rule message": 40,
    "documentation": 40,
}


FEWEST = 3
"""Words of a text of the TUI at least: shorter ones are joined to others, or names of panels."""


WORD = re.compile(r"[\"'(“]*[A-Za-z][A-Za-z'’/-]*[\"')”]*[.,:;?!…]*")
CODE = re.compile(r"\[\w+[\[,]|[\\{}]|: \d+;|^(?:bold|black|white|dim)\b")
"""A word as it is printed, and what only code has."""


def errors() -> Iterator[Text]:
    """The sentences of errors and their hints, as the code raises them; without the TUI's."""
    for file in sorted((ROOT / "patchpilot").rglob("*.py")):
        if file.is_relative_to(ROOT / "patchpilot" / "tui"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id.endswith("Error")
                and node.args
            ):
                sentence = _text_of(node.args[0])
                hints = [
                    _text_of(keyword.value)
                    for keyword in node.keywords
                    if keyword.arg == "hint"
                ]
                hints = [hint for hint in hints if hint]
                if sentence and not _is_fragment(" ".join([sentence, *hints])):
                    lines = [
                        f"patchpilot: error: {sentence}",
                        *(f"hint: {hint}" for hint in hints),
                    ]
                    yield Text(
                        f"{file.relative_to(ROOT)}:{node.lineno}",
                        "error",
                        "\n".join(lines),
                    )


def is_phrase(text: str) -> bool:
    """Whether a string can be read alone: it has three words outside placeholders, and is neither
    code nor a part that is joined to others, with a space or a comma at an end.
    """
    bare = re.sub(r"\{\w*\}", "", text)
    words = [word for word in bare.split() if WORD.fullmatch(word)]
    return (
        len(words) >= FEWEST
        and not CODE.search(bare)
        and text == text.strip()
        and text[0] not in ";,.:)·"
        and text[-1] not in ",;("
    )


def tui_texts() -> Iterator[Text]:
    """Strings of the TUI that can be read alone."""
    for text in code_strings(named=True):
        if (
            text.place.startswith("patchpilot/tui/")
            and "\n" not in text.text
            and is_phrase(text.text)
            and not re.search(r"[.#]\w+ \{|\bself\b", text.text)
        ):
            yield text


def rule_messages() -> Iterator[Text]:
    """Messages and summaries of rules."""
    yield from (
        text
        for text in rule_texts()
        if " " in text.text
        and len(text.text) <= 240
        and "\n" not in text.text.strip()
        and not ("{" in text.text and _is_fragment(text.text))
    )


@functools.cache
def pools() -> dict[str, list[Text]]:
    """All texts of each kind."""
    return {
        "docstring": list(public_docstrings()),
        "TUI text": list(tui_texts()),
        "command line": [*help_texts(), *errors()],
        "rule message": list(rule_messages()),
        "documentation": [
            text for text in documentation(spans=True) if _is_prose(text.text)
        ],
    }


def draw(seed: int) -> list[Text]:
    """The texts of a seed, kind by kind."""
    chance = random.Random(seed)
    return [
        text._replace(kind=kind)
        for kind, share in SHARES.items()
        for text in chance.sample(pools()[kind], share)
    ]


def _is_fragment(text: str) -> bool:
    """Whether a text has fewer than three words outside its placeholders."""
    return len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\{[^}]*\}", "", text))) < 3


def _is_prose(text: str) -> bool:
    """Whether a paragraph is sentences, and not a table, a heading or a list of links."""
    words = re.findall(r"[a-z]{2,}", re.sub(r"`[^`]*`|\[[^\]]*\]", "", text))
    return (
        80 <= len(text) <= 600
        and not text.startswith(("|", "#", "!"))
        and len(words) >= 10
    )


def _text_of(node: ast.expr) -> str:
    """The text of a string or f-string, `{name}` in place of its values.

    Empty if it is something else.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(piece.value)
            if isinstance(piece, ast.Constant)
            else f"{{{value_name(piece)}}}"
            for piece in node.values
        )
    return ""


def main() -> None:
    """Print the texts, or their places."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--places", action="store_true")
    options = parser.parse_args()
    for number, text in enumerate(draw(options.seed), 1):
        print(
            f"{number}. {text.place}"
            if options.places
            else f"{number}. [{text.kind}] {text.text}\n"
        )


if __name__ == "__main__":
    main()
