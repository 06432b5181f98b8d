# SPDX-License-Identifier: GPL-2.0-or-later
"""The scorer of fixes sees what a fix damages, and accepts what the rules' pages state as
equivalent.
"""

import pytest

from tests.lab.fix_table import damage
from tests.lint.fixing.test_mend import patch_of

OLD = patch_of(" \tint ret;\n+\tuint32_t a = frob(0x1F);\n \tint more;")


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("frob(0x1F)", "frob( 0x1F )", ""),
        ("uint32_t a = frob(0x1F)", "u32 a = frob(0x1f)", ""),
        ("frob(0x1F)", "frob(0x2F)", "'0x1F' becomes '0x2F'"),
        (" \tint more;", " \tint  more;", "does not apply"),
        ("@@ -10,2 +10,3 @@", "@@ -10,2 +10,4 @@", "does not apply"),
    ],
)
def test_damage_is_seen(old: str, new: str, seen: str) -> None:
    assert OLD.replace(old, new) != OLD
    assert damage(OLD.encode(), OLD.replace(old, new).encode(), None) == seen
