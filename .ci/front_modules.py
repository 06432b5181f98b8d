# SPDX-License-Identifier: GPL-2.0-or-later
"""Contract for import-linter: front ends import the front modules of a package and no others.

The docstring of a package lists its front modules as "- `name`: what it does". A package without
such a list has none.
"""

import importlib.util
import re
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

_LISTED = re.compile(r"^- `([\w.]+)`: ", re.MULTILINE)


class FrontModules(Contract):
    """Compare the imports of the front ends with the front modules that packages list.

    Both an import that is not listed and a listed module that no front end imports break it.
    """

    front_ends = fields.ListField(subfield=fields.StringField())
    packages = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        imports: dict[str, set[str]] = {package: set() for package in self.packages}
        for importer in graph.modules:
            if not importer.startswith(tuple(f"{front}." for front in self.front_ends)):
                continue
            for imported in graph.find_modules_directly_imported_by(importer):
                for package in self.packages:
                    if imported.startswith(f"{package}."):
                        imports[package].add(imported.removeprefix(f"{package}."))
        problems = []
        for package, imported_names in imports.items():
            spec = importlib.util.find_spec(package)
            docstring = Path(spec.origin).read_text(encoding="utf-8")
            listed = set(_LISTED.findall(docstring))
            problems += [
                f"{package} does not list {name}, which a front end imports"
                for name in sorted(imported_names - listed)
            ]
            problems += [
                f"{package} lists {name}, which no front end imports"
                for name in sorted(listed - imported_names)
            ]
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for problem in check.metadata["problems"]:
            output.print_error(problem)
