# SPDX-License-Identifier: GPL-2.0-or-later
"""Sample, run, report.

What has been run is kept in .mutants/, so an interrupted run goes on where it was.
"""

import argparse
import hashlib
import json
import random
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.lab.mutants import coverage_map
from tests.lab.mutants.operators import Mutant, mutants
from tests.lab.mutants.runner import Runner, Verdict

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".mutants"
SAMPLED = (
    "patchpilot/model/*.py",
    "patchpilot/commits/range.py",
    "patchpilot/series/draft.py",
    "patchpilot/series/change_id.py",
    "patchpilot/series/patch_pairing.py",
    "patchpilot/series/same_patches.py",
    "patchpilot/topic/reroll.py",
    "patchpilot/reading/revision_links.py",
    "patchpilot/reading/revisions.py",
    "patchpilot/reading/series_state.py",
    "patchpilot/outgoing/preflight.py",
    "patchpilot/services/send/preflight_facts.py",
    "patchpilot/outgoing/outbox.py",
    "patchpilot/backports/verdict.py",
    "patchpilot/backports/applies.py",
    "patchpilot/backports/line_history.py",
    "patchpilot/backports/missing_commits.py",
)
"""The model, what handles a series, preflight and its facts, the outbox, the verdict on a branch
and what it is made of.
"""
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
NOTICED = ("killed", "timeout")


