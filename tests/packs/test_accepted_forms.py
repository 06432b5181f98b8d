# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check` does not warn about forms that maintainers accept.

checkpatch.pl warns about these forms. In its format, findings keep the levels of checkpatch.pl.
"""

import re

import pytest

from patchpilot.errors import PackError
from patchpilot.lint.engine import Findings, find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.pack import parse_pack
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import use_checkpatch_levels
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Severity
from tests.kit.snippets import MemoryTree, build_file_diff, mail

DIFF = build_file_diff("drivers/frob/frob.c", "+\tfrob_wait(frob);\n")
WARNING = Severity.WARNING.rank
MESSAGE = "Old boards need a moment until the link is up. Wait for it.\n"
SIGNED = "\nSigned-off-by: Ada Fixer <ada@example.org>\n"
TITLE = '("frob: use the link at once")'


def find_rule_findings(
    patch_text: str,
    name: str,
    tree: MemoryTree | None = None,
    *,
    checkpatch: bool = False,
    strict: bool = True,
) -> Findings:
    """Return a rule's findings with the severities of the rule or of checkpatch.pl."""
    rules = [rule for rule in load_rules() if rule.name == name]
    assert rules, name
    context = Context(
        parse_patch(patch_text.encode(), "x.patch"),
        tree=tree,
        options=Options(strict=strict),
    )
    return find_findings(context, use_checkpatch_levels(rules) if checkpatch else rules)


def find_rule_warnings(patch_text: str, name: str, tree: MemoryTree | None = None) -> list[str]:
    return [
        finding.message
        for finding in find_rule_findings(patch_text, name, tree)
        if finding.severity.rank <= WARNING
    ]


def find_checkpatch_severities(patch_text: str, name: str) -> set[Severity]:
    return {finding.severity for finding in find_rule_findings(patch_text, name, checkpatch=True)}


def write_mail(
    message: str = MESSAGE,
    subject: str = "frob: wait for the link",
    diff: str = DIFF,
    headers: str = "From: Ada Fixer <ada@example.org>\n",
) -> str:
    mail_text = mail(subject, f"{message}{SIGNED if 'Signed-off-by' not in message else ''}", diff)
    return mail_text.replace("From: Ada Fixer <ada@example.org>\n", headers, 1)


REFERENCES = {
    "an address in a dump": (
        "The frob fails:\n"
        "\n BUG: KASAN: null-ptr-deref in frob_add+0xe9/0x260\n"
        " Read of size 1 at addr 0000000000000010 by task frob/1\n"
    ),
    "a register after a blank line": (
        "The frob fails:\n"
        "\n Call Trace:\n"
        "  frob_add+0xe9/0x260\n"
        "\nRSP: 002b:00007fff8c4b7248 EFLAGS: 00000246\n"
    ),
    "an address in a sentence": (
        "Unable to handle kernel paging request at virtual address dfff800000000012\n"
    ),
    "a commit named again": (
        f"Commit 0123456789ab {TITLE}\nis not enough: commit 0123456789ab waits\ntoo short.\n"
    ),
    "a commit with a Fixes: tag": (
        f"Commit 0123456789ab waits too short.\n\nFixes: 0123456789ab {TITLE}\n"
    ),
    "two commits": (
        f"This was not easy because commits\n0123456789ab {TITLE} and\n123456789abc"
        f" {TITLE}\nchanged the flow.\n"
    ),
    "an id and the subject": f"This is a revert of 0123456789ab {TITLE}.\n",
    "a list": (
        f"These commits changed the flow:\n\n  0123456789ab {TITLE}\n  123456789abc {TITLE}\n\nWait"
        " for both.\n"
    ),
    "a subject over three lines": (
        "As shown in commit\n"
        '0123456789ab ("frob: use the link at once, on all the\n'
        'boards of the acme family"), it fails.\n'
    ),
}


@pytest.mark.parametrize("message", REFERENCES.values(), ids=REFERENCES)
def test_full_commit_reference_is_accepted(
    message: str,
) -> None:
    patch_text = write_mail(message)
    assert not find_rule_warnings(patch_text, "malformed-commit-reference")
    assert find_checkpatch_severities(patch_text, "malformed-commit-reference") <= {Severity.ERROR}


