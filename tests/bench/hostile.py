# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure the cost of hostile input.

Each case is generated and passed to a patchpilot command in a separate process. Its time, peak
memory and exit code are printed next to the limit: 10 seconds and 300 MB for up to 10^6 lines, and
an error for input above any limit.

    python tests/bench/hostile.py [--command CMD] [--seconds N] [CASE …]
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SECONDS, MEGABYTES = 10.0, 300
HEAD = (
    "From: Ada Fixer <ada@example.org>\n"
    "Date: Tue, 6 Jan 2026 10:00:00 +0000\n"
    "Message-ID: <1@example.org>\n"
)
SUBJECT = "Subject: [PATCH] frob: wait for the link before it is used\n"
PROSE = "Old boards need a moment until the link is up. Wait for it.\n"
SIGNED = "\nSigned-off-by: Ada Fixer <ada@example.org>\n---\n"
FUNCTION = (
    "static int frob_{0}(struct frob *f, int n)\n"
    "{{\n"
    "\tint ret = 0;\n"
    "\n\tif (n > {0}) {{\n"
    "\t\tret = frob_read(f, n);\n"
    "\t\tif (ret < 0)\n"
    "\t\t\treturn ret;\n"
    "\t}}\n"
    "\n\tfor (; n; n--)\n"
    "\t\tf->count += n * 2; /* so many */\n"
    "\n\treturn ret;\n"
    "}}\n"
    "\n"
)
Text = Iterator[str]


def generate_new_file_diff(path: str, lines: int, body: Text) -> Text:
    yield (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0"
        f" +1,{lines} @@\n"
    )
    yield from body


def generate_code_lines(lines: int) -> Text:
    line_count, number = 0, 0
    while line_count < lines:
        block = FUNCTION.format(number).split("\n")[:-1][: lines - line_count]
        yield "".join(f"+{line}\n" for line in block)
        line_count, number = line_count + len(block), number + 1


def generate_patch_mail(
    diff: Text, *, head: str = HEAD + SUBJECT, message: str = PROSE + SIGNED
) -> Text:
    yield f"{head}\n{message}"
    yield from diff


def generate_small_diff() -> Text:
    yield "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,1 +1,2 @@\n int a;\n+int b;\n"


def generate_many_files_diff(count: int) -> Text:
    for number in range(count):
        path = f"drivers/frob/f{number}.c"
        yield (
            f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,1 +1,2 @@\n int"
            f" a;\n+int b{number};\n"
        )


def generate_many_hunks_diff(count: int) -> Text:
    yield "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n"
    for number in range(count):
        yield f"@@ -{number * 10 + 1},1 +{number * 11 + 1},2 @@\n int a;\n+int b{number};\n"


def generate_replaced_lines_diff(lines: int) -> Text:
    yield f"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,{lines} +1,{lines} @@\n"
    for line_sign in "-+":
        yield from (
            f"{line_sign}\tfrob_write(f, {number} + {line_sign}1);\n" for number in range(lines)
        )


def generate_nested_parts_mail(depth: int) -> Text:
    yield f"{HEAD}{SUBJECT}MIME-Version: 1.0\n"
    for level in range(depth):
        yield f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n'
    yield "Content-Type: text/plain\n\nhello\n"


def generate_many_parts_mail(count: int) -> Text:
    yield f'{HEAD}{SUBJECT}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    yield from ("--b\nContent-Type: text/plain\n\nhello\n" for _ in range(count))
    yield "--b--\n"


def generate_many_patches_mbox(count: int) -> Text:
    for number in range(count):
        yield "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
        yield from generate_patch_mail(
            generate_small_diff(), head=(HEAD + SUBJECT).replace("<1@", f"<{number}@")
        )
        yield "\n"


def header_text(text: str) -> str:
    return f"{HEAD}{text}\n{SUBJECT}"


