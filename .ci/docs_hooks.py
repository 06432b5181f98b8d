# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate pages when the site is built.

They are the rules of each pack, the commands, lists of both, settings and environment variables,
troubleshooting, and the keys of the TUI. `make docs` uses this module through mkdocs.yml. Nothing
is written to docs/. The rule packs, the command line's option tables and the key bindings are the
only sources.
"""

import json
import runpy
import tomllib
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.manual import list_documented_commands, summarize_command

_pages = runpy.run_path(str(Path(__file__).with_name("site_pages.py")))

_reference = runpy.run_path(str(Path(__file__).with_name("reference_pages.py")))

_address = tomllib.loads(
    (Path(__file__).parents[1] / "packaging/address.toml").read_text(encoding="utf-8")
)

_words = tomllib.loads(Path(__file__).with_name("search_words.toml").read_text(encoding="utf-8"))

RULES = "reference/rules"
COMMANDS = "reference/cli"


# rank guides above long reference lists, rules about code lower than the ones about messages, and
# contributor pages last
BOOSTS = {
    "reference/rules/": 0.2,
    "reference/rules/mail": 0.4,
    "reference/rules/message": 0.4,
    "reference/rules/series": 0.4,
    "reference/rules/subject": 0.4,
    "reference/rules/tags": 0.4,
    "reference/cli/": 0.4,
    "reference/subsystems": 0.4,
    "reference/backport": 0.6,
    "explanation/": 0.6,
    "tutorial/": 0.6,
    "adr/": 0.2,
    "architecture": 0.2,
    "internals": 0.2,
    "how-to/first-contribution": 0.2,
    "how-to/add-a-transport": 0.2,
    "how-to/release": 0.2,
}


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Return the page as the site shows it. Set its rank in a search."""
    path = page.file.src_uri
    for start, boost in BOOSTS.items():
        if path.startswith(start) and path != f"{COMMANDS}/index.md":
            page.meta["search"] = {"boost": boost}
    for adapt in ("heading_first", "plain_pipes", "linked_pictures"):
        markdown = _pages[adapt](markdown)
    return _with_address(markdown)


def _with_address(markdown: str) -> str:
    """Insert the repository's address, if it is known, into the examples on a page."""
    address = _address["repository"]
    if not address:
        return markdown
    name = "/".join(address.split("/")[-2:])
    return markdown.replace("OWNER/patchpilot", name).replace("repo: URL", f"repo: {address}")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the pages of commands and of rule packs to the navigation, and the repository's link."""
    config.repo_url = _address["repository"] or None
    commands = [command.name for command in list_documented_commands()]
    packs = [name for name in _reference["rule_pages"]() if name != "index"]
    _extend_sections(config.nav, {COMMANDS: commands, RULES: packs})
    return config


def _extend_sections(entries: list[Any], names: dict[str, list[str]]) -> None:
    """Add the pages of each folder to the section that begins with the folder's index."""
    for entry in entries:
        for section in entry.values() if isinstance(entry, dict) else ():
            if isinstance(section, list):
                folder = str(section[0]).removesuffix("/index.md")
                section += [
                    {name: f"{folder}/{name.replace(' ', '-')}.md"}
                    for name in names.get(folder, ())
                ]
                _extend_sections(section, names)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    for name, content in _reference["rule_pages"]().items():
        files.append(File.generated(config, f"{RULES}/{name}.md", content=content))
    for name in ("settings", "troubleshooting", "keys"):
        content = _reference[f"{name}_page"]()
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    commands = list_documented_commands()
    rows = [
        f"| [{page.name}]({page.name.replace(' ', '-')}.md) | {summarize_command(page)} |"
        for page in commands
    ]
    topics = [
        f"## {text.strip().partition(chr(10))[0]}\n\n```\n{text.strip().partition(chr(10))[2].strip(chr(10))}\n```\n"  # noqa: E501
        for text in TOPICS.values()
    ]
    index = "\n".join(
        [
            "# Command line",
            "",
            "| command | what it does |",
            "|---|---|",
            *rows,
            "",
            _reference["shared_options"](),
            *topics,
        ]
    )
    files.append(File.generated(config, f"{COMMANDS}/index.md", content=index))
    for page in commands:
        files.append(
            File.generated(
                config,
                f"{COMMANDS}/{page.name.replace(' ', '-')}.md",
                content=_reference["command_page"](page),
            )
        )
    return files


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Remove external scripts from a page, and keep its options whole."""
    made: str = _pages["local"](_pages["whole_options"](output), "../" * page.url.count("/"))
    return made


def on_post_template(output_content: str, **_: object) -> str:
    """Remove external scripts from a page without a source, such as the 404 page."""
    made: str = _pages["local"](output_content, "")
    return made


def on_post_build(config: MkDocsConfig) -> None:
    """Add the search words to the index, before the plugin "offline" copies it to a script."""
    path = Path(config.site_dir, "search/search_index.json")
    index = _pages["with_search_words"](json.loads(path.read_text(encoding="utf-8")), _words)
    path.write_text(json.dumps(index, separators=(",", ":")), encoding="utf-8")
