# SPDX-License-Identifier: GPL-2.0-or-later
"""Test distinguishing prose from pasted text, and the rules about sentences."""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.message_parts import find_paragraphs, find_pasted_lines
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Finding
from patchpilot.projects.loading import detect
from tests.kit.fixing import fix_patch_text
from tests.kit.snippets import mail

DIFF = (
    "diff --git a/drivers/frob/frob.c b/drivers/frob/frob.c\n"
    "--- a/drivers/frob/frob.c\n"
    "+++ b/drivers/frob/frob.c\n"
    "@@ -1,2 +1,3 @@ int frob(void)\n"
    " int a;\n"
    "+int c;\n"
    " int b;\n"
)
BINDING = DIFF.replace(
    "drivers/frob/frob.c", "Documentation/devicetree/bindings/frob/acme,frob.yaml"
)


def _make_message_context(
    message: str, subject: str = "frob: wait for the link", diff: str = DIFF
) -> Context:
    return Context(
        parse_patch(mail(subject, message, diff).encode(), "x.patch"),
        options=Options(strict=True),
    )


def _find_rules(
    message: str, subject: str = "frob: wait for the link", diff: str = DIFF
) -> dict[str, Finding]:
    rules = [rule for rule in load_rules() if rule.scope != "series" and rule.checkpatch is None]
    return {
        finding.name: finding
        for finding in find_findings(_make_message_context(message, subject, diff), rules)
    }


PASTES = {
    "a command and what it prints": (
        "$ frobctl start\nAdding the first frob to the list\nUsing the default speed\n"
    ),
    "a root shell": "root@board:~# frobctl start\nAdding the first frob to the list\n",
    "a boot prompt": "=> frob start\nAdding the first frob to the list\nTest: frob_test: frob.c\n",
    "a log with times": (
        "[    1.234567] frob: Adding the first frob\n[    1.234999] Using default speed of frob\n"
    ),
    "an oops": (
        "BUG: kernel NULL pointer dereference, address: 0000000000000068\n"
        "Adding frob to the list of frobs\n"
        "Call Trace:\n"
        " frob_add+0x13/0x20\n"
    ),
    "a quoted mail": "Ada Fixer wrote:\n> This patch adds a frob.\n> We added it to the list.\n",
    "an indented block below a colon": (
        "The tool says:\n\n  Adding the first frob to the list\n  Using the default speed here\n"
    ),
    "a table": (
        "| speed | This patch | frobs |\n"
        "|-------|------------|-------|\n"
        "| 10    | Adds some   | 3     |\n"
    ),
    "compiler's words": (
        "drivers/frob.c:12:3: warning: Using the default speed\n   12 | int frob;\n      | ^~~\n"
    ),
}


@pytest.mark.parametrize("text", PASTES.values(), ids=PASTES)
def test_pasted_text_is_not_prose(text: str) -> None:
    context = _make_message_context(
        f"The frob waits.\n\n{text}\nWait for it, as the link is slow.\n"
    )
    assert [paragraph.text for paragraph in find_paragraphs(context)] in (
        ["The frob waits.", "Wait for it, as the link is slow."],
        ["The frob waits.", "The tool says:", "Wait for it, as the link is slow."],
        ["The frob waits.", "Ada Fixer wrote:", "Wait for it, as the link is slow."],
    )
    findings = _find_rules(
        f"The frob waits for a link that never comes up again.\n\n{text}\nWait for it, as the link"
        " is slow.\n"
    )
    assert (
        not {
            "this-patch",
            "internal-id",
            "possible-misspelling",
            "badly-wrapped-message",
        }
        & findings.keys()
    )


