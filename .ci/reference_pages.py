# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the reference pages of rules, settings, environment variables, errors and keys.

The sources are the rule packs, the code, the key bindings, and the calls that
tests/cli/test_main_misuses.py runs.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textual.binding import Binding

from patchpilot.checking.list_rules import all_rules, explain_all, rule_page
from patchpilot.cli.command import Command, Option
from patchpilot.cli.help_page import (
    SHARED,
    format_options_note,
    list_command_options,
    list_examples,
    split_paragraphs,
)
from patchpilot.cli.help_topics import TOPICS
from patchpilot.config import KEYS, USER_KEYS
from patchpilot.demo.demo_app import DemoApp
from patchpilot.tui.actions.editing import DraftReader
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import find_screen_class
from patchpilot.tui.screens.home_screen import HomeScreen
from patchpilot.tui.screens.write_tags_dialog import TagInput, Tick, WriteTags
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import display_key
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Confirm, LineDialog, Reader
from patchpilot.tui.widgets.dialog import Dialog, Modal
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.search import Searchable, SearchBar

ERRORS = Path(__file__).parents[1] / "tests" / "cli" / "misuses.toml"


def rule_pages() -> dict[str, str]:
    """Return the pages of rules as Markdown.

    "index" is the list of all rules. Each pack has a page with its rules.
    """
    explanations = explain_all(all_rules())
    pages: dict[str, list[str]] = {}
    index = [
        f"# Rules\n\n{len(explanations)} rules, by pack."
        " `patchpilot explain NAME` prints the same text in the terminal.\n"
    ]
    for explanation in explanations:
        rule = explanation.rule
        if rule.pack not in pages:
            pages[rule.pack] = [f"# Rules of the pack {rule.pack}\n"]
            index.append(
                f"\n## {rule.pack}\n\n| rule | severity | checkpatch.pl | what |\n|---|---|---|---|"
            )
        checkpatch = f"`{rule.checkpatch}`" if rule.checkpatch else ""
        index.append(
            f"| [{rule.name}]({rule.pack}.md#{rule.name}) | {rule.severity} | {checkpatch} |"
            f" {_cell(' '.join(rule.summary.split()))} |"
        )
        pages[rule.pack].append(_demote_headings(rule_page(explanation)))
    return {
        "index": "\n".join(index) + "\n",
        **{name: "\n".join(parts) for name, parts in pages.items()},
    }


def _demote_headings(page: str) -> str:
    """Turn the page of a rule into a section without headings of its own."""
    parts = re.split(r"^(`{3,}.*?^`{3,}$)", page, flags=re.MULTILINE | re.DOTALL)
    for at in range(0, len(parts), 2):
        text = re.sub(r"^## (.+)$", r"**\1**", parts[at], flags=re.MULTILINE)
        parts[at] = re.sub(r"^# ", "## ", text, flags=re.MULTILINE)
    return "".join(parts)


def settings_page() -> str:
    """Return the settings with their defaults, and the environment variables, as Markdown."""
    rows = [
        f"| `{key.name}` | {f'`{key.default}`' if key.default else '(empty)'} |"
        f" {'yes' if key.from_tree else 'no'} | {_cell(key.meaning)} |"
        for key in (*KEYS, *USER_KEYS)
    ]
    return "\n".join(
        [
            "# Settings: configuration file, git config and environment variables",
            "",
            _paragraphs(TOPICS["settings"]),
            "",
            "## Settings",
            "",
            "The third column shows whether a tree's `.patchpilot.toml` can contain the setting. In"
            " git config, a setting is `patchpilot.` and its name. `review-before-send` and"
            " `reviewer.NAME.*` are only read from your own git config, not from a repository's.",
            "",
            "A misspelled name in git config is reported by `patchpilot config`, by"
            " `patchpilot doctor`, and once by each command that reads the setting with the most"
            " similar name.",
            "",
            "| setting | default | from the tree | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Environment variables",
            "",
            "| variable | meaning |",
            "|---|---|",
            *(f"| `{names}` | {_cell(meaning)} |" for names, meaning in variables()),
            "",
        ]
    )


def variables() -> Iterator[tuple[str, str]]:
    """Yield the name and meaning of each variable in `patchpilot help environment`."""
    for line in TOPICS["environment"].split("\n"):
        names, _, meaning = line.strip().partition("   ")
        if line.startswith("  ") and meaning:
            yield names, meaning.strip()


