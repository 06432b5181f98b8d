# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests build with: real git repositories, patches, mails and servers.

No tool is here: those are in tests/lab.
"""
