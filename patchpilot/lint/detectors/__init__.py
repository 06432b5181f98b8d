# SPDX-License-Identifier: GPL-2.0-or-later
"""The detectors that rules name; each takes a patch and a rule's arguments and returns hits."""
