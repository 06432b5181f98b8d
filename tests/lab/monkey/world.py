# SPDX-License-Identifier: GPL-2.0-or-later
"""The repositories on which the keys are pressed, and what happens to them meanwhile.

They are the demo's sandbox with the topics of a busy day, built once; each round starts with a copy
of their first state.
"""

import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from patchpilot.commits.run import git
from patchpilot.demo import acme, demo_mails
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.robin import fix_first
from patchpilot.demo.sandbox import Sandbox, open_sandbox
from patchpilot.errors import PatchpilotError
from patchpilot.model.address import Address
from patchpilot.model.mail import Mail, parse_mail
from tests.screens import busy

EDITOR = """#!/bin/sh
# what a user may do in an editor, by turns
eval "file=\\${$#}"
turn=$(($(cat "$0.turn") + 1))
echo $turn > "$0.turn"
case $((turn % 7)) in
0) exit 1 ;;
1) : ;;
2) : > "$file" ;;
3) printf 'a line more\\n' >> "$file" ;;
4) printf 'net: \\377 \\033[31m \\342\\200\\256\\n\\nFixes: x\\n' > "$file" ;;
5) rm -f "$file" ;;
6) sed -i 's/the/THE/g; $d' "$file" ;;
esac
"""
MESSAGES = (
    (
        "net/acme: allow old cards\n"
        "\nThe card oopses without it.\n"
        "\nSigned-off-by: Robin Newland <robin@example.net>"
    ),
    "Documentation: acme: describe the command\n\nNobody knows it.",
    "Merge the lot",
    "x",
    (
        'net/acme: ‮ [31m wide 你好 😀 ́́\n\n[bold]markup[/bold] [/]\n\nFixes: 123 ("no")\nCc: <stable'
    ),
    f"net/acme: {'a long subject ' * 40}\n\n{'one word ' * 2000}",
)
"""Messages of HEAD: a fix, no fix, and what nobody should write."""
QUIET = {
    "GIT_ALLOW_PROTOCOL": "file",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1",
    "BROWSER": "true",
}
"""What keeps other programs off the network."""
CHANGED = (
    "linux",
    "linux-usb",
    "linux-hwmon",
    "linux-next",
    "linux-mmc",
    "mainline.git",
    "stable.git",
    "home",
)


@contextlib.contextmanager
def open_world(root: Path) -> Iterator["World"]:
    """Build the sandbox and the topics below `root`, and enter them: HOME, the current directory
    and temporary files are there.
    """
    with open_sandbox(root / "sandbox") as sandbox:
        editor = root / "editor"
        editor.write_text(EDITOR)
        editor.chmod(0o755)
        (root / "editor.turn").write_text("0")
        scratch = root / "scratch"
        scratch.mkdir()
        for name in [
            name
            for name in os.environ
            if name.startswith(("GIT_", "XDG_", "PATCHPILOT_", "B4_", "EMAIL"))
        ]:
            del os.environ[name]
        os.environ |= (
            sandbox.env
            | {name: str(editor) for name in ("EDITOR", "VISUAL", "GIT_EDITOR")}
            | QUIET
            | {"TMPDIR": str(scratch)}
        )
        tempfile.tempdir = None
        posted: list[bytes] = []
        add = sandbox.archive.add
        sandbox.archive.add = lambda *mails: (posted.extend(mails), add(*mails))  # type: ignore[method-assign]
        list(busy.fill(sandbox))
        busy.series_to_send(sandbox)
        for name in CHANGED:
            shutil.copytree(sandbox.root / name, root / "first" / name, symlinks=True)
        yield World(sandbox, scratch, tuple(map(parse_mail, posted)))


