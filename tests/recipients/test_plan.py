# SPDX-License-Identifier: GPL-2.0-or-later
"""Test who receives a patch, for which reason, and which warnings the plan has."""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.address import check_email_address
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from patchpilot.recipients.topic import plan_series
from tests.kit.cli import call
from tests.kit.maintainers import FILES, build_widget_patch
from tests.kit.repos import Repo

COVER = "From: Nia New <nia@newcomers.example>\nSubject: [PATCH 0/2] widgets: mend\n\nWhy.\n"


def read_recipient_plans(*arguments: object, exit_code: int = 0) -> list[dict[str, Any]]:
    outcome = call("maintainers --format json", *arguments)
    assert outcome.code == exit_code, outcome.err
    document = outcome.json
    assert document["schema"] == "patchpilot/maintainers/1"
    result: list[dict[str, Any]] = document["results"]
    return result


def list_header_addresses(plan: dict[str, Any], header: str) -> list[str]:
    return [recipient["email"] for recipient in plan["recipients"] if recipient["header"] == header]


def plan_patch_recipients(widget_tree: Path, patch_text: str, *arguments: object) -> dict[str, Any]:
    file = widget_tree.parent / "one.patch"
    file.write_text(patch_text)
    (result,) = read_recipient_plans("--tree", widget_tree, *arguments, file)
    return result


def test_maintainers_and_their_list_are_in_to(widget_tree_folder: Path) -> None:
    plan = plan_patch_recipients(widget_tree_folder, build_widget_patch())
    assert list_header_addresses(plan, "to") == [
        "ada@widgets.example",
        "bo@widgets.example",
        "cy@widgets.example",
        "widgets@lists.example",
    ]
    assert list_header_addresses(plan, "cc") == [
        "dee@readers.example",
        "nia@newcomers.example",
        "everybody@lists.example",
    ]
    first = plan["recipients"][0]
    assert first["name"] == "Ada Fixer"
    assert first["role"] == "maintainer"
    assert first["section"] == "ACME WIDGET DRIVER"
    assert first["reasons"] == [
        "drivers/widget/core.c matches F: drivers/widget/ (ACME WIDGET DRIVER)"
    ]
    assert plan["recipients"][1]["name"] == "Bo, Jr."
    assert plan["sections"][0] == {
        "name": "ACME WIDGET DRIVER",
        "status": "Supported",
        "trees": [
            "git git://git.example/widgets.git for-next",
            "quilt https://quilt.example/",
        ],
        "lists": ["widgets@lists.example"],
    }


def test_catch_all_list_is_the_last_resort(
    widget_tree_folder: Path,
) -> None:
    plan = plan_patch_recipients(widget_tree_folder, build_widget_patch("lib/plain.c"))
    assert list_header_addresses(plan, "to") == ["everybody@lists.example"]
    assert any("THE REST" in warning for warning in plan["warnings"])


def test_message_contacts_are_in_cc(widget_tree_folder: Path) -> None:
    message = (
        "It broke.\n"
        "\nReported-by: Rob Port <rob@port.example>\n"
        "Tested-by: Ada Fixer <ada@widgets.example>\n"
        "Cc: Kim Copy <kim@copy.example>\n"
        "Cc: stable@vger.kernel.org # 6.1"
    )
    plan = plan_patch_recipients(widget_tree_folder, build_widget_patch(message=message))
    roles = {recipient["email"]: recipient for recipient in plan["recipients"]}
    assert roles["rob@port.example"]["role"] == "reporter"
    assert roles["kim@copy.example"]["role"] == "cc"
    assert roles["stable@vger.kernel.org"]["role"] == "stable list"
    assert roles["ada@widgets.example"]["header"] == "to"
    private = build_widget_patch(message=message.replace("stable@vger.", "stable@"))
    emails = {
        recipient["email"]
        for recipient in plan_patch_recipients(widget_tree_folder, private)["recipients"]
    }
    assert {email for email in emails if "stable" in email} == {"stable@kernel.org"}
    assert roles["ada@widgets.example"]["reasons"][-1] == "Tested-by: in the message"
    assert roles["nia@newcomers.example"]["role"] == "author"


