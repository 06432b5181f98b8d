# SPDX-License-Identifier: GPL-2.0-or-later
"""A mutation check: one small change to the code at a time, and whether a test fails because of it.

python -m tests.lab.mutants             # a seeded sample; what is known in .mutants/ is not run
again python -m tests.lab.mutants --again     # the survivors once more, with the tests as they are
now
"""