@dataclass
class World:
    """The sandbox.

    `scratch` is where temporary files and the current directory are; `disturb` changes something on
    disk.
    """

    sandbox: Sandbox
    scratch: Path
    posted: tuple[Mail, ...]
    late: list[Callable[[], object]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The folder of everything that may change."""
        return self.sandbox.root

    def again(self) -> None:
        """Put everything back into its first state."""
        self.late.clear()
        for name in CHANGED:
            shutil.rmtree(self.root / name, ignore_errors=True)
            shutil.copytree(
                self.root.parent / "first" / name, self.root / name, symlinks=True
            )
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        os.chdir(self.scratch)

    def places(self) -> dict[str, tuple[Path, int]]:
        """Where the TUI is started, by name, and how often in 20 times."""
        root = self.root
        return {
            "first fix": (root / "linux", 6),
            "series": (root / "linux-mmc", 4),
            "posted": (root / "linux-usb", 4),
            "applied": (root / "linux-hwmon", 2),
            "waiting": (root / "linux-next", 2),
            "bare": (root / "mainline.git", 1),
            "nowhere": (self.scratch, 1),
        }

    def prepare(self, chance: random.Random, work: Path) -> str:
        """Bring a place into one of the states that a user's repository may have; what was done."""
        if work.name.endswith(".git") or not (work / ".git").exists():
            return "as it is"
        name = chance.choice(
            (
                "as it is",
                "as it is",
                "fixed",
                "fixed",
                "no commits",
                "no branches",
                "no topics",
                "many",
            )
        )
        with contextlib.suppress(OSError, PatchpilotError):
            {
                "as it is": lambda: None,
                "fixed": lambda: (
                    fix_first(work, check=acme.CHECK_FIXED)
                    if work.name == "linux"
                    else None
                ),
                "no commits": lambda: git(
                    work, "reset", "-q", "--hard", "origin/master"
                ),
                "no branches": lambda: _no_branches(work),
                "no topics": lambda: shutil.rmtree(self.root / "home" / "state"),
                "many": lambda: _commit(work, 35),
            }[name]()
        return name

    def disturb(self, chance: random.Random, work: Path) -> str:
        """Change something on disk, as another terminal would; what was done."""
        # one change may be in the way of another
        with contextlib.suppress(OSError, PatchpilotError):
            if self.late and chance.random() < 0.7:
                self.late.pop(0)()
                return "put back what was changed"
            name = chance.choice(tuple(DISTURBANCES))
            if (work / ".git").is_dir() and (
                undo := DISTURBANCES[name](self, chance, work)
            ):
                self.late.append(undo)
            return name
        return "nothing"


Undo = Callable[[], object] | None


def _message(world: World, chance: random.Random, work: Path) -> Undo:
    git(
        work,
        "commit",
        "-q",
        "--amend",
        "--allow-empty",
        "--cleanup=verbatim",
        "-F",
        "-",
        stdin=chance.choice(MESSAGES).encode(),
    )
    return None


def _commit(work: Path, number: int) -> None:
    for at in range(number):
        git(
            work,
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            f"net/acme: change {at}\n\nSigned-off-by: Robin Newland <robin@example.net>",
        )


def _commits(world: World, chance: random.Random, work: Path) -> Undo:
    _commit(work, chance.choice((1, 1, 3, 35)))
    return None


def _fewer(world: World, chance: random.Random, work: Path) -> Undo:
    git(
        work,
        "reset",
        "-q",
        "--hard",
        chance.choice(("HEAD~1", "origin/master", "HEAD@{1}")),
    )
    return None


def _elsewhere(world: World, chance: random.Random, work: Path) -> Undo:
    names = git(
        work, "for-each-ref", "--format=%(refname:short)", "refs/heads"
    ).text.split()
    git(
        work,
        "checkout",
        "-q",
        "-f",
        *chance.choice((["--detach"], [chance.choice(names or ["HEAD"])])),
    )
    return lambda: git(work, "checkout", "-q", "-f", chance.choice(names or ["HEAD"]))


def _gone(world: World, chance: random.Random, work: Path) -> Undo:
    away = work / "away"
    (work / ".git").rename(away)
    return lambda: away.rename(work / ".git")


def _merged(world: World, chance: random.Random, work: Path) -> Undo:
    before = git(work, "rev-parse", "origin/master").text.strip()
    git(work, "update-ref", "refs/remotes/origin/master", "HEAD")
    return lambda: git(work, "update-ref", "refs/remotes/origin/master", before)


def _no_branches(work: Path) -> Undo:
    known = git(
        work,
        "for-each-ref",
        "--format=update %(refname) %(objectname)",
        "refs/remotes/stable",
    ).text
    gone = "".join(f"delete {row.split()[1]}\n" for row in known.splitlines())
    git(work, "update-ref", "--stdin", stdin=gone.encode())
    return lambda: git(work, "update-ref", "--stdin", stdin=known.encode())


def _branches(world: World, chance: random.Random, work: Path) -> Undo:
    return _no_branches(work)


def _locked(world: World, chance: random.Random, work: Path) -> Undo:
    lock = work / ".git" / chance.choice(("index.lock", "HEAD.lock"))
    lock.touch()
    return lambda: lock.unlink(missing_ok=True)


def _rebasing(world: World, chance: random.Random, work: Path) -> Undo:
    git(
        work,
        "rebase",
        "-q",
        "-i",
        "HEAD~1",
        env={"GIT_SEQUENCE_EDITOR": "sed -i '1i break'"},
    )
    return lambda: git(work, "rebase", "--abort")


def _dirty(world: World, chance: random.Random, work: Path) -> Undo:
    file = chance.choice(
        [path for path in work.rglob("*.[ch]") if ".git" not in path.parts]
        or [work / "new.c"]
    )
    file.write_bytes(chance.choice((b"", b"int a;\xff\x00\x1b[2J\n" * 9, b"\n" * 5000)))
    return lambda: git(work, "checkout", "-q", "-f", "--", ".")


def _setting(world: World, chance: random.Random, work: Path) -> Undo:
    name, value = chance.choice(
        (
            ("patchpilot.profile", "no such"),
            ("patchpilot.lore", "http://127.0.0.1:9"),
            ("sendemail.smtpServerPort", "9"),
            ("patchpilot.base", "no-such-branch"),
            ("patchpilot.via", "b4"),
            ("user.email", "robin@"),
        )
    )
    before = git(work, "config", "--local", name).text.strip()
    git(work, "config", "--local", name, value)
    return lambda: git(
        work, "config", "--local", *((name, before) if before else ("--unset", name))
    )


def _replied(world: World, chance: random.Random, work: Path) -> Undo:
    text = chance.choice(
        (
            "Why?\n\nPlease explain.",
            "Applied, thanks!",
            "Reviewed-by: Yara Haddad <yara@example.com>",
            "NAK \u202e",
        )
    )
    now = datetime.now(UTC)
    mail = chance.choice(world.posted)
    sent = Sent(mail.message_id, mail.subject, "Body\n", now - timedelta(hours=1))
    name = f"{chance.random()}@example.com"
    world.sandbox.archive.add(
        demo_mails.reply(
            sent,
            Address("Yara Haddad", "yara@example.com"),
            text,
            hours=1,
            message_id=name,
        )
    )
    return None


def _damaged(world: World, chance: random.Random, work: Path) -> Undo:
    # not the -shm next to it: sqlite has that in memory, and no program survives its end
    files = [
        file
        for file in sorted((world.root / "home" / "state").rglob("*"))
        if file.suffix in (".sqlite", ".sqlite3")
    ]
    if not files:
        return None
    file = chance.choice(files)
    before = file.read_bytes()
    file.write_bytes(b"no database" * 50)
    return lambda: file.write_bytes(before)


Disturbance = Callable[[World, random.Random, Path], Undo]
DISTURBANCES: dict[str, Disturbance] = {
    "amend HEAD": _message,
    "add commits": _commits,
    "drop commits": _fewer,
    "check out something else": _elsewhere,
    "move .git away": _gone,
    "merge into mainline": _merged,
    "remove the stable branches": _branches,
    "lock": _locked,
    "start a rebase": _rebasing,
    "edit a file": _dirty,
    "change a setting": _setting,
    "receive a reply": _replied,
    "damage a database": _damaged,
}
"""What another terminal does, by name; each returns how to put it back, where that makes sense."""
