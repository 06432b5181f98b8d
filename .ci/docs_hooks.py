# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate pages when the site is built.

They are the rules of each pack, the commands, lists of both, settings and environment variables,
troubleshooting, and the keys of the TUI. `make docs` uses this module through mkdocs.yml. Nothing
is written to docs/. The rule packs, the command line's option tables and the key bindings are the
only sources.
"""

import runpy
import tomllib
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.manual import list_documented_commands, summarize_command

_local = runpy.run_path(str(Path(__file__).with_name("local_scripts.py")))["local"]

_reference = runpy.run_path(str(Path(__file__).with_name("reference_pages.py")))

_address = tomllib.loads(
    (Path(__file__).parents[1] / "packaging/address.toml").read_text(encoding="utf-8")
)

RULES = "reference/rules"
COMMANDS = "reference/cli"


# rank guides above long reference lists, and contributor pages last
BOOSTS = {
    "reference/rules/": 0.2,
    "reference/cli/": 0.4,
    "reference/subsystems": 0.4,
    "reference/backport": 0.6,
    "explanation/": 0.6,
    "adr/": 0.2,
    "architecture": 0.2,
    "internals": 0.2,
    "how-to/first-contribution": 0.2,
    "how-to/add-a-transport": 0.2,
    "how-to/release": 0.2,
}
# words that people may search for but that are not on the page
SYNONYMS = {
    "reference/keys.md": ["keyboard shortcuts", "key bindings"],
    "how-to/use-in-an-editor.md": ["vim"],
}


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Return the page with the project's address. Set the page's search terms."""
    path = page.file.src_uri
    for start, boost in BOOSTS.items():
        if path.startswith(start) and not path.endswith("index.md"):
            page.meta["search"] = {"boost": boost}
    if path in SYNONYMS:
        page.meta["tags"] = SYNONYMS[path]
    return _with_address(markdown)


def _with_address(markdown: str) -> str:
    """Insert the repository's address, if it is known, into the examples on a page."""
    address = _address["repository"]
    if not address:
        return markdown
    name = "/".join(address.split("/")[-2:])
    return markdown.replace("OWNER/patchpilot", name).replace("repo: URL", f"repo: {address}")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add a link to the repository to the site if the repository's address is known."""
    config.repo_url = _address["repository"] or None
    return config


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
    """Remove external scripts from a page."""
    made: str = _local(output, "../" * page.url.count("/"))
    return made


def on_post_template(output_content: str, **_: object) -> str:
    """Remove external scripts from a page without a source, such as the 404 page."""
    made: str = _local(output_content, "")
    return made
