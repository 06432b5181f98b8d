# SPDX-License-Identifier: GPL-2.0-or-later
"""`check --post-checks`: the result of each mail is a check in patchwork.

The token is neither shown nor sent in the clear.
"""

from collections.abc import Iterator

import pytest

from tests.kit.cli import Outcome, call
from tests.kit.patchwork import Patchwork, patchwork_server
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, file_diff, mail

BAD = "bad@example.org"
GOOD = "good@example.org"
LOST = "lost@example.org"


def mbox(*message_ids: str) -> bytes:
    mails = []
    for message_id in message_ids:
        diff = file_diff(
            PATH,
            HUNK.replace("frob_start_wait(frob)", "frob_wait(frob )")
            if message_id == BAD
            else HUNK,
        )
        subject = f"frob: {message_id.partition('@')[0]} link is waited for before use"
        text = (
            mail(subject, f"{PROSE}\n\n{SIGN_OFF}", diff)
            .partition("\n")[2]
            .replace("\n\n", f"\nMessage-ID: <{message_id}>\n\n", 1)
        )
        mails.append(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{text}\n")
    return "".join(mails).encode()


@pytest.fixture
def patchwork(workdir: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patchwork]:
    with patchwork_server() as running:
        for message_id in (BAD, GOOD):
            running.add(message_id, "new")
        monkeypatch.setenv("PW_TOKEN", running.token)
        yield running


def post(place: str, *words: str, ids: tuple[str, ...] = (BAD, GOOD, LOST)) -> Outcome:
    return call(
        "check",
        "-",
        "--post-checks",
        place,
        "--fail-on",
        "never",
        *words,
        stdin=mbox(*ids),
    )


def test_each_patch_gets_a_check_and_what_patchwork_lacks_is_named(
    patchwork: Patchwork,
) -> None:
    done = post(patchwork.url, "--check-url", "https://ada:password@ci.example.org/1")
    assert done.code == 0
    assert f"2 checks posted to {patchwork.url}" in done.err
    assert "not in this patchwork: frob: lost link is waited for before use" in done.err
    assert patchwork.token not in done.out + done.err
    assert [
        patchwork.answer(f"/api/1.3/patches/{number}/checks/") for number in (1, 2)
    ] == [
        [
            {
                "state": "fail",
                "context": "patchpilot",
                "description": "1 error",
                "target_url": "https://ci.example.org/1",
            }
        ],
        [
            {
                "state": "success",
                "context": "patchpilot",
                "description": "no findings",
                "target_url": "https://ci.example.org/1",
            }
        ],
    ]


def test_without_a_token_and_with_a_wrong_one_nothing_is_posted(
    patchwork: Patchwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW_TOKEN", "wrong-token")
    done = post(patchwork.url)
    assert (
        done.code,
        "does not accept the API token (401)" in done.err,
        "wrong-token" in done.err,
    ) == (4, True, False)
    monkeypatch.delenv("PW_TOKEN")
    done = post(patchwork.url)
    assert (done.code, "no API token for patchwork" in done.err) == (3, True)
    assert patchwork.answer("/api/1.3/patches/1/checks/") == []


@pytest.mark.parametrize(
    ("place", "words", "code", "reason"),
    [
        ("http://patchwork.example.org", (), 2, "not a patchwork project"),
        ("{url}", ("--offline",), 4, "--offline"),
        ("{server}/project/other", (), 0, "0 checks posted"),
    ],
)
def test_a_wrong_place_is_an_error(
    patchwork: Patchwork, place: str, words: tuple[str, ...], code: int, reason: str
) -> None:
    done = post(place.format(url=patchwork.url, server=patchwork.server), *words)
    assert (done.code, reason in done.err) == (code, True), done.err


def test_the_token_is_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    from patchpilot.archive.feed import post_json
    from patchpilot.errors import UsageError

    with pytest.raises(UsageError, match="only sent over https"):
        post_json(
            "http://patchwork.example.org/api/1.3/patches/1/checks/", {}, token="t"
        )
