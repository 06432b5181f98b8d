# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that only one module writes files.

Other modules write only to folders that they created.
"""

import ast
import os
from pathlib import Path

import pytest

from patchpilot.errors import InputError
from patchpilot.write_file import replace_file, write_file
from tests.kit.source import SOURCE, trees

OWN_FOLDER = {
    "commits/object_store.py",
    "building/field_checkers.py",
    "building/make_objects.py",
    "building/semantic_patches.py",
    "cli/json_schemas.py",
    "cli/manual.py",
    "commits/alternates.py",
    "commits/private_config.py",
    "demo/demo_history.py",
    "demo/demo_repository.py",
    "demo/robin.py",
    "demo/sandbox.py",
    "demo/upstream.py",
    "outgoing/git_recipients.py",
    "outgoing/send_email/git_send_email.py",
    "outgoing/target_tree.py",
    "backports/work_clone.py",
    "commits/rewrite_hooks.py",
    "checking/editor_texts.py",
    "checking/tree_checkpatch.py",
    "topic/edit_commits.py",
}
"""Modules that write into their own temporary folder, clone or sandbox."""
APPENDS = {
    "archive/local_archive.py",
    "building/work_place.py",
    "cli/common.py",
    "commits/temporary_folder.py",
    "history/commit_graph.py",
    "history/index_file.py",
    "outgoing/keep_password.py",
    "outgoing/sender_lock.py",
    "series/database.py",
}
"""Modules with a lock, a log, a database or a file that grows."""


def opens_for_writing(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in ("write_text", "write_bytes"):
        return True
    if name == "open" and ast.unparse(call.func) == "os.open":
        argument_texts = [ast.unparse(argument) for argument in call.args]
        return "os.devnull" not in argument_texts and any(
            "O_WRONLY" in argument or "O_CREAT" in argument for argument in argument_texts
        )
    return name == "open" and any(
        isinstance(argument, ast.Constant) and set(str(argument.value)) & set("wax+")
        for argument in (*call.args, *(key.value for key in call.keywords))
        if isinstance(argument, ast.Constant) and len(str(argument.value)) <= 3
    )


def test_only_one_module_writes_files() -> None:
    writers = {
        str(file.relative_to(SOURCE))
        for file, tree in trees("write_text", "write_bytes", "open(")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and opens_for_writing(node)
    }
    assert writers == {"write_file.py"} | OWN_FOLDER | APPENDS


def test_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(victim)
    with pytest.raises(InputError, match="symbolic link"):
        write_file(link, "new")
    replace_file(link, "new")
    assert (victim.read_text(), link.read_text()) == ("precious", "new")
    assert not link.is_symlink()


def test_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    replace_file(file, "old", mode=0o600)
    write_file(file, b"new")
    assert file.stat().st_mode & 0o777 == 0o600
    (tmp_path / "folder" / "file").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "folder" / "file", "x")
    assert [entry.name for entry in (tmp_path / "folder").iterdir()] == ["file"]

    def raise_disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", raise_disk_full)
    with pytest.raises(InputError, match="No space left"):
        write_file(file, "half")
    assert file.read_text() == "new"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


def test_device_is_written_to(capfd: pytest.CaptureFixture[str]) -> None:
    write_file(Path("/dev/stdout"), "shown\n")
    assert capfd.readouterr().out == "shown\n"
