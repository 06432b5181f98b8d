# SPDX-License-Identifier: GPL-2.0-or-later
"""Define a kernel configuration for building objects, and the tools that it requires."""

import functools
import hashlib
import os
import shutil
from typing import NamedTuple

from patchpilot.commits.run import base_environment, run
from patchpilot.errors import MissingError
from patchpilot.extras import system_install_command

REQUIRED_PROGRAMS = ("make", "flex", "bison", "bc", "perl")
OPTIONAL_PROGRAMS = {
    "sparse": "wrong address spaces and byte orders",
    "spatch": "matches of the tree's semantic patches",
    "clang": "warnings that gcc lacks",
}
"""Programs that are used if installed, each with the problems that it finds."""
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


class Configuration(NamedTuple):
    """A kernel configuration: ARCH, the compiler, and the symbols to set on top of allnoconfig.

    `given` is the text of a .config to use instead of these symbols. A `minimal` configuration
    disables everything that the objects do not need, and builds the objects into the kernel instead
    of as modules. `wanted` contains the symbols that must be enabled.
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
        suffix = " .config" if self.given else " minimal, built in" if self.minimal else ""
        return f"{self.arch} {self.compiler}{suffix}"

    @property
    def compiler(self) -> str:
        return "clang" if self.llvm else "gcc"

    @property
    def uses_sparse(self) -> bool:
        """Return whether objects are checked by sparse."""
        return self.checks and shutil.which("sparse") is not None

    @property
    def folder(self) -> str:
        """Return the name of the output directory, which configurations with the same tools
        share.
        """
        return f"out-{self.arch}-{self.compiler}{'-min' if self.minimal else ''}"

    @property
    def source_arch(self) -> str:
        return source_arch(self.arch)

    @property
    def words(self) -> tuple[str, ...]:
        """Return the variable assignments to pass to make."""
        variables = [f"ARCH={self.arch}"]
        if self.llvm:
            variables += ["LLVM=1"] if shutil.which("ld.lld") else ["CC=clang"]
        elif shutil.which("ccache"):
            variables.append("CC=ccache gcc")
        return tuple(variables)

    @property
    def key(self) -> str:
        """Return a digest of the settings and the compiler's version."""
        checker = self.checks and compiler_version("sparse")
        text = repr((self, compiler_version(self.compiler), checker))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def source_arch(arch: str) -> str:
    """Return the directory in arch/ for a value of ARCH."""
    return _SOURCE_ARCH.get(arch, arch)


def host_arch() -> str:
    """Return the value of ARCH for this machine."""
    machine = os.uname().machine
    return _HOST.get(machine, machine)


@functools.cache
def compiler_version(program: str) -> str:
    """Return the first line of a program's --version output, or "" if it is not installed."""
    if not shutil.which(program):
        return ""
    outcome = run([program, "--version"], env=base_environment(), timeout=20)
    return (outcome.text or outcome.error_text).partition("\n")[0].strip()


def find_missing_programs(programs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the programs that are not installed."""
    return tuple(name for name in programs if not shutil.which(name))


def require_tools(compiler: str) -> None:
    """Raise MissingError if a tool for building is not installed."""
    programs = find_missing_programs((*REQUIRED_PROGRAMS, compiler))
    if programs:
        raise MissingError(
            f"cannot build: not installed: {', '.join(programs)}",
            hint=system_install_command(*programs),
        )
