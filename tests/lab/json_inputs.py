# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/lab/json_record.py has the verbs read: a repository, patch files, mails.

Always the same, and made without patchpilot or the kit, so that a checkout of any age is asked the
same questions."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

EPOCH = 1_700_000_000
SIGNED = "Signed-off-by: Ada Fixer <ada@example.org>\n"
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Fixer",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Fixer",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}
MAINTAINERS = """\
List of maintainers
===================

FOO DRIVER
M:	Matt Maintainer <matt@example.com>
M:	"Bo, Jr." <bo@example.net>
R:	Rita Reviewer <rita@example.net>
L:	foo@lists.example.org (moderated for non-subscribers)
S:	Maintained
W:	https://foo.example.org
Q:	https://patchwork.example.org/foo
B:	https://bugs.example.org
C:	irc://irc.example.org/foo
P:	Documentation/process/foo.rst
T:	git git://git.example.org/foo.git for-next
F:	drivers/foo/
F:	include/linux/foo*.h
X:	drivers/foo/legacy/
K:	\\bfoo_(get|put)\\b

GADGET
M:	Gwen Gadget <gwen@example.com>
L:	gadget@lists.example.org (subscribers-only)
S:	Odd Fixes
N:	gadget[0-9]?

LEGACY FOO
L:	old-foo@lists.example.org
S:	Orphan
F:	drivers/foo/legacy/

NETWORKING [GENERAL]
M:	Eve Router <eve@example.net>
L:	netdev@vger.kernel.org
S:	Maintained
T:	git git://git.example.org/net.git
F:	net/

STALE THING
M:	Gus Gone <gus@example.net>
S:	Obsolete
F:	lib/stale.c

THE REST
M:	Linus Torvalds <torvalds@linux-foundation.org>
L:	linux-kernel@vger.kernel.org
S:	Buried alive in reporters
T:	git git://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git
F:	*
F:	*/
"""
FOO = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/foo.h>

static int foo_start(struct foo *foo)
{
	int rc;

	rc = bar(foo);
	return 0;
}

static int foo_length(struct foo *foo)
{
	return foo->length;
}

static void foo_stop(struct foo *foo)
{
	foo_put(foo);
}
"""
GADGET = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/foo.h>

int gadget_probe(struct foo *foo)
{
	int rc = foo_register(foo);

	if (rc)
		pr_err("failed\\n");
	return rc;
}
"""
START = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION =\nNAME = Example\n",
    "MAINTAINERS": MAINTAINERS,
    "Kconfig": 'mainmenu "Example"\n',
    "COPYING": "GPL-2.0\n",
    "drivers/foo/Makefile": "obj-y += foo.o\n",
    "drivers/foo/legacy/old.c": "int old;\n",
    "include/linux/foo.h": "/* SPDX-License-Identifier: GPL-2.0 */\nstruct foo { int length; };\n",
    "lib/stale.c": "int stale;\n",
    "lib/plain.c": "int plain;\n",
    "net/core.c": "int core;\n",
    "scripts/spelling.txt": "adress||address\nrecieve||receive\n",
    "Documentation/process/foo.rst": "Foo\n===\n",
}
TOML = 'fail-on = "warning"\npacks = ["ours.toml"]\n'
PACK = """\
[[rule]]
id = "OUR001"
name = "frobnicate"
severity = "warning"
scope = "message"
summary = "use tuning, not frobnication"
why = "This tree calls it tuning."
reference = "https://example.org/rules"
[rule.match]
detector = "like"
where = "message"
pattern = "[Ff]robnicat"
say = "use tuning, not frobnication"
[rule.fix]
kind = "none"
[[rule.bad]]
message = '''
Frobnicate the driver, frobnication is faster.
'''
[[rule.good]]
message = '''
Tune the driver.
'''
"""