@pytest.mark.parametrize(
    "message",
    [
        "After commit 0123456789ab the frob fails.\n",
        f"As of commit 01234567 {TITLE} it fails.\n",
    ],
)
def test_incomplete_commit_reference_is_an_error(
    message: str,
) -> None:
    (finding,) = find_rule_findings(write_mail(message), "malformed-commit-reference")
    assert finding.severity is Severity.ERROR


def test_full_fixes_tag_is_not_an_upstream_commit() -> None:
    message = f'It broke.\n\nFixes: {"1a" * 20} ("frob: add it")\n'
    patch_text = write_mail(message, subject="[PATCH 6.1.y] frob: wait for the link")
    assert find_rule_warnings(patch_text, "backport-without-upstream-commit")


SENDERS = """
author: Ada <ada@home.example>, Ada Fixer <ada@example.org>
author: Adafixer <af@home.example>, Ada Fixer <ada@example.org>
author: adafixer <af@home.example>, Fixer Ada <ada@example.org>
author: fixer58@home.example, Ada Fixer <ada@example.org>
author: adfix@home.example, Ada Fixer <adfix@example.org>
author: Jeff Fixer <jf@home.example>, Jeffrey Fixer <ada@example.org>
author: frobs <adafixer@home.example>, Ada Fixer <adafixer@example.org>
forwarder: Ben Reader <ben@example.org>, Ada Fixer <ada@example.org>
forwarder: team.frob@home.example, Ada Fixer <ada@example.org>
"""


@pytest.mark.parametrize("row", SENDERS.strip().splitlines())
def test_forwarder_must_sign_off(row: str) -> None:
    role, sender, person = re.split("[:,] ", row)
    patch_text = write_mail(
        f"From: {person}\n\n{MESSAGE}\nSigned-off-by: {person}\n",
        headers=f"From: {sender}\n",
    )
    assert bool(find_rule_warnings(patch_text, "missing-sender-sign-off")) is (role == "forwarder")


@pytest.mark.parametrize(
    ("rule", "message", "sender"),
    [
        ("author-not-signed", MESSAGE, "From: Ad Fixer <af@home.example>\n"),
        (
            "author-not-signed",
            "commit 0123456789abcdef0123456789abcdef01234567 upstream.\n",
            "From: b@c.example\n",
        ),
        (
            "long-message-line",
            "arm-ld: a.o: in function f: undefined reference to the frob of all old boards\n",
            "From: Ada Fixer <ada@example.org>\n",
        ),
        (
            "long-message-line",
            "frob 1-1.frob: the link of the old board is not up after a moment of waiting\n",
            "From: Ada Fixer <ada@example.org>\n",
        ),
        (
            "malformed-tag",
            "It does not build:\n  cc: error: no input files\n",
            "From: Ada Fixer <ada@example.org>\n",
        ),
        (
            "author-sign-off-mismatch",
            MESSAGE,
            "From: Ada Fixer <af@home.example>\n"
            "X-Google-Original-From: Ada Fixer <ada@example.org>\n",
        ),
        (
            "author-sign-off-mismatch",
            "commit 0123456789abcdef0123456789abcdef01234567 upstream.\n",
            "From: Ada Fixer <af@home.example>\n",
        ),
        (
            "author-sign-off-mismatch",
            f"{MESSAGE}\nSigned-off-by: J\xf6 Frob <j@home.example>\n",
            "From: =?iso-8859-1?Q?J=F6?= Frob <j@home.example>\n",
        ),
    ],
)
def test_only_strict_agrees_with_checkpatch(rule: str, message: str, sender: str) -> None:
    diff = build_file_diff("drivers/frob/frob.c", " found_by: Frob\n+a;\n")
    patch_text = write_mail(message, diff=diff, headers=sender)
    assert find_rule_findings(patch_text, rule)
    assert not find_rule_findings(patch_text, rule, strict=False)


NET = (
    "NETWORKING DRIVERS\n"
    "L:\tnetdev@vger.kernel.org\n"
    "S:\tMaintained\n"
    "T:\tgit https://example.org/net.git\n"
    "F:\tdrivers/net/\n"
)
OWN = (
    "FROB LINKS\n"
    "L:\tfrob@lists.example.org\n"
    "S:\tMaintained\n"
    "T:\tgit https://example.org/frob.git\n"
    "F:\tdrivers/net/frob/\n"
)