SENTENCES = [
    "The frob waits for a link, and the\nlink never comes. Wait for it.\n",
    "- Add the first frob\n- Add the second frob\n",
    "The speeds are 10, 100 and 1000, which\n3 or 4 lanes at 10 rates give.\n",
    "Tested with:\n\texport FROB=1\n",
    "Title of the text\n=================\n\nThe text itself, with words in it.\n",
    "Changes:\n\n  - add the frob to the list\n",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_prose_is_not_a_paste(text: str) -> None:
    context = _make_message_context(text)
    lines = text.split("\n")
    reported = [
        index
        for index, line in enumerate(lines)
        if line.strip() and not line.startswith(("\t", "===="))
    ]
    assert not find_pasted_lines(context) & set(reported)


def test_tags_are_never_pasted() -> None:
    context = _make_message_context(
        "$ frobctl start\n"
        'Fixes: 0123456789ab ("frob: add it")\n'
        "Signed-off-by: Ada Fixer <ada@example.org>\n"
    )
    assert find_pasted_lines(context) == {0}


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "frob: remove the unused flag",
            'Since commit 0123456789ab ("frob: drop users"), the flag is no longer used.',
        ),
        (
            "frob: drop frob_old()",
            (
                'After commit 0123456789ab ("frob: drop users") there are no users of it. However,'
                " it returns an error."
            ),
        ),
        (
            "frob: use the new helper",
            'Since commit 0123456789ab ("core: add helper") drivers can also let the core do it.',
        ),
    ],
)
def test_unused_code_is_not_a_bug(subject: str, text: str) -> None:
    assert "missing-fixes" not in _find_rules(f"{text}\n", subject)


@pytest.mark.parametrize("space", [" ", "\n"])
def test_breaking_commit_is_blamed(space: str) -> None:
    text = f'Since commit{space}0123456789ab ("frob: be quick"), the frob does not start.\n'
    assert "blames commit 0123456789ab" in _find_rules(text)["missing-fixes"].message


@pytest.mark.parametrize(
    "text",
    [
        "The clock is disabled as unused, resulting in system freezes.",
        "This can lead to NOC errors and system crashes.",
        "This fixes a 6.15-rc1 regression that Ada saw.",
    ],
)
def test_harm_requires_a_fixes_tag(text: str) -> None:
    assert "missing-fixes" in _find_rules(f"{text}\n")


@pytest.mark.parametrize(
    "text", ["This does not lead to any deadlocks.", "It never leads to a crash."]
)
def test_denied_harm_is_ignored(text: str) -> None:
    assert "missing-fixes" not in _find_rules(f"{text}\n")


@pytest.mark.parametrize(
    ("subject", "reported"),
    [
        ("dt-bindings: frob: convert to YAML", True),
        ("dt-bindings: frob: add yaml file for the acme frob", True),
        ("dt-bindings: frob: Add acme frob driver", True),
        ("dt-bindings: frob: convert to DT schema", False),
        ("dt-bindings: frob: fix the name in acme,frob.yaml", False),
    ],
)
def test_binding_describes_hardware(subject: str, reported: bool) -> None:
    text = "The frob of the acme board waits for a link on its second port.\n"
    assert ("redundant-binding-subject" in _find_rules(text, subject, BINDING)) == reported


def test_settings_are_not_mistaken_for_encoded_spaces() -> None:
    lines = (
        DIFF.replace("+int c;", "+CONFIG_FROB_RETRIES=20")
        .replace(" int b;", " CONFIG_FROB_DELAY=20")
        .replace("frob.c", "defconfig")
    )
    assert "undecoded-mail" not in _find_rules("The frob waits.\n", diff=lines)


@pytest.mark.parametrize(
    ("headers", "path", "expected"),
    [
        ({"To": "dev@dpdk.org"}, "drivers/net/frob/frob.c", "dpdk"),
        ({"Cc": "u-boot@lists.denx.de"}, "drivers/net/frob/frob.c", "u-boot"),
        (
            {"Cc": "xen-devel@lists.xenproject.org, linux-kernel@vger.kernel.org"},
            "drivers/xen/frob.c",
            "linux",
        ),
        ({}, "drivers/net/frob/rte_frob.c", "dpdk"),
        ({}, "board/acme/frob/frob.c", "u-boot"),
        ({}, "drivers/net/frob/frob.c", "linux"),
    ],
)
def test_lists_and_paths_identify_the_project(
    headers: dict[str, str], path: str, expected: str
) -> None:
    patch_text = mail("frob: wait", "Wait.\n", DIFF.replace("drivers/frob/frob.c", path))
    patch_text = patch_text.replace(
        "Subject:",
        "".join(f"{name}: {value}\n" for name, value in headers.items()) + "Subject:",
        1,
    )
    assert detect(None, [parse_patch(patch_text.encode(), "x.patch")]).name == expected


