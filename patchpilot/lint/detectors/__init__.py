# SPDX-License-Identifier: GPL-2.0-or-later
"""The detectors that rules name; each takes a rule's arguments and a patch and gives findings."""