def write_sent_patch(path: str, prefix: str = "PATCH") -> str:
    text = write_mail(
        diff=build_file_diff(path, "+\tfrob_wait(frob);\n"),
        headers="From: Ada Fixer <ada@example.org>\nTo: netdev@vger.kernel.org\n",
    )
    return text.replace("[PATCH]", f"[{prefix}]", 1)


@pytest.mark.parametrize("prefix", ["PATCH", "PATCH NET", "PATCH 04/15"])
def test_networking_patch_names_its_tree(prefix: str) -> None:
    assert find_rule_warnings(write_sent_patch("net/frob.c", prefix), "missing-target-tree")


@pytest.mark.parametrize(
    "row",
    [
        "drivers/net/can/frob.c PATCH",
        "net/can/frob.c PATCH",
        "net/batman-adv/frob.c PATCH",
        "net/mptcp/frob.c PATCH",
        "tools/net/sunrpc/x.c PATCH",
        "net/frob.c PATCH 04/16",
        "net/frob.c PATCH] [NET",
    ],
)
def test_patch_for_another_tree_is_accepted(row: str) -> None:
    path, prefix = row.split(" ", 1)
    assert not find_rule_warnings(write_sent_patch(path, prefix), "missing-target-tree")


def test_maintainers_entry_may_name_another_tree() -> None:
    text = write_sent_patch("drivers/net/frob/frob.c")
    for own, warns in ((OWN, False), ("", True)):
        tree = MemoryTree({"MAINTAINERS": f"Maintainers List\n\n{NET}\n{own}"})
        assert bool(find_rule_warnings(text, "missing-target-tree", tree)) is warns


def test_letter_above_scissors_is_accepted() -> None:
    letter = "Hi Ben,\n\nhere it is.\n\n---8<---\n"
    patch_text = write_mail(f"{letter}{MESSAGE}{SIGNED}")
    assert not find_rule_warnings(patch_text, "message-cut-by-git-am")
    assert not find_rule_warnings(patch_text, "greeting-in-message")
    assert find_rule_warnings(write_mail(f"{MESSAGE}{SIGNED}\n---8<---\n"), "message-cut-by-git-am")
    log = "---->8----\nfrob: 8\n---->8----\n\n"
    (cut,) = find_rule_warnings(
        write_mail(f"It prints:\n{log}{MESSAGE}{SIGNED}"), "message-cut-by-git-am"
    )
    assert "drops everything above" in cut


def test_encoded_from_line_is_accepted() -> None:
    line = "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
    plain_patch_text = write_mail(f"{MESSAGE}{line}{MESSAGE}")
    assert find_rule_warnings(plain_patch_text, "message-cut-by-git-am")
    head, _, body = plain_patch_text.partition("\n\n")
    encoded = (
        f"{head}\nContent-Transfer-Encoding:"
        f" quoted-printable\n\n{body.replace('=', '=3D').replace(line, f'=46{line[1:]}')}"
    )
    assert not find_rule_warnings(encoded, "message-cut-by-git-am")


BINDING = "Documentation/devicetree/bindings/frob/acme,frob.yaml"


@pytest.mark.parametrize(
    "choice",
    ["GPL-2.0-only", "(GPL-2.0+ OR MIT)", "GPL-2.0-or-later OR BSD-2-Clause"],
)
def test_permissive_dual_license_is_accepted(choice: str) -> None:
    yaml = build_file_diff(
        BINDING, f"+# SPDX-License-Identifier: {choice}\n+%YAML 1.2\n", is_new_file=True
    )
    header = build_file_diff(
        "include/dt-bindings/frob.h",
        f"+/* SPDX-License-Identifier: {choice} */\n+#define FROB 1\n",
        is_new_file=True,
    )
    for diff in (header, yaml):
        assert bool(find_rule_warnings(write_mail(diff=diff), "spdx-tag")) is (" OR " not in choice)
    assert find_checkpatch_severities(write_mail(diff=yaml), "spdx-tag") <= {Severity.WARNING}


