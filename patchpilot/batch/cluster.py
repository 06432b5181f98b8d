# SPDX-License-Identifier: GPL-2.0-or-later
"""Check whole epochs on a Dask cluster.

Each message is in exactly one part, and each part is written to a separate file of JSON lines.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from patchpilot.batch.ranges import EpochRange, check_range, ranges
from patchpilot.extras import missing_extra_error
from patchpilot.lint.lint_context import Options
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.write_file import write_temporary_file

if TYPE_CHECKING:
    from distributed import Client

_Result = TypeVar("_Result")
MAILS = 1000
"""Number of commits in a part: about a minute of work, which is repeated if a machine is lost."""
AHEAD = 2
"""Parts handed out per thread of the cluster, so that the client's memory does not grow with the
archive.
"""


def check_epochs(
    client: "Client",
    epochs: Iterable[str],
    folder: Path,
    *,
    options: Options | None = None,
    tree: Path | None = None,
    mails: int = MAILS,
    progress: Progress = ignore_progress,
) -> int:
    """Check all messages in these epochs on the cluster and return the number of parts checked.

    Each part is written to a file in `folder`. Parts that already have a file are skipped, so that
    an interrupted run can be resumed. `tree` is the source tree of the patches. All machines must
    have it and the epochs at the same paths. Raise MissingError if the extra `cluster` is not
    installed.
    """
    epoch_parts = (part for epoch in epochs for part in ranges(epoch, mails))
    return check_parts(client, epoch_parts, folder, options=options, tree=tree, progress=progress)


def check_parts(
    client: "Client",
    ranges: Iterable[EpochRange],
    folder: Path,
    *,
    options: Options | None = None,
    tree: Path | None = None,
    progress: Progress = ignore_progress,
) -> int:
    """Check the given parts of epochs like `check_epochs`.

    If a machine is lost, another one checks its part. Files are written atomically.
    """
    try:
        from distributed import as_completed
    except ModuleNotFoundError as error:
        raise missing_extra_error(error) or error from error

    folder.mkdir(parents=True, exist_ok=True)
    parts = (part for part in ranges if not (folder / part.file).exists())

    def submit(part: EpochRange) -> Any:
        future = client.submit(
            _check_part, part, options, tree, key=f"patchpilot-{part.file}", pure=False
        )
        running_parts[future] = part
        return future

    running_parts: dict[Any, EpochRange] = {}
    threads = sum(client.nthreads().values()) or 1
    completed = as_completed([submit(part) for part in islice(parts, threads * AHEAD)])
    count = 0
    for future in completed:
        _write(folder, running_parts.pop(future), future.result())
        count += 1
        progress("checking", count)
        for part in islice(parts, 1):
            completed.add(submit(part))
    return count


def run_units(
    client: "Client",
    run: Callable[..., _Result],
    units: Sequence[Sequence[object]],
    label: str,
    progress: Progress,
) -> Iterator[_Result]:
    """Call a function on the cluster with the arguments of each unit; yield results as they
    complete.

    Raise MissingError if the extra `cluster` is not installed.
    """
    try:
        from distributed import as_completed
    except ModuleNotFoundError as error:
        raise missing_extra_error(error) or error from error

    futures = [client.submit(run, *unit, pure=False) for unit in units]
    for count, (_, result) in enumerate(as_completed(futures, with_results=True), 1):
        progress(label, count, len(units))
        yield result


def _check_part(part: EpochRange, options: Options | None, tree: Path | None) -> str:
    return "".join(check_range(part.epoch, part.revisions, options, tree))


def _write(folder: Path, part: EpochRange, text: str) -> None:
    """Write a part's lines to its file atomically, and delete the files of its older versions."""
    draft = write_temporary_file(folder / part.file, text)
    for old in folder.glob(f"{part.stem}-*.jsonl"):
        old.unlink()
    draft.replace(folder / part.file)