def generate_many_tags(count: int) -> str:
    return (
        PROSE
        + "\n"
        + "".join(
            f"Reviewed-by: Ada {number} <ada{number}@example.org>\n" for number in range(count)
        )
        + SIGNED[1:]
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A case: the command's arguments, the text of its file, and whether it exceeds a limit and
    must be rejected.

    `first` is a command that reads the file before the measured one. `named` is the content of
    MAINTAINERS.
    """

    words: tuple[str, ...]
    text: Callable[[], Text]
    refused: bool = False
    packed: bool = False
    seconds: float = SECONDS
    megabytes: int = MEGABYTES
    first: tuple[str, ...] = ()
    named: Callable[[], str] = lambda: MAINTAINERS


def generate_numbered_series_mbox(count: int) -> Text:
    for number in range(1, count + 1):
        yield "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
        subject = (
            f"Subject: [PATCH {number}/{count}] frob: wait for link {number} before it is used\n"
        )
        yield from generate_patch_mail(
            generate_small_diff(), head=(HEAD + subject).replace("<1@", f"<{number}@")
        )
        yield "\n"


def generate_replies_mbox(count: int) -> Text:
    start = "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
    yield start
    yield from generate_patch_mail(generate_small_diff())
    for number in range(count):
        yield (
            f"\n{start}From: Rev {number % 500} <rev{number % 500}@example.com>\nDate: Wed, 7 Jan"
            " 2026 10:00:00 +0000\n"
        )
        yield (
            f"Message-ID: <r{number}@example.com>\nIn-Reply-To: <1@example.org>\nReferences:"
            f" <1@example.org>\nRe-{SUBJECT[:-1]}\n".replace("Re-Subject: ", "Subject: Re: ")
        )
        yield (
            "\n> Old boards need a moment.\n\nWhy do you think so? I would rather not wait here.\n"
        )


def generate_maintainers_file(count: int) -> str:
    """Return a MAINTAINERS file whose first section has this many maintainers."""
    people = "".join(f"M:\tAda {number} <ada{number}@example.org>\n" for number in range(count))
    return f"FROB\n{people}S:\tMaintained\nF:\tdrivers/frob/\n"


def bad_lines_patch(size: int, *lines: str) -> Callable[[], Text]:
    """Return a function that yields a patch of this many bytes that repeats these lines."""
    body = "".join(f"+{line}\n" for line in lines)
    count = size // len(body)
    return lambda: generate_patch_mail(
        generate_new_file_diff("drivers/frob/frob.c", count * len(lines), iter([body] * count))
    )


CHECK = ("check", "--strict")
FIX = (*CHECK, "--diff")
KB27 = 27_000
CLASSIFY = ("track", "classify")
M = 1_000_000
CASES: dict[str, Case] = {
    "1,000,000-line hunk, new file": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_new_file_diff("drivers/frob/frob.c", M, generate_code_lines(M))
        ),
    ),
    "1,000,000-line hunk, rewrite": Case(
        CHECK, lambda: generate_patch_mail(generate_replaced_lines_diff(M // 2))
    ),
    "1,000,000 lines of text file": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_new_file_diff("Documentation/x.rst", M, ("+text of it\n" for _ in range(M)))
        ),
    ),
    "1,000,000 lines of message": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(), message="A line of words here.\n" * M + SIGNED
        ),
    ),
    "100,000 files": Case(CHECK, lambda: generate_patch_mail(generate_many_files_diff(100_000))),
    "100,000 hunks": Case(CHECK, lambda: generate_patch_mail(generate_many_hunks_diff(100_000))),
    "200 MB patch": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_new_file_diff("drivers/frob/frob.c", 11 * M, generate_code_lines(11 * M))
        ),
        refused=True,
    ),
    "10 MB line of code": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_new_file_diff("a.c", 1, iter(["+" + "int a; " * 1_500_000 + "\n"]))
        ),
        refused=True,
    ),
    "10 MB line of message": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(), message="word " * 2_000_000 + "\n" + SIGNED
        ),
        refused=True,
    ),
    "4,000 tags": Case(
        CHECK,
        lambda: generate_patch_mail(generate_small_diff(), message=generate_many_tags(4000)),
    ),
    "40,000 tags": Case(
        CHECK,
        lambda: generate_patch_mail(generate_small_diff(), message=generate_many_tags(40_000)),
    ),
    "4,000 Fixes: tags": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(),
            message=PROSE + "\n" + 'Fixes: 123456789abc ("frob: x")\n' * 4000 + SIGNED[1:],
        ),
    ),
    "4,000 doubled words": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(), message="the the link\n" * 4000 + SIGNED
        ),
    ),
    "4,000 doubled words in code": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_new_file_diff("a.c", 4000, iter(["+/* the the link */\n"] * 4000))
        ),
    ),
    "700,000 encoded words": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(),
            head=HEAD + "Subject: " + "=?utf-8?q?a?= " * 700_000 + "\n",
        ),
        refused=True,
    ),
    "1,000,000 folds": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(), head=header_text("X-Long: a" + "\n a" * M)
        ),
        refused=True,
    ),
    "header just under its limit": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(), head=header_text("Cc: " + "a@b.org,\n " * 85_000)
        ),
    ),
    "100,000 header fields": Case(
        CHECK,
        lambda: generate_patch_mail(
            generate_small_diff(), head=header_text("X-Y: z\n" * 100_000)[:-1]
        ),
    ),
    "gzip bomb, 2 GB": Case(CHECK, lambda: iter(()), refused=True, packed=True),
    "gzip bomb, 2 GB, classify": Case(CLASSIFY, lambda: iter(()), refused=True, packed=True),
    "mbox of 500 patches": Case(("check", "--jobs", "1"), lambda: generate_many_patches_mbox(500)),
    "mbox of 20,000 mails, classify": Case(CLASSIFY, lambda: generate_many_patches_mbox(20_000)),
    "MIME depth 100,000": Case(CLASSIFY, lambda: generate_nested_parts_mail(100_000)),
    "MIME depth 100,000, check": Case(CHECK, lambda: generate_nested_parts_mail(100_000)),
    "200,000 MIME parts": Case(CLASSIFY, lambda: generate_many_parts_mail(200_000)),
    "700,000 encoded words, classify": Case(
        CLASSIFY,
        lambda: generate_patch_mail(
            generate_small_diff(),
            head=HEAD + "Subject: " + "=?utf-8?q?a?= " * 700_000 + "\n",
        ),
        refused=True,
    ),
    "1,000,000 folds, classify": Case(
        CLASSIFY,
        lambda: generate_patch_mail(
            generate_small_diff(), head=header_text("X-Long: a" + "\n a" * M)
        ),
        refused=True,
    ),
    "1,000,000 lines of mail, classify": Case(
        CLASSIFY,
        lambda: generate_patch_mail(
            generate_small_diff(),
            message="> quoted\nI do not think so.\n" * (M // 2) + SIGNED,
        ),
    ),
    "4,000 tags, maintainers": Case(
        ("maintainers", "--tree", "."),
        lambda: generate_patch_mail(generate_small_diff(), message=generate_many_tags(4000)),
    ),
    "100,000 files, maintainers": Case(
        ("maintainers", "--tree", "."),
        lambda: generate_patch_mail(generate_many_files_diff(100_000)),
    ),
    "1,000,000-line hunk, maintainers": Case(
        ("maintainers", "--tree", "."),
        lambda: generate_patch_mail(generate_new_file_diff("a/frob.c", M, generate_code_lines(M))),
    ),
    "27 KB of fixes that undo each other, --diff": Case(
        FIX, bad_lines_patch(KB27, "*/", "\tif(a==b ){"), seconds=5
    ),
    "27 KB of a long line, --diff": Case(FIX, bad_lines_patch(KB27, "\t" + "a+b," * 95), seconds=3),
    "27 KB of blank lines, --diff": Case(FIX, bad_lines_patch(KB27, ""), seconds=3),
    "27 KB of else, --diff": Case(FIX, bad_lines_patch(KB27, "\t}", "\telse {"), seconds=3),
    "27 KB of open parentheses, --diff": Case(
        FIX, bad_lines_patch(KB27, "\tfrob(((a , b"), seconds=3
    ),
    "series of 2,000 patches, json": Case(
        ("check", "--jobs", "1", "--format", "json"),
        lambda: generate_numbered_series_mbox(2000),
    ),
    "thread of 20,000 mails, show": Case(
        ("track", "show"),
        lambda: generate_replies_mbox(20_000),
        seconds=2,
        megabytes=200,
        first=("track", "add", "--mbox"),
    ),
    "100,000 maintainers": Case(
        ("maintainers", "--tree", "."),
        lambda: generate_patch_mail(
            generate_new_file_diff("drivers/frob/frob.c", 100, generate_code_lines(100))
        ),
        named=lambda: generate_maintainers_file(100_000),
    ),
    "1,000,000-line hunk, --diff": Case(
        (*CHECK, "--diff"),
        lambda: generate_patch_mail(
            generate_new_file_diff("drivers/frob/frob.c", M, generate_code_lines(M))
        ),
    ),
}
MAINTAINERS = (
    "FROB\nM:\tAda <ada@example.org>\nS:\tMaintained\nF:\tdrivers/frob/\nK:\tfrob_read\n\n"
    + "THE REST\nM:\tB <b@example.org>\nS:\tBuried alive in reporters\nF:\t*\n"
)


def write_case_input(hostile_case: Case, folder: Path) -> None:
    if hostile_case.packed:
        compressor = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
        with folder.open("wb") as file:
            file.write(compressor.compress(HEAD.encode() + b"\n"))
            for _ in range(2048):
                file.write(compressor.compress(b"a" * (1 << 20)))
            file.write(compressor.flush())
        return
    with folder.open("w") as file:
        file.writelines(hostile_case.text())


def run_hostile_case(
    command: list[str], hostile_case: Case, folder: Path, seconds: float
) -> tuple[float, int, int, str]:
    """Run a case and return (CPU seconds, peak megabytes, exit code, first line of stderr).

    A run that takes too long is killed.
    """
    name = folder / ("case.patch.gz" if hostile_case.packed else "case.patch")
    write_case_input(hostile_case, name)
    errors = folder / "stderr"
    file_actions = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (
            os.POSIX_SPAWN_OPEN,
            2,
            str(errors),
            os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
            0o600,
        ),
    ]
    start_time = time.monotonic()
    original_folder = Path.cwd()
    os.chdir(folder)
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    if hostile_case.first:
        subprocess.run(
            [*command, *hostile_case.first, name.name],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    arguments = hostile_case.words if hostile_case.first else (*hostile_case.words, name.name)
    pid = os.posix_spawn(command[0], [*command, *arguments], environment, file_actions=file_actions)
    os.chdir(original_folder)
    while True:
        waited_pid, status, resource_usage = os.wait4(pid, os.WNOHANG)
        if waited_pid:
            break
        if time.monotonic() - start_time > seconds:
            os.kill(pid, signal.SIGKILL)
            _, status, resource_usage = os.wait4(pid, 0)
            break
        time.sleep(0.02)
    name.unlink()
    message = errors.read_text(errors="replace").strip().split("\n")[0]
    return (
        resource_usage.ru_utime + resource_usage.ru_stime,
        resource_usage.ru_maxrss // 1024,
        os.waitstatus_to_exitcode(status),
        message,
    )


def main() -> int:
    """Print the results, and return 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--command", default=str(Path(sys.executable).parent / "patchpilot"))
    parser.add_argument("--seconds", type=float, default=60.0, help="kill a run after this long")
    parser.add_argument("cases", nargs="*")
    args = parser.parse_args()
    missed_limits = 0
    print(f"{'case':38} {'seconds':>8} {'MB':>6} exit")
    for name, case_ in CASES.items():
        if args.cases and not any(name_part in name for name_part in args.cases):
            continue
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "MAINTAINERS").write_text(case_.named())
            seconds, peak_memory, code_, message = run_hostile_case(
                args.command.split(), case_, Path(folder), args.seconds
            )
        good = (
            seconds <= case_.seconds
            and peak_memory <= case_.megabytes
            and code_ in ((2,) if case_.refused else (0, 1))
        )
        missed_limits += not good
        print(
            f"{name:38} {seconds:8.2f} {peak_memory:6d} {code_:4d} "
            f" {'' if good else 'MISSED  '}{message[:110] if case_.refused or not good else ''}",
            flush=True,
        )
    return 1 if missed_limits else 0


if __name__ == "__main__":
    sys.exit(main())
