# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of the documentation that are generated while the site is built: one per rule, and the list of rules.

Used by `make docs` through mkdocs.yml. Nothing here is written to docs/: the rule packs are the only source.
"""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from patchpilot.cli.output.rule_pages import index_page, rule_page
from patchpilot.services.setup.list_rules import all_rules, explain_all

RULES = "reference/rules"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    explained = explain_all(all_rules())
    files.append(File.generated(config, f"{RULES}/index.md", content=index_page(explained)))
    for explanation in explained:
        files.append(File.generated(config, f"{RULES}/{explanation.rule.name}.md", content=rule_page(explanation)))
    return files
