# SPDX-License-Identifier: GPL-2.0-or-later
"""Find which kernel printed a log, and the upstream release on which it is based.

A distribution's kernel has its own name. Debian names the stable release in the package version,
Ubuntu in a signature; Red Hat keeps the release that it started from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.model.json_form import json_form

_RELEASE = r"\d+\.\d+(?:\.\d+){0,3}(?:[-+.~_][A-Za-z0-9][\w.+~-]{0,80}|\+)?"
_NAMED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"Linux version (?P<release>{_RELEASE})",
        rf"(?<![\w.,-])(?P<release>{_RELEASE}) (?P<build>#\d+)(?![\d:])",
        r"ainted:?[^#\n]{0,80}? (?P<release>\d+\.\d+\.\d[\w.+~-]{0,80})(?: |$)",
        rf"^\s*RELEASE: (?P<release>{_RELEASE})",
        r"\bLinux \S+ (?P<release>\d+\.\d+\.\d+[\w.+~-]*) ",
        r"\b[Kk]ernel(?i: version| release)?[:*_`]* +`?(?P<release>\d+\.\d+\.\d+[\w.+~-]*)",
        rf"/lib/modules/(?P<release>{_RELEASE})/",
    )
)  # fmt: skip
_DEBIAN = re.compile(r"#\d+\b[^#]*?(?P<package>\bDebian (?:\d+:)?(?P<release>\d+\.\d+[\w.~+]*))")
_UBUNTU = re.compile(
    r"(?P<package>\bUbuntu \d[\w.]*-\d+\.\d+[\w.~+-]* (?P<release>\d+\.\d+\.\d+))\b"
)
_UPSTREAM = re.compile(
    r"(?P<base>\d+\.\d+)(?:\.(?P<stable>\d+))?(?:[~-](?:0\.)?(?:rc)(?P<candidate>\d+))?"
)


@json_form("named release source")
@dataclass(frozen=True, slots=True)
class KernelVersion:
    """The kernel that printed a log.

    `named` is its release as the log has it, for example 6.1.0-18-amd64, and `release` the upstream
    release on which it is based, for example 6.1.76. `source` is the part of the log that names the
    upstream release. All are empty if the log names no kernel.
    """

    named: str = ""
    release: str = ""
    source: str = ""

    @property
    def words(self) -> str:
        """Return the kernel, and the release on which it is based if the name is another one."""
        if not self.release or self.named in (self.release, f"{self.release}.0"):
            return self.named
        return f"{self.named}, based on v{self.release}"

    def __bool__(self) -> bool:
        return bool(self.named)


NO_VERSION = KernelVersion()


def find_kernel_version(lines: Sequence[str], first_error: int = 0) -> KernelVersion:
    """Return the kernel that the lines name.

    A log may have several boots: the kernel is the one that the first error names, otherwise the
    last one before it.
    """
    named = [
        (number, version)
        for number, line in enumerate(lines)
        if (version := read_kernel_version(line))
    ]
    after = [version for number, version in named if number >= first_error]
    if not named:
        return NO_VERSION
    version = after[0] if after else named[-1][1]
    # another line may name the package of the same kernel
    same = (other for _, other in named if other.named == version.named)
    return max(same, key=lambda other: other.source != other.named)


def read_kernel_version(line: str) -> KernelVersion:
    """Return the kernel that a line names."""
    match = next((found for pattern in _NAMED if (found := pattern.search(line))), None)
    if match is None:
        return NO_VERSION
    named = match["release"].rstrip(".,:;")
    package = _DEBIAN.search(line) or _UBUNTU.search(line)
    if package:
        return KernelVersion(named, find_upstream_release(package["release"]), package["package"])
    return KernelVersion(named, find_upstream_release(named), named)


def find_upstream_release(release: str) -> str:
    """Return the upstream release of a kernel's release, named as its tag is, but without "v".

    That of 6.1.76-1-lts is 6.1.76, that of 6.8.0-rc3+ is 6.8-rc3.
    """
    match = _UPSTREAM.match(release)
    if not match:
        return ""
    if match["candidate"]:
        return f"{match['base']}-rc{match['candidate']}"
    stable = match["stable"]
    return match["base"] if stable in (None, "0") else f"{match['base']}.{stable}"
