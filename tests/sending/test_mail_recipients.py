# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that patchpilot, git send-email and b4 have the same recipients except the sender."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from patchpilot.commits.b4_prep import PrepBranch
from patchpilot.commits.repository import Repository
from patchpilot.model.mail import parse_mail
from patchpilot.model.recipient import RecipientPlan
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_account import read_account
from patchpilot.recipients.topic import plan_series
from patchpilot.sending.mail_recipients import choose_recipients
from patchpilot.topic.find import find_topic
from tests.kit.b4 import run_b4
from tests.kit.cli import call
from tests.kit.mails import ADA
from tests.kit.maintainers import FILES, MAINTAINERS
from tests.kit.repos import Repo

OTHER = "Otto Other <otto@other.example>"
SIGNED = f"Signed-off-by: {ADA}"


class Commit(NamedTuple):
    """A commit of a topic. It has the text below its subject, the author, and the changed file."""

    tags: str
    author: str | None = None
    file: str = "lib/plain.c"


def create_topic(path: Path, *commits: Commit, maintainers_text: str = "") -> Repo:
    repo = Repo(path)
    files = {
        **FILES,
        "MAINTAINERS": maintainers_text or "ALL\nL:\tlist@lists.example.org\nF:\t*\nF:\t*/\n",
    }
    repo.commit(f"all: begin\n\n{SIGNED}", files)
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.branch("topic")
    for number, commit in enumerate(commits):
        repo.commit(
            f"lib: change {number}\n\nIt was wrong.\n\n{commit.tags}",
            {commit.file: f"int changed{number};\n"},
            author=commit.author,
        )
    return repo


def plan_recipients(repo: Repo) -> RecipientPlan:
    with Repository.open(repo.path) as repository:
        topic = find_topic(repository, SendRequest())
        account = read_account(repository)
        return choose_recipients(repository, SendRequest(), account, topic.draft, topic.series)


def receive_recipients_of_mails(repo: Repo) -> dict[str, tuple[int, ...]]:
    """Return the recipients of patchpilot's messages, with the numbers of the patches that they
    receive.
    """
    return {
        recipient.address.email: recipient.patches for recipient in plan_recipients(repo).recipients
    }


def find_git_recipients(repo: Repo, count: int) -> set[str]:
    output = repo.git(
        "send-email --dry-run --confirm=never --suppress-cc=self"
        f" --to=list@lists.example.org -{count}"
    )
    return set(re.findall(r"^RCPT TO:<(.*)>$", output, re.MULTILINE)) - {"ada@example.org"}


def find_b4_recipients(repo: Repo, folder: Path) -> list[set[str]]:
    repo.git("config b4.prep-cover-strategy branch-description")
    run_b4(repo, "prep -e origin/master")
    send_arguments = "-c b4.prep-pre-flight-checks=disable-all -c b4.send-me-too=no send"
    run_b4(repo, f"{send_arguments} --no-sign --to list@lists.example.org -o", str(folder))
    result = []
    for file in sorted(folder.iterdir()):
        mail = parse_mail(file.read_bytes())
        result.append({address.email for address in (*mail.to, *mail.cc)})
    return result


TAGGED = """\
Reported-by: Rob Port <rob@port.example>
Closes: https://bugs.example/1
Co-developed-by: Coe Author <coe@author.example>
Signed-off-by: Coe Author <coe@author.example>
Cc: stable@vger.kernel.org # 6.1
Cc: "Doe, J." <doe@example.net>
Reviewed-by: Zoë Größer <zoe@example.net>
"""
SERIES = {
    "own patch": (Commit(SIGNED),),
    "another's patch": (Commit(f"Signed-off-by: {OTHER}\n{SIGNED}", OTHER),),
    "another's patch, signed by me": (Commit(SIGNED, OTHER),),
    "author with a UTF-8 name": (Commit(SIGNED, "Zoë Größer <zoe@example.net>"),),
    "several signers": (Commit(f"{SIGNED}\nSigned-off-by: C D <c.d@example.net>"),),
    "tags": (Commit(TAGGED + SIGNED),),
    "Cc below the ---": (Commit(f"{SIGNED}\n---\nCc: Bel Low <bel@low.example>"),),
    "tag in capitals": (Commit(f"CC: Caps <caps@example.net>\n{SIGNED}"),),
    "tag in the text": (Commit(f"Cc: Mid <mid@example.net>\n\nMore text.\n\n{SIGNED}"),),
    "bare address": (Commit(f"Cc: bare@example.net\n{SIGNED}"),),
    "two authors": (Commit(SIGNED, OTHER), Commit(SIGNED, "Ann N <ann@n.example>")),
    "my own Cc": (Commit(f"Cc: {ADA}\n{SIGNED}"),),
}