class Repository:
    """A git repository under construction; each commit is a minute later than the one before."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.path, self.environment, self.clock = path, environment, EPOCH
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "master", ".")

    def git(self, *words: str, stdin: str = "") -> str:
        """The output of a git command that has to succeed."""
        stamp = f"{self.clock} +0000"
        environment = {
            **self.environment,
            **IDENTITY,
            "GIT_AUTHOR_DATE": stamp,
            "GIT_COMMITTER_DATE": stamp,
        }
        done = subprocess.run(
            ["git", *words],
            cwd=self.path,
            env=environment,
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"git {' '.join(words)}: {done.stderr}")
        return done.stdout.strip("\n")

    def commit(self, message: str, files: Mapping[str, str] | None = None) -> str:
        """Commit these files; the id."""
        for name, text in (files or {}).items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self.clock += 60
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message)
        return self.git("rev-parse", "HEAD")

    def release(self, version: str) -> None:
        """Tag HEAD as a release."""
        self.git("tag", "-a", "-m", f"Linux {version[1:]}", version)

    def stable(
        self, version: str, start: str, *commits: tuple[str, dict[str, str]]
    ) -> None:
        """A stable branch that starts at a commit and has these more, as a remote branch."""
        self.git("checkout", "-q", "--detach", start)
        for message, files in commits:
            self.commit(message, files)
        self.git("update-ref", f"refs/remotes/stable/linux-{version}.y", "HEAD")
        self.git("checkout", "-q", "master")


def build(place: Path, environment: Mapping[str, str]) -> None:
    """Make `linux` (a repository on its branch `topic`), `patches`, `earlier`, `mails` and `tree`
    below a directory.
    """
    repo = repository(place / "linux", environment)
    for folder, span in (("series", "master..topic"), ("earlier", "master..topic-v1")):
        repo.git(
            "format-patch", "-q", "--no-signature", "-o", str(place / folder), span
        )
    write_patches(place / "patches")
    write_mails(place / "mails", repo)
    (place / "settings.toml").write_text(TOML)
    (place / "ours.toml").write_text(PACK)
    (place / "message.txt").write_text("Fixed the the driver.\nwith a second line\n")
    for name, text in START.items():
        (place / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "tree" / name).write_text(text)


def repository(path: Path, environment: Mapping[str, str]) -> Repository:
    """Releases, five stable branches (one with the fix, one without the bug, one in conflict …),
    and a topic of three commits in two versions.
    """
    repo = Repository(path, environment)
    start = repo.commit(f"Start\n\n{SIGNED}", START)
    repo.release("v6.1")
    culprit = repo.commit(
        f"foo: add foo\n\nA driver for foo.\n\n{SIGNED}", {"drivers/foo/foo.c": FOO}
    )
    repo.release("v6.6")
    counted = FOO.replace("\tint rc;\n", "\tint rc;\n\n\tfoo->count++;\n")
    repo.commit(
        f"foo: count the starts\n\nSomebody wants to know.\n\n{SIGNED}",
        {"drivers/foo/foo.c": counted},
    )
    repo.release("v6.12")
    gadget = repo.commit(
        f"gadget: add the driver\n\nGadgets are everywhere.\n\n{SIGNED}",
        {"drivers/gadget/gadget.c": GADGET},
    )
    repo.release("v6.18")
    checked = counted.replace(
        "\treturn foo->length;",
        "\tif (!foo)\n\t\treturn -EINVAL;\n\treturn foo->length;",
    )
    message = (
        f'foo: check the pointer in foo_length()\n\nIt may be NULL.\n\nFixes: {culprit[:12]} ("foo:'
        f' add foo")\nCc: stable@vger.kernel.org\n{SIGNED}'
    )
    landed = repo.commit(message, {"drivers/foo/foo.c": checked})
    repo.release("v6.19-rc1")
    repo.git("update-ref", "refs/remotes/origin/master", "master")
    only_foo = checked.replace("\n\tfoo->count++;\n", "", 1)
    repo.stable(
        "5.15",
        start,
        (
            f"foo: add foo\n\ncommit {culprit} upstream.\n\n{SIGNED}",
            {"drivers/foo/foo.c": FOO.replace("bar(foo)", "bar(foo, 1)")},
        ),
    )
    repo.stable(
        "6.1",
        start,
        (
            "Linux 6.1.1\n",
            {"Makefile": START["Makefile"].replace("SUBLEVEL = 0", "SUBLEVEL = 1")},
        ),
    )
    repo.stable(
        "6.6",
        "v6.6",
        (
            f"foo: check the pointer in foo_length()\n\ncommit {landed} upstream.\n\n{SIGNED}",
            {"drivers/foo/foo.c": only_foo},
        ),
    )
    repo.stable("6.12", "v6.12", ("Linux 6.12.1\n", {"lib/plain.c": "int plainer;\n"}))
    repo.stable(
        "6.18",
        "v6.18",
        (
            f"foo: start twice\n\n{SIGNED}",
            {
                "drivers/foo/foo.c": counted.replace(
                    "\treturn 0;\n", "\trc |= bar(foo);\n\treturn 0;\n"
                )
            },
        ),
    )
    for branch, last in (
        ("topic-v1", "failed: %d\\n"),
        ("topic", "cannot register: %d\\n"),
    ):
        repo.git("checkout", "-q", "-b", branch, "master")
        repo.git("branch", "-q", "-u", "master")
        _topic(repo, checked, culprit, gadget, last)
    repo.git("checkout", "-q", "-b", "good", "master")
    repo.git("branch", "-q", "-u", "master")
    _repair(repo, checked, culprit)
    repo.git("checkout", "-q", "topic")
    return repo


def _repair(repo: Repository, foo: str, culprit: str) -> str:
    """The commit of the topic that is ready to be sent; the file after it."""
    handed = foo.replace("\treturn 0;\n", "\treturn rc;\n")
    repo.commit(
        f"foo: hand up the error of bar()\n\nThe caller needs to know when bar() fails, or it goes"
        f" on with half\nof the device set up.\n\n"
        f'Fixes: {culprit[:12]} ("foo: add foo")\n{SIGNED}',
        {"drivers/foo/foo.c": handed},
    )
    return handed


def _topic(repo: Repository, foo: str, culprit: str, gadget: str, text: str) -> None:
    handed = _repair(repo, foo, culprit)
    stopped = handed.replace(
        "\tfoo_put(foo);\n", "\tif(foo != NULL)\n\t\tfoo_put( foo );   \n"
    )
    repo.commit(
        "foo: fix crash in foo_stop()\n\nrecieve no NULL pointer. This fixes commit "
        + culprit[:7]
        + ".\n\n"
        + SIGNED,
        {"drivers/foo/foo.c": stopped},
    )
    loud = GADGET.replace('pr_err("failed\\n");', f'pr_err("{text}", rc);')
    repo.commit(
        f'gadget: say what failed\n\nFixes: {gadget[:8]} ("gadget: add a driver")\nReviewed-By:'
        f" Rita Reviewer <rita@example.net>\n{SIGNED}",
        {"drivers/gadget/gadget.c": loud},
    )


CODE = {
    "0001-layout": (
        """\
