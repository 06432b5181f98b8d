# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the site, help, man pages and `config` name what exists, and nothing else."""

import importlib
import pkgutil
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

from textual.binding import Binding

import patchpilot.demo
import patchpilot.tui
from patchpilot.cli.command import COMMANDS, Command
from patchpilot.cli.help_page import SHARED, format_help, format_shared_options, format_topic
from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.manual import format_man_page, format_overview_page, list_documented_commands
from patchpilot.config import KEYS, USER_KEYS, Settings
from patchpilot.errors import ExitCode
from patchpilot.setup.list_settings import list_settings
from patchpilot.tui.view.key_bindings import display_key
from patchpilot.tui.view.stages import Stage
from tests.cli.test_main_misuses import CASES
from tests.kit.source import ROOT, trees

OF_THE_SYSTEM = {"HOME", "PATH", "SHELL", "TERM"}
INTERNAL = {
    *("GIT_INDEX_FILE", "GIT_NOTES_REWRITE_REF", "GIT_PYTHON_REFRESH"),
    *("PATCHPILOT_DEMO", "PATCHPILOT_DEMO_SHELL", "PATCHPILOT_SENDING", "_PATCHPILOT_WORDS"),
}
"""Variables that git or patchpilot sets for the programs that it starts."""
OF_OTHER_PROGRAMS = {
    *("--merge-base", "--pretend", "--no-verify", "--compare-to", "--empty"),
    *("--build-arg", "--userns", "--security-opt"),
    *("--types", "--no-signoff", "--no-tree", "--typedefsfile", "--codespell", "--codespellfile"),
    *("--kconfig-prefix", "--tab-size", "--min-conf-desc-length", "--root"),
    *("--no-x", "--nox", "--mpath", "--find-maintainer-files"),
    *("--interactive", "--hg-since", "--self-test"),
}
"""Options of git, podman, msmtp, checkpatch.pl, get_maintainer.pl and b4."""
SETTINGS = [key.name for key in (*KEYS, *USER_KEYS)]
PAGES = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "reference_pages.py"))


def test_settings_page_is_complete() -> None:
    page = PAGES["settings_page"]()
    rows = re.findall(r"^\| `([\w.-]+)` \| (?:`|\(empty)", page, re.M)
    assert rows == SETTINGS
    named = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", TOPICS["environment"]))
    assert named
    table = page.partition("## Environment variables")[2]
    assert named - set(re.findall(r"\w+", table)) == set()


def test_every_error_row_has_three_cells() -> None:
    rows = re.findall(r"^\| `.*", PAGES["troubleshooting_page"](), re.M)
    assert len(rows) == len(CASES)
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 4, row


def test_every_environment_variable_is_documented() -> None:
    read = re.compile(r"environ(?:\.get\(\s*|\[)\"(?P<name>\w+)\"")
    names = {name for path, _ in trees("environ") for name in read.findall(path.read_text())}
    assert {"CI", "NO_COLOR"} <= names
    documented = set(re.findall(r"\b[A-Z][A-Z_]+\b", TOPICS["environment"]))
    assert names - documented - OF_THE_SYSTEM - INTERNAL == set()


def list_spellings(command: Command, *, hidden: bool = False) -> set[str]:
    options = [option for option in command.options if hidden or not option.hidden]
    return {spelling for option in options for spelling in (*option.spellings, *option.off)}


def _plain(man_page: str) -> str:
    return man_page.replace("\\-", "-").replace("\\fB", "")


def test_site_help_and_man_pages_have_every_option() -> None:
    shared = (
        PAGES["shared_options"](),
        format_shared_options(),
        _plain(format_overview_page()),
    )
    for command in list_documented_commands():
        texts = (
            PAGES["command_page"](command),
            format_help(command),
            _plain(format_man_page(command)),
        )
        for spelling in list_spellings(command):
            pattern = re.compile(rf"(?<![\w-]){re.escape(spelling)}(?![\w-])")
            for text, of_all in zip(texts, shared, strict=True):
                assert pattern.search(text + of_all), (command.name, spelling, text[:40])


