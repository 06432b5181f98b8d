# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that packages below the front ends return commands in hints as values.

The TUI could not replace a command in plain text with its own keys.
"""

from tests.kit.printed import find_quoted_commands, find_user_strings
from tests.kit.source import SOURCE, trees

FRONT = ("cli", "tui", "demo")

PLAIN = {
    "commits/private_config.py": "what is written into a git hook",
    "setup/install_hooks.py": "a line for a shell script",
    "setup/lts_branches.py": "the first line of a file",
    "building/plan.py": "the message of a finding, in which the TUI adds that it is for a shell",
    "checking/list_rules.py": "the page of a rule in the documentation and in an editor",
    "checking/whole_files.py": "the option by its name",
    "commits/branch_move_journal.py": "the subject of a reflog entry",
    "outgoing/preflight.py": "a note in the sandbox, about a command for the user's own tree",
    "tags/prepare_commits.py": "notes, in which the TUI replaces the commands with its keys",
    "tags/undo_rewrite.py": "the subject of a reflog entry",
    "errors.py": "the hint of a bug, whose report is made in a shell",
    "series/draft_text.py": "the heading of an exported draft",
    "setup/run_fix.py": "the beginning of the commands that may be offered",
    "backports/write.py": "a shell command with a pattern for the names of files",
    "backports/work.py": "a note about a request, whose text is made in a shell",
    "lint/checkpatch_conf.py": "a note why an option of the file has no effect",
    "lint/detectors/tree.py": "what a finding suggests, as text",
}
"""Modules with commands in plain text, each with a description of it."""


def test_command_in_a_lower_package_is_an_action() -> None:
    commands_by_file = {}
    for file, tree in trees("patchpilot "):
        name = file.relative_to(SOURCE).as_posix()
        if not name.startswith(FRONT):
            printed = [
                command
                for text in find_user_strings(tree, includes_actions=False)
                for command in find_quoted_commands(text)
            ]
            if printed:
                commands_by_file[name] = printed
    assert not {name: commands for name, commands in commands_by_file.items() if name not in PLAIN}
    assert not PLAIN.keys() - commands_by_file.keys(), "no longer needed"
