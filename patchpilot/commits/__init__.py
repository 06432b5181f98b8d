# SPDX-License-Identifier: GPL-2.0-or-later
"""The repository: the one door to git, and TARGET → Series."""