def test_stable_tag_identifies_the_project() -> None:
    patch = parse_patch(
        mail("frob: wait", "Wait.\n\nCc: stable@dpdk.org\n", DIFF).encode(), "x.patch"
    )
    assert detect(None, [patch]).name == "dpdk"


@pytest.mark.parametrize(
    ("mark", "to", "reported"),
    [
        ("PATCH 6.1.y", "", True),
        ("PATCH linux-6.1.y", "", True),
        ("PATCH stable 6.1", "", True),
        ("PATCH 6.1", "stable@vger.kernel.org", True),
        ("PATCH 5.10/5.15", "stable@vger.kernel.org", True),
        ("PATCH 6.1", "", False),
        ("PATCH backport 5.10", "", False),
        ("PATCH net", "stable@vger.kernel.org", False),
    ],
)
def test_stable_patch_names_its_mainline_commit(mark: str, to: str, reported: bool) -> None:
    patch_text = mail(
        f"[{mark}] frob: wait for the link", "The frob waits for a link.\n", DIFF
    ).replace("[PATCH] [", "[")
    patch_text = patch_text.replace("Subject:", f"To: {to}\nSubject:", 1) if to else patch_text
    rules = [rule for rule in load_rules() if rule.name == "backport-without-upstream-commit"]
    findings = find_findings(
        Context(parse_patch(patch_text.encode(), "x.patch"), options=Options(strict=True)),
        rules,
    )
    assert bool(findings) == reported


def test_diff_in_the_message_is_not_prose() -> None:
    head = (
        "@@ -1,2 +1,3 @@ static int frob_with_a_long_name(struct frob *frob, int number_of_frobs,"
        " int more)"
    )
    message = (
        f"Wait for the link, which takes a moment.\n\n{head}\n int a;\n+int c is what it is called"
        " since the day when it was new, or longer;\n int b;"
    )
    context = _make_message_context(message, diff="")
    assert find_pasted_lines(context) == {2, 3, 4, 5}
    assert head in fix_patch_text(mail("frob: wait for the link", message, "")).draft.patch.lines


@pytest.mark.parametrize(
    "line",
    [
        "base-commit: 0123456789abcdef0123456789abcdef01234567",
        "prerequisite-patch-id: 0123456789abcdef0123456789abcdef01234567",
        "prerequisite-change-id: 20260101-frob-0123456789ab:v2",
        "change-id: 20260303-frob-0123456789ab",
    ],
)
def test_git_footer_is_not_a_reference(line: str) -> None:
    context = _make_message_context(
        f"The link is slow on old boards, so wait for it before the first\ntransfer.\n\n{line}\n"
    )
    rules = [rule for rule in load_rules() if rule.scope == "message"]
    assert not [finding.name for finding in find_findings(context, rules)]


@pytest.mark.parametrize("mark", ["Change-Id: I0123456789abcdef", "change-id: 20260106-frob-0123"])
@pytest.mark.parametrize("parts", ["{mark}\n{sign}", "{mark}\n\n{sign}", "{sign}\n{mark}"])
def test_change_id_is_no_description(mark: str, parts: str) -> None:
    text = parts.format(mark=mark, sign="Signed-off-by: Ada Fixer <ada@example.org>")
    names = _find_all_names(text)
    assert "no-description" in names
    assert "message-without-reason" not in names
    prose = "Old boards lose the first transfer without it."
    assert "no-description" not in _find_all_names(f"{prose}\n\n{text}")
    assert "no-description" not in _find_all_names(f"{prose}\n\n{mark}")


def _find_all_names(message: str) -> set[str]:
    rules = [rule for rule in load_rules() if rule.scope != "series"]
    return {finding.name for finding in find_findings(_make_message_context(message), rules)}