def code_of(tree: Path) -> str:
    """A digest of the package: lines and verdicts that are known are those of one version of it."""
    digest = hashlib.sha256()
    for file in sorted((tree / "patchpilot").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def sample(tree: Path, patterns: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """So many of all mutants of the files, the same for the same files and seed, in the order of
    the files.
    """
    found = {pattern: sorted(tree.glob(pattern)) for pattern in patterns}
    if missing := [pattern for pattern, files in found.items() if not files]:
        raise SystemExit(
            f"no such file: {', '.join(missing)} (the list is in {Path(__file__).name})"
        )
    files = sorted({file for some in found.values() for file in some})
    every = [
        mutant
        for file in files
        for mutant in mutants(str(file.relative_to(tree)), file.read_bytes())
    ]
    chosen = random.Random(seed).sample(range(len(every)), min(count, len(every)))
    print(
        f"{len(every)} mutants in {len(files)} files, {len(chosen)} sampled with seed {seed}",
        file=sys.stderr,
    )
    return [every[at] for at in sorted(chosen)]


def run(
    runner: Runner,
    chosen: Sequence[Mutant],
    known: coverage_map.CoverageMap,
    results: Path,
    *,
    again: bool,
) -> None:
    """Judge every mutant that has no verdict yet (`again`: that was not noticed), and note each
    verdict as it is found.
    """
    before = read(results)
    todo = [
        one
        for one in chosen
        if one.key not in before or (again and before[one.key].state not in NOTICED)
    ]
    began = time.monotonic()
    for number, one in enumerate(todo, 1):
        verdict = runner.judge(one, known.tests_of(one), known.seconds)
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": one.key, **asdict(verdict)}) + "\n")
        left = (time.monotonic() - began) / number * (len(todo) - number)
        print(
            f"{number}/{len(todo)} {left / 60:3.0f} min left  {verdict.state:11} {described(one)}",
            file=sys.stderr,
            flush=True,
        )


def read(results: Path) -> dict[str, Verdict]:
    """The last verdict on each mutant, by its key."""
    if not results.exists():
        return {}
    rows = [
        json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()
    ]
    return {row.pop("key"): Verdict(**row) for row in rows}


def described(one: Mutant) -> str:
    """A mutant in one line."""
    short = [" ".join(text.split()) for text in (one.old, one.new)]
    old, new = (text if len(text) <= 60 else f"{text[:59]}…" for text in short)
    return (
        f"{one.path}:{one.line}: {one.kind}: {old.strip() or '(nothing)'} →"
        f" {new.strip() or '(nothing)'}"
    )


def equivalents(file: Path) -> Mapping[tuple[str, str, str, str], str]:
    """(path, source line, old, new) → why a mutant changes nothing that can be observed."""
    rows = tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", [])
    return {
        (row["path"], row["line"], row["old"], row["new"]): row["why"] for row in rows
    }


def report(
    tree: Path,
    chosen: Sequence[Mutant],
    verdicts: Mapping[str, Verdict],
    commit: str,
    seed: int,
) -> str:
    """The figures a module and the survivors, as Markdown."""
    why = equivalents(EQUIVALENT)
    rows: dict[str, list[tuple[Mutant, str]]] = {}
    for one in chosen:
        state = verdicts[one.key].state if one.key in verdicts else "not run"
        line = (
            (tree / one.path)
            .read_text(encoding="utf-8")
            .splitlines()[one.line - 1]
            .strip()
        )
        if (
            state not in NOTICED
            and (one.path, line, one.old.strip(), one.new.strip()) in why
        ):
            state = (
                f"equivalent: {why[one.path, line, one.old.strip(), one.new.strip()]}"
            )
        rows.setdefault(one.path, []).append((one, state))
    states = [state for found in rows.values() for _, state in found]
    noticed, same = (
        sum(state in NOTICED for state in states),
        sum(state.startswith("equivalent") for state in states),
    )
    out = [
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
        "<!-- made by make mutants -->",
        "# Mutation tests",
        "",
        (
            f"`make mutants` made {len(states)} small changes (mutants) at random places in"
            f" {len(rows)} modules (seed {seed}, commit {commit}), and ran tests of `make test` on"
            " each mutant."
        ),
        (
            f"**The tests detected {noticed} of the mutants"
            f" ({100 * noticed / len(states):.1f} %).** {same} of the mutants do"
            " not change the behavior and cannot be detected; without these, the"
            f" share is {100 * noticed / max(1, len(states) - same):.1f} %."
        ),
        "",
        (
            "`tests/lab/mutants/operators.py` describes the kinds of changes. For each mutant,"
            " `make mutants` runs the tests that cover the changed line, the fastest"
        ),
        (
            "first, until the time limit in `tests/lab/mutants/runner.py`. Tests that were not run"
            " because of this limit might detect some of the surviving mutants."
        ),
        "",
        "| module | mutants | killed | equivalent | survived |",
        "|---|---:|---:|---:|---:|",
    ]
    for path, found in rows.items():
        killed, equal = (
            sum(state in NOTICED for _, state in found),
            sum(state.startswith("equivalent") for _, state in found),
        )
        out.append(
            f"| `{path}` | {len(found)} | {killed} | {equal} | {len(found) - killed - equal} |"
        )
    for title, wanted in (
        ("Survivors", ("survived", "not covered", "not run")),
        ("Equivalent", ("equivalent",)),
    ):
        out += ["", f"## {title}", ""]
        out += [
            f"- `{described(one)}` ({state})"
            for found in rows.values()
            for one, state in found
            if state.startswith(wanted)
        ]
    return "\n".join(out) + "\n"


def main() -> int:
    """Make the copy, measure the coverage once, run the sample, print the report."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.mutants", description=__doc__
    )
    parser.add_argument(
        "patterns",
        nargs="*",
        default=SAMPLED,
        help="files to mutate (default: the sampled rooms)",
    )
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--commit", help="mutate the tree as it was in this commit")
    parser.add_argument(
        "--tests",
        nargs="+",
        default=(),
        metavar="TEST",
        help="with --commit: add these tests of the checkout, and learn what they cover",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="forget the coverage and the verdicts that are known",
    )
    parser.add_argument(
        "--again", action="store_true", help="run the survivors once more"
    )
    parser.add_argument("--report", type=Path, help="write the report to this file")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    results = FOLDER / "results.jsonl"
    runner = Runner(ROOT, FOLDER)
    runner.copy(options.commit, options.tests)
    code, noted = code_of(runner.tree), FOLDER / "code"
    if noted.exists() and noted.read_text() != code:
        raise SystemExit(
            "what is known in .mutants is of other code: begin again with --fresh, or name that"
            " code with --commit"
        )
    noted.write_text(code)
    known = sorted(FOLDER.glob("*.coverage"))
    if not known or options.tests:
        tests = (
            options.tests if known else [f"tests/{one}" for one in coverage_map.TESTS]
        )
        coverage_map.measure(
            runner.tree, FOLDER, runner.environment, f"map-{len(known)}", tests
        )
    chosen = sample(runner.tree, options.patterns, options.count, options.seed)
    covered = coverage_map.load(FOLDER, {one.path for one in chosen})
    run(runner, chosen, covered, results, again=options.again)
    verdicts = read(results)
    suspects = sorted(
        {verdicts[one.key].by for one in chosen if verdicts[one.key].by}
        & covered.seconds.keys()
    )
    if suspects and not runner.passes(suspects):
        print(
            "a test that killed a mutant fails without one, too: the figure is not to be believed",
            file=sys.stderr,
        )
        return 1
    commit = (
        options.commit
        or subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    text = report(runner.tree, chosen, verdicts, commit, options.seed)
    if options.report:
        options.report.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
