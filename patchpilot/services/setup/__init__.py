# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands around a call: config, doctor, hooks, lts, rules, trust."""
