# SPDX-License-Identifier: GPL-2.0-or-later
"""Test who receives an undisclosed security fix.

Every role in MAINTAINERS, every tag, and both transports are tested.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.address import Address
from patchpilot.model.draft import Draft
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.recipients.from_message import ROLES
from patchpilot.recipients.topic import (
    MaintainersRequest,
    PlannedRecipients,
    plan_series,
    plan_targets,
)
from patchpilot.sending.mail_recipients import choose_recipients
from patchpilot.sending.questions import save_draft_answer
from patchpilot.series.draft import Drafts
from patchpilot.series.recipient_edits import RecipientEdits, find_topic_key, save_edits
from tests.kit.repos import Repo

MAINTAINERS = """\
List of maintainers
===================

WIDGET CORE
M:	Mia Maintainer <mia@maintainer.example>
M:	Mo Second <mo@maintainer.example>, "Max, Jr." <max@maintainer.example>
M:	Widget Team <team@lists.widget.example>
M:	Other Team <team@vendor.example>
R:	Rea Reviewer <rea@reviewer.example>
L:	widget@vger.kernel.org
L:	moderated@widget.example (moderated for non-subscribers)
L:	subscribers@widget.example (subscribers-only)
S:	Supported
B:	mailto:bugs@widget.example
C:	mailto:chat@widget.example
W:	https://web@widget.example/
T:	git git://git.widget.example/widget.git
F:	drivers/widget/

WIDGET TEAM
L:	team@vendor.example
S:	Maintained
F:	drivers/other/

WIDGET BY NAME
M:	Nan Name <nan@maintainer.example>
R:	Mia Maintainer <mia@reviewer.example>
S:	Odd Fixes
N:	widget[0-9]

WIDGET WORDS
M:	Kay Keyword <linux@maintainer.example>
R:	Kit Keyword <kit@reviewer.example>
S:	Orphan
K:	widget_get

SECURITY CONTACT
M:	Security Officers <security@kernel.org>
S:	Supported
F:	drivers/widget/widget1.c

THE REST
M:	Linus Torvalds <torvalds@linux-foundation.org>
R:	Rest Reviewer <rest@reviewer.example>
L:	linux-kernel@vger.kernel.org
S:	Buried alive in reporters
F:	*
F:	*/
"""
TO = {f"{name}@maintainer.example" for name in ("mia", "mo", "max", "nan", "linux")}
TEAM = "security@kernel.org"
SOMEBODY = "Some Body <somebody@tag.example>"
TAGS = (
    *ROLES,
    "maintainer-by",
    "security team-by",
    "closes",
    "link",
    "cc: stable",
    "regzbot",
    "fixes",
    "to in the file",
    "placed by hand",
    "moved by hand",
    "answered: regression",
)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Create a tree with every role, and a tagged commit that introduced the bug.

    All tests share it and must not modify it.
    """
    repo = Repo(tmp_path_factory.mktemp("undisclosed") / "r")
    repo.commit(
        "all: start",
        {
            "MAINTAINERS": MAINTAINERS,
            "Makefile": "VERSION = 6\n",
            "drivers/widget/widget1.c": "int widget;\n",
        },
    )
    repo.commit(
        "widget: break it\n"
        "\nReviewed-by: Cul Reviewer <reviewer@culprit.example>\n"
        "Signed-off-by: Cul Prit <author@culprit.example>",
        {"drivers/widget/widget1.c": "int broken;\n"},
        author="Cul Prit <author@culprit.example>",
    )
    return repo


@pytest.fixture
def repository(repo: Repo) -> Iterator[Repository]:
    """Yield the repository. All settings that can name recipients are set."""
    for name in ("to", "cc", "bcc"):
        repo.git("config --global", f"sendemail.{name}", f"{name}@configured.example")
    for name in ("tocmd", "cccmd"):
        repo.git(
            "config",
            "--global",
            f"sendemail.{name}",
            f"touch {repo.path.parent}/{name}.ran; echo {name}@configured.example #",
        )
    repo.git("config --global sendemail.work.cc identity@configured.example")
    for name in ("to", "cc"):
        repo.git("config --global", f"b4.send-series-{name}", f"b4-{name}@configured.example")
        repo.git(
            "config",
            "--global",
            f"b4.send-auto-{name}-cmd",
            f"touch {repo.path.parent}/b4-{name}.ran; echo b4@configured.example #",
        )
    with Repository.open(repo.path) as repository:
        yield repository


