# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a cached pattern works like a compiled one, and that `re` is not modified."""

import subprocess
import sys
from pathlib import Path

import pytest

from patchpilot.cache.entries import cache_dir

pytestmark = pytest.mark.usefixtures("cold_cache")

PROGRAM = r"""
import re
import sys
before = (re._compiler.compile, re.compile)
compiled = []
from patchpilot.cache import cached_re
real = re.compile
cached_re.WORTH_WRITING = 1
re.compile = lambda pattern, flags=0: compiled.append(pattern) or real(pattern, flags)
form = cached_re._compile_to_form
cached_re._compile_to_form = lambda *given: compiled.append(given) or form(*given)
compile_ = cached_re.compile_cached if sys.argv[1:] == ["use"] else re.compile
found = []
for pattern, flags, text in [
    (r"(?P<a>x+)(y)?(?P<b>z)", 0, "xxz"), (r"^a.c$", re.I | re.S, "A\nC"), (r"[α-ω]+", 0, "ααω"), (r"(?i)abc(?-i:D)", 0, "ABCD"),
    (r"(?<=a)b|(?!c)d", re.M, "ab"), (r"\bw{2,3}?\b", re.A, "ww"),
    # the same text with other flags is another pattern
    (r"^a.c$", 0, "A\nC"), (r"^a.c$", re.I, "Abc"), (r"^a.c$", re.S, "a\nc"), (r"(?<=a)b|(?!c)d", 0, "ab"), (r"\w", 0, "é"), (r"\w", re.A, "é"),
]:
    one = compile_(pattern, flags)
    match = one.search(text)
    found.append((one.pattern, one.flags, one.groups, dict(one.groupindex), match and (match.span(), match.groupdict(), match.lastgroup)))
re.compile = real
assert before == (re._compiler.compile, re.compile)
print(repr(found))
print(len(compiled), file=sys.stderr)
cached_re.save_compiled_patterns()
"""  # noqa: E501


def _run_program(*arguments: str, program: str = PROGRAM) -> tuple[str, int]:
    completed = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout, int(completed.stderr or 0)


def _list_cached_files() -> list[Path]:
    return list(cache_dir().glob("patterns-*"))


def test_cached_pattern_equals_the_pattern() -> None:
    plain, compiled = _run_program()
    assert compiled == 12
    assert not _list_cached_files()
    assert _run_program("use") == (plain, compiled)
    assert len(_list_cached_files()) == 1
    assert _run_program("use") == (plain, 0)


@pytest.mark.parametrize("content", [b"", b"no marshal", b"\xe3\x00\x00", b"i\x01\x00\x00\x00"])
def test_damaged_cache_file_is_ignored(content: bytes) -> None:
    plain, compiled = _run_program("use")
    (kept,) = _list_cached_files()
    kept.write_bytes(content)
    assert _run_program("use") == (plain, compiled)
    assert _run_program("use") == (plain, 0)


def test_broken_pattern_fails_on_first_compile() -> None:
    program = (
        "from patchpilot.cache import cached_re\n"
        "cached_re.WORTH_WRITING = 1\n"
        "cached_re.compile_cached('good')\n"
    )
    program += "import re\ntry:\n    cached_re.compile_cached('(')\nexcept re.error:\n"
    program += "    cached_re.save_compiled_patterns()\n    print('kept')\n"
    assert _run_program(program=program) == ("kept\n", 0)
