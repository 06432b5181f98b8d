# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit the weights that find requests in replies.

    python -m tests.lab.fit_reading FOLDER [--write]

FOLDER has the labeled threads as NAME.mbox; the labels are in `reading/`. Only the part "learn" is
used. The output shows how well lists are read with weights fitted on the other lists. No packages
are needed.
"""

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from patchpilot.model.address import Address
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mbox import read_mails
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.reply_body import Sentence
from patchpilot.reading.request_model import (
    BIAS,
    Features,
    Weights,
    asking_paragraphs,
    combine_features,
    share,
)
from patchpilot.reading.requests import BY_MACHINE
from tests.lab.score_reading import (
    FOLDER,
    Lines,
    do_ranges_overlap,
    read_label_rows,
    read_labeled_requests,
)

WEIGHTS = Path(__file__).parents[2] / "checks" / "reading"
FOLDS = 7
LEAST = 8
"""Names that occur less often are left out."""
ROUNDS, RATE = 30, 0.1
"""How often each row is used, and the step size."""
HELD = 40.0
"""The strength of the penalty that keeps weights near zero."""
Row = tuple[Features, bool]


@dataclass(frozen=True, slots=True)
class LabeledMail:
    """A labeled message: its list, and what it requests."""

    list_name: str
    mail: Classified
    author: Address
    asked: Sequence[tuple[Lines, bool]]
    asking: frozenset[Sentence]


def read_labeled_mails(folder: Path) -> Iterator[LabeledMail]:
    request_labels, labeled_ids = (
        read_labeled_requests(),
        {row["message_id"] for row in read_label_rows("sentences.tsv")},
    )
    request_lines = {
        (row["message_id"], int(row["line"]) - 1, int(row["nth"]))
        for row in read_label_rows("sentences.tsv")
        if row["request"]
    }
    for list_name, author, replies in read_labeled_threads(folder):
        for mail in replies:
            name = mail.mail.message_id
            is_machine = mail.bot or mail.kind in BY_MACHINE
            if name in labeled_ids and not mail.by_author and not is_machine:
                sentences = find_requests(mail, request_lines)
                yield LabeledMail(list_name, mail, author, request_labels.get(name, ()), sentences)


def read_labeled_threads(
    folder: Path,
) -> Iterator[tuple[str, Address, Sequence[Classified]]]:
    """Yield the list, author and replies of each thread in the part "learn"."""
    for line in (FOLDER / "threads.jsonl").read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        if label["part"] != "learn":
            continue
        mails = read_mails(folder / f"{label['thread']}.mbox")
        date = max(mail.date for mail in mails if mail.date) + timedelta(days=1)
        all_threads = read_thread(mails, now=date)
        longest_thread = max(all_threads, key=lambda thread: len(thread.message_ids))
        replies = [reply.mail for reply in longest_thread.replies]
        yield label["list"], longest_thread.author, replies


def find_requests(
    mail: Classified, request_lines: Set[tuple[str, int, int]]
) -> frozenset[Sentence]:
    sentence_counts = Counter[int]()
    request_sentences = []
    for sentence in mail.body.sentences:
        sentence_counts[sentence.line] += 1
        sentence_location = (
            mail.mail.message_id,
            sentence.line,
            sentence_counts[sentence.line],
        )
        request_sentences += [sentence] if sentence_location in request_lines else []
    return frozenset(request_sentences)


def compute_feature_rows(labeled_mail: LabeledMail) -> Iterator[Row]:
    """Yield the features of each sentence, and of the text below each quotation, with whether it
    makes a request.
    """
    mail = labeled_mail.mail
    pairs = list(zip(mail.body.sentences, mail.features, strict=False))
    parts = [list(text_part) for _, text_part in groupby(pairs, key=lambda it: it[0].top.part)]
    for sentence_group in [*parts, *([sentence] for sentence in pairs)]:
        is_request = any(sentence in labeled_mail.asking for sentence, _ in sentence_group)
        yield combine_features([names for _, names in sentence_group]), is_request


def fit_weights(cases: Sequence[Row]) -> Weights:
    """Return the weights that maximize the likelihood of the labels, with a penalty on their size
    (AdaGrad).
    """
    counts = Counter(name for features, _ in cases for name in features)
    initial_weights = {name: HELD / count for name, count in counts.items() if count >= LEAST}
    initial_weights[BIAS] = 0.0
    weights = dict.fromkeys(initial_weights, 0.0)
    gradient_squares = dict.fromkeys(initial_weights, 0.01)
    known_rows = [
        (
            {name: value for name, value in features.items() if name in initial_weights},
            is_request,
        )
        for features, is_request in cases
    ]
    shuffle_rng = random.Random(1)
    for _ in range(ROUNDS):
        shuffle_rng.shuffle(known_rows)
        for features, is_request in known_rows:
            prediction_error = share(weights, features) - is_request
            for name, value in (*features.items(), (BIAS, 1.0)):
                weight_gradient = prediction_error * value + initial_weights[name] * weights[name]
                gradient_squares[name] += weight_gradient * weight_gradient
                weights[name] -= RATE * weight_gradient / math.sqrt(gradient_squares[name])
    return weights


def count_found_requests(
    mails: Sequence[LabeledMail], weights: Weights, count: Counter[str]
) -> None:
    """Count the requests that are found, and the listed items that are not requests."""
    for labeled_mail in mails:
        mail = labeled_mail.mail
        parts = asking_paragraphs(zip(mail.body.sentences, mail.features, strict=False), weights)
        listed_ranges = [
            (request_part[0][0].line, request_part[-1][0].end) for request_part in parts
        ]
        request_places = [lines for lines, begins_request in labeled_mail.asked if begins_request]
        found_count = sum(
            any(do_ranges_overlap(lines, listed_lines) for listed_lines in listed_ranges)
            for lines in request_places
        )
        wrong_ranges = sum(
            not any(do_ranges_overlap(listed_lines, lines) for lines, _ in labeled_mail.asked)
            for listed_lines in listed_ranges
        )
        count.update(
            asked=len(request_places),
            found=found_count,
            listed=len(listed_ranges),
            nothing=wrong_ranges,
        )


def write_weights(weights: Weights) -> None:
    lines = [
        "# SPDX-License-Identifier: GPL-2.0-or-later",
        "# Written by tests/lab/fit_reading.py: fit anew, do not edit.",
    ]
    cells = {name: f"{weight:.2f}" for name, weight in sorted(weights.items())}
    lines += [f"{name}\t{cell}" for name, cell in cells.items() if float(cell)]
    (WEIGHTS / "requests.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def list_folds(list_names: Set[str]) -> Iterator[Set[str]]:
    """Yield the groups of lists. Each group is left out once."""
    sorted_names = sorted(list_names)
    random.Random(3).shuffle(sorted_names)
    for start in range(FOLDS):
        yield frozenset(sorted_names[start::FOLDS])


def main(folder: Path, *, keep: bool) -> int:
    mails = list(read_labeled_mails(folder))
    count = Counter[str]()
    for excluded_lists in list_folds({mail.list_name for mail in mails}):
        training_rows = [
            row
            for mail in mails
            if mail.list_name not in excluded_lists
            for row in compute_feature_rows(mail)
        ]
        count_found_requests(
            [mail for mail in mails if mail.list_name in excluded_lists],
            fit_weights(training_rows),
            count,
        )
    print(
        f"lists left out: {count['found']} of {count['asked']} requests listed,"
        f" {count['nothing']} of {count['listed']} listed ask nothing"
    )
    if keep:
        write_weights(fit_weights([row for mail in mails for row in compute_feature_rows(mail)]))
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("folder", type=Path)
    words.add_argument("--write", action="store_true", dest="keep")
    sys.exit(main(**vars(words.parse_args())))
