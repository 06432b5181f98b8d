# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the parsers of untrusted data on generated input. None may raise anything except errors for
the user, or use more than a second of CPU time or 500 MB.

    python -m tests.lab.fuzz [--inputs N] [--seed N] [PARSER …]

Inputs are pieces of real formats that are combined, truncated, repeated and damaged. N inputs
(default: 1,000,000) are divided among the parsers by cost. Each parser runs in a separate process,
to measure its peak memory. An input that fails is written to a file, whose name is printed.
"""

import argparse
import gzip
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

from patchpilot.errors import PatchpilotError

SECONDS, MEGABYTES = 1.0, 500
Run = Callable[[bytes], object]


class Parser(NamedTuple):
    """A parser with its share of the inputs, its constructor, and pieces of valid input."""

    share: int
    make: Callable[[], Run]
    pieces: tuple[str, ...]


def _make_text_runner(run_parser: Callable[[str], object]) -> Run:
    return lambda data: run_parser(data.decode("utf-8", "surrogateescape"))


def _make_mail_runner() -> Run:
    from patchpilot.model.mail import parse_mail
    from patchpilot.reading.mail_classifier import classify

    return lambda data: classify(parse_mail(data))


def _make_mbox_runner() -> Run:
    from patchpilot.reading.mbox import parse, unique

    return lambda data: unique(parse(data))


def _make_patch_runner() -> Run:
    from patchpilot.model.mail import parse_patch
    from patchpilot.model.patch import shorten_patch

    def check_patch(data: bytes) -> None:
        patch = shorten_patch(parse_patch(data, "x.patch"))
        assert set(patch.paths) >= {change.path for change in patch.files if change.path}
        assert patch.trailers is not None
        assert patch.diff_error is not patch

    return check_patch


def _make_hunks_runner() -> Run:
    from patchpilot.model.hunk_fit import fit_hunks
    from patchpilot.model.patch import parse_diff

    def parse_hunks_of(text: str) -> None:
        lines = tuple(f"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n{text}".split("\n"))
        for change in parse_diff(lines, 1).files:
            fit_hunks("a.c", ["int a;\n", "int b;\n", "x\n"] * 3, change.hunks)

    return _make_text_runner(parse_hunks_of)


def _make_trailers_runner() -> Run:
    from patchpilot.model.trailer import add_trailers, find_tags, parse_trailers

    def parse_trailers_of(text: str) -> None:
        lines = text.split("\n")
        assert all(
            parse_trailer.line < len(lines)
            for parse_trailer in (*parse_trailers(lines), *find_tags(lines, "Fixes"))
        )
        expected = [
            ("Fixes", 'abc ("x")'),
            ("Cc", "stable@vger.kernel.org"),
            ("Signed-off-by", "A <a@b.org>"),
        ]
        added_once = add_trailers(text, expected)
        assert add_trailers(added_once, expected) == added_once

    return _make_text_runner(parse_trailers_of)


def _make_addresses_runner() -> Run:
    from patchpilot.lint.detectors.tags import parse_mailbox
    from patchpilot.model.address import is_header_safe, parse_address, parse_addresses

    def parse_addresses_of(text: str) -> None:
        parse_mailbox(text)
        for address in (parse_address(text), *parse_addresses(text)):
            assert address is None or address.header() is not None
            assert address is None or is_header_safe(address) in (True, False)

    return _make_text_runner(parse_addresses_of)


def _make_words_runner() -> Run:
    from patchpilot.model.address import decode_words

    return _make_text_runner(decode_words)


def _make_subjects_runner() -> Run:
    from patchpilot.model.patch import parse_subject

    return _make_text_runner(parse_subject)


def _make_fixes_runner() -> Run:
    from patchpilot.history.fixes_tag import judge_message, parse_tag
    from patchpilot.projects.commit_marks import read_commit_marks

    def parse_fixes_of(text: str) -> None:
        parse_tag(text)
        read_commit_marks(text)
        judge_message(text.split("\n"), lambda _: None)

    return _make_text_runner(parse_fixes_of)


def _make_maintainers_runner() -> Run:
    from patchpilot.maintainers.load import (
        MaintainersFile,
        RoleWords,
        build_index,
        match_patch,
    )

    def parse_maintainers_of(text: str) -> None:
        file = MaintainersFile(text, build_index(text), RoleWords())
        match_patch(
            file,
            ("a/b.c", "xen/{a,b}", "drivers/net/x.h"),
            "say foo\n---\ndiff --git a/x b/x\n+foo bar_baz aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        )
        assert all(section.name is not None for section in file.sections)

    return _make_text_runner(parse_maintainers_of)


def _make_patterns_runner() -> Run:
    from patchpilot.model.bounded import BoundedPattern

    def run(text: str) -> None:
        for pattern in (
            BoundedPattern(text),
            BoundedPattern(text, extended=True, dialect="perl"),
        ):
            pattern.search("a" * 200)
            pattern.search("ab_ /\\" * 30)

    return _make_text_runner(run)


def _make_packs_runner() -> Run:
    from patchpilot.lint.pack import parse_pack
    from patchpilot.lint.rule_store import import_detectors

    import_detectors()
    return _make_text_runner(lambda text: parse_pack(text, "x.toml"))


def _make_settings_runner() -> Run:
    from patchpilot.config import load_settings
    from patchpilot.lint.waivers import parse_waiver_tables

    return _make_text_runner(lambda text: parse_waiver_tables(load_settings(text).waivers, "x"))


def _make_b4_runner() -> Run:
    from patchpilot.commits import b4_prep

    def parse_b4_text(text: str) -> None:
        series = b4_prep._parse_series(text) or {}
        b4_prep._parse_history(series.get("history"))
        b4_prep._parse_number(series.get("revision"))
        b4_prep._parse_strings(series.get("prefixes"))
        b4_prep._split_addresses(b4_prep._strip_comments(text))

    return _make_text_runner(parse_b4_text)


def _make_gzip_runner() -> Run:
    from patchpilot.model.bounded_gzip import unpack_gzip

    return lambda data: unpack_gzip(data, "x.gz", 1 << 20)


def _make_bisect_runner() -> Run:
    from patchpilot.tags.bisect_log import parse_bisection

    return _make_text_runner(parse_bisection)


def _make_replies_runner() -> Run:
    from patchpilot.model.address import Address
    from patchpilot.reading.reply_body import parse_body
    from patchpilot.reading.review_trailers import given_trailers

    return _make_text_runner(lambda text: given_trailers(parse_body(text), Address("A", "a@b.org")))


def _make_check_runner() -> Run:
    from patchpilot.checking.driver import Driver
    from patchpilot.lint.lint_context import Options
    from patchpilot.model.mail import parse_patch
    from patchpilot.model.patch import Series

    return lambda data: Driver(Options(strict=True)).check(
        [Series((parse_patch(data, "x.patch"),))]
    )


def _make_fix_runner() -> Run:
    from patchpilot.checking.apply_fixes import fix_findings
    from patchpilot.checking.driver import Driver, PatchSource
    from patchpilot.lint.lint_context import Options

    driver = Driver(Options(strict=True))
    return lambda data: fix_findings(driver, PatchSource(["-"], stdin=data), write=False)


_HEAD = (
    "From: A <a@b.org>\n",
    "Subject: [PATCH v2 1/3] x: y\n",
    "Date: Tue, 6 Jan 2026 10:00:00 +0000\n",
    "Message-ID: <1@x>\n",
    "\n",
    "\n",
)
_MIME = (
    "Content-Type: multipart/mixed; boundary=b\n", "--b\n", "--b--\n", "Content-Transfer-Encoding: base64\n", "MIME-Version: 1.0\n",  # noqa: E501
    "Content-Type: text/plain; charset=utf-7\n", "Content-Transfer-Encoding: quoted-printable\n", "=C3=\n", "/////\n", "In-Reply-To: <2@x>\n",  # noqa: E501
    "References: <1@x> <2@x>\n", "To: a@b, c <d@e>,\n", " folded\n", "Content-Type: message/rfc822\n", "=?utf-8?b?/////?=",  # noqa: E501
)  # fmt: skip
_DIFF = (
    "diff --git a/a.c b/a.c\n", "--- a/a.c\n", "+++ b/a.c\n", "@@ -1,1 +1,2 @@\n", "@@ -1 +1 @@ x\n", " int a;\n", "+int b;  \n", "-int a;\n",  # noqa: E501
    "+\tif (a) {\n", "+}\n", '+ "', "+/* the the \n", "+#define X(a) a\\\n", "\\ No newline at end of file\n", "rename from a\n", "-- \n2.43\n",  # noqa: E501
    "--- /dev/null\n", '"a/\\303\\274"', "@@ -99999999999999999999,1 +1,9 @@\n", "+ * @x: y\n", "+EXPORT_SYMBOL(x);\n", "GIT binary patch\n",  # noqa: E501
)  # fmt: skip
_TAGS = (
    "Fixes: 123456789abc (\"x: y\")\n", "Signed-off-by: A <a@b.org>\n", "Cc: stable@vger.kernel.org # 6.1\n", "Link: https://x/y\n", "\n", "Text.\n",  # noqa: E501
    "Reviewed-by: \"B\" <b@c>\n", "[a: b]\n", " folded\n", "---\n", "commit 0123456789abcdef0123456789abcdef01234567 upstream.\n", "Fixes:", ": ",  # noqa: E501
    "This reverts commit 0123456789ab.\n", "(cherry picked from commit 0123456789ab)\n", "Acked-by: =?utf-8?q?a?= <a@b>\n", "A short text\n",  # noqa: E501
)  # fmt: skip
_REPLY = (
    "> quoted\n",
    "On Mon, A wrote:\n",
    "Reviewed-by: A <a@b.org>\n",
    "Applied, thanks!\n",
    "NACK\n",
    ">> two\n",
    "\n",
    "-- \nA\n",
    "Queued for 6.1\n",
)
_PATTERN = (
    "a", "b", "?", "*", "+", "(", ")", "[", "]", "{", "}", ",", "|", "\\", "^", "$", ".", "(?:", "(?=", "(?<!", "\\1", "1000", "\\b", "#", " ",  # noqa: E501
    "a?", "(a+)+", "{1,99}", "(?P<x>", "[[:alpha:]]", "\\h", "\\Z", "(?i)", "(?>", "\\d", "-", "_", "\\x{41}", "\\Q", "\\p{L}",  # noqa: E501
)  # fmt: skip
_TOML = (
    "[[rule]]\n", "id = 'X001'\n", "name = \"a-b\"\n", "severity = \"error\"\n", "scope = \"diff\"\n", "summary = \"s\"\n", "why = \"w\"\n", "= 1\n",  # noqa: E501
    "reference = \"r\"\n", "[rule.match]\n", "detector = \"like\"\n", "pattern = \"(a+)+\"\n", "where = \"added\"\n", "[[rule.bad]]\n", "code = 'a'\n",  # noqa: E501
    "[[rule.good]]\n", "match = 1\n", "[[waiver]]\n", "rule = \"X001\"\n", "reason = 'z'\n", "path = [1]\n", "strict = true\n", "bad = []\n", "until = 1\n",  # noqa: E501
    "[", "]", "{", "\"", "rule = [1]\n", "packs = ['a']\n", "ignore = 3\n", "max-line-length = 10\n", "profile = 'u-boot'\n", "base = [[]]\n", "good = [2]\n",  # noqa: E501
)  # fmt: skip
_B4 = (
    '{"series":',
    '{"revision": 2,',
    '"history": {"v1": ["a"]},',
    "}",
    "[",
    "]",
    '"prefixes": ["x"]',
    "# x\n",
    "To: a@b\n",
    "---\n",
    "\n",
)
_ID = "0123456789abcdef0123456789abcdef01234567"
_BISECT = (
    "git bisect good ",
    "git bisect bad ",
    f"# bad: [{_ID}] x\n",
    "0123456789ab",
    "\n",
    "first bad commit",
)
PARSERS: dict[str, Parser] = {
    "mail": Parser(60, _make_mail_runner, (*_HEAD, *_MIME, *_REPLY)),
    "mbox": Parser(
        40,
        _make_mbox_runner,
        (
            "From mboxrd@z Thu Jan  1 00:00:00 1970\n",
            "\n\nFrom a Mon Jan  1\n",
            ">From x\n",
            *_HEAD,
        ),
    ),
    "patch": Parser(40, _make_patch_runner, (*_HEAD, *_TAGS, *_DIFF)),
    "hunks": Parser(50, _make_hunks_runner, _DIFF),
    "trailers": Parser(120, _make_trailers_runner, _TAGS),
    "addresses": Parser(
        100,
        _make_addresses_runner,
        (
            "A",
            "<",
            ">",
            "a@b.org",
            ",",
            '"',
            "(",
            ")",
            "\\",
            ";",
            ":",
            "=?utf-8?q?a?=",
            " ",
            "@",
            "\t",
            "..",
            "[1]",
        ),
    ),
    "encoded words": Parser(
        120,
        _make_words_runner,
        (
            "=?",
            "?=",
            "?q?",
            "?b?",
            "utf-8",
            "/////",
            "=",
            "a",
            " ",
            "gb2312",
            "?",
            "*en",
            "utf-7",
            "=C3",
            "+2AA-",
        ),
    ),
    "subjects": Parser(
        100,
        _make_subjects_runner,
        (
            "[",
            "]",
            "PATCH",
            "v2",
            "1/3",
            "Re:",
            " ",
            "net-next",
            "x: y",
            "RFC",
            "6.1.y",
            ",",
            "[PATCH",
            "99999999",
            "/",
        ),
    ),
    "Fixes: tags": Parser(90, _make_fixes_runner, _TAGS),
    "MAINTAINERS": Parser(
        30,
        _make_maintainers_runner,
        (
            "X\n",
            "M:\tA <a@b>\n",
            "F:\t",
            "K:\t",
            "N:\t",
            "X:\ta/\n",
            "\n",
            "a/*\n",
            "S:\tOdd\n",
            "T:\tgit x\n",
            *_PATTERN,
        ),
    ),
    "patterns": Parser(60, _make_patterns_runner, _PATTERN),
    "packs": Parser(20, _make_packs_runner, _TOML),
    "settings": Parser(40, _make_settings_runner, _TOML),
    "b4 tracking": Parser(50, _make_b4_runner, _B4),
    "gzip": Parser(60, _make_gzip_runner, ("\x1f\x8b", "\0", "\x08", "abc")),
    "bisect logs": Parser(50, _make_bisect_runner, _BISECT),
    "replies": Parser(25, _make_replies_runner, (*_REPLY, *_TAGS, *_DIFF)),
    "check": Parser(2, _make_check_runner, (*_HEAD, *_TAGS, *_DIFF)),
    "fix": Parser(2, _make_fix_runner, (*_HEAD, *_TAGS, *_DIFF)),
}
_STARTS = {
    "patch": (
        "From: A <a@b.org>\nSubject: [PATCH] x: y\n\nText.\n\nSigned-off-by: A <a@b.org>\n---\n"
    ),
    "mbox": "From mboxrd@z Thu Jan  1 00:00:00 1970\n",
    "hunks": "@@ -1,1 +1,2 @@\n",
    "packs": "[[rule]]\n",
}
_STARTS |= dict.fromkeys(
    ("check", "fix"),
    _STARTS["patch"] + "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,4 @@\n int a;\n",
)


def make_random_input(name: str, rng: random.Random) -> bytes:
    input_pieces = PARSERS[name].pieces
    text = _STARTS.get(name, "") if rng.random() < 0.8 else ""
    text += "".join(rng.choices(input_pieces, k=rng.randint(1, 24)))
    if rng.random() < 0.15:
        text += rng.choice(input_pieces) * rng.choice((8, 40, 200))
    data = text.encode("utf-8", "surrogateescape")
    if name == "gzip":
        data = gzip.compress(data * rng.randint(1, 20), rng.choice((1, 9)))
    damage_kind = rng.random()
    if damage_kind < 0.5 and data:
        changed_data = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            offset = rng.randrange(len(changed_data))
            changed_data[offset : offset + rng.randint(0, 3)] = rng.choice(
                (
                    b"",
                    b"\0",
                    b"\xff",
                    b"\r",
                    b"\n",
                    b" ",
                    b"\xc3\xbc",
                    b"9",
                    b"\t",
                    rng.randbytes(2),
                )
            )
            if not changed_data:
                break
        data = bytes(changed_data)
    return data


def run_parser_on_input(run_parser: Run, data: bytes) -> str | None:
    """Run the parser on one input. Return the error that this causes, or None."""
    start = time.process_time()
    try:
        run_parser(data)
    except PatchpilotError:
        pass
    except RecursionError:
        return "RecursionError"
    except BaseException:  # noqa: BLE001
        return traceback.format_exc()
    elapsed = time.process_time() - start
    return f"{elapsed:.2f} s" if elapsed > SECONDS else None


def fuzz_parser(name: str, count: int, seed: int) -> int:
    """Fuzz one parser and print the result; return 1 if an input failed."""
    rng = random.Random(f"{name} {seed}")
    run_parser = PARSERS[name].make()
    run_parser_on_input(run_parser, make_random_input(name, rng))
    start, errors = time.process_time(), 0
    for _ in range(count):
        data = make_random_input(name, rng)
        error = run_parser_on_input(run_parser, data)
        if error:
            errors += 1
            if errors <= 5:
                with tempfile.NamedTemporaryFile(
                    "wb", prefix=f"fuzz-{name.replace(' ', '-')}-", delete=False
                ) as file:
                    file.write(data)
                print(f"{name}: {file.name}: {error}", file=sys.stderr, flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    errors += peak > MEGABYTES
    print(
        f"{name:14} {count:9,d} inputs {time.process_time() - start:8.1f} s {peak:5d} MB  {errors}"
        " failed",
        flush=True,
    )
    return 1 if errors else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("parsers", nargs="*", help=", ".join(PARSERS))
    args = parser.parse_args()
    names = args.parsers or list(PARSERS)
    if args.here:
        return fuzz_parser(names[0], args.inputs, args.seed)
    total_share = sum(PARSERS[name].share for name in names)
    failures = 0
    for name in names:
        count = max(1, args.inputs * PARSERS[name].share // total_share)
        unknown_names = [
            sys.executable,
            "-m",
            "tests.lab.fuzz",
            "--here",
            "--inputs",
            str(count),
            "--seed",
            str(args.seed),
            name,
        ]
        failures += subprocess.run(unknown_names, check=False).returncode != 0
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
