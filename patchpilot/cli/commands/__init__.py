# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs, one file each; every module has a click command called `command`."""
