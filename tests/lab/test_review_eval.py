# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the program that evaluates reviewers writes requests and scores the answers."""

import json
from pathlib import Path

import pytest

from tests.kit.repos import Repo
from tests.lab.review_eval import score_review_answers, write_review_requests
from tests.reviewers.test_review import FIX, HELD, MESSAGE, SOURCE


def test_answer_is_proven_and_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("foo: add it", {"foo.c": SOURCE})
    repo.commit(MESSAGE, {"foo.c": FIX})
    repo.git("format-patch -q -1 -o", str(tmp_path))
    repo.git("checkout -q --detach HEAD~1")
    file = next(tmp_path.glob("*.patch"))
    write_review_requests(repo.path, tmp_path / "out", [file])
    assert "1 requests" in capsys.readouterr().out
    answer = tmp_path / "out" / f"{file.stem}.answer"
    answer.write_text("\n".join(map(json.dumps, (HELD, HELD | {"quoted": "free(x)"}))))
    score_review_answers(repo.path, tmp_path / "out", None, [file])
    output = capsys.readouterr().out
    assert "placed 0.90 foo.c:6 returns with foo->lock held" in output
    assert "1 read, 1 blamed; comments: {<ProofResult.PLACED: 'placed'>: 1" in output