SUPPRESSED = ("", "sob", "body", "author", "all")


@pytest.mark.parametrize(
    ("name", "suppressed"),
    [
        # in `make test`, each series without a setting and with one of the settings
        pytest.param(name, kind, marks=() if place in (0, 1 + number % 4) else pytest.mark.long)
        for number, name in enumerate(SERIES)
        for place, kind in enumerate(SUPPRESSED)
    ],
)
def test_tags_match_git_send_email_recipients(name: str, suppressed: str, tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r", *SERIES[name])
    if suppressed:
        repo.git("config --global sendemail.suppresscc", suppressed)
    assert set(receive_recipients_of_mails(repo)) == find_git_recipients(repo, len(SERIES[name]))


BY_GIT_ONLY = {
    "another's patch, signed by me": "otto@other.example",
    "author with a UTF-8 name": "zoe@example.net",
    "two authors": "otto@other.example ann@n.example",
}
"""The recipients whom b4 leaves out: it reads trailers only, git send-email the author as well."""


@pytest.mark.long
@pytest.mark.parametrize("name", SERIES)
def test_tags_match_b4_recipients(name: str, tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r", *SERIES[name])
    recipients = set(receive_recipients_of_mails(repo))
    by_all = set().union(*find_b4_recipients(repo, tmp_path / "out"))
    assert recipients == by_all | set(BY_GIT_ONLY.get(name, "").split())


def test_maintainer_author_receives_the_other_patches(
    tmp_path: Path,
) -> None:
    repo = create_topic(
        tmp_path / "r",
        Commit(SIGNED, "Eve Router <eve@net.example>", "drivers/net/port.c"),
        Commit(SIGNED, None, "drivers/net/port.c"),
        maintainers_text=MAINTAINERS,
    )
    recipients = {
        recipient.address.email: recipient for recipient in plan_recipients(repo).recipients
    }
    assert recipients["eve@net.example"].header == "to"
    assert recipients["eve@net.example"].role == "maintainer"


@pytest.mark.parametrize("kind", ["self", "author", "sob", "cc", "body", "all"])
def test_suppresscc_keeps_maintainers(kind: str, tmp_path: Path) -> None:
    tags = f"Acked-by: Eve Router <eve@net.example>\n{SIGNED}"
    repo = create_topic(
        tmp_path / "r",
        Commit(tags, "Eve Router <eve@net.example>", "drivers/net/port.c"),
        maintainers_text=MAINTAINERS,
    )
    repo.git("config --global sendemail.suppresscc", kind)
    (eve,) = (
        recipient
        for recipient in plan_recipients(repo).recipients
        if recipient.address.email == "eve@net.example"
    )
    assert eve.header == "to"
    assert eve.reasons[0].endswith("(NETWORK DRIVERS)")
    assert ("Acked-by: in the message" in eve.reasons) == (kind not in ("body", "all"))


def test_suppressed_recipients_are_listed(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r", Commit(f"Tested-by: {OTHER}\n{SIGNED}"))
    repo.git("config --global sendemail.suppresscc misc-by")
    assert "omitted by sendemail.suppresscc: otto@other.example" in plan_recipients(repo).warnings


def test_cover_letter_goes_to_everyone(
    tmp_path: Path,
) -> None:
    repo = create_topic(
        tmp_path / "r",
        Commit(SIGNED, None, "drivers/widget/core.c"),
        Commit(f"Cc: {OTHER}\n{SIGNED}", None, "lib/stale.c"),
        maintainers_text=MAINTAINERS,
    )
    repo.patchpilot("draft --cover-subject 'x: y' --cover Because.")
    preview = repo.patchpilot("send --dry-run --format json --profile linux --force x").json
    cover, first, second = (
        {address for header in ("to", "cc") for address in message[header]}
        for message in preview["messages"]
    )
    lists = {"widgets@lists.example", "everybody@lists.example"}
    assert lists <= cover & first & second
    assert cover >= first | second
    assert OTHER not in first
    assert OTHER in second
    assert "Ada Fixer <ada@widgets.example>" in first - second
    patches = {recipient["email"]: recipient["patches"] for recipient in preview["recipients"]}
    assert patches["ada@widgets.example"] == [1]
    assert patches["otto@other.example"] == [2]
    assert patches["widgets@lists.example"] == []
    assert "maintainer, ACME WIDGET DRIVER, patch 1" in repo.patchpilot("maintainers").out
    # a recipient who was added manually gets every message
    repo.patchpilot("maintainers --add-to ada@widgets.example")
    assert receive_recipients_of_mails(repo)["ada@widgets.example"] == ()


@pytest.mark.parametrize("name", ["netdev@vger.kernel.org", "dri-devel@lists.freedesktop.org"])
def test_project_can_send_all_patches_to_everyone(name: str, tmp_path: Path) -> None:
    repo = create_topic(
        tmp_path / "r",
        Commit(f"Cc: {OTHER}\n{SIGNED}"),
        Commit(SIGNED),
        maintainers_text=f"ALL\nL:\t{name}\nF:\t*\nF:\t*/\n",
    )
    with Repository.open(repo.path) as repository:
        topic = find_topic(repository, SendRequest())
        planned = plan_series(topic.series, repository, profile="netdev").plan
    (otto,) = (
        recipient for recipient in planned.recipients if recipient.address.name == "Otto Other"
    )
    assert otto.patches == ()


def test_crlf_maintainers_file_is_equivalent(tmp_path: Path) -> None:
    commit = Commit(SIGNED, None, "drivers/widget/core.c")
    plain_repo = create_topic(tmp_path / "lf", commit, maintainers_text=MAINTAINERS)
    crlf = create_topic(
        tmp_path / "crlf", commit, maintainers_text=MAINTAINERS.replace("\n", "\r\n")
    )
    assert receive_recipients_of_mails(crlf) == receive_recipients_of_mails(plain_repo)
    assert "ada@widgets.example" in receive_recipients_of_mails(plain_repo)


@pytest.mark.parametrize("option", ["--to", "--cc", "sendemail.to", "sendemail.cc"])
def test_unknown_alias_is_reported(option: str, tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r", Commit(SIGNED))
    (tmp_path / "aliases").write_text("alias boss <boss@example.org>\n")
    repo.git("config --global sendemail.aliasesfile", str(tmp_path / "aliases"))
    repo.git("config --global sendemail.aliasfiletype mutt")
    words = "send --dry-run"
    if option.startswith("--"):
        words += f" {option} bos,x@example.org"
    else:
        repo.git("config --global", option, "bos, x@example.org")
    outcome = call(*words.split(), "-C", repo.path)
    outcome.expect(2, f"{option}: unknown address or alias 'bos'")
    assert "did you mean 'boss'?" in outcome.err


def test_cover_contacts_are_recipients() -> None:
    cover = (
        "x: y\n\nText.\n\nTo: Mona <mona@example.org>\nCc: Cy <cy@example.org>\n\n"
        f"{SIGNED}\n\n---\nbase-commit: 1\n"
    )
    branch = PrepBranch("b", "commit", "id", 1, (), cover)
    assert [address.email for address in branch.to] == ["mona@example.org"]
    assert [address.email for address in branch.cc] == ["cy@example.org"]
    assert branch.text.startswith(f"x: y\n\nText.\n\n{SIGNED}\n")
