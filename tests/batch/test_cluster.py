# SPDX-License-Identifier: GPL-2.0-or-later
"""Test checking an archive on a Dask cluster.

Every message is checked exactly once, even if a worker or the whole run is killed.
"""

import json
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from patchpilot.batch import check_epochs, check_range
from patchpilot.errors import InputError, MissingError
from patchpilot.lint.lint_context import Options
from tests.kit import patches
from tests.kit.repos import Repo

if TYPE_CHECKING:
    from distributed import Client

COUNT = 40
MAINTAINERS = (
    "Maintainers List\n"
    "----------------\n"
    "\nDEMO DRIVERS\n"
    "M:\tRita <rita@example.org>\n"
    "S:\tMaintained\n"
    "F:\tdrivers/demo/\n"
)


@pytest.fixture(scope="module")
def archive_epoch(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo(tmp_path_factory.mktemp("epoch") / "inbox")
    for number in range(COUNT):
        patch_text = patches.build_patch_text(
            f"[PATCH] foo: fix {number}",
            headers={"Message-ID": f"<{number}@example.org>", "To": "list@example.org"},
        )
        repo.commit(f"[PATCH] foo: fix {number}", {"m": patch_text.split("\n", 1)[1]})
    return repo


@pytest.fixture(scope="module")
def cluster_client() -> Iterator["Client"]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
        ) as local_cluster,
        Client(local_cluster) as client,
    ):
        yield client


def write_summaries(archive_epoch: Repo) -> str:
    return str(archive_epoch.path / ".git")


def read_message_numbers(output_folder: Path) -> list[str]:
    """Check the summaries in all files. Return the sorted numbers in the Message-IDs."""
    lines: list[dict[str, Any]] = [
        json.loads(line)
        for file in output_folder.iterdir()
        for line in file.read_text().splitlines()
    ]
    assert sum(line["summary"]["mails"] for line in lines if "summary" in line) == sum(
        "position" in line for line in lines
    )
    return sorted(
        (line["message_id"].partition("@")[0] for line in lines if "position" in line),
        key=int,
    )


def test_range_covers_the_new_messages(archive_epoch: Repo) -> None:
    *lines, summary = map(json.loads, check_range(write_summaries(archive_epoch), "HEAD~3..HEAD~1"))
    assert [line["message_id"] for line in lines] == [
        f"{COUNT - 2}@example.org",
        f"{COUNT - 3}@example.org",
    ]
    assert summary["summary"]["mails"] == 2
    with pytest.raises(InputError, match="no commit nosuch"):
        check_range(write_summaries(archive_epoch), "nosuch..HEAD")


@pytest.mark.long
def test_killed_worker_does_not_lose_a_message(
    cluster_client: "Client", archive_epoch: Repo, tmp_path: Path
) -> None:
    workers = cluster_client.run(os.getpid)
    victim = next(iter(workers.values()))

    def kill_worker(_: str, done: int = 0, total: int | None = None) -> None:
        if done == 1:
            os.kill(victim, signal.SIGKILL)
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_epochs(
            cluster_client,
            [write_summaries(archive_epoch)],
            tmp_path,
            mails=4,
            progress=kill_worker,
        )
    assert len(read_message_numbers(tmp_path)) == 6 * 4
    assert (
        check_epochs(cluster_client, [write_summaries(archive_epoch)], tmp_path, mails=4)
        == COUNT // 4 - 6
    )
    assert read_message_numbers(tmp_path) == [str(number) for number in range(COUNT)]
    assert check_epochs(cluster_client, [write_summaries(archive_epoch)], tmp_path, mails=4) == 0
    assert victim not in cluster_client.run(os.getpid).values()


@pytest.mark.long
def test_epochs_have_separate_files(
    cluster_client: "Client", archive_epoch: Repo, tmp_path: Path
) -> None:
    other_repo = Repo(tmp_path / "other-list" / "inbox")
    other_repo.commit(
        "[PATCH] bar: fix it",
        {
            "m": patches.build_patch_text(
                "[PATCH] bar: fix it", headers={"Message-ID": f"<{COUNT}@example.org>"}
            )
        },
    )
    lines = tmp_path / "lines"
    assert (
        check_epochs(
            cluster_client,
            [write_summaries(archive_epoch), write_summaries(other_repo)],
            lines,
        )
        == 2
    )
    assert (
        check_epochs(
            cluster_client,
            [write_summaries(archive_epoch), write_summaries(other_repo)],
            lines,
        )
        == 0
    )
    assert read_message_numbers(lines) == [str(number) for number in range(COUNT + 1)]


@pytest.mark.long
def test_patches_are_checked_against_a_tree(
    archive_epoch: Repo, cluster_client: "Client", tmp_path: Path
) -> None:
    tree = tmp_path / "linux"
    tree.mkdir()
    (tree / "MAINTAINERS").write_text(MAINTAINERS)
    (tree / "Kbuild").touch()
    options = Options(strict=True)
    (alone,) = list_finding_names(
        check_range(write_summaries(archive_epoch), "HEAD~1..HEAD", options)
    )
    (inside,) = list_finding_names(
        check_range(write_summaries(archive_epoch), "HEAD~1..HEAD", options, tree)
    )
    assert "maintainer-not-addressed" in inside - alone
    check_epochs(
        cluster_client,
        [write_summaries(archive_epoch)],
        tmp_path / "lines",
        options=options,
        tree=tree,
    )
    assert all(
        inside == names
        for file in (tmp_path / "lines").iterdir()
        for names in list_finding_names(file.read_text().splitlines())
    )


def list_finding_names(lines: Iterable[str]) -> list[set[str]]:
    return [
        {finding["name"] for finding in line["findings"]}
        for line in map(json.loads, lines)
        if "findings" in line
    ]


@pytest.mark.long
def test_new_messages_change_the_last_part(
    cluster_client: "Client", archive_epoch: Repo, tmp_path: Path
) -> None:
    assert check_epochs(cluster_client, [write_summaries(archive_epoch)], tmp_path, mails=15) == 3
    before = {file.name for file in tmp_path.iterdir()}
    archive_epoch.commit(
        "[PATCH] foo: one more",
        {"m": patches.build_patch_text(headers={"Message-ID": f"<{COUNT}@example.org>"})},
    )
    assert check_epochs(cluster_client, [write_summaries(archive_epoch)], tmp_path, mails=15) == 1
    after = {file.name for file in tmp_path.iterdir()}
    assert (len(after), len(before & after)) == (3, 2)
    assert read_message_numbers(tmp_path) == [str(number) for number in range(COUNT + 1)]


def test_missing_distributed_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingError) as error:
        check_epochs(None, [], tmp_path)  # type: ignore[arg-type]
    assert "pip install 'distributed" in str(error.value.hint)
