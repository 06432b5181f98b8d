# SPDX-License-Identifier: GPL-2.0-or-later
"""The detectors that rules name, which take a patch and a rule's arguments and return hits."""
