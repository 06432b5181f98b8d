# SPDX-License-Identifier: GPL-2.0-or-later
"""The rule packs, proven by the examples they carry."""