def test_address_of_a_signer_is_corrected_in_the_commit(widget_tree_folder: Path) -> None:
    message = (
        "It broke.\n\nReviewed-by: Rob Port <rob@pc>\nSigned-off-by: Kim Two <kim@pc.local>\n"
        "Signed-off-by: Eve Three <eve@pc>"
    )
    plan = plan_patch_recipients(widget_tree_folder, build_widget_patch(message=message))
    corrected = {
        email: "correct it in the commit" in warning
        for email in ("rob@pc", "kim@pc.local", "eve@pc")
        for warning in plan["warnings"]
        if warning.startswith(f"{email} ")
    }
    assert corrected == {"rob@pc": False, "kim@pc.local": True, "eve@pc": True}


REGRESSIONS, STABLE = "regressions@lists.linux.dev", "stable@vger.kernel.org"


def test_address_without_brackets_is_read_once(widget_tree_folder: Path) -> None:
    text = build_widget_patch().replace(
        "Signed-off-by:",
        "Cc: Eve Reader eve@readers.example, Fay fay@readers.example\nCc: two@@readers.example\n"
        "Signed-off-by:",
        1,
    )
    plan = plan_patch_recipients(widget_tree_folder, text)
    addresses = list_header_addresses(plan, "cc")
    assert {"eve@readers.example", "fay@readers.example"} <= {*addresses}
    assert not any(" " in address for address in addresses)
    omitted = [warning for warning in plan["warnings"] if "omitted" in warning]
    assert omitted == ["two@@readers.example is not valid in a mail header and was omitted"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("#regzbot introduced: v6.0..v6.1", {REGRESSIONS}),
        ('This is a regression.\n\nFixes: 0123456789ab ("x: y")', {REGRESSIONS}),
        ("Run the regression tests.", set()),
        ("This regression test was wrong.", set()),
        (f"commit {'1a' * 20} upstream.\n\nIt broke.", {STABLE}),
        (f"[ Upstream commit {'1a' * 20} ]\n\nIt broke.", {STABLE}),
        (f"The upstream commit {'1a' * 20} broke it.", set()),
    ],
)
def test_message_decides_which_lists_receive_it(
    widget_tree_folder: Path, message: str, expected: set[str]
) -> None:
    cc = set(
        list_header_addresses(
            plan_patch_recipients(widget_tree_folder, build_widget_patch(message=message)),
            "cc",
        )
    )
    assert cc & {REGRESSIONS, STABLE} == expected


def test_series_has_one_plan(widget_tree_folder: Path, tmp_path: Path) -> None:
    first_patch = build_widget_patch().replace("[PATCH]", "[PATCH 1/2]")
    second_patch = build_widget_patch("drivers/net/port.c", subject="net: mend it").replace(
        "[PATCH]", "[PATCH 2/2]"
    )
    folder = tmp_path / "series"
    folder.mkdir()
    (folder / "0001.patch").write_text(first_patch)
    (folder / "0002.patch").write_text(second_patch)
    (plan,) = read_recipient_plans("--tree", widget_tree_folder, folder)
    assert {
        "ada@widgets.example",
        "eve@net.example",
        "netlist@lists.example",
        "widgets@lists.example",
    } <= set(list_header_addresses(plan, "to"))
    assert len(plan["sources"]) == 2
    patch_plans = read_recipient_plans("--tree", widget_tree_folder, "--per-patch", folder)
    assert len(patch_plans) == 2
    assert "eve@net.example" not in list_header_addresses(patch_plans[0], "to")
    # a list gets the whole series, so the plan of each patch contains it
    assert all("netlist@lists.example" in list_header_addresses(plan, "to") for plan in patch_plans)
    assert not any(recipient["patches"] for plan in patch_plans for recipient in plan["recipients"])
    (folder / "0000.patch").write_text(COVER)
    patch_plans = read_recipient_plans("--tree", widget_tree_folder, "--per-patch", folder)
    assert not any(recipient["patches"] for plan in patch_plans for recipient in plan["recipients"])


