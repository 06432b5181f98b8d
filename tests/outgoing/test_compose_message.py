# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that names, subjects, bodies and files in any script are unchanged after sending and `git
am`.

They cannot inject headers.
"""

import os
import re
import subprocess
import tempfile
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.mail import add_brackets
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.am_roundtrip import has_unclosed_author
from patchpilot.outgoing.compose_message import (
    complete_message,
    compose_message,
    encode_text_header,
)
from patchpilot.outgoing.mail_account import read_account
from patchpilot.sending.plan import plan_sending
from tests.kit.cover_letters import write_cover_letter
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, apply, commits, topic

_INLINE = st.characters(
    exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn"), exclude_characters="\ufeff"
)
NAMES = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn", "Zs"),
        exclude_characters="<>\ufeff",
    ),
    min_size=1,
    max_size=60,
)
TITLES = (
    st.text(_INLINE, min_size=1, max_size=200)
    .map(lambda text: "x: " + " ".join(text.split()))
    .filter(lambda text: len(text) > 3)
)
_LINE = st.text(_INLINE, max_size=120)
BODIES = st.lists(
    st.one_of(
        _LINE,
        st.sampled_from(
            [
                "From here on",
                ">From x",
                ".",
                "..",
                " indented",
                "-- ",
                "y" * 1200,
                "ü" * 700,
                "a\tb",
            ]
        ),
    ),
    max_size=8,
)


def _is_usable(line: str) -> bool:
    return not re.match(r"^(?:---|diff |Index: |From:|Date:|Subject:|\[|#|=\?)", line)


@given(title=TITLES)
@example("x: =?utf-8?q?evil?= \U0001f600 " + "long " * 60)
@example("x: " + "größe" * 60)
def test_encoded_subject_is_decoded_exactly(title: str) -> None:
    value = encode_text_header("Subject", title)
    assert value.isascii()
    assert all(len(line) <= 998 and line.strip() != "" for line in value.split("\n"))
    unfolded = re.sub(r"\n(?=[ \t])", "", value)
    assert str(make_header(decode_header(unfolded))) == title


@given(name=NAMES, other=NAMES)
@example('Evil"\\, <x@y>'.replace("<", "").replace(">", ""), "b")
@example("Smith, John (ACME)", "Ünï, x")
def test_names_stay_with_addresses(name: str, other: str) -> None:
    composed = compose_message(
        "id@example.org",
        "s",
        Address("A", "a@example.org"),
        (Address(name, "n@example.org"), Address(other, "o@example.org")),
        (),
        b"x\n",
    )
    message = message_from_bytes(composed.file)
    pairs = getaddresses(message.get_all("To"))
    assert [email for _, email in pairs] == ["n@example.org", "o@example.org"]
    assert [str(make_header(decode_header(pair))) for pair, _ in pairs] == [name, other]
    assert message.get_payload() == "x\n"


@pytest.mark.parametrize(
    ("author", "recipient", "hint"),
    [("invalid", "org", "--author="), ("org", "invalid", "drop this recipient")],
)
def test_hint_for_an_invalid_address_says_whose_it_is(
    author: str, recipient: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        compose_message(
            "id@example.org",
            "s",
            Address("A", f"a@example.{author}"),
            (Address("L", f"l@example.{recipient}"),),
            (),
            b"x\n",
        )
    assert hint in str(caught.value.hint)
    # the author may be another person
    assert "reset-author" not in str(caught.value.hint)


@pytest.mark.parametrize("setting", ["sendemail.from", "user.email"])
def test_hint_for_an_invalid_sender_names_its_setting(tmp_path: Path, setting: str) -> None:
    repo = Repo(tmp_path / "r")
    repo.git(f"config {setting} a@example.invalid")
    author, recipient = Address("A", "a@example.org"), Address("L", "l@example.org")
    message = compose_message("id@example.org", "s", author, (recipient,), (), b"x\n")
    with Repository.open(repo.path) as repository, pytest.raises(InputError) as caught:
        complete_message(message, read_account(repository), ())
    assert setting in str(caught.value.hint)


@pytest.mark.parametrize("bad", ["a\nBcc: x@example.org", "a\rb", "a\0b"])
def test_line_break_never_reaches_a_header(bad: str) -> None:
    good = {
        "message_id": "id@example.org",
        "subject": "s",
        "author": Address("A", "a@example.org"),
        "to": (Address("L", "l@example.org"),),
        "cc": (),
        "body": b"x\n",
    }
    for wrong in (
        {"subject": bad},
        {"message_id": bad},
        {"to": (Address(bad, "l@example.org"),)},
        {"cc": (Address("L", f"l@example.org{bad}"),)},
        {"author": Address(bad, "a@example.org")},
    ):
        with pytest.raises(InputError):
            compose_message(**{**good, **wrong})
    with pytest.raises(InputError):
        add_brackets(bad)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ü (b", True),
        ("ü (b)", False),
        ("ü ((b)", True),
        ('ü "b', True),
        ('ü "(" b', False),
        ("ü b)", False),
        ("ü (\\) b", True),
        ("ü (b\\", True),
    ],
)
def test_author_name_with_unbalanced_quote_is_rejected_before_sending(
    name: str, wrong: bool
) -> None:
    inside = (
        f"From: Ada Fixer <ada@example.org>\n\nFrom: {encode_text_header('From', name)}"
        " <n@example.org>\n\nx\n".encode()
    )
    alone = f"From: {encode_text_header('From', name)} <n@example.org>\nSubject: s\n\nx\n".encode()
    assert (has_unclosed_author(inside), has_unclosed_author(alone)) == (wrong, wrong)


Text = tuple[str, str, list[str], list[str]]
"""Author, title, message lines and content lines of a commit."""
TEXTS = st.tuples(
    NAMES.filter(lambda text: any(char.isalnum() for char in text)),
    TITLES,
    BODIES,
    BODIES,
)
KNOWN: list[Text] = [
    (
        "Jörg, X",
        "x: =?utf-8?q?a?= ü",
        ["From here", ">From there", ".", "y" * 1200],
        ["\x0c", "ü" * 999],
    ),
    ("ü((b", "x: 0", [], []),
    ("ada@example.com", "x: 0", [], []),
]


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
@settings(
    max_examples=int(os.environ.get("PATCHPILOT_EXAMPLES", "2")),
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.large_base_example,
        HealthCheck.data_too_large,
    ],
)
@given(texts=st.lists(TEXTS, min_size=4, max_size=10))
@example(KNOWN)
def test_git_am_recreates_the_commits(via: str, texts: list[Text]) -> None:
    assert_round_trip(via, texts)


def does_git_lose_name(name: str) -> bool:
    """Return whether `git mailinfo` cannot read a name.

    It takes a name with an `@` for the address, and cannot read a name that `git send-email`
    encoded without quotes.
    """
    is_unquoted = not name.isascii() and any(special in name for special in '()"\\')
    return "@" in name or is_unquoted


def assert_round_trip(transport: str, commit_texts: list[Text]) -> None:
    """Commit these texts, create the messages, and apply the accepted ones. Compare the results
    with the commits.
    """
    with tempfile.TemporaryDirectory() as directory:
        repo = topic(Path(directory) / "r", 0)
        repo.git("config --global sendemail.smtpserver 127.0.0.1")
        for number, (name, title, body, content) in enumerate(commit_texts):
            lines = [line for line in (line.rstrip() for line in body) if _is_usable(line)]
            message = "\n".join((f"{number}{title}", "", "Start.", *lines, "", SIGNED)) + "\n"
            repo.commit(
                message,
                {f"{number}.txt": "\n".join(content) + "\n"},
                author=f"{name} <n@example.org>",
            )
        with Repository.open(repo.path) as repository:
            request = SendRequest(
                via=transport, to=("list@lists.example.org",), auto=False, force="test"
            )
            write_cover_letter(repository, request)
            planned_send = plan_sending(repository, request)
        assert len(planned_send.send.entries) == len(commit_texts) + 1
        reported_indexes = {
            int(match[0])
            for blocker in planned_send.blockers
            if blocker.name == "damaged" and (match := re.match(r"\d+", blocker.message))
        }
        # b4 or git would misparse this From: line, which is detected before sending
        assert transport == "b4" or all(
            does_git_lose_name(commit_texts[index][0]) for index in reported_indexes
        ), planned_send.blockers
        accepted_indexes = [
            index for index in range(len(commit_texts)) if index not in reported_indexes
        ]
        folder = Path(directory) / "am"
        folder.mkdir()
        applied_commits = apply(
            repo,
            "master",
            [planned_send.send.entries[index + 1].raw for index in accepted_indexes],
            folder,
        )
        expected = commits(repo, "master..topic")
        assert [commit[1:] for commit in applied_commits] == [
            expected[index][1:] for index in accepted_indexes
        ]
        for index in accepted_indexes:
            made_of_it = subprocess.run(
                ["git", "rev-parse", f"HEAD:{index}.txt"],
                cwd=folder / "applied",
                capture_output=True,
                text=True,
                check=True,
            )
            assert made_of_it.stdout.strip() == repo.git("rev-parse", f"topic:{index}.txt")
