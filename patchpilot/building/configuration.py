# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel configuration for building objects, and the tools needed for it."""

import functools
import hashlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.run import environment, run
from patchpilot.errors import MissingError
from patchpilot.extras import system_command

NEEDED = ("make", "flex", "bison", "bc", "perl")
OPTIONAL = {
    "sparse": "wrong address spaces and byte orders",
    "spatch": "matches of the tree's semantic patches",
    "clang": "warnings that gcc lacks",
}
"""Programs that are used if they are installed, each with what it finds."""
_SOURCE_ARCH = {
    "x86_64": "x86",
    "i386": "x86",
    "sparc64": "sparc",
    "parisc64": "parisc",
}
_HOST = {
    "x86_64": "x86_64",
    "aarch64": "arm64",
    "ppc64le": "powerpc",
    "riscv64": "riscv",
}
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ")
_KEPT_STARTS = ("CCACHE_", "DISTCC_")


class Configuration(NamedTuple):
    """A kernel configuration: ARCH, the compiler, and the symbols to set on top of allnoconfig.

    `given` is the text of a .config that replaces these. A `minimal` configuration disables
    everything that the objects do not need, and builds the objects in. `wanted` are the symbols
    that must be enabled in it.
    """

    arch: str
    llvm: bool
    fragment: str = ""
    given: str | None = None
    wanted: tuple[str, ...] = ()
    checks: bool = False
    minimal: bool = False

    @property
    def label(self) -> str:
        """Return the configuration's name for messages."""
        more = (
            " .config" if self.given else " minimal, built in" if self.minimal else ""
        )
        return f"{self.arch} {self.compiler}{more}"

    @property
    def compiler(self) -> str:
        """Return the name of the compiler."""
        return "clang" if self.llvm else "gcc"

    @property
    def uses_sparse(self) -> bool:
        """Return whether sparse checks the objects."""
        return self.checks and shutil.which("sparse") is not None

    @property
    def folder(self) -> str:
        """Return the output directory's name, shared by configurations with the same tools."""
        return f"out-{self.arch}-{self.compiler}{'-min' if self.minimal else ''}"

    @property
    def source_arch(self) -> str:
        """Return the name of the directory in arch/."""
        return source_arch(self.arch)

    @property
    def words(self) -> tuple[str, ...]:
        """Return the variables passed to make."""
        words = [f"ARCH={self.arch}"]
        if self.llvm:
            words += ["LLVM=1"] if shutil.which("ld.lld") else ["CC=clang"]
        elif shutil.which("ccache"):
            words.append("CC=ccache gcc")
        return tuple(words)

    @property
    def key(self) -> str:
        """Return a digest of the settings and the compiler's version."""
        checker = self.checks and compiler_version("sparse")
        text = repr((self, compiler_version(self.compiler), checker))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def source_arch(arch: str) -> str:
    """Return the name of the directory in arch/ for a value of ARCH."""
    return _SOURCE_ARCH.get(arch, arch)


def host_arch() -> str:
    """Return the value of ARCH for this machine."""
    machine = os.uname().machine
    return _HOST.get(machine, machine)


@functools.cache
def compiler_version(program: str) -> str:
    """Return the first line of a compiler's --version output, or "" if it is not installed.

    It is used as a cache key.
    """
    if not shutil.which(program):
        return ""
    done = run([program, "--version"], env=environment(), timeout=20)
    return (done.text or done.error_text).partition("\n")[0].strip()


def find_missing_programs(programs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the programs that are not installed."""
    return tuple(name for name in programs if not shutil.which(name))


def require_tools(compiler: str) -> None:
    """Raise MissingError if a tool for building is not installed."""
    programs = find_missing_programs((*NEEDED, compiler))
    if programs:
        raise MissingError(
            f"cannot build: not installed: {', '.join(programs)}",
            hint=system_command(*programs),
        )


def make_environment() -> dict[str, str]:
    """Return the environment for make.

    Variables that change the behavior of the kernel's make, or that may contain a secret, are
    removed.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_STARTS)
    }
    return kept | {"LC_ALL": "C", "LANG": "C", "KBUILD_BUILD_TIMESTAMP": "0"}


@functools.cache
def sandbox() -> tuple[str, ...]:
    """Return the command prefix that runs a command without network access.

    Return () if this machine does not allow that.
    """
    words = ("unshare", "-rn", "--")
    if not shutil.which(words[0]):
        return ()
    try:
        done = run([*words, "true"], env=environment(), cwd=Path("/"), timeout=20)
    except MissingError:
        return ()
    return words if done.code == 0 else ()
