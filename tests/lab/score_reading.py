# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure how well threads of 31 lists are read: states, versions, turns, kinds of messages, and
requests.

    python -m tests.lab.score_reading FOLDER PART

FOLDER has the threads as NAME.mbox. The labels are in `reading/`: threads.jsonl, mails.tsv, and
sentences.tsv, which identifies a sentence by its first and last line (from 1) and its number among
those that start on that line. A reader assigned them before patchpilot read the threads; PART is
learn (twenty-one lists) or aside (ten others, for which nothing is tuned). `request` is the outcome
of a request to the author; `same` means that the sentence belongs to the previous request. A second
reader gave 122 of 129 sentences the same label, and agreed for 127 on whether they make a request.
"""

import argparse
import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from patchpilot.reading.mbox import read_mails
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.requests import points_of
from patchpilot.reading.thread_values import Turn

FOLDER = Path(__file__).parent / "reading"
Lines = tuple[int, int]


def read_label_rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")


def read_labeled_requests() -> dict[str, list[tuple[Lines, bool]]]:
    """Return the lines of the requests in each message, and whether a request begins there."""
    labels: dict[str, list[tuple[Lines, bool]]] = defaultdict(list)
    for row in read_label_rows("sentences.tsv"):
        if row["request"]:
            lines = (int(row["line"]) - 1, int(row["end"]) - 1)
            labels[row["message_id"]].append((lines, row["request"] != "same"))
    return labels


def do_ranges_overlap(first_range: Lines, second_range: Lines) -> bool:
    return first_range[0] <= second_range[1] and second_range[0] <= first_range[1]


def score_requests(
    status: PostedSeries,
    requests_by_mail: dict[str, list[tuple[Lines, bool]]],
    count: Counter[str],
) -> None:
    """Count the requests of a thread that are found, and the listed items that are not requests."""
    for reply in status.replies:
        if reply.mail.by_author:
            continue
        requests_ = requests_by_mail.get(reply.mail.mail.message_id, [])
        listed_ranges = [(review_point.line, review_point.end) for review_point in points_of(reply)]
        request_starts = [lines for lines, begins_request in requests_ if begins_request]
        count["requests"] += len(request_starts)
        count["found"] += sum(
            any(do_ranges_overlap(lines, request) for request in listed_ranges)
            for lines in request_starts
        )
        count["listed"] += len(listed_ranges)
        count["nothing"] += sum(
            not any(do_ranges_overlap(request, lines) for lines, _ in requests_)
            for request in listed_ranges
        )


def main(folder: Path, part: str) -> int:
    """Print the threads whose state or versions are wrong, with the correct values."""
    requests_by_mail = read_labeled_requests()
    kinds = {row["message_id"]: row for row in read_label_rows("mails.tsv")}
    count = Counter[str]()
    for line in (FOLDER / "threads.jsonl").read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        if label["part"] != part:
            continue
        mails = read_mails(folder / f"{label['thread']}.mbox")
        date = max(mail.date for mail in mails if mail.date) + timedelta(days=1)
        topics = read_thread(mails, now=date)
        count["threads"] += 1
        if not topics:
            print(f"{label['thread']:28} no series found")
            continue
        status = max(topics, key=lambda series: len(series.message_ids))
        labels = [revision.label.lower() for revision in status.revisions]
        # compare without "RFC", because the labels contain only the version number and "resend"
        versions = [label.removeprefix("rfc ") for label in labels]
        has_state = str(status.state) in (label["state"], *label["also_fair"])
        has_versions = versions == [label_text.lower() for label_text in label["revisions"]]
        # the author has nothing to do if a series is waiting or finished
        needs_action = advise(status).need is Turn.YOURS
        has_turn = needs_action == (label["turn"] == "author")
        count.update(states=has_state, versions=has_versions, turns=has_turn)
        if not (has_state and has_versions and has_turn):
            expected = label["state"], label["revisions"], label["turn"]
            actual_answer = (
                status.state,
                versions,
                "author" if needs_action else "others",
            )
            print(f"{label['thread']:28} {actual_answer} wanted: {expected}")
        for reply in status.replies:
            if row := kinds.get(reply.mail.mail.message_id):
                is_correct = (row["kind"], *row["also_fair"].split(","))
                is_bot = reply.mail.bot == (row["bot"] == "bot")
                count.update(mails=1, kinds=str(reply.mail.kind) in is_correct, bots=is_bot)
        score_requests(status, requests_by_mail, count)
    print(
        f"{part}: states {count['states']}, versions {count['versions']} and turns"
        f" {count['turns']} of {count['threads']}; kinds {count['kinds']}, bots"
        f" {count['bots']} of {count['mails']};"
        f" {count['found']} of {count['requests']} requests listed, {count['nothing']} of"
        f" {count['listed']} listed ask nothing"
    )
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("folder", type=Path)
    words.add_argument("part", choices=("learn", "aside"))
    sys.exit(main(**vars(words.parse_args())))
