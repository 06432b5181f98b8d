# SPDX-License-Identifier: GPL-2.0-or-later
"""Write review requests, and verify and score the answers, without running a reviewer.

    python -m tests.lab.review_eval write --tree DIR --out FOLDER FILE…
    python -m tests.lab.review_eval score --tree DIR --answers FOLDER [--expect FILE] FILE…

`write` writes FOLDER/NAME.txt for each patch or series file, with one request per patch. A reader
writes its output to FOLDER/NAME.answer. `score` verifies the answers, and prints the comments with
their standing and the number of files blamed (those with a placed comment at a confidence of .6 or
more). With --expect, a JSON lines file with `file`, `path`, `line` and `defect`, the comments are
printed next to the defects for comparison.
"""

import argparse
import json
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.model.patch import Patch
from patchpilot.reviewers.answer import parse_answer
from patchpilot.reviewers.proof import ProvenComment, prove
from patchpilot.reviewers.review import (
    ReviewInput,
    gather_patch_facts,
    make_review_requests,
)


def make_review_inputs(tree: Path, files: Sequence[Path]) -> Iterator[tuple[Path, ReviewInput]]:
    """Check each file against the repository's HEAD."""
    with Repository.open(tree) as repository:
        head = CommitTree(repository, repository.resolve("HEAD"))
        for file in files:
            check_driver = Driver(repository=repository, tree=head)
            result = check_driver.check_source(PatchSource((str(file),)))
            yield file, ReviewInput(result, repository, (str(file),))


def name_patches_in_file(file: Path, review_input: ReviewInput) -> Iterator[tuple[str, Patch]]:
    """Yield (name, patch) for each patch in a file that has a diff."""
    patches = [result.patch for result in review_input.result.patches if result.patch.has_diff]
    for number, patch in enumerate(patches, 1):
        yield f"{file.stem}-{number}" if patches[1:] else file.stem, patch


def write_review_requests(tree: Path, folder: Path, files: Sequence[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sizes = []
    for file, review_input in make_review_inputs(tree, files):
        pairs = zip(
            name_patches_in_file(file, review_input),
            make_review_requests(review_input),
            strict=True,
        )
        for (name, _), (_, request) in pairs:
            (folder / f"{name}.txt").write_text(request.text)
            sizes.append(request.tokens)
    print(
        f"{len(sizes)} requests of {statistics.median(sizes):.0f} tokens (median), {max(sizes)}"
        " (largest)"
    )


def score_review_answers(
    tree: Path, answer_folder: Path, expected_file: Path | None, files: Sequence[Path]
) -> None:
    rows = {}
    for line in expected_file.read_text().splitlines() if expected_file else ():
        row = json.loads(line)
        rows[Path(row["file"]).stem] = row
    standing_counts: Counter[str] = Counter()
    blamed_files = answer_count = 0
    for file, driver_input in make_review_inputs(tree, files):
        for name, patch in name_patches_in_file(file, driver_input):
            answer_file = answer_folder / f"{name}.answer"
            if not answer_file.exists():
                continue
            answer_count += 1
            checked_patch = next(
                checked_patch
                for checked_patch in driver_input.result.patches
                if checked_patch.patch is patch
            )
            facts_of_patch = gather_patch_facts(driver_input, checked_patch)
            comments = parse_answer(answer_file.read_text()) or ()
            proven_comments = [prove(comment, facts_of_patch) for comment in comments]
            standing_counts.update(proven_comment.outcome for proven_comment in proven_comments)
            blamed_files += any(proven_comment.is_sure for proven_comment in proven_comments)
            row = rows.get(file.stem, {})
            print(f"{name}: {row.get('defect', '')}")
            for proven_comment in proven_comments:
                print(f"    {_format_proof(proven_comment)}")
    print(f"{answer_count} read, {blamed_files} blamed; comments: {dict(standing_counts)}")


def _format_proof(proven_comment: ProvenComment) -> str:
    comment = proven_comment.comment
    location = f"{proven_comment.path or comment.path}:{proven_comment.line or comment.line}"
    return (
        f"{proven_comment.outcome} {comment.confidence:.2f} {location} {comment.problem[:300]}"
        f" {proven_comment.reason}".rstrip()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("write", "score"))
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("requests"))
    parser.add_argument("--answers", type=Path, default=Path("requests"))
    parser.add_argument("--expect", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    arguments = parser.parse_args()
    if arguments.action == "write":
        write_review_requests(arguments.tree, arguments.out, arguments.files)
    else:
        score_review_answers(arguments.tree, arguments.answers, arguments.expect, arguments.files)


if __name__ == "__main__":
    main()
