# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the effect of every setting of git send-email and git format-patch on a message.

A setting without effect leaves the message as it is, and is named in the preview if git's message
would differ. The documentation has the same table.
"""

import re
from pathlib import Path

import pytest

from patchpilot.outgoing.git_settings import SETTINGS, GitSetting
from tests.kit.repos import Repo
from tests.kit.source import ROOT
from tests.kit.topics import topic

VALUES = {
    "sendemail.confirm": "always",
    "sendemail.mailmap.file": "/nonexistent",
    "sendemail.mailmap.blob": "HEAD:.mailmap",
    "sendemail.imapsentfolder": "Sent",
    "sendemail.composeencoding": "latin1",
    "sendemail.assume8bitencoding": "latin1",
    "sendemail.outlookidfix": "auto",
    "format.attach": "boundary",
    "format.coverfromdescription": "subject",
    "format.suffix": ".txt",
    "format.encodeemailheaders": "false",
    "format.pretty": "fuller",
    "format.thread": "deep",
    "format.commitlistformat": "modern",
    "format.outputdirectory": "/nonexistent/patches",
    "format.filenamemaxlength": "20",
    "format.useautobase": "whenAble",
}
"""A value for each setting without effect that is not "true"."""
SEEN = {
    "sendemail.from": ("Me <me@example.org>", "From: Me <me@example.org>"),
    "sendemail.to": ("new@example.org", "new@example.org"),
    "sendemail.cc": ("new@example.org", "Cc: new@example.org"),
    "sendemail.tocmd": ("echo new@example.org #", "new@example.org"),
    "sendemail.cccmd": ("echo new@example.org #", "Cc: new@example.org"),
    "sendemail.headercmd": ("echo X-New: yes #", "X-New: yes"),
    "sendemail.xmailer": ("false", "!X-Mailer"),
    "sendemail.transferencoding": ("base64", "Content-Transfer-Encoding: base64"),
    "format.to": ("new@example.org", "new@example.org"),
    "format.cc": ("new@example.org", "Cc: new@example.org"),
    "format.headers": ("Organization: New", "Organization: New"),
    "format.subjectprefix": ("PATCH new", "Subject: [PATCH new]"),
    "format.signature": ("new signature", "\n-- \nnew signature"),
    "format.signaturefile": ("{file}", "\n-- \ntext of the file"),
}
"""A value, and what the message then has, for settings that are seen in a message."""


def _write_message(repo: Repo, folder: Path) -> tuple[str, str]:
    """Return the message without its date, and the output of the command."""
    outcome = repo.patchpilot(
        "send --offline --security no --regression no --to l@lists.example.org --outbox", folder
    )
    (file,) = folder.iterdir()
    return re.sub(r"(?m)^(?:Date|X-Mailer): .*\n", "", file.read_text()), outcome.out


def _configure(repo: Repo, name: str, value: str) -> None:
    section, _, key = name.partition(".")
    repo.git("config --global", f"{section}.{key}", value)


def _check_no_effect(setting: GitSetting, folder: Path) -> None:
    repo = topic(folder / "r", 1)
    before, _ = _write_message(repo, folder / "before")
    _configure(repo, setting.name, VALUES.get(setting.name, "true"))
    after, output = _write_message(repo, folder / "after")
    assert after == before
    shown = f"{setting.name} has no effect" in " ".join(output.split())
    assert shown == setting.is_shown


NO_EFFECT = [setting for setting in SETTINGS if setting.effect == "none"]


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(setting, id=setting.name, marks=[pytest.mark.long] if number else [])
        for number, setting in enumerate(sorted(NO_EFFECT, key=lambda one: not one.is_shown))
    ],
)
def test_setting_without_effect_leaves_the_message(setting: GitSetting, tmp_path: Path) -> None:
    _check_no_effect(setting, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] if number else [])
        for number, name in enumerate(SEEN)
    ],
)
def test_obeyed_setting_is_seen_in_the_message(name: str, tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    (tmp_path / "file").write_text("text of the file\n")
    value, text = SEEN[name]
    _configure(repo, name, value.format(file=tmp_path / "file"))
    out = tmp_path / "out"
    repo.patchpilot(
        "send --offline --security no --regression no --to l@lists.example.org --outbox", out
    )
    (file,) = out.iterdir()
    message = re.sub(r"\n[ \t]+", " ", file.read_text())
    assert (text.removeprefix("!") in message) != text.startswith("!")


@pytest.mark.parametrize("name", ["smtpencryption", "aliasfiletype", "transferencoding"])
def test_unknown_value_is_an_error(name: str, tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    _configure(repo, f"sendemail.{name}", "bogus")
    outcome = repo.patchpilot("send --offline --to l@lists.example.org --dry-run")
    outcome.expect(2, f"sendemail.{name}", "bogus")


def test_documentation_has_the_table() -> None:
    text = (ROOT / "docs/reference/git-settings.md").read_text()
    documented = dict(re.findall(r"^\| \**`([\w.]+)`\** \| (\w+)", text, re.MULTILINE))
    assert documented == {setting.name: setting.effect for setting in SETTINGS}
    assert {*VALUES, *SEEN} <= {*documented}
