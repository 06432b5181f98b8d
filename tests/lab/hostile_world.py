# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate a repository, a thread and an archive from pieces of valid input that are damaged at
random.
"""

import contextlib
import gzip
import json
import random
import re
import shutil
import subprocess
from codecs import escape_decode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from patchpilot.model.mail import join_mbox
from tests.kit import mails
from tests.kit.maintainers import MAINTAINERS
from tests.lab.hostile_objects import ObjectWriter


def _read_pieces() -> dict[str, tuple[bytes, ...]]:
    sections: dict[str, tuple[bytes, ...]] = {}
    for part in (
        (Path(__file__).parent / "hostile_pieces.txt")
        .read_text(encoding="ascii")
        .split("\n== ")[1:]
    ):
        name, *lines = part.rstrip("\n").split("\n")
        sections[name] = tuple(
            escape_decode(_REPEATED.sub(lambda it: it[1] * int(it[2]), line).encode())[
                0
            ]
            for line in lines
        )
    return sections


_REPEATED = re.compile(r"\{([^{}]+)\*(\d+)\}")
PIECES = _read_pieces()
ODD, DATES, STAMPS, PEOPLE, SUBJECTS, LINES = (
    PIECES[name] for name in ("odd", "dates", "stamps", "people", "subjects", "lines")
)
HEADERS, PATHS, CONTENTS, TOML = (
    PIECES[name] for name in ("headers", "paths", "contents", "toml")
)
MODES = (
    b"100644",
    b"100644",
    b"100644",
    b"100755",
    b"120000",
    b"160000",
    b"100664",
    b"0",
    b"777777",
)
REFS = (
    "refs/heads/-x", "refs/heads/a'b", "refs/heads/\u00fc", "refs/tags/v6.1-rc9999999999", "refs/tags/v6", "refs/heads/a$(x)b", "refs/heads/master",  # noqa: E501
    "refs/remotes/stable/linux-99.99.y", "refs/remotes/stable/linux-6.1.y-queue", "refs/tags/v6.1.1", "refs/remotes/next/master", "refs/heads/b4/pump",  # noqa: E501
    "refs/tags/sent/pump-v1",
)  # fmt: skip
_PUMP = b"""// SPDX-License-Identifier: GPL-2.0
#include <linux/pump.h>

int pump_start(struct pump *pump)
{
\tint rc;

\trc = pump_prime(pump);
\treturn rc;
}

int pump_stop(struct pump *pump)
{
\tpump->running = false;
\treturn 0;
}
"""
_BUG = _PUMP.replace(b"\trc = pump_prime(pump);", b"\trc = pump_prime(pump->first);")
_FIX = _BUG.replace(
    b"\trc = pump_prime", b"\tif (!pump)\n\t\treturn -EINVAL;\n\n\trc = pump_prime"
)
_COVER = b"""demo: two fixes

Both.

