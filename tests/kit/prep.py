# SPDX-License-Identifier: GPL-2.0-or-later
"""Create branches with `b4 prep` for each of its strategies for cover letters."""

import atexit
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

from patchpilot.demo.sink import Sink
from tests.kit.b4 import run_b4
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, configure_mail_server

STRATEGIES = ("commit", "branch-description", "tip-commit")
COVER = f"""widget: two lines were wrong

Both lines were read back as zero.

# a comment of b4's template
>#1 is the register.

{SIGNED}
To: Mona Maintainer <mona@example.org>
Cc: widget@lists.example.org

---
Changes in v2:
- EDITME: none
"""


FILES = {
    "widget.c": "".join(f"int line{n};\n" for n in range(40)),
    "Kconfig": "menu\n",
    "MAINTAINERS": (
        "WIDGET\n"
        "M:\tWilma Widget <wilma@example.org>\n"
        "L:\twidget@lists.example.org\n"
        "S:\tMaintained\n"
        "F:\twidget.c\n"
    ),
}


def create_prep_repository(
    path: Path,
    strategy: str,
    patches: int = 1,
    *,
    server: Sink | None = None,
    cover: str = "",
    patches_above: bool = False,
    line_ending: str = "",
) -> Repo:
    """Return a repository with a cover letter and `patches` commits on `b4/widget`.

    With the strategy tip-commit, b4 sends the commits below the cover commit. `git commit` adds
    patches above it, so they are moved below it unless `patches_above` is set. `line_ending` is
    appended to changed lines. Repositories are created once for each set of arguments and then
    copied.
    """
    source = _create_prep_branch(strategy, patches, cover, patches_above, line_ending)
    shutil.copytree(source.path, path, symlinks=True)
    repo = Repo.__new__(Repo)
    repo.path, repo._clock = path, source._clock
    # refresh the index, because the modification times that git compares are different for the
    # copied files
    repo.git("update-index -q --refresh")
    if server:
        configure_mail_server(repo, server)
    return repo


@cache
def _template_folder() -> Path:
    """Return the folder of the repositories to copy. It is deleted when Python exits."""
    folder = tempfile.TemporaryDirectory(prefix="patchpilot-prep-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def _create_prep_branch(
    strategy: str, patches: int, cover: str, patches_above: bool, line_ending: str
) -> Repo:
    repo = Repo(Path(tempfile.mkdtemp(dir=_template_folder())) / "r")
    # use a recent date, because b4 only searches the last year's commits
    repo._clock = int(time.time()) - 3600
    repo.commit("widget: start\n\n" + SIGNED, FILES)
    repo.git("config b4.prep-cover-strategy", strategy)
    run_b4(repo, "prep", "-n", "widget", "-f", "master")
    for number in range(1, patches + 1):
        content = (
            (repo.path / "widget.c")
            .read_text()
            .replace(f"int line{number};", f"int changed{number};{line_ending}")
        )
        repo.commit(
            f"widget: change line {number}\n\nLine {number} was wrong.\n\n{SIGNED}",
            {"widget.c": content},
        )
    if strategy == "tip-commit" and patches and not patches_above:
        move_cover_to_tip(repo)
    if cover:
        edit_cover(repo, cover)
    return repo


def move_cover_to_tip(repo: Repo) -> None:
    """Move b4's cover commit above the patches, as `git rebase -i` would."""
    cover = repo.git("log --format=%H -F '--grep=--- b4-submit-tracking ---' master..")
    tip = repo.git("rev-parse HEAD")
    repo.git("checkout -q -B b4/widget master")
    repo.git("cherry-pick", f"{cover}..{tip}")
    repo.git("cherry-pick --allow-empty", cover)


def edit_cover(repo: Repo, text: str) -> None:
    """Run `b4 prep --edit-cover` with an editor that writes this text."""
    file = repo.path.parent / f"{repo.path.name}.cover"
    file.write_text(text)
    repo.git("config core.editor", f"cp {file}")
    run_b4(repo, "prep", "--edit-cover")