def test_keyword_maintainer_gets_the_patches_with_the_keyword(
    widget_tree_folder: Path, tmp_path: Path
) -> None:
    parts = (
        ("drivers/net/port.c", "\twidget_get(port);"),
        ("lib/plain.c", "int plain;"),
        ("drivers/widget/core.c", "int core;"),
        ("lib/tree.c", "/* gadget-tree */"),
    )
    folder = tmp_path / "series"
    folder.mkdir()
    for number, (path, line) in enumerate(parts, 1):
        patch = build_widget_patch(path, subject=f"{path}: mend it", added_line=line)
        numbered = patch.replace("[PATCH]", f"[PATCH {number}/{len(parts)}]")
        (folder / f"000{number}.patch").write_text(numbered)
    (plan,) = read_recipient_plans("--tree", widget_tree_folder, folder)
    patches = {recipient["email"]: recipient["patches"] for recipient in plan["recipients"]}
    # the section matches the first patch by K: and the third one by F:
    assert patches["ada@widgets.example"] == [1, 3]
    assert patches["flo@soc.example"] == [4]
    assert patches["eve@net.example"] == [1]


def test_files_folders_and_globs_have_plans(widget_tree_folder: Path) -> None:
    result = read_recipient_plans(
        "--tree",
        widget_tree_folder,
        "-f",
        "drivers/net/",
        "drivers/*/*.c",
        "lib/stale.c",
    )
    assert [plan["source"] for plan in result] == [
        "drivers/net/",
        "drivers/net/port.c",
        "drivers/widget/core.c",
        "drivers/widget/legacy/old.c",
        "lib/stale.c",
    ]
    assert call("maintainers -f 'no/such*' --tree", widget_tree_folder).code == 3


def test_warnings_inform_the_sender(widget_tree_folder: Path) -> None:
    def print_warnings(path: str) -> str:
        return "\n".join(
            plan_patch_recipients(widget_tree_folder, build_widget_patch(path))["warnings"]
        )

    assert "LEGACY WIDGETS is orphaned" in print_warnings("drivers/widget/legacy/old.c")
    assert "subscribers only" in print_warnings("drivers/widget/legacy/old.c")
    assert "widgets@lists.example is moderated" in print_warnings("drivers/widget/core.c")
    assert "its own rules: Documentation/process/widgets.rst" in print_warnings(
        "drivers/widget/core.c"
    )
    assert "STALE THING is obsolete" in print_warnings("lib/stale.c")
    assert "gus@codeaurora.org (maintainer) is known to bounce" in print_warnings("lib/stale.c")


def test_doubtful_addresses_cause_warnings(widget_tree_folder: Path) -> None:
    plan = plan_patch_recipients(
        widget_tree_folder,
        build_widget_patch(
            message="Reported-by: Loc Al <loc@machine.test>\nTested-by: Bad <bad@-x-.example>"
        ),
    )
    assert any(
        "loc@machine.test" in warning and "may be invalid" in warning
        for warning in plan["warnings"]
    )
    assert any(
        "bad@-x-.example" in warning and "not a valid address" in warning
        for warning in plan["warnings"]
    )
    assert "loc@machine.test" in list_header_addresses(plan, "cc")
    assert "bad@-x-.example" not in list_header_addresses(plan, "cc")


def test_many_recipients_cause_a_warning(widget_tree_folder: Path) -> None:
    crowd = "\n".join(f"Cc: P{n} <p{n}@crowd.example>" for n in range(45))
    assert any(
        "recipients: some servers" in warning
        for warning in plan_patch_recipients(widget_tree_folder, build_widget_patch(message=crowd))[
            "warnings"
        ]
    )


