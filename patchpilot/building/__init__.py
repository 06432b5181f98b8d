# SPDX-License-Identifier: GPL-2.0-or-later
"""Build objects of a kernel tree before and after a commit, and report new warnings and errors."""