def test_config_help_and_man_page_have_every_setting_variable_and_exit_code(
    tmp_path: Path,
) -> None:
    assert [row.name for row in list_settings(Settings(), tmp_path)] == SETTINGS
    codes = [str(int(code)) for code in ExitCode]
    for text in ("\n".join(map(format_topic, TOPICS)), format_overview_page()):
        text = _plain(text)
        settings = text.partition("Settings:\n")[2]
        assert (
            re.findall(r"(?m)^  ([a-z][\w.-]*|reviewer\.NAME\.\w+)  +\S", settings)[: len(SETTINGS)]
            == SETTINGS
        )
        listed = text.partition("0  done")[0][-5:] + "0  done" + text.partition("0  done")[2]
        assert re.findall(r"(?m)^ {1,4}(\d+)  \S", listed) == codes
        for names in re.findall(r"(?m)^  ([A-Z_, ]+?)  +\S", TOPICS["environment"]):
            assert names in text


def test_pages_name_only_options_and_settings_that_exist() -> None:
    spellings = set[str]().union(
        *(list_spellings(command, hidden=True) for command in list_documented_commands())
    )
    spellings |= {
        name for table in SHARED.values() for option in table for name in option.spellings
    }
    spellings |= {"--help", *OF_OTHER_PROGRAMS}
    settings = re.compile("|".join(re.escape(name).replace("NAME", r"\w+") for name in SETTINGS))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for words, option in re.findall(
            r"`(?:patchpilot )?((?:[a-z]+ ){0,2})(--[a-z][\w-]*)", text
        ):
            if not words or words.split()[0] in COMMANDS:
                # get_maintainer.pl's flags have a negation each
                assert {option, option.replace("--no-", "--")} & spellings, (path.name, option)
        named = re.findall(
            r"git config (?:--[a-z-]+ )*patchpilot\.(\S+)|`patchpilot\.([a-z-]+)`", text
        )
        for name in filter(None, (name for pair in named for name in pair)):
            assert settings.fullmatch(name) or name == "batch", (path.name, name)


def split_key_sections() -> dict[str, dict[str, set[str]]]:
    """Return each section of the page of keys: the keys, with their meanings."""
    sections: dict[str, dict[str, set[str]]] = {}
    for line in PAGES["keys_page"]().splitlines():
        if line.startswith("## "):
            section = sections[line[3:]] = {}
        elif row := re.fullmatch(r"\| (`.+`) \| (.+) \|", line):
            for key in re.findall(r"`(.+?)`", row[1]):
                section.setdefault(key.replace("\\|", "|"), set()).add(row[2])
    return sections


def list_bindings() -> Iterator[tuple[str, Binding]]:
    """Yield the name of each class of the TUI and the sandbox that binds keys, and its bindings."""
    for package in (patchpilot.tui, patchpilot.demo):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, owner in vars(module).items():
                if isinstance(owner, type) and owner.__module__ == found.name:
                    for binding in owner.__dict__.get("BINDINGS", ()):
                        assert isinstance(binding, Binding), (name, binding)
                        yield name, binding


def test_page_of_keys_has_every_key_and_no_other() -> None:
    sections = split_key_sections()
    listed = {
        (key, meaning)
        for section in sections.values()
        for key, meanings in section.items()
        for meaning in meanings
    }
    numbered = {"stage(": "go to a stage", "open_at(": "open the selected topic at a stage"}
    bound = {(key, text) for key in ("1", str(len(Stage))) for text in numbered.values()}
    for _, binding in list_bindings():
        if binding.action.startswith(tuple(numbered)):
            assert 1 <= int(binding.key) <= len(Stage)
            continue
        meaning = (binding.tooltip or binding.description).replace("|", "\\|")
        bound |= {(display_key(key), meaning) for key in binding.key.split(",")}
    assert len(bound) > 60
    assert listed - bound == set()
    assert bound - listed == set()


def test_pages_name_only_keys_of_the_stage() -> None:
    sections = split_key_sections()
    stages = {
        stage.label: {
            key
            for title, keys in sections.items()
            if not title[0].isdigit() or title == f"{stage.number} {stage.label}"
            for key in keys
        }
        for stage in Stage
    }
    stages["Home"] = set(sections["0 home"])
    labels = "|".join(map(re.escape, stages))
    named = []
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = " ".join(path.read_text(encoding="utf-8").split())
        pairs = re.findall(rf"`([^\s`]|Space)` (?:in|at|on) (?:the )?({labels})\b", text)
        for label, key in re.findall(rf"({labels}) stage[^.`]{{0,30}}`([^\s`]|Space)`", text):
            pairs.append((key, label))
        for key, label in pairs:
            named.append(key)
            assert key in stages[label], (path.name, key, label)
    assert len(named) >= 5