+int Foo( int a,int b )
+{
+        int camelCase=a+b;   
+	if (a == NULL) return 1 ;
+	if(b){
+		return(0);
+	}
+	else {
+		for (;;) ;
+	}
+	switch (a) {
+	case 1: b = 2;
+	default:
+		break;
+	}
+	return !!strlcpy(x, y, sizeof(struct foo));
+}
"""
    ),
    "0002-macros": (
        """\
+#define SUM(a, b) a + b
+#define TWICE(x) do { x; x; } while (0);
+#define EMPTY
+#if 0
+extern int nothing;
+#endif
+#include <asm/io.h>
+// a comment of the other kind
+/*
+ * a comment
+ */
+static int zero = 0;
+typedef struct foo foo_t;
+volatile int counter;
"""
    ),
    "0003-api": (
        """\
+	printk("hello\\n");
+	udelay(3000);
+	msleep(1);
+	kfree(kmalloc(sizeof(struct foo) * 4, GFP_KERNEL));
+	if (ptr)
+		kfree(ptr);
+	BUG_ON(1);
+	strcpy(a, b);
+	yield();
+	memset(a, 0, 0);
+	seq_printf(m, "text");
+	return -ENOSYS;
+	sprintf(buf, "%pK %Lx", p, q);
+	dev_err(dev, "a message that is split "
+		"over two lines without need\\n");
+	simple_strtoul(a, NULL, 10);
+	in_atomic();
"""
    ),
    "0004-long": (
        '+	dev_info(&foo->dev->parent->device, "%s",'
        " foo_name_of_the_device_that_has_a_long_name(foo, foo->dev, foo->parent, 1));\n"
        + "+	int value = the_first_function_with_a_long_name(argument) +"
        " the_second_function_with_a_long_name(argument) + 1;\n"
    ),
}
MESSAGES = {
    "1001-subject": (
        "Fixed the driver.",
        "this is a adress. the the word is repeated\n\n" + SIGNED,
    ),
    "1002-no-signoff": ("foo: do a thing", "Because it is needed.\n"),
    "1003-tags": (
        "foo: repair it",
        "The driver crashed since commit deadbeef.\n\nFixes: 1234 (foo)\nFixes: 0123456789abcdef"
        ' ("foo: add foo")\nSigned-of-by: Ada Fixer <ada@example.org>\nCC:'
        " stable@kernel.org\nReported-by: Tess Tester <tess@example.org>\nChange-Id:"
        " I0123\nAcked-by: nobody\nCo-developed-by: Bo <bo@example.net>\n"
        + SIGNED
        + SIGNED,
    ),
    "1004-long-message": (
        "foo: " + "a long subject " * 7,
        "A line of the message that is far longer than the seventy-five columns which everybody"
        " agrees on, truly.\n\n" + SIGNED,
    ),
    "1005-revert": (
        'Revert "foo: add foo"',
        "This reverts commit 0123456789abcdef0123456789abcdef01234567.\n\n" + SIGNED,
    ),
    "1006-empty": ("foo: nothing to say", SIGNED),
    "1007-security": (
        "net: core: fix use-after-free in core_put()",
        "syzbot reported a use-after-free.\n\nLink: http://bugzilla.kernel.org/1\n"
        + SIGNED,
    ),
}
PLAIN = "+	return foo_length(foo);\n"


def write_patches(folder: Path) -> None:
    """Patch files with findings of many kinds: code, messages, other files, mails that are hardly
    patches.
    """
    folder.mkdir()
    for name, lines in CODE.items():
        (folder / f"{name}.patch").write_text(
            mail(
                "[PATCH] foo: change " + name,
                f"There is a reason.\n\n{SIGNED}",
                diff("drivers/foo/bar.c", lines),
            )
        )
    for name, (subject, message) in MESSAGES.items():
        path = "net/core.c" if "net:" in subject else "drivers/foo/bar.c"
        (folder / f"{name}.patch").write_text(
            mail(f"[PATCH] {subject}", message, diff(path, PLAIN))
        )
    others = {
        "2001-kconfig": diff(
            "drivers/foo/Kconfig",
            '+config FOO\n+        bool "Foo"\n+	help\n+	  Short.\n',
        ),
        "2002-devicetree": diff(
            "arch/arm/boot/dts/foo.dts",
            '+	foo@1 {\n+		compatible = "acme,foo";\n+		reg=<0>;\n+	};\n',
        ),
        "2003-maintainers": diff(
            "MAINTAINERS",
            "+FOO\n+L: x@example.org\n+M: Ada <ada@example.org>\n+F: drivers/none\n",
        ),
        "2004-new-file": diff(
            "drivers/foo/new.c", '+#include "foo.h"\n+int x;\n', new=True
        ),
        "2005-obsolete": diff("lib/stale.c", "+int more; \n"),
        "2006-script": diff(
            "scripts/run.sh", "+#!/bin/sh\n+echo `date`\n", new=True, mode="100755"
        ),
    }
    for name, change in others.items():
        (folder / f"{name}.patch").write_text(
            mail(
                f"[PATCH v2 1/2] foo: {name}", f"There is a reason.\n\n{SIGNED}", change
            )
        )
    (folder / "3001-damaged.patch").write_text(
        mail(
            "[PATCH] foo: damaged",
            SIGNED,
            diff("drivers/foo/bar.c", PLAIN).replace("+\treturn", " return"),
        )
    )
    (folder / "3002-utf8.patch").write_text(
        mail(
            "[PATCH] foo: größer",
            "Grüße – „so“.\u202e\n\n" + SIGNED,
            diff("drivers/foo/bar.c", '+	char *a = "größer";\n'),
        )
    )
    (folder / "3003-clean.patch").write_text(
        mail(
            "[PATCH] foo: return the length",
            f"The caller needs the length to allocate a buffer for the answer.\n\n{SIGNED}",
            diff("drivers/foo/bar.c", PLAIN),
        )
    )


def mail(subject: str, message: str, change: str, headers: str = "") -> str:
    """A patch as git format-patch writes it."""
    path = change.split(" b/")[1].split("\n")[0]
    return (
        "From 89abcdef0123456789abcdef0123456789abcdef Mon Sep 17 00:00:00 2001\nFrom: Ada Fixer"
        " <ada@example.org>\nDate: Tue, 9 Jan 2024 10:13:20 +0000\nSubject:"
        f" {subject}\n{headers}\n{message}---\n {path} | 1 +\n 1 file changed, 1"
        f" insertion(+)\n\n{change}-- \n2.45.2\n\n"
    )


def diff(path: str, lines: str, *, new: bool = False, mode: str = "100644") -> str:
    """A diff that adds these lines to a file, in the middle or as all there is."""
    count = lines.count("\n")
    if new:
        head = (
            f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex"
            " 000000000000..222222222222\n"
        )
        return f"{head}--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{count} @@\n{lines}"
    return (
        f"diff --git a/{path} b/{path}\nindex 111111111111..222222222222 {mode}\n--- a/{path}\n+++"
        f" b/{path}\n@@ -10,4 +10,{count + 4} @@ int foo(void)\n {{\n \tint rc;\n{lines} \trc ="
        " 1;\n }\n"
    )


ADA = "Ada Fixer <ada@example.org>"
RITA = "Rita Reviewer <rita@example.net>"
MATT = "Matt Maintainer <matt@example.com>"
BOT = "patchwork-bot+netdevbpf@kernel.org"
GREG = "Greg Kroah-Hartman <gregkh@linuxfoundation.org>"


def write_mails(folder: Path, repo: Repository) -> None:
    """A series in two versions with what came back, and answers of every kind as mails of their
    own.
    """
    folder.mkdir()
    first = [*_series(repo, "topic-v1", 1), *_answers(1)]
    second = [*_series(repo, "topic", 2), *_later(repo.git("rev-parse", "master"))]
    (folder / "v1.mbox").write_text(mbox(first))
    (folder / "thread.mbox").write_text(mbox([*first, *second]))
    for number, text in enumerate(
        [*_answers(1), *_later("0123456789abcdef0123456789abcdef01234567")]
    ):
        (folder / f"{number:02d}.eml").write_text(text)


def mbox(mails: list[str]) -> str:
    """Mails as an mboxrd."""
    return "".join(
        "From mboxrd@z Thu Jan  1 00:00:00 1970\n"
        + text.rstrip("\n").replace("\nFrom ", "\n>From ")
        + "\n\n"
        for text in mails
    )


def _series(repo: Repository, branch: str, version: int) -> list[str]:
    marks = "PATCH" if version == 1 else f"PATCH v{version}"
    changes = (
        ""
        if version == 1
        else (
            "---\nChanges in v2:\n- another text (Rita)\n- Link to v1:"
            " https://lore.kernel.org/r/v1-0@example.org\n"
        )
    )
    mails = [
        _letter(
            f"[{marks} 0/3] foo: three repairs",
            f"Three repairs for foo.\n\n{changes}",
            id=f"v{version}-0",
            minutes=version * 3000 - 3000,
        )
    ]
    for number, commit in enumerate(
        repo.git("rev-list", "--reverse", f"master..{branch}").split(), 1
    ):
        body = repo.git(
            "format-patch", "-1", "--stdout", "--no-signature", commit
        ).split("\n\n", 1)[1]
        subject = (
            f"[{marks} {number}/3] {repo.git('show', '-s', '--format=%s', commit)}"
        )
        mails.append(
            _letter(
                subject,
                body,
                id=f"v{version}-{number}",
                answers=f"v{version}-0",
                minutes=version * 3000 - 3000 + number,
            )
        )
    return mails


def _answers(version: int) -> list[str]:
    one, two, three = (
        "foo: hand up the error of bar()",
        "foo: fix crash in foo_stop()",
        "gadget: say what failed",
    )
    quoted = (
        "On Tue, Nov 14, 2023 at 09:00:00AM +0000, Ada Fixer wrote:\n> The caller needs to"
        " know.\n\n"
    )
    return [
        _letter(
            f"Re: [PATCH 1/3] {one}",
            f"{quoted}Looks good to me.\n\nReviewed-by: {RITA}\n",
            RITA,
            "r1",
            f"v{version}-1",
            60,
        ),
        _letter(
            f"Re: [PATCH 2/3] {two}",
            f"{quoted}Why would foo be NULL here?\n\nIs there a trace?\n",
            MATT,
            "r2",
            f"v{version}-2",
            61,
        ),
        _letter(
            f"Re: [PATCH 3/3] {three}",
            f"{quoted}NAK. This has to name the device, please use dev_err().\n",
            MATT,
            "r3",
            f"v{version}-3",
            62,
        ),
        _letter(
            f"Re: [PATCH 2/3] {two}",
            f"{quoted}Please drop the check, and send a v2.\n",
            RITA,
            "r4",
            f"v{version}-2",
            63,
        ),
        _letter(
            "Re: [PATCH 0/3] foo: three repairs",
            "Tested on two boards.\n\nTested-by: Tess Tester <tess@example.org>\n",
            "Tess Tester <tess@example.org>",
            "r5",
            f"v{version}-0",
            64,
        ),
        _letter(
            f"Re: [PATCH 1/3] {one}",
            "Hi Ada,\n\nkernel test robot noticed the following build errors:\n\n[auto build test"
            " ERROR on linus/master]\n\nIf you fix the issue in a separate patch/commit, kindly add"
            " following tags\n| Reported-by: kernel test robot <lkp@intel.com>\n| Closes:"
            " https://lore.kernel.org/oe-kbuild-all/1-lkp@intel.com/\n\nAll errors:\n\n>>"
            " drivers/foo/foo.c:8:2: error: no\n",
            "kernel test robot <lkp@intel.com>",
            "r6",
            f"v{version}-1",
            65,
        ),
        _letter(
            f"Re: [PATCH 2/3] {two}",
            f"{quoted}You are right, thanks. I will send a v2.\n",
            ADA,
            "r7",
            "r4",
            70,
        ),
    ]


def _later(commit: str) -> list[str]:
    one = "foo: hand up the error of bar()"
    summary = (
        f"Here is the summary with links:\n  - [v2,1/3] {one}\n   "
        f" https://git.kernel.org/netdev/net/c/{commit[:12]}\n"
    )
    return [
        _letter(
            "Re: [PATCH v2 2/3] foo: fix crash in foo_stop()",
            f"> recieve no NULL pointer.\n\nAcked-by: {MATT}\n",
            MATT,
            "s1",
            "v2-2",
            3100,
        ),
        _letter(
            "Re: [PATCH v2 0/3] foo: three repairs",
            f"Hello:\n\nThis series was applied to netdev/net.git (main)\nby {MATT}:\n\n"
            "On Tue, 14 Nov 2023 09:00:00 +0000 you wrote:\n> Three repairs\n> \n> [...]\n\n"
            f"{summary}\nYou are awesome, thank you!\n",
            BOT,
            "s2",
            "v2-0",
            3200,
        ),
        _letter(
            f'Patch "{one}" has been added to the 6.12-stable tree',
            "\nThis is a note to let you know that I've just added the patch titled\n\n   "
            f" {one}\n\nto the 6.12-stable tree which can be found at:\n   "
            " http://www.kernel.org/git/?p=linux/kernel/git/stable/stable-queue.git;a=summary\n\nFrom:"
            f" {ADA}\n\ncommit {commit} upstream.\n",
            "<gregkh@linuxfoundation.org>",
            "s3",
            "",
            9000,
            "X-stable: commit\n",
        ),
        _letter(
            f'FAILED: patch "[PATCH] {one}" failed to apply to 6.6-stable tree',
            "\nThe patch below does not apply to the 6.6-stable tree.\nIf someone wants it applied"
            " there, then please email the backport.\n\ngit cherry-pick -x"
            f" {commit}\n\nthanks,\n\ngreg k-h\n",
            "<gregkh@linuxfoundation.org>",
            "s4",
            "",
            9001,
        ),
        _letter(
            f"[PATCH 6.12 010/123] {one}",
            "6.12-stable review patch.  If anyone has any objections, please let me"
            f" know.\n\n------------------\n\nFrom: {ADA}\n\ncommit {commit}"
            f" upstream.\n\n{SIGNED}---\n" + diff("drivers/foo/foo.c", PLAIN),
            GREG,
            "s5",
            "",
            9002,
            "X-stable: review\n",
        ),
        _letter(
            "Out of office",
            "I am away until Monday.\n",
            RITA,
            "s6",
            "v2-0",
            9003,
            "Auto-Submitted: auto-replied\n",
        ),
    ]


def _letter(
    subject: str,
    body: str,
    sender: str = ADA,
    id: str = "",  # noqa: A002
    answers: str = "",
    minutes: int = 0,
    more: str = "",
) -> str:
    day, rest = divmod(minutes, 24 * 60)
    when = (
        f"{('Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun', 'Mon')[day % 7]}, {14 + day} Nov 2023"
        f" {rest // 60:02d}:{rest % 60:02d}:00 +0000"
    )
    reply = (
        f"In-Reply-To: <{answers}@example.org>\nReferences: <{answers}@example.org>\n"
        if answers
        else ""
    )
    return (
        f"From: {sender}\nTo: foo@lists.example.org\nCc: linux-kernel@vger.kernel.org\nSubject:"
        f" {subject}\nMessage-ID: <{id}@example.org>\nDate: {when}\n{reply}{more}MIME-Version:"
        f" 1.0\nContent-Type: text/plain; charset=utf-8\n\n{body}"
    )
