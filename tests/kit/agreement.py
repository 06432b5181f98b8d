# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m tests.kit.agreement --data FOLDER --tree LINUX-6.1`: docs/reference/checkpatch-agreement.md, its figures measured anew.

FOLDER has corpus/patches and what checkpatch.pl said of them (checkpatch.jsonl in a tree, checkpatch_notree.jsonl without one). What stands in the
page from the line `<!-- by hand -->` on is kept.
"""

import argparse
import collections
import json
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "checkpatch-agreement.md"
KEPT = "<!-- by hand -->"
# recorded without a repository, where every commit is unknown to the script
LEFT_OUT = {"UNKNOWN_COMMIT_ID"}
_AT_ONCE = 200
Counts = dict[str, list[int]]


def main() -> None:
    """Measure both modes and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tree", type=Path, required=True)
    words = parser.parse_args()
    corpus, scripts = words.data.resolve() / "corpus", str(words.tree / "scripts")
    modes = {
        "in a tree": measured(corpus, corpus / "checkpatch.jsonl", ["--tree", str(words.tree)]),
        "without a tree": measured(corpus, corpus / "checkpatch_notree.jsonl", ["--kernel", "6.1", "--data", scripts]),
    }
    old = PAGE.read_text() if PAGE.exists() else ""
    PAGE.write_text(page(modes) + (KEPT + old.partition(KEPT)[2] if KEPT in old else ""))


def measured(corpus: Path, oracle: Path, options: list[str]) -> tuple[int, int, Counts]:
    """(patches, those in full agreement, type → [agreed, missed, extra])."""
    records = [json.loads(line) for line in oracle.read_text().splitlines()]
    got: dict[str, collections.Counter[tuple[str, int]]] = {}
    command = [str(Path(sys.executable).parent / "patchpilot"), "check", "--strict", "--fail-on", "never", "--offline", "--format", "json"]
    for at in range(0, len(records), _AT_ONCE):
        files = [str(corpus / "patches" / record["patch"]) for record in records[at : at + _AT_ONCE]]
        done = subprocess.run([*command, *options, *files], capture_output=True, check=True, timeout=1800)
        for patch in json.loads(done.stdout)["patches"]:
            got[Path(patch["source"]).name] = counted((one["checkpatch"], one["patch_line"]) for one in patch["findings"])
    counts: Counts = collections.defaultdict(lambda: [0, 0, 0])
    full = 0
    for record in records:
        want, have = counted((one["type"], one["line"]) for one in record["findings"]), got[record["patch"]]
        full += want == have
        for index, part in enumerate((want & have, want - have, have - want)):
            for (kind, _), number in part.items():
                counts[kind][index] += number
    return len(records), full, counts


def counted(findings: object) -> "collections.Counter[tuple[str, int]]":
    """How often each (type, line) was found."""
    return collections.Counter((kind, line) for kind, line in findings if kind and kind not in LEFT_OUT)  # type: ignore[attr-defined]


def page(modes: dict[str, tuple[int, int, Counts]]) -> str:
    """The page's measured part."""
    lines = [
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
        "# How far `patchpilot check` agrees with checkpatch.pl",
        "",
        "Made by `python -m tests.kit.agreement` from real patches of Linux, U-Boot and DPDK with the answers of the checkpatch.pl of Linux 6.1. A finding",
        "agrees when patch, type and line do. `UNKNOWN_COMMIT_ID` is left out: the script was asked without a repository.",
        "",
        "| mode | patches | in full agreement | findings | precision | recall | F1 | types seen |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, (patches, full, counts) in modes.items():
        both, missed, extra = (sum(row[index] for row in counts.values()) for index in range(3))
        shares = (both / max(1, both + extra), both / max(1, both + missed), 2 * both / max(1, 2 * both + missed + extra))
        lines.append(
            f"| {name} | {patches} | {full} ({full / max(1, patches):.1%}) | {both + missed} | "
            + " | ".join(f"{share:.4f}" for share in shares)
            + f" | {len(counts)} |"
        )
    lines += [
        "",
        "## Type by type",
        "",
        "Agreed, missed, extra; in a tree, then without one.",
        "",
        "| type | in a tree | without a tree |",
        "|---|---|---|",
    ]
    tree, bare = (counts for _, _, counts in modes.values())
    for kind in sorted({*tree, *bare}):
        cells = [", ".join(map(str, one[kind])) if kind in one else "" for one in (tree, bare)]
        lines.append(f"| `{kind}` | {cells[0]} | {cells[1]} |")
    return "\n".join([*lines, "", ""])


if __name__ == "__main__":
    main()
