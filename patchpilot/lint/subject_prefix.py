# SPDX-License-Identifier: GPL-2.0-or-later
"""The prefixes of a subject: the names before its colons."""

from patchpilot.cache.cached_re import compile_late

_PREFIX = compile_late(
    r"^([\w./+@,*{}|&<>=-]+(?:\s?\([^)]*\)|\[[^\]]*\])?(?:"
    r" [\w./(),-]+){0,2})\s*:(?!:)\s*(?=\S)(.*)$"
)
_DRIVER = compile_late(r"^(\([\w/,. -]+\))\s+(.*)$")
_GENERATED = compile_late(r"(?:Revert|Reapply) \"|Merge |Linux \d")


def split_prefix(title: str) -> tuple[tuple[str, ...], str]:
    """Split a title into its prefixes and the rest.

    "net: phy: fix it" becomes (("net", "phy"), "fix it").
    """
    prefixes: list[str] = []
    rest = title
    while found := _PREFIX.match(rest):
        if len(found[1]) > 50 or (prefixes and len(found[1].split()) > 2):
            break
        prefixes.append(found[1])
        rest = found[2]
    # the hwmon form: "hwmon: (driver) do it"
    if prefixes and (found := _DRIVER.match(rest)):
        prefixes.append(found[1])
        rest = found[2]
    return tuple(prefixes), rest


def prefix_of(title: str) -> str:
    """Return the normalized prefixes of a title: "net: phy" for "net:phy : fix it"."""
    return ": ".join(split_prefix(title)[0])


def written_prefix(title: str) -> str:
    """Return the prefixes of a title as written, such as "net: phy:", or ""."""
    parts, rest = split_prefix(title)
    return title[: len(title) - len(rest)].strip() if parts else ""


def is_plain(title: str) -> bool:
    """Return whether a title describes a change.

    The generated titles of reverts, merges and releases do not.
    """
    return bool(title) and not _GENERATED.match(title)
