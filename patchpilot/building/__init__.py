# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the affected objects before and after a commit, and report new warnings and errors."""
