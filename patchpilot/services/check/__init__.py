# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `check`: patches in, findings and fixes out."""
