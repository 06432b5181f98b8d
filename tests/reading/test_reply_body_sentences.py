# SPDX-License-Identifier: GPL-2.0-or-later
"""Test splitting a reply into sentences."""

import pytest

from patchpilot.reading.reply_body import parse_body


def split_text(paragraph: str) -> list[str]:
    return [sentence.text for sentence in parse_body(paragraph).sentences]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One thing. Another thing!\n", ["One thing.", "Another thing!"]),
        ("A line that goes\non in the next.\n", ["A line that goes on in the next."]),
        ("Use it, i.e. call it. Done\n", ["Use it, i.e. call it.", "Done"]),
        ("Well... not quite.\n", ["Well... not quite."]),
        ("Why?  (I tried.) Yes\n", ["Why?", "(I tried.)", "Yes"]),
        (
            "- use the other lock in this function\n- free the buffer in the error path\n",
            [
                "- use the other lock in this function",
                "- free the buffer in the error path",
            ],
        ),
        ("See foo.c for v1.2 of it.\n", ["See foo.c for v1.2 of it."]),
        ("Hi Ada,\n\nfine.\n\nThanks,\nMatt\n", ["fine."]),
        ("Applied.\n", ["Applied."]),
        ("Reviewed-by: Matt <m@example.org>\n\nNice.\n", ["Nice."]),
        ("Please add a\nCloses: tag with a link.\n", ["Please add a Closes: tag with a link."]),
        ("Move the\nFixes: tag up, please.\n", ["Move the Fixes: tag up, please."]),
        ("Side-note: sort these.\n", ["Side-note: sort these."]),
        ('Fixes: 1f2e3d4c5b6a ("pump: go")\nCc: a@example.org # 6.1\nIs it?\n', ["Is it?"]),
        ("Link: https://lore.kernel.org/x/\nAcked-by: Øle Ask\nTested-by: me\n", []),
        ("Do it like this:\n\n\tif (x)\n\t\treturn;\n", ["Do it like this:"]),
        ("", []),
        ("#regzbot ^introduced 1f2e3d4c5b6a\n#regzbot title: it stops\n", []),
        ("#syz test: git://example.org/tree.git main\n", []),
        ("@example-bot please run it again\npw-bot: cr\n/retest\nrecheck-build\n", []),
        ("Please recheck the bounds.\n", ["Please recheck the bounds."]),
        ("#define it once.\n", ["#define it once."]),
        (
            "Fix it.\n\nThis e-mail is confidential and only for its\nrecipient: delete it.\n",
            ["Fix it."],
        ),
        ("CONFIDENTIALITY NOTICE: please do not copy this message.\n", []),
        ("If you received this message in error, please tell the sender.\n", []),
        (
            "This hands confidential data to a guest.\n",
            ["This hands confidential data to a guest."],
        ),
    ],
)
def test_reply_is_split_into_sentences(text: str, sentences: list[str]) -> None:
    assert split_text(text) == sentences


def test_sentences_record_line_numbers() -> None:
    text = "> +\tx = 1;\n\nWhy 1? It\nwas 2.\n\n> Is it so?\n\nYes.\n"
    first_sentence, second_sentence, third_sentence = parse_body(text).sentences
    assert (first_sentence.line, first_sentence.end, first_sentence.top.quoted) == (
        2,
        2,
        ("+\tx = 1;",),
    )
    assert (second_sentence.text, second_sentence.line, second_sentence.end) == (
        "It was 2.",
        2,
        3,
    )
    assert (first_sentence.top.on_code, third_sentence.top.on_code) == (True, False)
    assert first_sentence.top.part == second_sentence.top.part != third_sentence.top.part
