# SPDX-License-Identifier: GPL-2.0-or-later
"""Print the size of the project, as a table of its packages. `make size` uses this program.

Files that git ignores are not counted.
"""

import ast
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
VALUE_CLASSES = {
    "dataclass",
    "NamedTuple",
    "TypedDict",
    "StrEnum",
    "IntEnum",
    "Enum",
}


def main() -> None:
    """Measure the project, and print the sizes of its packages and their sums."""
    product, tests = by_package(ROOT / "patchpilot"), by_package(ROOT / "tests")
    data = [*files(ROOT / "checks"), *files(ROOT / "templates")]
    pages = [file for file in files(ROOT / "docs") if file.suffix == ".md"]
    print_table("patchpilot", product)
    print_table("tests", tests)
    sums = {
        "nodes": sum(size["nodes"] for size in product.values()),
        "test nodes": sum(size["nodes"] for size in tests.values()),
        "bytes of data": sum(file.stat().st_size for file in data),
        "words of pages": sum(len(file.read_text(encoding="utf-8").split()) for file in pages),
        "value classes": sum(size["values"] for size in product.values()),
    }
    for name, value in sums.items():
        print(f"{name:16}{value:>9}")


def files(folder: Path) -> list[Path]:
    """Return the files in a folder that git tracks or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = {folder / name for name in listed.stdout.split("\0") if name}
    return [path for path in paths if path.is_file()]


def by_package(folder: Path) -> dict[str, Counter[str]]:
    """Return the size of each package in `folder`. The package "." contains the modules directly in
    it.
    """
    sizes = defaultdict[str, Counter[str]](Counter)
    for file in files(folder):
        if file.suffix == ".py":
            package = file.relative_to(folder).parts[0]
            sizes["." if package == file.name else package].update(module_size(file))
    return sizes


def module_size(file: Path) -> dict[str, int]:
    """Count the syntax nodes and lines of a module, and its classes that only hold values."""
    text = file.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    return {
        "nodes": sum(not isinstance(node, ast.Load | ast.Store) for node in nodes),
        "lines": text.count("\n"),
        "modules": 1,
        "values": sum(isinstance(node, ast.ClassDef) and is_value(node) for node in nodes),
    }


def is_value(node: ast.ClassDef) -> bool:
    """Return whether a base class or decorator marks a class that only holds values."""
    marks = [
        mark.func if isinstance(mark, ast.Call) else mark
        for mark in (*node.bases, *node.decorator_list)
    ]
    names = {getattr(mark, "id", getattr(mark, "attr", "")) for mark in marks}
    return not names.isdisjoint(VALUE_CLASSES)


def print_table(name: str, sizes: dict[str, Counter[str]]) -> None:
    """Print a line for each package, largest first."""
    columns = ("nodes", "lines", "modules", "values")
    print(f"{name:16}" + "".join(f"{column:>9}" for column in columns))
    for package, size in sorted(sizes.items(), key=lambda item: -item[1]["nodes"]):
        print(f"{package:16}" + "".join(f"{size[column]:>9}" for column in columns))
    print()


if __name__ == "__main__":
    main()
