# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that messages are the same as those of git format-patch and git send-email, byte for byte.

b4's messages are compared after parsing them like `git am`.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from patchpilot.commits.pinned_git import make_config_variable
from patchpilot.commits.repository import Repository
from patchpilot.model.address import decode_words
from patchpilot.model.message import Message, parse_message
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.compose_series import compose_series_messages
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.send_email.git_send_email import capture_send_email
from patchpilot.outgoing.transport import Sending
from patchpilot.outgoing.transports import find_transport
from patchpilot.sending.mail_recipients import choose_recipients
from patchpilot.sending.plan import collect_mail_texts, plan_sending
from patchpilot.topic.base import find_published_commit
from patchpilot.topic.find import find_base_commit, find_topic
from tests.kit.b4 import run_b4
from tests.kit.mails import ADA
from tests.kit.repos import Repo

LIST = "list@lists.example.org"
OTHER = "Otto Other <otto@other.example>"
UTF8 = "Zoë Größer-Łukaszewicz <zoe@example.net>"
LONG = "Ferdinánd Ágoston Árpád Éliás Ödön Űrhajós-Tükörfúrógép <f@example.net>"
SIGNED = f"Signed-off-by: {ADA}"
BINARY = bytes(range(256)) * 3


class CommitTexts(NamedTuple):
    """The texts of a commit.

    They are its message without the sign-off, its author, its encoding, and its file changes.
    """

    message: str = "lib: wait\n\nIt was wrong."
    author: str = ADA
    encoding: str = "UTF-8"
    files: Mapping[str, bytes] = MappingProxyType({"lib/plain.c": b"int changed;\n"})
    renamed: tuple[tuple[str, str], ...] = ()


class ComposeCase(NamedTuple):
    """A series with its configuration, its branch description and its first commit."""

    commits: tuple[CommitTexts, ...] = (CommitTexts(),)
    settings: tuple[tuple[str, str], ...] = ()
    cover: str = ""
    start: str = "master"


def make_case(
    message: str = CommitTexts().message,
    *settings: tuple[str, str],
    **changed_options: object,
) -> ComposeCase:
    return ComposeCase((CommitTexts(message)._replace(**changed_options),), settings)  # type: ignore[arg-type]