@pytest.mark.parametrize(
    ("subject", "message", "warns"),
    [
        (
            "frob: use frob_wait()",
            f"frob_sleep() is deprecated since commit 0123456789ab {TITLE}.\n",
            False,
        ),
        (
            "frob: remove unused declarations",
            f"They are unused since commit 0123456789ab {TITLE}.\n",
            False,
        ),
        (
            "frob: simplify the wait",
            "Use frob_wait(), introduced by commit 0123456789ab.\n",
            False,
        ),
        (
            "frob: print the address",
            f"Since commit 0123456789ab {TITLE} %p is hashed, to avoid this issue.\n",
            False,
        ),
        (
            "frob: wait for the link",
            f"Since commit 0123456789ab {TITLE} frob_start() can return an error.\n",
            False,
        ),
        (
            "frob: wait for the link",
            f"Since commit 0123456789ab {TITLE}, old boards fail to start.\n",
            True,
        ),
        (
            "frob: wait for the link",
            f"Since commit 0123456789ab {TITLE} the link comes late. Old boards no longer start.\n",
            True,
        ),
    ],
)
def test_commit_is_blamed_only_for_a_failure(subject: str, message: str, warns: bool) -> None:
    assert bool(find_rule_warnings(write_mail(message, subject), "missing-fixes")) is warns


@pytest.mark.parametrize(
    "reason",
    [
        "The bug is from the days of 2.4, so there won't be a Fixes: tag.",
        "The bug predates git.",
        "There is no sensible Fixes tag for this.",
    ],
)
def test_explained_missing_fixes_tag_is_accepted(reason: str) -> None:
    crash = "Old boards crash:\n\n  Call Trace:\n   frob_start+0x1/0x2\n\n"
    for rule in ("fix-without-fixes", "missing-fixes"):
        assert find_rule_warnings(write_mail(f"{crash}{MESSAGE}"), rule)
    (finding,) = find_rule_findings(write_mail(f"{crash}{MESSAGE}{reason}\n"), "fix-without-fixes")
    assert finding.severity is Severity.CHECK
    assert not find_rule_warnings(
        write_mail(f"{MESSAGE}{reason}\n", "[PATCH net] frob: fix a crash"),
        "missing-fixes",
    )


def test_table_may_continue_after_the_hunk() -> None:
    head = '+static const struct of_device_id frob_ids[] = {\n \t{ .name = "frob" },\n'
    for end, severity in (("", Severity.CHECK), ("+};\n", Severity.ERROR)):
        diff = build_file_diff("drivers/frob/frob.c", f"{head}{end}")
        (finding,) = find_rule_findings(write_mail(diff=diff), "unterminated-id-table")
        assert finding.severity is severity


def test_prefixes_may_be_separated_by_commas() -> None:
    assert not find_rule_warnings(
        write_mail(subject="kbuild, FROB, links: wait for it"), "missing-prefix"
    )


def test_sentence_may_start_with_to() -> None:
    patch_text = write_mail(
        f"Changeset 0123456789ab {TITLE}\nrenamed: Documentation/frob.txt\nto:"
        " Documentation/frob.rst.\n"
    )
    assert not find_rule_warnings(patch_text, "malformed-tag")
    assert find_checkpatch_severities(patch_text, "malformed-tag") == {Severity.ERROR}


@pytest.mark.parametrize(
    ("message", "warns"),
    [
        ("Wait for for the link of old boards.\n", True),
        ("There is no test for that that could run.\n", False),
        ("Yang Yang saw it.\n\nReported-by: Yang Yang <y@example.org>\n", False),
        ("> - * wait for for the link\n\nFix it.\n", False),
        ('"wait for for the link" is wrong.\n', False),
        (
            "BUG: frob\nHardware name: Acme Acme Engine, BIOS 1\nCall Trace:\n frob_add+0x1/0x2\n",
            False,
        ),
    ],
)
def test_quoted_repeated_word_is_accepted(message: str, warns: bool) -> None:
    assert bool(find_rule_warnings(write_mail(message), "repeated-word")) is warns
    assert find_checkpatch_severities(write_mail(message), "repeated-word") <= {Severity.WARNING}