def troubleshooting_page() -> str:
    """Return the errors and their hints as Markdown, grouped by the command that reports them."""
    calls: dict[str, list[str]] = {}
    text = ERRORS.read_text(encoding="utf-8").replace("PLACE", "/home/you")
    for call in tomllib.loads(text)["misuse"]:
        error = call["error"].removeprefix("patchpilot: error: ")
        hint = call["hint"].removeprefix("hint: ")
        calls.setdefault(call["argv"][0] if call["argv"] else "", []).append(
            f"| `{_code(' '.join(call['argv']))}` | {_cell(error)} | {_cell(hint)} |"
        )
    parts = [
        "# Troubleshooting",
        "",
        "Each error has a hint with the next step. The exit code is 2 for a wrong call, 3 for"
        " a missing repository, tool or tree, 4 for the network, and 70 for a bug. The test suite"
        " makes each of these calls.",
        "",
    ]
    for command, rows in sorted(calls.items()):
        parts += [f"## {command}", "", "| call | error | hint |", "|---|---|---|"]
        parts += [*rows, ""]
    return "\n".join(parts)


def _paragraphs(topic: str) -> str:
    return f"```\n{topic.strip().partition(chr(10))[2].strip(chr(10))}\n```"


def _code(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _cell(text: str) -> str:
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")):
        text = text.replace(plain, escaped)
    return text


def command_page(command: Command) -> str:
    """Return a command's reference page as Markdown."""
    lines = [f"# patchpilot {command.name}", "", "```", command.usage, "```", ""]
    for paragraph in filter(None, [*split_paragraphs(command.help), format_options_note(command)]):
        lines += (
            ["```", paragraph.replace("\b", ""), "```", ""]
            if paragraph.startswith("\b")
            else [_text(paragraph), ""]
        )
    if options := list_command_options(command):
        lines += ["## Options", "", _option_table(options)]
    if calls := list_examples(command):
        lines += ["## Examples", "", "```", *calls, "```", ""]
    return "\n".join(lines)


def shared_options() -> str:
    """Return the options that several commands have as Markdown."""
    sections = (f"### {title}\n\n{_option_table(table)}" for title, table in SHARED.items())
    return "\n".join(["## Options that several commands have\n", *sections])


def _option_table(options: Iterable[Option]) -> str:
    rows = (f"| `{_code(option.form)}` | {_text(option.text)} |\n" for option in options)
    return "".join(["| option | meaning |\n", "|---|---|\n", *rows])


def _text(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*")


KEYS_HEAD = """# Keys of the TUI: keyboard shortcuts

In the TUI, `?` lists the keys of the current screen and runs the one that you choose, and `/` searches the text. The mouse works but is never required.
States are always shown as a word, not only by color. Two themes have high contrast. If `NO_COLOR` is set, no colors are used.
`Tab` goes to the next panel or field, `Space` ticks a box, and in a dialog, the letter before an answer chooses it. There is no other set of keys to choose.
"""  # noqa: E501


KEY_OWNERS: dict[str, tuple[type, ...]] = {
    "Everywhere": (PatchpilotApp, StageScreen),
    "In lists": (List,),
    "In patches and messages": (DiffView,),
    "In a search": (SearchBar, Searchable),
    "In a dialog": (Modal, Dialog),
    "In a dialog with a text field": (LineDialog, Confirm),
    "In the dialog that writes tags": (WriteTags, Tick, TagInput),
    "In a long text over the whole screen": (Reader,),
    "In a draft": (DraftReader,),
    "In the sandbox": (DemoApp,),
    "0 home": (HomeScreen,),
    **{f"{stage.number} {stage.label}": (find_screen_class(stage),) for stage in Stage},
}
"""The sections of the page of keys, with the classes whose keys they list."""


def keys_page() -> str:
    """Return the TUI's keys as Markdown: the global keys, and the ones of widgets and stages."""
    parts = [KEYS_HEAD]
    for title, owners in KEY_OWNERS.items():
        rows = [binding for owner in owners for binding in _bindings_of(owner)]
        parts += [f"## {title}\n", _table(rows)] if rows else []
    return "\n".join(parts)


def _bindings_of(owner: Any) -> list[Binding]:
    return [
        binding
        for binding in owner.__dict__.get("BINDINGS", ())
        if isinstance(binding, Binding) and binding.description
    ]


OPEN_AT = "open the selected topic at a stage"
"""The meaning of the stage numbers at Home."""


def _table(bindings: Iterable[Binding]) -> str:
    rows = ["| key | action |", "|---|---|"]
    numbered = {"stage(": "go to a stage", "open_at(": OPEN_AT}
    bindings = tuple(bindings)
    for action, does in numbered.items():
        if any(binding.action.startswith(action) for binding in bindings):
            rows.append(f"| `1` … `{len(Stage)}` | {does} |")
    for binding in bindings:
        if not binding.action.startswith(tuple(numbered)):
            keys = ", ".join(f"`{display_key(key)}`" for key in binding.key.split(",")).replace(
                "|", "\\|"
            )
            rows.append(f"| {keys} | {binding.tooltip or binding.description} |")
    # several widgets of a section have the same key
    return "\n".join(dict.fromkeys(rows)) + "\n"