def make_tagged_series(tag: str, culprit: str) -> Series:
    """Return a patch with a tag that would normally add a recipient."""
    lines = {
        "closes": "Closes: <somebody@tag.example>",
        "link": "Link: https://lore.kernel.org/r/somebody@tag.example",
        "cc: stable": "Cc: stable@vger.kernel.org",
        "regzbot": "#regzbot introduced: v6.0..v6.1",
        "fixes": f'Fixes: {culprit[:12]} ("widget: break it")',
    }
    header = f"To: {SOMEBODY}\nCc: file@tag.example\n" if tag == "to in the file" else ""
    line = lines.get(tag, f"{tag.capitalize()}: {SOMEBODY}" if "-" in tag or tag == "cc" else "")
    patch_text = (
        f"From: Nia New <nia@newcomers.example>\n{header}Subject: [PATCH] widget: mend it\n\nThe"
        f" regression was bad.\n\n{line}\nSigned-off-by: Nia New"
        " <nia@newcomers.example>\n---\n\ndiff --git a/drivers/widget/widget1.c"
        " b/drivers/widget/widget1.c\n--- a/drivers/widget/widget1.c\n+++"
        " b/drivers/widget/widget1.c\n@@ -1 +1,2 @@\n int broken;\n+int mended = widget_get();\n"
    )
    return Series((parse_patch(patch_text.encode(), "0001.patch"),))


def store_recipient_edit(tag: str, series: Series, repository: Repository) -> None:
    """Store an edit of recipients that was made before the fix was marked as a security fix."""
    edits = RecipientEdits()
    if tag == "placed by hand":
        edits = edits.place("to", Address("Some Body", "somebody@tag.example"))
    if tag == "moved by hand":
        edits = edits.place("to", Address("Rea Reviewer", "rea@reviewer.example"))
        edits = edits.place("cc", Address("Mia Maintainer", "mia@maintainer.example"))
    save_edits(find_topic_key(series, repository), edits)


def plan_recipients(
    tag: str,
    transport: str,
    repository: Repository,
    request: SendRequest,
    *,
    security: str = "yes",
) -> dict[str, str]:
    series = make_tagged_series(tag, repository.resolve("HEAD"))
    store_recipient_edit(tag, series, repository)
    given_answers = {"security": security} | (
        {"regression": "yes"} if tag == "answered: regression" else {}
    )
    account = transports.find_transport(transport).account(repository)
    plan = choose_recipients(
        repository,
        request._replace(via=transport),
        account,
        Draft("c", "/r", None, answers=given_answers),
        series,
    )
    return {
        recipient.address.email: recipient.header for recipient in plan.recipients
    } | dict.fromkeys(plan.bcc, "bcc")


@pytest.mark.parametrize("via", transports.list_transport_names())
@pytest.mark.parametrize("tag", TAGS)
def test_undisclosed_fix_has_private_recipients(
    tag: str, via: str, repo: Repo, repository: Repository
) -> None:
    recipients = plan_recipients(tag, via, repository, SendRequest())
    assert recipients == dict.fromkeys(TO, "to") | {TEAM: "cc"}
    assert not list(repo.path.parent.glob("*.ran"))


@pytest.mark.parametrize("via", transports.list_transport_names())
def test_only_options_add_recipients(via: str, repository: Repository) -> None:
    request = SendRequest(to=("Ann Expert <ann@expert.example>",), cc=("rea@reviewer.example",))
    expected = dict.fromkeys(TO, "to") | {
        TEAM: "cc",
        "ann@expert.example": "to",
        "rea@reviewer.example": "cc",
    }
    assert plan_recipients("reported-by", via, repository, request) == expected
    alone = plan_recipients("reported-by", via, repository, request._replace(auto=False))
    assert alone == {
        "ann@expert.example": "to",
        "rea@reviewer.example": "cc",
        TEAM: "cc",
    }


