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
    pieces_by_section: dict[str, tuple[bytes, ...]] = {}
    for section_text in (
        (Path(__file__).parent / "hostile_pieces.txt")
        .read_text(encoding="ascii")
        .split("\n== ")[1:]
    ):
        name, *lines = section_text.rstrip("\n").split("\n")
        pieces_by_section[name] = tuple(
            escape_decode(_REPEATED.sub(lambda it: it[1] * int(it[2]), line).encode())[0]
            for line in lines
        )
    return pieces_by_section


_REPEATED = re.compile(r"\{([^{}]+)\*(\d+)\}")
PIECES = _read_pieces()
ODD, DATES, STAMPS, PEOPLE, SUBJECTS, LINES = (
    PIECES[name] for name in ("odd", "dates", "stamps", "people", "subjects", "lines")
)
HEADERS, PATHS, CONTENTS, TOML = (PIECES[name] for name in ("headers", "paths", "contents", "toml"))
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
_FIX = _BUG.replace(b"\trc = pump_prime", b"\tif (!pump)\n\t\treturn -EINVAL;\n\n\trc = pump_prime")
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

    def should_damage(self) -> bool:
        return self.rng.random() < self.heat

    def choose_value(self, valid_value: bytes, replacements: Sequence[bytes]) -> bytes:
        """Return the valid value or, at random, a value from the pool or a damaged copy."""
        if not self.should_damage():
            return valid_value
        return (
            self.rng.choice(replacements)
            if self.rng.random() < 0.7
            else self.damage_bytes(valid_value)
        )

    def damage_bytes(self, data: bytes) -> bytes:
        damaged_data = bytearray(data)
        for _ in range(self.rng.randint(1, 3)):
            offset = self.rng.randint(0, len(damaged_data))
            damaged_data[offset : offset + self.rng.randint(0, 4)] = self.rng.choice(ODD)
        return bytes(damaged_data)

    def damage_lines(self, data: bytes, lines: Sequence[bytes] = LINES) -> bytes:
        """Add, repeat, remove or damage lines at random."""
        text_lines = data.split(b"\n")
        while self.should_damage():
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
                    [self.damage_bytes(text_lines[index])]
                    if index < len(text_lines)
                    else [self.damage_bytes(b"")]
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


def create_hostile_world(folder: Path, seed: str, url: str) -> HostileWorld:
    """Create the world for a seed in an empty directory. `url` is the URL of its archive."""
    damage = RandomDamage(seed)
    repo = folder / "repo"
    _write_repository(repo, damage)
    thread = _make_random_thread(damage)
    mbox, patch = folder / "thread.mbox", folder / "0001-x.patch"
    mbox.write_bytes(
        damage.damage_bytes(join_mbox(thread)) if damage.should_damage() else join_mbox(thread)
    )
    patch.write_bytes(damage.rng.choice(thread[:3]))
    ids = tuple(dict.fromkeys(["v1@example.org", "v2@example.org", "r1@example.org"]))
    return HostileWorld(
        folder,
        repo,
        mbox,
        patch,
        ids,
        tuple(_make_archive_responses(thread, damage, url)),
    )


@cache
def _create_template(folder: Path) -> Path:
    template = folder / "template"
    subprocess.run(["git", "init", "-q", "-b", "topic", "--template=", str(template)], check=True)
    return template


