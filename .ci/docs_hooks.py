# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of the documentation that are generated while the site is built: the rules of each pack,
each command, and their lists; settings and environment; troubleshooting.

Used by `make docs` through mkdocs.yml. Nothing here is written to docs/: the rule packs and the
command line's own option tables are the only source.
"""

import runpy
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.manual import markdown_page, pages, summary

_local = runpy.run_path(str(Path(__file__).with_name("local_scripts.py")))["local"]

_reference = runpy.run_path(str(Path(__file__).with_name("reference_pages.py")))

RULES = "reference/rules"
COMMANDS = "reference/cli"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    for name, content in _reference["rule_pages"]().items():
        files.append(File.generated(config, f"{RULES}/{name}.md", content=content))
    for name in ("settings", "troubleshooting"):
        content = _reference[f"{name}_page"]()
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    commands = pages()
    rows = [
        f"| [{page.name}]({page.name.replace(' ', '-')}.md) | {summary(page)} |"
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
                content=markdown_page(page),
            )
        )
    return files


def on_post_page(output: str, page: Page, **_: object) -> str:
    """The page without scripts from elsewhere."""
    made: str = _local(output, "../" * page.url.count("/"))
    return made


def on_post_template(output_content: str, **_: object) -> str:
    """A page that has no source, such as the one for missing pages, likewise."""
    made: str = _local(output_content, "")
    return made