def test_public_patch_reaches_everyone(repo: Repo, repository: Repository) -> None:
    recipients = plan_recipients(
        "reported-by", "git-send-email", repository, SendRequest(), security="no"
    )
    public = {
        "rea@reviewer.example",
        "somebody@tag.example",
        "widget@vger.kernel.org",
        "cc@configured.example",
        "bcc@configured.example",
    }
    assert public <= recipients.keys()
    for file in repo.path.parent.glob("*.ran"):
        file.unlink()


def test_dropped_maintainer_is_not_added_again(repository: Repository) -> None:
    series = make_tagged_series("cc", repository.resolve("HEAD"))
    save_edits(
        find_topic_key(series, repository),
        RecipientEdits().drop(Address("", "mo@maintainer.example")),
    )
    plan = plan_series(series, repository, undisclosed=True).plan
    assert {recipient.address.email for recipient in plan.to} == TO - {"mo@maintainer.example"}


def test_security_team_is_in_to_without_a_maintainer(repository: Repository) -> None:
    series = make_tagged_series("cc", "")
    text = (
        "\n".join(series.patches[0].lines)
        .replace("drivers/widget/widget1.c", "lib/plain.c")
        .replace("widget_get", "get")
    )
    plan = plan_series(
        Series((parse_patch(text.encode(), "x"),)), repository, undisclosed=True
    ).plan
    assert [(recipient.address.email, recipient.header) for recipient in plan.recipients] == [
        (TEAM, "to")
    ]


def test_public_plan_is_not_reused(
    repository: Repository,
) -> None:
    series = make_tagged_series("reported-by", "")
    public: PlannedRecipients = plan_series(series, repository)
    account = transports.find_transport("git-send-email").account(repository)
    draft = Draft("c", "/r", None, answers={"security": "yes"})
    plan = choose_recipients(repository, SendRequest(), account, draft, series, public)
    assert {recipient.address.email for recipient in plan.recipients} == {*TO, TEAM}


def test_ignored_recipients_are_listed(repository: Repository) -> None:
    series = make_tagged_series("placed by hand", "")
    store_recipient_edit("placed by hand", series, repository)
    account = transports.find_transport("b4").account(repository)
    draft = Draft("c", "/r", None, answers={"security": "yes"})
    warnings = "\n".join(
        choose_recipients(repository, SendRequest(via="b4"), account, draft, series).warnings
    )
    for name in (
        "sendemail.to",
        "sendemail.bcc",
        "sendemail.ccCmd",
        "b4.send-series-to",
        "somebody@tag.example",
        "team@vendor.example",
    ):
        assert name in warnings


def test_maintainers_and_send_agree(
    tmp_path: Path,
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(
        "all: start",
        {
            "MAINTAINERS": MAINTAINERS,
            "Makefile": "VERSION = 6\n",
            "drivers/widget/widget1.c": "int widget;\n",
        },
    )
    repo.branch("topic")
    repo.git("branch -q -u master")
    repo.commit(
        "widget: mend\n\nCc: somebody@tag.example\nSigned-off-by: A <ada@example.org>",
        {"drivers/widget/widget1.c": "int x;\n"},
    )
    with Repository.open(repo.path) as repository:
        (before,) = plan_targets(MaintainersRequest(repo=repo.path)).results
        assert not before.undisclosed
        save_draft_answer(repository, "security", "yes")
    for arguments in (
        (),
        ("--security",),
        ("HEAD",),
        ("--security", "-f", "drivers/widget/widget1.c"),
    ):
        output = repo.patchpilot("maintainers", *arguments, "--brief").out
        assert "Cc: security@kernel.org" in output
        assert "somebody@tag.example" not in output
        assert "reviewer.example" not in output
    refused_outcome = repo.patchpilot("maintainers --security --format get_maintainer")
    assert (refused_outcome.code, refused_outcome.out) == (2, "")
    with Drafts() as drafts:
        assert [draft.is_undisclosed for draft in drafts.all()] == [True]
