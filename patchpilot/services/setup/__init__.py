# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs around a call: config, doctor, hooks, lts, rules, trust."""