--- b4-submit-tracking ---
# This section is used internally by b4 prep for tracking purposes.
{
  "series": {
    "revision": 2,
    "change-id": "20240304-demo-0123456789ab",
    "prefixes": ["net"],
    "history": {"v1": ["v1@example.org"]}
  }
}
"""
_TRACKING = PIECES["tracking"]
_ADA = b"Ada Fixer <ada@example.org>"
_SIGNED = b"Signed-off-by: Ada Fixer <ada@example.org>\n"


class RandomDamage:
    """Random damage that is the same for the same seed.

    `heat` (0 to 1) is the probability that a value is damaged.
    """

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.heat = self.rng.choice((0.05, 0.2, 0.4))

    def hit(self) -> bool:
        return self.rng.random() < self.heat

    def one(self, honest: bytes, pool: Sequence[bytes]) -> bytes:
        """Return the valid value or, at random, a value from the pool or a damaged copy."""
        if not self.hit():
            return honest
        return (
            self.rng.choice(pool) if self.rng.random() < 0.7 else self.damaged(honest)
        )

    def damaged(self, data: bytes) -> bytes:
        damaged_data = bytearray(data)
        for _ in range(self.rng.randint(1, 3)):
            offset = self.rng.randint(0, len(damaged_data))
            damaged_data[offset : offset + self.rng.randint(0, 4)] = self.rng.choice(
                ODD
            )
        return bytes(damaged_data)

    def text(self, data: bytes, lines: Sequence[bytes] = LINES) -> bytes:
        """Add, repeat, remove or damage lines at random."""
        text_lines = data.split(b"\n")
        while self.hit():
            index = self.rng.randint(0, len(text_lines))
            change = self.rng.random()
            if change < 0.5:
                text_lines[index:index] = [self.rng.choice(lines)] * self.rng.choice(
                    (1, 1, 1, 3, 200)
                )
            elif change < 0.7:
                del text_lines[index : index + self.rng.randint(1, 4)]
            else:
                text_lines[index : index + 1] = (
                    [self.damaged(text_lines[index])]
                    if index < len(text_lines)
                    else [self.damaged(b"")]
                )
        return b"\n".join(text_lines)


@dataclass(frozen=True, slots=True)
class HostileWorld:
    """The paths of the repository and of the message files, the Message-IDs, and the responses of
    the archive.
    """

    folder: Path
    repo: Path
    mbox: Path
    patch: Path
    message_ids: tuple[str, ...]
    answers: tuple[tuple[int, bytes, str], ...]


def make_world(folder: Path, seed: str, url: str) -> HostileWorld:
    """Create the world for a seed in an empty directory. `url` is the URL of its archive."""
    chance = RandomDamage(seed)
    repo = folder / "repo"
    _write_repository(repo, chance)
    thread = _random_thread(chance)
    mbox, patch = folder / "thread.mbox", folder / "0001-x.patch"
    mbox.write_bytes(
        chance.damaged(join_mbox(thread)) if chance.hit() else join_mbox(thread)
    )
    patch.write_bytes(chance.rng.choice(thread[:3]))
    ids = tuple(dict.fromkeys(["v1@example.org", "v2@example.org", "r1@example.org"]))
    return HostileWorld(
        folder, repo, mbox, patch, ids, tuple(_archive_responses(thread, chance, url))
    )


@cache
def _create_template(folder: Path) -> Path:
    template = folder / "template"
    subprocess.run(
        ["git", "init", "-q", "-b", "topic", "--template=", str(template)], check=True
    )
    return template


def _write_repository(repo: Path, chance: RandomDamage) -> None:
    shutil.copytree(_create_template(repo.parents[1]), repo)
    writer = ObjectWriter(repo / ".git")
    files = {
        b"MAINTAINERS": (
            b"100644",
            chance.text(
                MAINTAINERS.encode(),
                (
                    *LINES,
                    b"F:\t(a+)+$",
                    b"K:\t(a+)+$",
                    b"M:\t\xff",
                    b"N:\t[",
                    b"F:\t{a,{b,c}}",
                ),
            ),
        ),
        b"Makefile": (
            b"100644",
            chance.text(
                b"VERSION = 6\nPATCHLEVEL = 2\nSUBLEVEL = 0\n",
                (b"VERSION = 9999999999999999999999", b"EXTRAVERSION = -rc\xff"),
            ),
        ),
        b"drivers/demo/pump.c": (b"100644", _PUMP),
        b"drivers/widget/core.c": (b"100644", b"int a;\n"),
        b"Kconfig": (b"100644", b"config DEMO\n\tbool\n"),
        b".patchpilot.toml": (b"100644", chance.text(b"strict = true\n", TOML)),
    }
    while chance.hit():
        files[chance.rng.choice(PATHS)] = (
            chance.rng.choice(MODES),
            chance.rng.choice((*CONTENTS, chance.damaged(_PUMP))),
        )
    tip = _write_commit(
        writer, chance, files, (), b"demo: add the pump\n\nStart.\n\n" + _SIGNED
    )
    writer.ref(
        "refs/tags/v6.1",
        writer.tag(
            b"v6.1", tip, _random_identity(chance), chance.one(b"Linux 6.1\n", ODD)
        ),
    )
    stable = tip
    files[b"drivers/demo/pump.c"] = (b"100644", _BUG)
    bug = _write_commit(
        writer,
        chance,
        files,
        (tip,),
        b"demo: pump: prime the first one\n\nIt is needed.\n\n" + _SIGNED,
    )
    writer.ref(
        "refs/tags/v6.2-rc1",
        writer.tag(b"v6.2-rc1", bug, _random_identity(chance), b"Linux 6.2-rc1\n"),
    )
    for name in ("refs/remotes/origin/master", "refs/remotes/origin/HEAD"):
        writer.ref(name, bug)
    stable = _write_commit(
        writer,
        chance,
        files,
        (stable,),
        f"demo: pump: prime the first one\n\ncommit {bug} upstream.\n\n".encode()
        + _SIGNED,
    )
    writer.ref("refs/remotes/stable/linux-6.1.y", stable)
    files[b"drivers/demo/pump.c"] = (
        chance.one(b"100644", MODES),
        chance.text(_FIX, CONTENTS),
    )
    while chance.hit():
        files[chance.rng.choice(PATHS)] = (
            chance.rng.choice(MODES),
            chance.rng.choice(CONTENTS),
        )
    parent = bug
    if chance.rng.random() < 0.2:
        parent = _write_commit(
            writer, chance, files, (bug,), chance.text(_COVER, _TRACKING)
        )
    tag = f'Fixes: {bug[:12]} ("demo: pump: prime the first one")\n'.encode()
    tip = _write_commit(
        writer,
        chance,
        files,
        (parent,),
        b"demo: pump: check the pointer\n\nIt may be NULL.\n\n" + tag + _SIGNED,
    )
    for _ in range(chance.rng.choice((0, 0, 1, 3))):
        files[b"drivers/demo/pump.c"] = (b"100644", chance.text(_FIX, CONTENTS))
        tip = _write_commit(
            writer,
            chance,
            files,
            (tip, *((stable,) if chance.hit() else ())),
            b"demo: pump: more\n\nMore.\n\n" + _SIGNED,
        )
    writer.ref("refs/heads/topic", tip)
    for number in range(chance.rng.choice((0, 0, 0, 2))):
        facts = {
            "ref": "refs/heads/topic",
            "old": bug,
            "new": tip,
            "verb": "prepare",
            "when": 1700000000,
        }
        record = chance.text(
            b"patchpilot undo\n\n" + json.dumps(facts).encode(), _TRACKING
        )
        writer.ref(
            f"refs/patchpilot/undo/{number + 1}",
            writer.commit(
                writer.tree(files),
                (bug, tip),
                _random_identity(chance),
                _random_identity(chance),
                record,
            ),
        )
    while chance.hit():
        with contextlib.suppress(OSError):
            writer.ref(
                chance.rng.choice(REFS),
                chance.rng.choice((tip, bug, stable, "0" * 40, "x")),
            )
    if chance.rng.random() < 0.7:
        subprocess.run(
            ["git", "reset", "-q", "--hard"], cwd=repo, capture_output=True, check=False
        )


def _random_identity(chance: RandomDamage) -> bytes:
    return (
        chance.one(_ADA, PEOPLE).replace(b"\n", b" ")
        + b" "
        + chance.one(b"1700000000 +0000", STAMPS)
    )


def _write_commit(
    writer: ObjectWriter,
    chance: RandomDamage,
    files: dict[bytes, tuple[bytes, bytes]],
    parents: Sequence[str],
    message: bytes,
) -> str:
    return writer.commit(
        writer.tree(files),
        parents,
        _random_identity(chance),
        _random_identity(chance),
        chance.text(message),
    )


def _random_thread(chance: RandomDamage) -> list[bytes]:
    """Return the messages of a series. There are two versions, replies and bot reports."""
    title = "demo: pump: check the pointer"
    honest = [
        mails.patch(f"[PATCH] {title}", id="v1"),
        mails.patch(
            f"[PATCH v2] {title}", id="v2", notes="Changes in v2:\n- all", minutes=1440
        ),
        mails.reply(
            f"[PATCH] {title}",
            "Please add a Fixes: tag.",
            id="r1",
            reply_to="v1",
            minutes=60,
        ),
        mails.reply(
            f"[PATCH v2] {title}",
            f"Reviewed-by: {mails.RITA}",
            id="r2",
            reply_to="v2",
            minutes=1500,
        ),
        mails.applied_by_robot(
            title, "0123456789ab", id="r3", reply_to="v2", minutes=2000
        ),
        mails.stable_review(
            title,
            "0123456789abcdef0123456789abcdef01234567",
            "6.1",
            id="s1",
            minutes=9000,
        ),
        mails.stable_failed(
            title,
            "0123456789abcdef0123456789abcdef01234567",
            "5.10",
            id="s2",
            minutes=9100,
        ),
        mails.mail(
            f"Re: [PATCH v2] {title}",
            "> quoted\n\nWhy?\n",
            id="r4",
            reply_to="r2",
            minutes=1600,
        ),
    ]
    return [
        _random_mail(raw, chance)
        for raw in honest
        for _ in range(2 if chance.rng.random() < 0.05 else 1)
    ]


def _random_mail(raw: bytes, chance: RandomDamage) -> bytes:
    head, _, body = raw.partition(b"\n\n")
    pools = {b"From": PEOPLE, b"To": PEOPLE, b"Date": DATES, b"Subject": SUBJECTS}
    rows = []
    for row in head.split(b"\n"):
        name, _, value = row.partition(b": ")
        if name != b"Message-ID" or chance.rng.random() < 0.1:
            value = chance.one(value, pools.get(name, ODD))
        rows.append(name + b": " + value)
    while chance.hit():
        rows.insert(chance.rng.randint(0, len(rows)), chance.rng.choice(HEADERS))
    headers = b"\n".join(rows) + b"\n\n" + chance.text(body)
    return chance.damaged(headers) if chance.rng.random() < chance.heat / 4 else headers


def _archive_responses(
    thread: list[bytes], chance: RandomDamage, url: str
) -> list[tuple[int, bytes, str]]:
    """Return the responses of the archive in order. Each is (status, body, redirect)."""
    complete = _compress_pack(join_mbox(thread))
    partial = _compress_pack(
        join_mbox(chance.rng.sample(thread, chance.rng.randint(1, len(thread))))
    )
    bodies = (
        b"", _compress_pack(b""), b"<html>Log in</html>", complete[:-9], chance.damaged(complete), _compress_pack(bytes(80 << 20)), join_mbox(thread),  # noqa: E501
        _compress_pack(_compress_pack(join_mbox(thread))), _compress_pack(b"From " + bytes(9)),
    )  # fmt: skip
    locations = (
        "http://[::1/",
        "//example.org/",
        f"{url}/loop",
        "",
        "\x00",
        "http://a:99999999/",
        "file:///etc/passwd",
        "http://" + "a" * 300,
    )
    broken = (
        *((200, body, "") for body in bodies),
        *((status, b"", "") for status in (99, 204, 300, 404, 429, 500, 503, 1000)),
        *((302, b"x", location) for location in locations),
    )
    return [
        (
            chance.rng.choice(broken)
            if chance.hit()
            else (200, chance.rng.choice((complete, complete, partial)), "")
        )
        for _ in range(40)
    ]


def _compress_pack(data: bytes) -> bytes:
    # omit the time, so that a seed always results in the same data
    return gzip.compress(data, 1, mtime=0)