def test_oversized_plan_skips_address_checks(
    widget_tree_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    monkeypatch.setattr(
        "patchpilot.recipients.plan.judge_address",
        lambda email: checked.append(email) or check_email_address(email),
    )
    crowd = "\n".join(f"Cc: P{n} <p{n}@crowd.example>" for n in range(201))
    plan = plan_patch_recipients(
        widget_tree_folder,
        build_widget_patch(message=f"{crowd}\nCc: Bad <-x@crowd.example>"),
    )
    assert any(
        "more than 200" in warning and "--force REASON" in warning for warning in plan["warnings"]
    )
    assert len(plan["recipients"]) > 200
    assert not any(email.startswith("-") for email in list_header_addresses(plan, "cc"))
    assert checked == []


def test_closed_next_tree_causes_a_warning(widget_tree_folder: Path) -> None:
    assert any(
        "net-next may be closed" in warning
        for warning in plan_patch_recipients(
            widget_tree_folder,
            build_widget_patch().replace("[PATCH]", "[PATCH net-next]"),
        )["warnings"]
    )


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit("all: begin", dict(FILES))
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("config remote.origin.url https://git.example/linux.git")
    repo.branch("topic")
    monkeypatch.chdir(repo.path)
    return repo


def test_contacts_of_the_first_commit_are_not_added(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "import")
    first = repo.commit(
        "import the tree\n\nReviewed-by: Rae View <rae@view.example>",
        dict(FILES),
        author="Imp Orter <imp@orter.example>",
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit(
        f'net: mend it\n\nFixes: {first[:12]} ("import the tree")',
        {"drivers/net/port.c": "int mended;\n"},
    )
    (plan,) = repo.patchpilot("maintainers HEAD --format json").json["results"]
    emails = {recipient["email"] for recipient in plan["recipients"]}
    assert emails
    assert emails.isdisjoint({"imp@orter.example", "rae@view.example"})


def test_culprit_contacts_have_a_reason(repo: Repo) -> None:
    culprit = repo.commit(
        "net: break it\n"
        "\nReviewed-by: Rae View <rae@view.example>\n"
        "Signed-off-by: Cul Prit <cul@prit.example>",
        {"drivers/net/port.c": "int broken;\n"},
        author="Cul Prit <cul@prit.example>",
    )
    repo.commit(
        f'net: mend it\n\nFixes: {culprit[:12]} ("net: break it")',
        {"drivers/net/port.c": "int mended;\n"},
    )
    (plan,) = read_recipient_plans("HEAD")
    recipients = {recipient["email"]: recipient for recipient in plan["recipients"]}
    assert recipients["cul@prit.example"]["role"] == "culprit author"
    assert (
        recipients["cul@prit.example"]["reasons"][0]
        == f'author of {culprit[:12]} ("net: break it"), which this fixes'
    )
    assert recipients["rae@view.example"]["role"] == "culprit reviewer"
    assert any(
        "NETWORK DRIVERS uses the tree git://git.example/net.git; your branch is based on origin"
        in warning
        for warning in plan["warnings"]
    )
    # the base decides which tree the topic is based on
    repo.git("remote add other git://git.example/net.git")
    repo.git("update-ref refs/remotes/other/main HEAD~")
    assert "uses the tree" not in "\n".join(read_recipient_plans("HEAD")[0]["warnings"])
    # a base that both trees have is in the subsystem's tree
    repo.git("update-ref refs/remotes/origin/main HEAD~")
    repo.git("symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main")
    assert "uses the tree" not in "\n".join(read_recipient_plans("HEAD")[0]["warnings"])
    # a commit of mainline that the subsystem's tree is ahead of is not its latest one
    repo.git("config remote.origin.fetch +refs/heads/*:refs/remotes/origin/*")
    repo.git("branch -q --set-upstream-to origin/main topic")
    newer = repo.git("commit-tree HEAD~^{tree} -p HEAD~ -m net:\\ more").strip()
    repo.git(f"update-ref refs/remotes/other/main {newer}")
    assert "uses the tree" in "\n".join(read_recipient_plans("HEAD")[0]["warnings"])
    repo.git("branch -q --unset-upstream topic")
    repo.git("remote remove other")
    # for a backport, the stable branch is used instead of the subsystem's tree
    repo.git("commit -q --amend -m", f"net: mend it\n\ncommit {culprit} upstream.")
    assert "uses the tree" not in "\n".join(read_recipient_plans("HEAD")[0]["warnings"])


def test_base_may_be_a_tree_of_any_section(repo: Repo) -> None:
    card = (
        "ACME CARD\nM:\tAda Card <ada@card.example>\nS:\tMaintained\n"
        "T:\tgit https://git.example/ada/card.git\nF:\tdrivers/net/card.c\n\n"
    )
    maintainers = str(FILES["MAINTAINERS"]).replace("NETWORK DRIVERS", card + "NETWORK DRIVERS")
    repo.commit("all: add a card", {"MAINTAINERS": maintainers, "drivers/net/card.c": "int a;\n"})
    repo.git("remote add net git://git.example/net.git")
    repo.git("update-ref refs/remotes/net/main HEAD")
    repo.commit("net: card: mend it", {"drivers/net/card.c": "int b;\n"})
    assert "uses the tree" not in "\n".join(read_recipient_plans("HEAD")[0]["warnings"])
    repo.git("format-patch -q -1 --subject-prefix", "PATCH net")
    (patch,) = repo.path.glob("0001-*.patch")
    assert "uses the tree" not in "\n".join(read_recipient_plans(patch.name)[0]["warnings"])
    # the subject chooses the tree
    repo.git("config remote.net.url https://git.example/ada/card.git")
    assert "NETWORK DRIVERS uses the tree git://git.example/net.git" in "\n".join(
        read_recipient_plans(patch.name)[0]["warnings"]
    )


@pytest.mark.parametrize("tips", [("for-next", "for-7.1"), ("for-7.1", "fixes/net")])
def test_base_may_be_any_branch_of_the_tree(repo: Repo, tips: tuple[str, str]) -> None:
    """`git fetch` of git 2.39 sets no refs/remotes/net/HEAD, and T: names no branch."""
    repo.git("remote add net https://git.example/net.git")
    for tip in tips:
        repo.git(f"update-ref refs/remotes/net/{tip} HEAD")
    repo.git("branch -q --set-upstream-to master topic")
    repo.commit("net: mend it", {"drivers/net/port.c": "int mended;\n"})
    assert "uses the tree" not in "\n".join(read_recipient_plans("HEAD")[0]["warnings"])


def test_topic_recipients_can_be_edited(repo: Repo) -> None:
    repo.commit("widget: mend it", {"drivers/widget/core.c": "int mended;\n"})
    (plan,) = read_recipient_plans(
        "--add-to",
        "Hal Hand <hal@hand.example>",
        "--add-cc",
        "widgets@lists.example",
        "--drop",
        "dee@readers.example",
    )
    assert "hal@hand.example" in list_header_addresses(plan, "to")
    repo.commit("widget: mend more", {"drivers/widget/core.c": "int mended, more;\n"})
    repo.git("commit -q --amend -m 'widget: mend more, again'")
    (plan,) = read_recipient_plans()
    assert "hal@hand.example" in list_header_addresses(plan, "to")
    assert "widgets@lists.example" in list_header_addresses(plan, "cc")
    assert "dee@readers.example" not in list_header_addresses(plan, "cc")
    assert [recipient["email"] for recipient in plan["recipients"] if recipient["by_hand"]] == [
        "hal@hand.example",
        "widgets@lists.example",
    ]
    assert any("removed manually: dee@readers.example" in warning for warning in plan["warnings"])
    output = call("maintainers").out
    assert "To: Hal Hand <hal@hand.example> (by hand) *" in output
    (plan,) = read_recipient_plans(
        "--restore", "dee@readers.example", "--restore", "hal@hand.example"
    )
    assert "dee@readers.example" in list_header_addresses(plan, "cc")
    assert "hal@hand.example" not in list_header_addresses(plan, "to")
    (plan,) = read_recipient_plans("--reset")
    assert not [recipient for recipient in plan["recipients"] if recipient["by_hand"]]


def test_edits_follow_the_change_id(widget_tree_folder: Path) -> None:
    plan_patch_recipients(
        widget_tree_folder,
        build_widget_patch(message="change-id: 20240101-mend-1234"),
        "--drop",
        "dee@readers.example",
    )
    second_patch = build_widget_patch(
        message="change-id: 20240101-mend-1234", subject="widget: mend it properly"
    ).replace("[PATCH]", "[PATCH v2]")
    assert "dee@readers.example" not in list_header_addresses(
        plan_patch_recipients(widget_tree_folder, second_patch), "cc"
    )
    assert "dee@readers.example" in list_header_addresses(
        plan_patch_recipients(
            widget_tree_folder,
            build_widget_patch(message="change-id: 20240101-other-1"),
        ),
        "cc",
    )


def test_undisclosed_fix_goes_to_maintainers_and_security(
    widget_tree_folder: Path,
) -> None:
    plan = plan_patch_recipients(
        widget_tree_folder,
        build_widget_patch(message="Reported-by: Rob Port <rob@port.example>"),
        "--security",
        "--profile",
        "linux",
    )
    assert list_header_addresses(plan, "to") == [
        "ada@widgets.example",
        "bo@widgets.example",
        "cy@widgets.example",
    ]
    assert list_header_addresses(plan, "cc") == ["security@kernel.org"]
    assert "maintainers and the security team only" in plan["warnings"][0]


def test_tree_without_maintainers_has_a_plan(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "bare")
    repo.commit("begin", {"a.c": "int a;\n"})
    series = Series(
        (
            parse_patch(
                build_widget_patch("a.c", "Cc: Kim Copy <kim@copy.example>").encode(),
                "x",
            ),
        )
    )
    plan = plan_series(series, Repository.open(repo.path)).plan
    assert [recipient.address.email for recipient in plan.recipients] == [
        "nia@newcomers.example",
        "kim@copy.example",
    ]
    assert "MAINTAINERS not found" in plan.warnings[0]


def test_wrong_address_is_refused(widget_tree_folder: Path) -> None:
    (widget_tree_folder.parent / "one.patch").write_text(build_widget_patch())
    outcome = call(
        "maintainers --add-to nobody --tree",
        widget_tree_folder,
        widget_tree_folder.parent / "one.patch",
    )
    outcome.expect(2, "nobody")


def test_reasons_are_escaped(widget_tree_folder: Path) -> None:
    (widget_tree_folder.parent / "one.patch").write_text(
        build_widget_patch(message="Cc: Esc\x1b[31mape <esc@ape.example>")
    )
    outcome = call(
        "maintainers --tree",
        widget_tree_folder,
        widget_tree_folder.parent / "one.patch",
    )
    assert "drivers/widget/core.c matches F: drivers/widget/ (ACME WIDGET DRIVER)" in outcome.out
    assert "\x1b" not in outcome.out
    assert (
        "reasons"
        not in call(
            "maintainers --tree",
            widget_tree_folder,
            "--brief",
            widget_tree_folder.parent / "one.patch",
        ).out
    )


def test_missing_tree_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.patch").write_text(build_widget_patch())
    assert call("maintainers x.patch").code == 3
    assert call("maintainers").code == 3


def test_all_addresses_of_a_cc_line_are_recipients(repo: Repo) -> None:
    repo.commit(
        "widget: mend it\n\nCc: Al <al@two.example>, Bo <bo@two.example> # 6.1, 6.6",
        {"drivers/widget/core.c": "int mended;\n"},
    )
    (plan,) = read_recipient_plans("HEAD")
    emails = {recipient["email"] for recipient in plan["recipients"]}
    assert {"al@two.example", "bo@two.example"} <= emails
    assert not any("6." in email for email in emails)