def test_links_and_compiler_output_are_not_tags() -> None:
    output = (
        "It does not build:\n"
        "\naarch64-linux-ld: frob.c:(.text+0x2): undefined reference to `frob'\n"
        "\n"
    )
    fixes = f"Fixes: 0123456789ab {TITLE}\n"
    link = f"{MESSAGE}\nLink: https://example.org/frob.pdf\n\n"
    for message, warns in (
        (f"{output}{fixes}{SIGNED.lstrip()}", False),
        (f"{link}{fixes}{SIGNED.lstrip()}", False),
        (f"{MESSAGE}\n{fixes}{SIGNED}", True),
        (f"{MESSAGE}\nDatasheet: https://example.org/frob.pdf\n{SIGNED}", True),
    ):
        assert warns is bool(find_rule_warnings(write_mail(message), "tags-not-in-one-block"))


def test_gateway_footer_is_not_in_the_patch() -> None:
    assert not find_rule_warnings(
        f"{write_mail()}\nNo virus found\n\t\tChecked by a gateway\n",
        "corrupt-patch",
    )


def test_report_without_a_link_is_accepted() -> None:
    patch_text = write_mail(f"{MESSAGE}\nReported-by: Bo Reader <bo@example.org>{SIGNED}")
    (ours,) = find_rule_findings(patch_text, "report-without-closes")
    (theirs,) = find_rule_findings(patch_text, "report-without-closes", checkpatch=True)
    assert (ours.severity, theirs.severity) == (Severity.CHECK, Severity.WARNING)
    assert "if the report is public" in str(ours.fix)


@pytest.mark.parametrize(
    ("subject", "warns"),
    [
        ("frob: remove DEBUG code", False),
        ("frob: DEBUG: wait", True),
        ("HACK frob: wait", True),
    ],
)
def test_debug_code_is_not_unfinished(subject: str, warns: bool) -> None:
    assert bool(find_rule_warnings(write_mail(subject=subject), "unsquashed-commit")) is warns


def test_subject_in_the_body_needs_no_brackets() -> None:
    headers = "From: Ada Fixer <ada@example.org>\nMessage-ID: <1@example.org>\n"
    patch_text = write_mail(f"Subject: frob: wait for the link\n\n{MESSAGE}", headers=headers)
    bare = patch_text.replace("Subject: [PATCH] ", "Subject: ", 1)
    assert not find_rule_warnings(patch_text, "missing-patch-prefix")
    assert find_rule_warnings(bare, "missing-patch-prefix")


@pytest.mark.parametrize(
    ("pattern", "severity"), [('"%s"', Severity.CHECK), ('"%d"', Severity.WARNING)]
)
def test_sysfs_emit_string_may_end_with_a_newline(pattern: str, severity: Severity) -> None:
    diff = build_file_diff("drivers/frob/frob.c", f"+\treturn sysfs_emit(buf, {pattern}, frob);\n")
    (finding,) = find_rule_findings(write_mail(diff=diff), "sysfs-newline")
    assert finding.severity is severity


def test_macro_may_be_a_table_entry() -> None:
    patch_text = write_mail(
        diff=build_file_diff(
            "drivers/frob/frob.c", "+#define FROB(_i, _name) [_i] = { .name = _name }\n"
        )
    )
    assert not find_rule_warnings(patch_text, "space-before-bracket")
    assert find_checkpatch_severities(patch_text, "space-before-bracket") == {Severity.ERROR}


def test_case_severity_follows_its_rule() -> None:
    text = (
        "[[rule]]\n"
        'id = "ABC001"\n'
        'name = "frob"\n'
        'checkpatch = "FROB"\n'
        'severity = "check"\n'
        'scope = "diff"\n'
        'summary = "frob"\n'
        'why = "frob"\n'
        'reference = "https://example.org"\n'
        'checkpatch_severities = { a = "error" }\n'
        "[rule.match]\n"
        'detector = "like"\n'
        'where = "added"\n'
        'pattern = "x"\n'
        "[[rule.bad]]\n"
        'code = "x"\n'
        "[[rule.good]]\n"
        'code = "y"\n'
    )
    with pytest.raises(PackError, match="checkpatch_severities requires checkpatch_severity"):
        parse_pack(text, "abc.toml")


@pytest.mark.parametrize(
    ("rows", "count"),
    [(" // a\n-// b\n+// c\n", 0), ("+// c\n \n+int b; // d\n // e\n", 1)],
)
def test_line_of_a_slash_comment_is_accepted(rows: str, count: int) -> None:
    diff = build_file_diff("drivers/frob/frob.c", rows)
    assert len(find_rule_findings(write_mail(diff=diff), "c99-comment")) == count
