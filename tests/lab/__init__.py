# SPDX-License-Identifier: GPL-2.0-or-later
"""Contain programs that fit, measure and fuzz patchpilot. README.md lists them."""
