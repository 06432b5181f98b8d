# SPDX-License-Identifier: GPL-2.0-or-later
"""The sentences of the kernel's documents: each has rules that exist, or the reason for none."""

from pathlib import Path

import pytest

from patchpilot.errors import PackError
from patchpilot.lint.rule_store import load_rules
from tests.lab.find_sentences import report, sentences
from tests.lab.sentences import parse_table, read_tables

DOCUMENT = """\
Form of a patch
===============

The subject *must* name the
subsystem.  This one is no demand::

    You must not read code.

Tags
----

- Please sign off.
- We do not know why.
- Do not add tags of others.

.. comment that you should skip

.. note::

   Links should work.
"""


def test_each_sentence_names_rules_that_exist() -> None:
    names = {rule.name for rule in load_rules()}
    unknown = [
        (row.document, name)
        for table in read_tables()
        for row in table.rows
        for name in row.rules
        if name not in names
    ]
    assert not unknown


def test_sentences_that_demand_something_are_found_with_their_heading() -> None:
    assert [(one.anchor, one.text) for one in sentences(DOCUMENT, "frob.rst")] == [
        ("Form of a patch", "The subject *must* name the subsystem."),
        ("Tags", "Please sign off."),
        ("Tags", "Do not add tags of others."),
        ("Tags", "Links should work."),
    ]


def test_a_hash_ignores_markup_and_line_breaks() -> None:
    hashes = {
        one.hash
        for text in ("It *must*\nbe so.", "It must be ``so``.", "IT must be so")
        for one in sentences(text, "frob.rst")
    }
    assert len(hashes) == 1


def test_a_sentence_that_a_tree_adds_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "Documentation" / "rust"
    folder.mkdir(parents=True)
    (folder / "frob.rst").write_text("Frobs must be safe.\n", encoding="utf-8")
    new = [line for line in report(tmp_path) if line.startswith("new")]
    assert [line.split("\t")[1] for line in new] == ["rust/frob.rst"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('["0123456789", "Sign off.", []]', "a row is"),
        ('["0123456789", "Sign off."]', "a row is"),
        ('["0123456789", " ", "needs a build"]', "the sentence is empty"),
        ('["012", "Sign off.", "needs a build"]', "is not a hash"),
        ('["0123456789", "Sign off.", "later"]', "unknown answer 'later'"),
        (
            '["0123456789", "a", ["frob"]], ["0123456789", "b", ["frob"]]',
            "is used twice",
        ),
    ],
)
def test_a_row_without_an_answer_is_an_error(row: str, says: str) -> None:
    text = f'documents = []\n[sentences."a.rst"]\n"b" = [{row}]\n'
    with pytest.raises(PackError, match=says):
        parse_table(text, "ours.toml")
