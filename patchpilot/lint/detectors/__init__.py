# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the detectors that rules name. A detector takes a patch and a rule's arguments, and
returns hits.
"""
