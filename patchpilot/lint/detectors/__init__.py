# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the detectors that rules name.

They take a patch and a rule's arguments and return hits.
"""