TWO = (CommitTexts(), CommitTexts("lib: wait again\n\nMore."))
COVER = "lib: wait longer\n\nThe pump is slow.\nVery slow.\n"
CRLF = b"int a;\r\nint b;\r\n"
CASES = {
    "plain": make_case(),
    "two patches": ComposeCase(TWO),
    "eleven patches": ComposeCase(
        tuple(CommitTexts(f"lib: step {n}\n\nStep {n}.") for n in range(11))
    ),
    "another's patch": make_case(author=OTHER),
    "two authors": ComposeCase((CommitTexts(author=OTHER), CommitTexts(author=UTF8))),
    "UTF-8 author": make_case(author=UTF8),
    "long UTF-8 author": make_case(author=LONG),
    "author with a comma": make_case(author='"Doe, Jane" <jane@example.net>'),
    "author with dots": make_case(author="J. R. Doe <jr@example.net>"),
    "UTF-8 subject": make_case("lib: fix Größe\n\nText."),
    "long UTF-8 subject": make_case(
        "lib: fix the größte of all the übergroßen Überläufe at once\n\nText."
    ),
    "long subject": make_case(f"lib: {'very ' * 16}long\n\nText."),
    "encoded word in the subject": make_case("lib: fix =?x?= a_b\n\nText."),
    "UTF-8 message": make_case("lib: wait\n\nPaß auf: naïve."),
    "UTF-8 diff": make_case(files={"lib/plain.c": "/* Größe */\n".encode()}),
    "ISO-8859-1 commit": make_case(
        "lib: Größe\n\nPaß auf.",
        author="Björn Öther <b@example.net>",
        encoding="ISO-8859-1",
    ),
    "tags": make_case(
        "lib: wait\n\nText.\n\nReported-by: Rob Port <rob@port.example>\n"
        'Cc: "Doe, J." <doe@example.net>\nReviewed-by: Zoë <zoe@example.net>'
    ),
    "no body": make_case("lib: wait"),
    "From in the message": make_case("lib: wait\n\nFrom the start\n>From here\n"),
    "CRLF": make_case(files={"lib/dos.c": CRLF + b"int c;\r\n"}),
    "binary": make_case(files={"lib/fw.bin": BINARY + b"x"}),
    "rename": make_case(files={}, renamed=(("lib/old.c", "lib/new.c"),)),
    "binary rename": make_case(files={}, renamed=(("lib/fw.bin", "lib/fw2.bin"),)),
    "renamed and changed": make_case(
        files={"lib/new.c": b"int line;\n" * 40 + b"int more;\n"},
        renamed=(("lib/old.c", "lib/new.c"),),
    ),
    "no newline at the end": make_case(files={"lib/plain.c": b"int changed;"}),
    "long lines": make_case(files={"lib/plain.c": b"x" * 1200 + b"\n"}),
    "UTF-8 file name": make_case(files={"lib/größe.c": b"int x;\n"}),
    "cover": ComposeCase(TWO, cover=COVER),
    "cover in UTF-8": ComposeCase(TWO, cover="lib: Größe\n\nPaß auf.\n"),
    "cover of one": ComposeCase(settings=(("format.coverLetter", "true"),), cover=COVER),
    "cover auto": ComposeCase(TWO, (("format.coverLetter", "auto"),), COVER),
    "stacked": ComposeCase(TWO, start="stack"),
    "subjectPrefix": make_case(CommitTexts().message, ("format.subjectPrefix", "PATCH net-next")),
    "to and cc": make_case(
        CommitTexts().message,
        ("format.to", "Tom <tom@example.net>"),
        ("format.cc", "Cyd <cyd@example.net>"),
        ("format.cc", "cee@example.net"),
    ),
    "headers": make_case(
        CommitTexts().message,
        ("format.headers", "X-Team: pumps\nCc: Hed <hed@example.net>\n"),
        ("format.headers", "Organization: Acme"),
    ),
    "signature": make_case(CommitTexts().message, ("format.signature", "Ada\nof Acme")),
    "no signature": make_case(CommitTexts().message, ("format.signature", "")),
    "notes": make_case(CommitTexts().message, ("format.notes", "true")),
    "notes of a ref": make_case(CommitTexts().message, ("format.notes", "review")),
    "diff settings": make_case(
        CommitTexts().message,
        ("diff.noprefix", "true"),
        ("diff.context", "0"),
        files={"lib/old.c": b"int line;\n" * 40 + b"int more;\n"},
    ),
}
OURS = {"to", "cc", "date", "message-id", "x-mailer", "in-reply-to", "references"}
"""Headers that vary between calls, or that other tests compare."""
DIFFERENT = {
    # git before 2.41 also follows diff.noprefix
    "diff settings 1": "diff.context is for the screen: not every am takes patches without context",
    "UTF-8 file name 1": "git writes octal numbers, which nobody can read; git am takes both",
    "cover in UTF-8 0": "git send-email encodes the brackets as well, which filters cannot read",
}
"""Messages that differ from git's, with reasons."""
AUTHORS = {
    "otto@other.example",
    "zoe@example.net",
    "f@example.net",
    "jane@example.net",
    "jr@example.net",
    "b@example.net",
}
"""Authors of patches who get a copy: git send-email adds them, b4 reads only trailers."""
BY_B4 = {
    "CRLF": "b4 leaves out carriage returns: its patch does not apply",
    "long UTF-8 author": "b4 puts spaces into a name that takes several encoded words",
    "UTF-8 file name": DIFFERENT["UTF-8 file name 1"],
}
"""Series whose patches differ from b4's, with reasons."""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Create a repository with a branch for each series."""
    repo = Repo(tmp_path / "r")
    files = {
        "MAINTAINERS": f"ALL\nL:\t{LIST}\nF:\t*\nF:\t*/\n".encode(),
        "lib/plain.c": b"int plain;\n",
        "lib/old.c": b"int line;\n" * 40,
        "lib/dos.c": CRLF,
        "lib/fw.bin": BINARY,
    }
    stream = _format_commit("master", CommitTexts("all: begin", files=files), "", 0)
    stream += _format_commit(
        "stack", CommitTexts("lib: below", files={"lib/s.c": b"s\n"}), "master", 1
    )
    number = 2
    for name, compose_case in CASES.items():
        start = compose_case.start
        for commit in compose_case.commits:
            stream += _format_commit(create_series_branch(name), commit, start, number)
            start, number = "", number + 1
    arguments = ["git", "fast-import", "--quiet"]
    subprocess.run(arguments, cwd=repo.path, input=stream, check=True)
    repo.git("update-ref refs/remotes/origin/master master")
    for name, ref in (("notes", "commits"), ("notes of a ref", "review")):
        repo.git(f"notes --ref={ref} add -m 'Tried on a pump.'", create_series_branch(name))
    config = {"sendemail.smtpserver": "127.0.0.1", "sendemail.to": LIST}
    config["format.coverFromDescription"] = "subject"
    for name, compose_case in CASES.items():
        if compose_case.cover:
            config[f"branch.{create_series_branch(name)}.description"] = compose_case.cover
    for key, value in config.items():
        repo.git("config --global", key, value)
    return repo


def create_series_branch(name: str) -> str:
    return re.sub(r"\W+", "-", name)


def _format_commit(branch: str, commit: CommitTexts, start: str, number: int) -> bytes:
    date = f"{1_700_000_000 + 60 * number} +0000"
    trailer_separator = "\n" if "-by:" in commit.message else "\n\n"
    message = f"{commit.message.rstrip()}{trailer_separator}{SIGNED}\n".encode(commit.encoding)
    author = commit.author.replace('"', "").encode(commit.encoding)
    commit_header = (
        f"commit refs/heads/{branch}\nauthor ".encode()
        + author
        + f" {date}\ncommitter {ADA} {date}\n".encode()
    )
    if commit.encoding != "UTF-8":
        commit_header += f"encoding {commit.encoding}\n".encode()
    commit_header += b"data %d\n%b\n" % (len(message), message)
    commit_header += f"from refs/heads/{start}\n".encode() if start else b""
    for old_path, new_path in commit.renamed:
        commit_header += f"R {old_path} {new_path}\n".encode()
    for path, content in commit.files.items():
        if path == "lib/plain.c" and number > 1:
            content += b"int n%d;\n" % number if content.endswith(b";\n") else b""
        commit_header += f"M 100644 inline {path}\n".encode()
        commit_header += b"data %d\n%b\n" % (len(content), content)
    return commit_header + b"\n"


def check_out(repo: Repo, name: str, monkeypatch: pytest.MonkeyPatch) -> ComposeCase:
    (repo.path / ".git/HEAD").write_text(f"ref: refs/heads/{create_series_branch(name)}\n")
    settings = make_config_variable(CASES[name].settings, {})
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", settings.get("GIT_CONFIG_PARAMETERS", ""))
    return CASES[name]


def compose_files(repository: Repository, start: str) -> tuple[Message, ...]:
    """Return the files for git send-email that contain the topic."""
    request = SendRequest(base=start, cover=repository.flag("format.coverletter"))
    topic, transport = find_topic(repository, request), find_transport(request.via)
    account = transport.account(repository)
    base = find_base_commit(repository, request, topic.commits)
    assert base
    published_commits, _ = find_published_commit(repository, base)
    people = choose_recipients(repository, request, account, topic.draft, topic.series)
    empty_send = Send(0, "", "", None, 1, "", "", "", "real", None, None, None, (), "", ())
    collected_texts = collect_mail_texts(repository, request, topic.draft, published_commits)
    return compose_series_messages(
        repository,
        Sending(
            request,
            transport,
            account,
            topic.draft,
            empty_send,
            topic.series,
            topic.commits,
            collected_texts,
            people.recipients,
        ),
    )


def list_git_send_email_mails(repo: Repo, folders: list[Path], folder: Path) -> Iterator[Message]:
    folder.mkdir()
    (folder / "count").write_text("0\n")
    save_function = (
        f'f() {{ read -r n < {folder}/count; n=$((n + 1)); echo "$n" > {folder}/count;'
        f' printf "%s\\n" "$@" > {folder}/"$n.to"; cat > {folder}/"$n"; }}; f'
    )
    repo.git(
        "send-email --quiet --confirm=never --no-thread --no-validate --suppress-cc=self"
        f" --8bit-encoding=UTF-8 --sendmail-cmd={shlex.quote(save_function)}",
        *map(str, folders),
    )
    for number in range(1, int((folder / "count").read_text()) + 1):
        arguments = (folder / f"{number}.to").read_text().split("\n")
        people = tuple(
            extra_argument
            for extra_argument in arguments[arguments.index("-i") + 1 :]
            if extra_argument
        )
        yield parse_message((folder / str(number)).read_bytes(), "", people)


def split_comparable_parts(raw_mail: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers to compare, and the body without patchpilot's footer."""
    head, _, body = raw_mail.replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
    fields = re.split(r"\r?\n(?![ \t])", head.decode())
    header_fields = dict(field.split(": ", 1) for field in fields)
    remaining = {
        key.lower(): value for key, value in header_fields.items() if key.lower() not in OURS
    }
    return remaining, re.sub(rb"change-id: .*\n", b"", body)


