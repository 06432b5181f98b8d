# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that this version reads all data written by 0.1, and rejects data of a newer version.

Stores of tracked series are tested in tests/archive/test_track_store_versions.py.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from patchpilot.commits.private_config import read_trusted_entries
from patchpilot.config import KEYS, load_settings
from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.model.message import MailState
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.reply_drafts import ReplyDrafts
from patchpilot.resources import TOPIC_DATABASE, state_folder
from patchpilot.series.database import list_backups
from patchpilot.series.draft import Drafts
from patchpilot.series.recipient_edits import RecipientEdits, load_edits
from patchpilot.series.topic_database import LAYOUT
from patchpilot.tui.stage.saved_state import SavedState
from tests.kit.cli import call
from tests.kit.outbox import CHANGE

OLD = Path(__file__).parent / "0.1"
CURRENT = len(LAYOUT.migrations)


@pytest.fixture
def old_state_folder() -> Path:
    """Return a state directory that 0.1 wrote."""
    folder = state_folder()
    shutil.copytree(OLD / "recipients", folder / "recipients")
    for name in ("trusted.json", "walk.json"):
        shutil.copy(OLD / name, folder)
    with closing(sqlite3.connect(folder / TOPIC_DATABASE)) as base:
        base.executescript((OLD / "outgoing.sql").read_text(encoding="utf-8"))
    return folder


@pytest.mark.usefixtures("old_state_folder")
def test_draft_round_trips() -> None:
    with closing(sqlite3.connect(state_folder() / TOPIC_DATABASE)) as base:
        (before,) = base.execute("SELECT data FROM drafts").fetchone()
    with Drafts() as drafts:
        draft = drafts.get(CHANGE)
        assert draft is not None
        drafts.save(draft)
    with closing(sqlite3.connect(state_folder() / TOPIC_DATABASE)) as base:
        (after,) = base.execute("SELECT data FROM drafts").fetchone()
    assert {name: json.loads(after)[name] for name in json.loads(before)} == json.loads(before)


def test_fixture_has_every_draft_field() -> None:
    """Test that a new field has a default. The version that adds it must also add a fixture."""
    content = (OLD / "outgoing.sql").read_text(encoding="utf-8")
    for kind in (Draft, KnownPatch):
        assert [field.name for field in fields(kind) if f'"{field.name}": ' not in content] == []


@pytest.mark.usefixtures("old_state_folder")
def test_sent_messages_are_read() -> None:
    with Outbox() as outbox:
        (send,) = outbox.sends(CHANGE)
    assert [entry.state for entry in send.entries] == [
        MailState.ACCEPTED,
        MailState.UNKNOWN,
        MailState.PENDING,
    ]
    assert send.entries[0].message_id == f"{CHANGE}-v2-1@example.org"
    assert (send.version, send.bcc, send.left_out) == (
        2,
        ("boss@example.org",),
        ("max@keeper.example",),
    )
    assert send.files == ("/src/v2-0001-widget.patch",)
    assert (send.tracking_data, send.undisclosed) == ({"b4-tracking": ["x"]}, True)
    with ReplyDrafts() as replies:
        (reply,) = replies.all()
    assert (reply.message_id, reply.text) == (
        "mine@example.org",
        "> x\n\nGentle ping.\n",
    )


def test_version_1_outbox_is_migrated() -> None:
    file = state_folder() / TOPIC_DATABASE
    content = (OLD / "outgoing.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(file)) as base:
        base.executescript(content)
        base.executescript("DROP TABLE replies; PRAGMA user_version = 1;")
    with Outbox() as outbox:
        assert len(outbox.sends(CHANGE)) == 1
    with ReplyDrafts() as replies:
        assert replies.all() == ()
    assert [name.name for name in list_backups(file) if "version-1" in name.name]


@pytest.mark.usefixtures("old_state_folder")
def test_old_state_files_are_read() -> None:
    assert load_edits(f"change-id:{CHANGE}") == RecipientEdits(
        (("to", Address("Max Keeper", "max@keeper.example")),), ("old@example.org",)
    )
    label = "/src/linux: .patchpilot.toml"
    assert read_trusted_entries() == {"0" * 64: {"label": label, "since": "2026-11-20"}}
    saved = SavedState()
    assert saved.get("theme") == "textual-light"
    assert saved.get("stage", "/src/linux topic") == "send"


def test_old_settings_are_read(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (OLD / "patchpilot.toml").read_text(encoding="utf-8")
    settings = load_settings(content)
    assert settings.get("max-line-length") == "90"
    assert settings.list_value("ignore") == ("long-line", "CPM001")
    assert len(settings.waivers) == 1
    of_tree = {key.name for key in KEYS if key.from_tree}
    assert set(settings.values) == of_tree
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(OLD / "gitconfig"))
    outcome = call("config --format json")
    document = json.loads(outcome.out)
    assert (outcome.err, document["problems"]) == ("", [])
    origins = {row["name"]: row["origin"] for row in document["settings"]}
    assert {origins[key.name] for key in KEYS} == {"git config"}


def test_baseline_is_read(workdir: Path) -> None:
    outcome = call("check", OLD / "baseline.patch", "--baseline", OLD / "baseline.json")
    assert (outcome.code, "2 in the baseline" in outcome.out) == (0, True), outcome.out


def _write_newer_outbox() -> None:
    with closing(sqlite3.connect(state_folder() / TOPIC_DATABASE)) as base:
        base.execute(f"PRAGMA user_version = {CURRENT + 1}")
    Drafts().__exit__()


def _write_newer_baseline() -> None:
    baseline_json = (OLD / "baseline.json").read_text(encoding="utf-8")
    Path("newer.json").write_text(baseline_json.replace("baseline/1", "baseline/2"))
    result = call("check", OLD / "baseline.patch", "--baseline", "newer.json")
    raise InputError(result.err)


@pytest.mark.parametrize(
    ("open_newer", "words"),
    [
        (
            _write_newer_outbox,
            "outgoing.sqlite3 was written by a newer version of patchpilot",
        ),
        (
            _write_newer_baseline,
            "the schema is 'patchpilot/baseline/2', but this version",
        ),
    ],
)
@pytest.mark.usefixtures("old_state_folder")
def test_newer_data_is_refused(open_newer: Callable[[], None], words: str, workdir: Path) -> None:
    with pytest.raises(InputError) as raised:
        open_newer()
    assert words in raised.value.message
    assert "Traceback" not in raised.value.message
