# SPDX-License-Identifier: GPL-2.0-or-later
"""The archive: threads read, replies classified, where a fix has landed."""