def test_messages_match_git(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders, of_git, names, messages = [], list[str](), list[str](), list[Message]()
    for index, name in enumerate(CASES):
        case = check_out(repo, name, monkeypatch)
        folder = tmp_path / f"{index:02d}"
        cover = "--cover-letter" if case.cover else ""
        repo.git(f"format-patch -q -o {folder} --base=master {cover} {case.start}..HEAD")
        folders.append(folder)
        of_git += [f"{name} {int(file.name[:4])}" for file in sorted(folder.iterdir())]
        with Repository.open(repo.path) as repository:
            files = compose_files(repository, case.start)
            account = find_transport("git-send-email").account(repository)
        messages += files
        names += [f"{name} {message.number}" for message in files]
    monkeypatch.delenv("GIT_CONFIG_PARAMETERS")
    expected = list(list_git_send_email_mails(repo, folders, tmp_path / "out"))
    with Repository.open(repo.path) as repository:
        sent = capture_send_email(repository, account, messages)
    assert names == of_git
    different = set[str]()
    for name, ours, gits in zip(names, sent, expected, strict=True):
        if split_comparable_parts(ours.raw) != split_comparable_parts(gits.raw):
            different.add(name)
        people = [set(message.recipients) - {"ada@example.org"} for message in (ours, gits)]
        # like b4, send the cover letter to the recipients of all patches
        assert people[0] == people[1] or name.endswith(" 0"), name
    assert different == DIFFERENT.keys()


def split_applied_parts(raw_mail: bytes) -> tuple[str, bytes, bytes]:
    message = message_from_bytes(raw_mail)
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    message_text, _, diff_part = body.partition(b"\n---\n")
    diff = re.split(
        rb"\n+(?:base-commit: .*\n(?:.*\n)*|---\n|-- \n|\Z)",
        diff_part[diff_part.find(b"diff --git") :],
    )
    return (
        decode_words(" ".join(str(message["Subject"]).split())),
        message_text.strip(),
        diff[0],
    )


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in CASES if not CASES[name].settings])
def test_messages_match_b4(
    name: str, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = check_out(repo, name, monkeypatch)
    repo.git("reset -q --hard")
    with Repository.open(repo.path) as repository:
        request = SendRequest(base=case.start, force="a test", answers=(("security", "no"),))
        our_plan = plan_sending(repository, request).send.entries
    repo.git("config b4.prep-cover-strategy branch-description")
    run_b4(repo, f"prep -e {case.start}")
    command = "-c b4.prep-pre-flight-checks=disable-all -c b4.send-me-too=no send --no-sign --to"
    run_b4(repo, f"{command} {LIST} -o", str(tmp_path / "out"))
    theirs = [parse_message(f.read_bytes()) for f in sorted((tmp_path / "out").iterdir())]
    people = [
        {email for message in sent for email in message.to_and_cc} for sent in (our_plan, theirs)
    ]
    assert people[0] - people[1] <= AUTHORS
    assert people[1] <= people[0]
    patches = [
        [split_applied_parts(message.raw) for message in sent if b"\ndiff --git" in message.raw]
        for sent in (our_plan, theirs)
    ]
    assert (patches[0] != patches[1]) == (name in BY_B4)
