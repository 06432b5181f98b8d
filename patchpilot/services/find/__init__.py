# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `find`: find commits that may fix a symptom, and bisect among them."""
