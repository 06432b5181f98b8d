# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that all commands that report the same fact agree.

tests/tui/test_app_parity.py compares the screens.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from patchpilot.checking.editor_check import EditorCheck
from patchpilot.commits.repository import Repository
from patchpilot.home.read import read_topics
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.model.printable import format_count
from tests.kit.canaries import create_conflicting_patches
from tests.kit.life import create_life
from tests.kit.mails import ADA, MATT, RITA
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import SIGNED, configure_mail_server, unpacked

Findings = Counter[tuple[str, str]]
_LATIN = "Zoë Ångström <zoe@example.org>"
_ABOUT_FIXES = {"malformed-fixes", "unknown-commit"}
_ONLY_IN_A_TREE = {"already-applied"}
"""Only for a message: a commit is already in the tree."""
_TEXT = re.compile(r"^\S+?: (error|warning|check|note): .* \[([a-z0-9-]+)\]", re.MULTILINE)


def _make_topic_builder(
    old_code: str = "int a;\n",
    new_code: str = "int b;\n",
    author: str | None = None,
    **options: str,
) -> Callable[[Path], Repo]:
    def create_topic(path: Path) -> Repo:
        repo = create_conflicting_patches(path, end="")
        repo.checkout("master")
        repo.commit(f"frob: more\n\n{SIGNED}", {"frob.c": old_code})
        repo.git("update-ref refs/remotes/origin/master HEAD")
        repo.git("checkout -q -B topic")
        repo.git("branch -q -u master")
        commit_message = options.get(
            "message", f"frob: change a\n\nIt was wrong. Change it.\n\n{SIGNED}"
        )
        repo.commit(commit_message, {"frob.c": new_code}, author=author)
        return repo

    return create_topic


def _make_citing_topic_builder(*tags: str) -> Callable[[Path], Repo]:
    """Return a function that creates a topic with these Fixes: tags.

    `{good}` and `{bad}` stand for commits.
    """

    def create_topic(path: Path) -> Repo:
        repo = _make_topic_builder()(path)
        good_commit, bad_commit = repo.git("rev-parse master master~1").split()
        lines = "\n".join(tags).format(good=good_commit[:12], bad=bad_commit[:12])
        commit_message = f"frob: change a\n\nIt was wrong. Change it.\n\n{lines}\n{SIGNED}"
        repo.git("commit -q --amend -m", commit_message)
        return repo

    return create_topic


_GOOD = 'Fixes: {good} ("frob: more")'
WORLDS: dict[str, Callable[[Path], Repo]] = {
    "two patches": lambda path: create_conflicting_patches(path, end=""),
    "white space": create_conflicting_patches,
    "CR line ends": _make_topic_builder("int a;\r\n" * 9, "int a;\r\n" * 4 + "int b;\r\n" * 4),
    "CR and UTF-8": _make_topic_builder("int a;\r\n", "/* größer */\r\nint b;\r\n"),
    "long lines": _make_topic_builder(new_code=f"/* {'x' * 1200} */\n"),
    "another author": _make_topic_builder(author=_LATIN),
    "equal signs": _make_topic_builder(new_code="int a = 1; /* =3D =C3 */\n"),
    "valid Fixes": _make_citing_topic_builder(_GOOD),
    "two Fixes": _make_citing_topic_builder(_GOOD, 'Fixes: {bad} ("frob: begin")'),
    "wrong title": _make_citing_topic_builder('Fixes: {good} ("frob: other")'),
    "unknown commit": _make_citing_topic_builder('Fixes: 0123456789ab ("frob: other")'),
    "no description": _make_topic_builder(message=f"frob: change a\n\n{SIGNED}"),
}


_FREQUENT = {"two patches", "white space", "CR and UTF-8", "wrong title"}
"""The topics of the normal run: each check of these tests has something to compare in one of
them.
"""


def _mark_long(names: Iterable[str], kept: set[str]) -> list[object]:
    """Return parameters, of which the normal run only has those in `kept`."""
    return [name if name in kept else pytest.param(name, marks=pytest.mark.long) for name in names]


def _count_findings(patches: Iterable[dict[str, Any]]) -> Findings:
    return Counter(
        (finding["name"], finding["severity"])
        for patch in patches
        for finding in patch["findings"]
        if finding["name"] not in _ONLY_IN_A_TREE
    )


def _list_topic_recipients(*mails: Patch) -> set[tuple[str, str]]:
    return {
        (name, address.key)
        for mail in mails
        for name in ("to", "cc")
        for address in mail.addresses(name)
    }


