# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the sandbox's people, who are invented and have example domains."""

from patchpilot.model.address import Address

NEWCOMER = Address("Robin Newland", "robin@example.net")
LINUS = Address("Lena Torwald", "lena@example.org")
MAINTAINER = Address("Maya Okafor", "maya@acme.example.com")
NET_MAINTAINER = Address("Piet Vandam", "piet@example.org")
NET_REVIEWER = Address("Sana Qureshi", "sana@example.org")
STABLE = Address("Gustav Kron", "gustav@example.org")
BUILD_BOT = Address("build test robot", "robot@build.example.org")
CULPRIT_AUTHOR = Address("Tomas Havel", "tomas@acme.example.com")

CROWD = (
    CULPRIT_AUTHOR,
    Address("Ines Moreau", "ines@example.com"),
    Address("Jun Watanabe", "jun@example.net"),
    Address("Olga Petrenko", "olga@example.org"),
    Address("Kwame Boateng", "kwame@example.com"),
    Address("Freya Lindqvist", "freya@example.net"),
    Address("Arjun Nair", "arjun@example.com"),
    Address("Chloé Bernard", "chloe@example.org"),
    Address("Mateo Rojas", "mateo@example.net"),
    Address("Yara Haddad", "yara@example.com"),
)

KERNEL_LIST = "linux-kernel@lists.example.org"
NET_LIST = "netdev@lists.example.org"
REGRESSIONS_LIST = "regressions@lists.example.org"
SECURITY_TEAM = "security@example.org"
STABLE_LIST = "stable@vger.kernel.org"
"""The one real list, which the Cc: tag names; nothing leaves the sandbox."""
LISTS = (KERNEL_LIST, NET_LIST, STABLE_LIST)
"""Lists in the sandbox's archive."""
