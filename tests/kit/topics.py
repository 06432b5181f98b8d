# SPDX-License-Identifier: GPL-2.0-or-later
"""Create topic branches that can be sent, and apply the messages received from them."""

import subprocess
from pathlib import Path

from patchpilot.demo.sink import Received, Sink
from tests.kit.raw_smtp import RawServer
from tests.kit.repos import Repo

SIGNED = "Signed-off-by: Ada Fixer <ada@example.org>"
SIGNED_LINE = f"{SIGNED}\n"


def topic(
    path: Path,
    patches: int = 1,
    *,
    server: Sink | RawServer | None = None,
    author: str | None = None,
) -> Repo:
    """Create a repository with `patches` commits on the branch `topic`, whose upstream is `master`.

    `server` is the mail server.
    """
    repo = Repo(path)
    repo.commit(
        "widget: start\n\n" + SIGNED,
        {
            "widget.c": "".join(f"int line{n};\n" for n in range(40)),
            "Kconfig": "menu\n",
        },
    )
    repo.branch("topic")
    repo.git("branch -q -u master")
    for number in range(1, patches + 1):
        text = (
            (path / "widget.c")
            .read_text()
            .replace(f"int line{number};", f"int changed{number}; /* größer {number} */")
        )
        repo.commit(
            f"widget: change line {number}\n\nLine {number} was wrong.\n\n{SIGNED}",
            {"widget.c": text},
            author=author,
        )
    if server:
        configure_mail_server(repo, server)
    return repo


def topic_with_spaces(path: Path, files: int) -> Repo:
    """Create two commits that add trailing whitespace to every file."""
    repo = Repo(path)
    names = [f"frob{number}.c" for number in range(files)]
    repo.commit(f"frob: begin\n\n{SIGNED}", dict.fromkeys(names, "int a;\n"))
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit(
        f"frob: add b\n\nIt is needed.\n\n{SIGNED}",
        dict.fromkeys(names, "int a;\nint b;   \n"),
    )
    repo.commit(
        f"frob: add c\n\nIt is needed.\n\n{SIGNED}",
        dict.fromkeys(names, "int a;\nint b;   \nint c;   \n"),
    )
    return repo


def configure_mail_server(repo: Repo, server: Sink | RawServer) -> None:
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.git("config --global sendemail.smtpserverport", str(server.port))


def unpacked(mail: Received) -> bytes:
    """Return a received message with LF line endings."""
    return mail.data.replace(b"\r\n", b"\n")


def apply(
    repo: Repo, base: str, mails: list[bytes], folder: Path
) -> list[tuple[str, str, str, str]]:
    """Apply messages to `base` with `git am`. Return the new commits in the form that `commits`
    returns.
    """
    clone = folder / "applied"
    subprocess.run(
        ["git", "clone", "-q", "--shared", "--no-checkout", str(repo.path), str(clone)],
        check=True,
    )
    applied = Repo.__new__(Repo)
    applied.path, applied._clock = clone, 1_700_000_000
    base_id = repo.git("rev-parse", base)
    applied.git("checkout", "-q", base_id)
    for number, mail in enumerate(mails):
        (folder / f"{number:03d}.eml").write_bytes(mail)
        outcome = subprocess.run(
            ["git", "am", "-q", str(folder / f"{number:03d}.eml")],
            cwd=clone,
            capture_output=True,
            check=False,
        )
        if outcome.returncode:
            raise AssertionError(
                outcome.stderr.decode("utf-8", "replace")
                + outcome.stdout.decode("utf-8", "replace")
            )
    return commits(applied, f"{base_id}..HEAD")


def commits(repo: Repo, revision_range: str) -> list[tuple[str, str, str, str]]:
    """Return (tree, author name, author email, message) of a range's commits, oldest first."""
    result = []
    for commit in repo.git("rev-list --reverse", revision_range).split():
        tree, name, email = repo.git("show -s --format=%T%n%an%n%ae", commit).split("\n")
        result.append((tree, name, email, repo.git("show -s --format=%B", commit).strip()))
    return result