@pytest.mark.parametrize("world", _mark_long(WORLDS, _FREQUENT))
def test_findings_and_recipients_agree(tmp_path: Path, world: str) -> None:
    repo, out = WORLDS[world](tmp_path / "r"), tmp_path / "out"
    ask = repo.patchpilot
    checked = ask("check --format json").json
    result = _count_findings(checked["patches"])
    with FaultySink() as server:
        configure_mail_server(repo, server)
        plan = ask("send --dry-run --format json --to list@example.org").json
        output = ask("send --dry-run --to list@example.org").out
        ask("send --to list@example.org --outbox", out)
        ask("send --to list@example.org --yes --force test")
        sent = [unpacked(mail) for mail in server.take()]
    files = [tmp_path / f"{number}.eml" for number in range(len(sent))]
    for file, raw in zip(files, sent, strict=True):
        file.write_bytes(raw)
    mails = [parse_patch(raw, "sent") for raw in sent]

    everything = _count_findings(ask("check --strict --format json").json["patches"])
    text = ask("check --strict --all").out.replace(": question: ", ": note: ")
    assert Counter((two, severity_name) for severity_name, two in _TEXT.findall(text)) == everything
    run = ask("check --format sarif").json["runs"][0]
    assert (
        Counter(
            (row["properties"]["name"], row["properties"]["severity"]) for row in run["results"]
        )
        == result
    )
    lines = ask("check --strict --format checkpatch").out.splitlines()
    assert len(lines) == sum(count for (_, kind), count in everything.items() if kind != "note")
    for written in ([out], files):
        assert _count_findings(ask("check --format json", *written).json["patches"]) == result
    with contextlib.closing(EditorCheck(repo.path)) as editor:
        of_texts = [
            (finding.finding.name, str(finding.finding.severity))
            for file in files
            for finding in editor.findings(file, file.read_text(), with_history=True)
        ]
    assert {text for text in of_texts if text in everything} >= set(result)
    errors = sum(count for (_, kind), count in result.items() if kind == "error")
    blocked = [
        refusal["message"] for refusal in plan["refusals"] if refusal["name"] == "check-errors"
    ]
    assert len(blocked) == bool(errors)
    assert not errors or blocked[0].startswith(f"check reports {format_count(errors, 'error')}")
    lines = sum(line.startswith("problem: ") for line in output.partition("━━━")[0].splitlines())
    assert lines == int("".join(re.findall(r"^not ready: (\d+) problem", output)) or 0)

    planned_recipients = ask("maintainers --format json").json["results"][0]["recipients"]
    reasons = {recipient["email"]: recipient["reasons"] for recipient in planned_recipients}
    assert reasons == {
        recipient["email"]: recipient["reasons"]
        for recipient in plan["recipients"]
        if recipient["email"] in reasons
    }
    people = {(recipient["header"], recipient["email"].lower()) for recipient in plan["recipients"]}
    assert {(recipient["header"], recipient["email"]) for recipient in planned_recipients} <= people
    assert people - {("to", "list@example.org")} <= _list_topic_recipients(*mails) <= people

    base = plan["base"]
    assert ask("check --explain-base").err.startswith(f"base: master ({base[:12]})")
    assert {line for mail in mails for line in mail.lines if line.startswith("base-commit")} == {
        f"base-commit: {base}"
    }


@pytest.mark.parametrize(
    "world",
    _mark_long(
        [world for world in WORLDS if "Fixes" in world or "t" in world],
        {"two Fixes", "wrong title", "no description"},
    ),
)
def test_fixes_tags_agree(tmp_path: Path, world: str) -> None:
    repo = WORLDS[world](tmp_path / "r")
    ask = repo.patchpilot
    document = ask("fixes HEAD --format json").json
    tags = [tag["tag"] for tag in document["present"]]
    assert tags == re.findall(r"^Fixes: .*", repo.git("log -1 --format=%B"), re.MULTILINE)
    wrong = [tag for tag in document["present"] if tag["problems"]]
    names = {
        patch["name"] for patch in ask("check --format json HEAD").json["patches"][0]["findings"]
    }
    assert bool(wrong) == bool([name for name in names if name in _ABOUT_FIXES]), names
    valid = [tag["commit"] for tag in document["present"] if tag["commit"]]
    stable, backport = (
        ask(f"{command} HEAD --format json").json for command in ("stable", "backport")
    )
    assert [culprit["commit"] for culprit in stable["culprits"]] == backport["culprits"]
    assert not valid or backport["culprits"] == valid
    # if a commit has a valid tag, nothing else is proposed
    offered = {tag.split()[1] for tag in document["tags"]}
    assert not valid or offered <= {commit[:12] for commit in valid}