def _write_repository(repo: Path, damage: RandomDamage) -> None:
    shutil.copytree(_create_template(repo.parents[1]), repo)
    writer = ObjectWriter(repo / ".git")
    files = {
        b"MAINTAINERS": (
            b"100644",
            damage.damage_lines(
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
            damage.damage_lines(
                b"VERSION = 6\nPATCHLEVEL = 2\nSUBLEVEL = 0\n",
                (b"VERSION = 9999999999999999999999", b"EXTRAVERSION = -rc\xff"),
            ),
        ),
        b"drivers/demo/pump.c": (b"100644", _PUMP),
        b"drivers/widget/core.c": (b"100644", b"int a;\n"),
        b"Kconfig": (b"100644", b"config DEMO\n\tbool\n"),
        b".patchpilot.toml": (b"100644", damage.damage_lines(b"strict = true\n", TOML)),
    }
    while damage.should_damage():
        files[damage.rng.choice(PATHS)] = (
            damage.rng.choice(MODES),
            damage.rng.choice((*CONTENTS, damage.damage_bytes(_PUMP))),
        )
    tip = _write_commit(writer, damage, files, (), b"demo: add the pump\n\nStart.\n\n" + _SIGNED)
    writer.write_ref(
        "refs/tags/v6.1",
        writer.write_tag(
            b"v6.1",
            tip,
            _make_random_identity(damage),
            damage.choose_value(b"Linux 6.1\n", ODD),
        ),
    )
    stable_commit = tip
    files[b"drivers/demo/pump.c"] = (b"100644", _BUG)
    buggy_commit = _write_commit(
        writer,
        damage,
        files,
        (tip,),
        b"demo: pump: prime the first one\n\nIt is needed.\n\n" + _SIGNED,
    )
    writer.write_ref(
        "refs/tags/v6.2-rc1",
        writer.write_tag(
            b"v6.2-rc1", buggy_commit, _make_random_identity(damage), b"Linux 6.2-rc1\n"
        ),
    )
    for name in ("refs/remotes/origin/master", "refs/remotes/origin/HEAD"):
        writer.write_ref(name, buggy_commit)
    stable_commit = _write_commit(
        writer,
        damage,
        files,
        (stable_commit,),
        f"demo: pump: prime the first one\n\ncommit {buggy_commit} upstream.\n\n".encode()
        + _SIGNED,
    )
    writer.write_ref("refs/remotes/stable/linux-6.1.y", stable_commit)
    files[b"drivers/demo/pump.c"] = (
        damage.choose_value(b"100644", MODES),
        damage.damage_lines(_FIX, CONTENTS),
    )
    while damage.should_damage():
        files[damage.rng.choice(PATHS)] = (
            damage.rng.choice(MODES),
            damage.rng.choice(CONTENTS),
        )
    parent = buggy_commit
    if damage.rng.random() < 0.2:
        parent = _write_commit(
            writer,
            damage,
            files,
            (buggy_commit,),
            damage.damage_lines(_COVER, _TRACKING),
        )
    tag = f'Fixes: {buggy_commit[:12]} ("demo: pump: prime the first one")\n'.encode()
    tip = _write_commit(
        writer,
        damage,
        files,
        (parent,),
        b"demo: pump: check the pointer\n\nIt may be NULL.\n\n" + tag + _SIGNED,
    )
    for _ in range(damage.rng.choice((0, 0, 1, 3))):
        files[b"drivers/demo/pump.c"] = (b"100644", damage.damage_lines(_FIX, CONTENTS))
        tip = _write_commit(
            writer,
            damage,
            files,
            (tip, *((stable_commit,) if damage.should_damage() else ())),
            b"demo: pump: more\n\nMore.\n\n" + _SIGNED,
        )
    writer.write_ref("refs/heads/topic", tip)
    for number in range(damage.rng.choice((0, 0, 0, 2))):
        journal_entry = {
            "ref": "refs/heads/topic",
            "old": buggy_commit,
            "new": tip,
            "verb": "prepare",
            "when": 1700000000,
        }
        record = damage.damage_lines(
            b"patchpilot undo\n\n" + json.dumps(journal_entry).encode(), _TRACKING
        )
        writer.write_ref(
            f"refs/patchpilot/undo/{number + 1}",
            writer.write_commit(
                writer.write_tree(files),
                (buggy_commit, tip),
                _make_random_identity(damage),
                _make_random_identity(damage),
                record,
            ),
        )
    while damage.should_damage():
        with contextlib.suppress(OSError):
            writer.write_ref(
                damage.rng.choice(REFS),
                damage.rng.choice((tip, buggy_commit, stable_commit, "0" * 40, "x")),
            )
    if damage.rng.random() < 0.7:
        subprocess.run(["git", "reset", "-q", "--hard"], cwd=repo, capture_output=True, check=False)


def _make_random_identity(damage: RandomDamage) -> bytes:
    return (
        damage.choose_value(_ADA, PEOPLE).replace(b"\n", b" ")
        + b" "
        + damage.choose_value(b"1700000000 +0000", STAMPS)
    )


def _write_commit(
    writer: ObjectWriter,
    damage: RandomDamage,
    files: dict[bytes, tuple[bytes, bytes]],
    parents: Sequence[str],
    message: bytes,
) -> str:
    return writer.write_commit(
        writer.write_tree(files),
        parents,
        _make_random_identity(damage),
        _make_random_identity(damage),
        damage.damage_lines(message),
    )


def _make_random_thread(damage: RandomDamage) -> list[bytes]:
    """Return the messages of a series. There are two versions, replies and bot reports."""
    title = "demo: pump: check the pointer"
    valid_mails = [
        mails.build_patch_mail(f"[PATCH] {title}", id="v1"),
        mails.build_patch_mail(
            f"[PATCH v2] {title}", id="v2", notes="Changes in v2:\n- all", minutes=1440
        ),
        mails.build_reply(
            f"[PATCH] {title}",
            "Please add a Fixes: tag.",
            id="r1",
            reply_to="v1",
            minutes=60,
        ),
        mails.build_reply(
            f"[PATCH v2] {title}",
            f"Reviewed-by: {mails.RITA}",
            id="r2",
            reply_to="v2",
            minutes=1500,
        ),
        mails.build_applied_notice(title, "0123456789ab", id="r3", reply_to="v2", minutes=2000),
        mails.build_stable_review(
            title,
            "0123456789abcdef0123456789abcdef01234567",
            "6.1",
            id="s1",
            minutes=9000,
        ),
        mails.build_stable_failure_notice(
            title,
            "0123456789abcdef0123456789abcdef01234567",
            "5.10",
            id="s2",
            minutes=9100,
        ),
        mails.build_mail(
            f"Re: [PATCH v2] {title}",
            "> quoted\n\nWhy?\n",
            id="r4",
            reply_to="r2",
            minutes=1600,
        ),
    ]
    return [
        _make_random_mail(valid_mail, damage)
        for valid_mail in valid_mails
        for _ in range(2 if damage.rng.random() < 0.05 else 1)
    ]


def _make_random_mail(raw_mail: bytes, damage: RandomDamage) -> bytes:
    head, _, body = raw_mail.partition(b"\n\n")
    values_by_header = {
        b"From": PEOPLE,
        b"To": PEOPLE,
        b"Date": DATES,
        b"Subject": SUBJECTS,
    }
    rows = []
    for row in head.split(b"\n"):
        name, _, value = row.partition(b": ")
        if name != b"Message-ID" or damage.rng.random() < 0.1:
            value = damage.choose_value(value, values_by_header.get(name, ODD))
        rows.append(name + b": " + value)
    while damage.should_damage():
        rows.insert(damage.rng.randint(0, len(rows)), damage.rng.choice(HEADERS))
    headers = b"\n".join(rows) + b"\n\n" + damage.damage_lines(body)
    return damage.damage_bytes(headers) if damage.rng.random() < damage.heat / 4 else headers


def _make_archive_responses(
    thread: list[bytes], damage: RandomDamage, url: str
) -> list[tuple[int, bytes, str]]:
    """Return the responses of the archive in order. Each is (status, body, redirect)."""
    complete_archive = _compress_pack(join_mbox(thread))
    partial_archive = _compress_pack(
        join_mbox(damage.rng.sample(thread, damage.rng.randint(1, len(thread))))
    )
    bodies = (
        b"", _compress_pack(b""), b"<html>Log in</html>", complete_archive[:-9], damage.damage_bytes(complete_archive), _compress_pack(bytes(80 << 20)), join_mbox(thread),  # noqa: E501
        _compress_pack(_compress_pack(join_mbox(thread))), _compress_pack(b"From " + bytes(9)),
    )  # fmt: skip
    redirect_targets = (
        "http://[::1/",
        "//example.org/",
        f"{url}/loop",
        "",
        "\x00",
        "http://a:99999999/",
        "file:///etc/passwd",
        "http://" + "a" * 300,
    )
    broken_responses = (
        *((200, body, "") for body in bodies),
        *((status, b"", "") for status in (99, 204, 300, 404, 429, 500, 503, 1000)),
        *((302, b"x", redirect_target) for redirect_target in redirect_targets),
    )
    return [
        (
            damage.rng.choice(broken_responses)
            if damage.should_damage()
            else (
                200,
                damage.rng.choice((complete_archive, complete_archive, partial_archive)),
                "",
            )
        )
        for _ in range(40)
    ]


def _compress_pack(data: bytes) -> bytes:
    # omit the time, so that a seed always results in the same data
    return gzip.compress(data, 1, mtime=0)
