# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure the fixed cost of checking a small patch, for `make bench`.

The cost is the number of imports, classes and compiled patterns. These counts are exact and the
same on every machine.
"""

import compileall
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LIMITS = {
    "modules of patchpilot": 105,
    "modules": 225,
    "data classes": 0,
    "compiled patterns": 55,
}
"""Limits for a check with all caches filled."""
PATCH = """\
From: Ada Fixer <ada@example.org>
Subject: [PATCH] frob: wait for the ring to drain

The interrupt may still fill the ring while it is freed. Wait until the
device has stopped.

Signed-off-by: Ada Fixer <ada@example.org>
---
 drivers/frob/ring.c | 3 ++-
 1 file changed, 2 insertions(+), 1 deletion(-)

diff --git a/drivers/frob/ring.c b/drivers/frob/ring.c
--- a/drivers/frob/ring.c
+++ b/drivers/frob/ring.c
@@ -10,5 +10,6 @@ static void frob_ring_free(struct frob *frob)
 {
 \tstruct ring *ring = frob->ring;

-\tkfree(ring);
+\tif (frob_ring_wait(ring))
+\t\tkfree(ring);
 }
"""
COUNTING = """
import os, sys
data_classes, patterns = [], []
import re._compiler as compiler
compile = compiler.compile
def counted(pattern, *more):
    patterns.append(pattern)
    return compile(pattern, *more)
compiler.compile = counted
def end(code):
    counts = {
        "modules": len(sys.modules),
        "modules of patchpilot": sum(name.startswith("patchpilot") for name in sys.modules),
        "data classes": sum(
            hasattr(value, "__dataclass_fields__") and value.__module__ == name
            for name, module in list(sys.modules.items()) if name.startswith("patchpilot") for value in vars(module).values() if isinstance(value, type)
        ),
        "compiled patterns": len(patterns),
    }
    import json
    print("\\n" + json.dumps(counts), file=sys.stderr, flush=True)
    leave(0)
leave, os._exit = os._exit, end
from patchpilot.__main__ import main
sys.argv[0] = "patchpilot"
main()
"""  # noqa: E501


def count_startup_work(*arguments: str) -> dict[str, int]:
    """Return the numbers of imports, created classes and compiled patterns in this process."""
    completed = subprocess.run(
        [sys.executable, "-c", COUNTING, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(completed.stderr.splitlines()[-1]))


def main() -> int:
    """Print the counts for a run with caches; return 1 if one exceeds its limit."""
    # with PYTHONDONTWRITEBYTECODE, every run would compile the sources
    compileall.compile_dir(str(Path(__file__).parents[2] / "patchpilot"), quiet=2)
    with tempfile.TemporaryDirectory() as scratch_folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(scratch_folder, "cache"))
        patch = Path(scratch_folder, "a.patch")
        patch.write_text(PATCH)
        check_arguments = ("check", "--fail-on", "never", str(patch))
        count_startup_work(*check_arguments)
        cached_counts = count_startup_work(*check_arguments)
        for name, limit in LIMITS.items():
            verdict = "  OVER" if cached_counts[name] > limit else ""
            print(f"start-up, {name}: {cached_counts[name]} (at most {limit}){verdict}")
    return any(cached_counts[name] > limit for name, limit in LIMITS.items())


if __name__ == "__main__":
    sys.exit(main())