def _create_fix_with_branches(path: Path) -> Repo:
    repo = create_conflicting_patches(path, end="")
    for version, commits in (("6.1", "topic~1 topic"), ("6.6", "")):
        repo.git("checkout -q --detach master")
        for commit in repo.git(f"rev-parse {commits}").split() if commits else ():
            repo.git("cherry-pick", commit)
        repo.commit(
            f"Linux {version}.1",
            {"Makefile": f"VERSION = 6\nPATCHLEVEL = {version[2:]}\n"},
        )
        repo.git("update-ref", f"refs/remotes/stable/linux-{version}.y", "HEAD")
    repo.checkout("topic")
    return repo


@pytest.mark.parametrize("build", [create_conflicting_patches, _create_fix_with_branches])
def test_branch_verdicts_agree(tmp_path: Path, build: Callable[[Path], Repo]) -> None:
    ask = build(tmp_path / "r").patchpilot
    verdicts = {
        branch["version"]: (branch["verdict"], branch["affected"])
        for branch in ask("backport HEAD --format json").json["branches"]
    }
    assert verdicts == {
        branch["version"]: (branch["verdict"], branch["affected"])
        for branch in ask("stable HEAD --format json").json["branches"]
    }
    text, stable = ask("backport HEAD").out, ask("stable HEAD").out
    for version, (verdict, is_affected) in verdicts.items():
        assert re.search(rf"linux-{version}\.y +{verdict}", text), text
        word = {True: "affected", False: "not affected"}.get(is_affected, "unknown")
        word = "already fixed" if verdict == "already-fixed" else word
        assert re.search(rf"^ +{version} +{word}", stable, re.MULTILINE), stable


_REQUEST = "Please rename the variable."
_APPLIED = "Applied to widget/next, thanks!\n\nhttps://git.example.org/c/0123456789ab"


_REPLIES: dict[str, tuple[tuple[str, str], ...]] = {
    "none": (),
    "request": ((MATT, _REQUEST),),
    "five": ((MATT, _REQUEST), (RITA, f"Reviewed-by: {RITA}"), (ADA, "Good point.")),
    "condition": ((RITA, f"With the comment reworded, Reviewed-by: {RITA}"),),
    "applied": ((RITA, f"Tested-by: {RITA} # on a Rock 5"), (MATT, _APPLIED)),
    "NACK": ((MATT, f"NAK.\n\nNacked-by: {MATT}"),),
}


@pytest.mark.parametrize("replies", _mark_long(_REPLIES, {"five", "condition"}))
def test_series_states_agree(tmp_path: Path, replies: str) -> None:
    with create_life(tmp_path) as author:
        first_message_id = author.send()
        author.update()
        for sender, text in _REPLIES[replies]:
            author.add_reply(first_message_id, text, sender)
        (series,) = author.track("show", "1", "--format", "json").json["series"]
        (listed_series,) = author.track("--format", "json").json["series"]
        output = " ".join(author.track("show", "1").out.split())
        topic = author.run("draft", "--format", "json").json["topic"]
        ledger = author.track("show", "1", "--ledger", "--format", "json").json
        with Repository.open(author.repo.path) as repository:
            (home,) = [top for top in read_topics((repository.key,)) if top.series]
        added_document = author.run("trailers", "--dry-run", "--format", "json").json
        settings = author.run("config", "--format", "json").json["settings"]
    for key in ("state", "proven", "why", "turn", "next_step", "source", "trailers"):
        assert series[key] == listed_series[key]
    assert series["state"] == topic["state"] == home.state
    assert str(home.step) == series["next_step"] == topic["next_step"]
    assert re.search(rf"state {series['state']}(?: \(.*?\))?: {re.escape(series['why'])}", output)
    assert (series["turn"], series["tags"]) == (home.turn, home.tags)
    is_open = sum(point["state"] == "open" for point in ledger["points"])
    assert (f"open {format_count(is_open, 'request')} by" in output) == bool(is_open)
    assert "none of them" not in output
    held = [tag["trailer"] for tag in series["trailers"] if tag["conditional"] or tag["asks"]]
    assert [tag["trailer"] for tag in added_document["held"]] == held
    message = added_document["commits"][0]["message"]
    tags = [tag["trailer"] for tag in series["trailers"]]
    assert [tag for tag in tags if tag in message.split("\n")] == [
        tag for tag in tags if tag not in held
    ]
    assert series["source"] in {setting["value"] for setting in settings}
