# SPDX-License-Identifier: GPL-2.0-or-later
"""The calls that tests/lab/json_record.py records: scenarios that each start from a fresh copy of
the inputs and a fresh state.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One call of patchpilot.

    In `words` a leading `@` is the directory of the inputs; `before` is a shell command run in the
    repository.
    """

    name: str
    words: tuple[str, ...]
    where: str = "linux"
    stdin: str = ""
    before: str = ""
    writes: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Calls that see what those before them left."""

    name: str
    calls: tuple[Call, ...]


def scenarios() -> tuple[Scenario, ...]:
    """All of them; every verb with `--format json` is in one."""
    return (
        Scenario("check", _check()),
        Scenario("baseline", _baseline()),
        Scenario("fix", _fix()),
        Scenario("read", _read()),
        Scenario("maintainers", _maintainers()),
        Scenario("tags", _tags()),
        Scenario("backport", _backport()),
        Scenario("send", _send("git-send-email")),
        Scenario("b4", _send("b4")),
        Scenario("track", _track()),
        Scenario("settings", _settings()),
    )


def _call(
    name: str,
    *words: str,
    form: str = "json",
    where: str = "linux",
    stdin: str = "",
    before: str = "",
    writes: str = "",
) -> Call:
    return Call(
        name,
        (*words, *(("--format", form) if form else ())),
        where,
        stdin,
        before,
        writes,
    )


def _check() -> tuple[Call, ...]:
    forms = (
        "text",
        "json",
        "checkpatch",
        "sarif",
        "github",
        "gitlab",
        "junit",
        "rdjsonl",
        "jsonl",
    )
    tree = ("--tree", "@tree")
    return (
        *(_call(f"files-{form}", "check", "@patches", form=form) for form in forms),
        *(
            _call(f"tree-{form}", "check", "--strict", *tree, "@patches", form=form)
            for form in ("text", "json", "checkpatch")
        ),
        *(_call(f"topic-{form}", "check", form=form) for form in forms),
        _call("quick", "check", "@patches/0001-layout.patch", form=""),
        _call("stdin", "check", "-", form="checkpatch", stdin="patches/0003-api.patch"),
        _call("stdin-json", "check", "-", stdin="mails/thread.mbox"),
        _call(
            "clean-checkpatch",
            "check",
            "--select",
            "tags",
            "@patches/3003-clean.patch",
            form="checkpatch",
        ),
        _call("strict", "check", "--strict"),
        _call("range", "check", "--strict", "master..topic-v1", "good"),
        _call("statistics", "check", "--statistics", "--strict", "@patches", form=""),
        _call("compat", "check", "--checkpatch-compat", "--strict", *tree, "@patches"),
        _call("kernel", "check", "--kernel", "5.10", "--strict", "@patches"),
        _call("length", "check", "--max-line-length", "80", "@patches"),
        _call(
            "select",
            "check",
            "--select",
            "tags,LONG_LINE",
            "--ignore",
            "malformed-fixes",
            "@patches",
        ),
        _call(
            "fail-on-error", "check", "--fail-on", "error", "@patches/0001-layout.patch"
        ),
        _call("fail-never", "check", "--fail-on", "never", "@patches"),
        *(
            _call(f"profile-{name}", "check", "--strict", "--profile", name, "@patches")
            for name in ("netdev", "u-boot", "dpdk", "xen")
        ),
        _call("verbose", "check", "-v", "good", form="text"),
        _call("base", "check", "--explain-base", "--base", "v6.18"),
        _call("since-directory", "check", "--since-version", "@earlier"),
        _call(
            "since-range", "check", "--since-version", "master..topic-v1", form="text"
        ),
        _call("diff", "check", "--diff", "@patches", form=""),
        _call("diff-topic", "check", "--diff", form=""),
        _call("diff-json", "check", "--diff"),
        _call(
            "written", "check", "-o", "@report.json", "@patches", writes="report.json"
        ),
        _call("corpus", "check", "--strict", "@corpus"),
        _call("corpus-checkpatch", "check", "@corpus", form="checkpatch"),
        _call("unknown-rule", "check", "--select", "malformed-fixs"),
        _call("unknown-target", "check", "topik"),
    )


def _baseline() -> tuple[Call, ...]:
    return (
        _call(
            "write", "check", "--write-baseline", "base.json", writes="linux/base.json"
        ),
        _call("use", "check", "--strict", "--baseline", "base.json"),
        _call("other", "check", "--baseline", "base.json", "topic-v1"),
        _call("waive", "check", "--waive", "missing-fixes=it is no fix"),
        _call("waived", "check"),
        _call("waived-text", "check", form="text"),
        _call("unwaive", "check", "--unwaive", "missing-fixes"),
    )


def _fix() -> tuple[Call, ...]:
    return (
        _call("files", "check", "--fix", "@patches", writes="patches"),
        _call("commits", "check", "--fix"),
        _call("after", "check", form="checkpatch"),
        _call("undo-list", "undo", "list"),
        _call("undo", "undo"),
        _call("undo-nothing", "undo", "restore", "9"),
    )


def _read() -> tuple[Call, ...]:
    names = (
        "malformed-fixes",
        "BAD_FIXES_TAG",
        "LONG_LINE",
        "TAG003",
        "missing-fixes",
        "REPEATED_WORD",
        "unused-no-such",
    )
    return (
        _call("rules", "rules"),
        _call("rules-markdown", "rules", form="markdown"),
        _call("rules-pack", "rules", "--pack", "tags", form="text"),
        *(_call(f"explain-{name}", "explain", name) for name in names),
        _call("explain-text", "explain", "malformed-fixes", form="text"),
        _call("lts", "lts"),
        _call("lts-all", "lts", "--all"),
        _call("lts-text", "lts", form="text"),
    )


def _maintainers() -> tuple[Call, ...]:
    form = "get_maintainer"
    switches = {
        "plain": (),
        "rolestats": ("--rolestats",),
        "names": ("--no-rolestats", "--no-roles", "--nol"),
        "addresses": ("--non", "--nor"),
        "all": ("--scm", "--subsystem", "--status", "--web", "--bug", "--keywords"),
        "git": ("--git", "--git-min-percent", "1"),
        "sections": ("--sections",),
        "separator": ("--separator", ",", "--nogit-fallback"),
    }
    return (
        _call("topic", "maintainers"),
        _call("topic-text", "maintainers", form="text"),
        _call("per-patch", "maintainers", "--per-patch"),
        _call("files", "maintainers", "@patches"),
        _call("tree", "maintainers", "--tree", "@tree", "@patches/1007-security.patch"),
        _call(
            "paths",
            "maintainers",
            "-f",
            "drivers/foo/foo.c",
            "lib",
            "drivers/gadget/gadget.c",
        ),
        _call("who", "maintainers", "--who", "matt@example.com"),
        _call("self-test", "maintainers", "--self-test"),
        _call("self-test-text", "maintainers", "--self-test", form="text"),
        _call("security", "maintainers", "--security"),
        _call(
            "add",
            "maintainers",
            "--add-cc",
            "Zoe <zoe@example.org>",
            "--drop",
            "rita@example.net",
        ),
        _call("added", "maintainers", "--brief", form="text"),
        _call("reset", "maintainers", "--reset"),
        *(
            _call(
                f"{form}-{name}",
                "maintainers",
                *words,
                "@series/0001-foo-hand-up-the-error-of-bar.patch",
                form=form,
            )
            for name, words in switches.items()
        ),
        *(
            _call(
                f"{form}-file-{name}",
                "maintainers",
                *words,
                "-f",
                "drivers/foo/foo.c",
                form=form,
            )
            for name, words in switches.items()
        ),
        _call(
            f"{form}-legacy", "maintainers", "-f", "drivers/foo/legacy/old.c", form=form
        ),
        _call("no-such-path", "maintainers", "-f", "drivers/none.c"),
    )


def _tags() -> tuple[Call, ...]:
    return (
        _call("fixes", "fixes", "topic~2"),
        _call("fixes-range", "fixes", "master..topic"),
        _call("fixes-text", "fixes", "topic~2", form="text"),
        _call("fixes-verify", "fixes", "--verify", "master..topic"),
        _call("fixes-one", "fixes", "--limit", "1", "topic"),
        _call("stable", "stable", "topic~2"),
        _call("stable-text", "stable", "topic~2", form="text"),
        _call("stable-fixes", "stable", "topic", "--fixes", "v6.18", "--versions"),
        _call("stable-none", "stable", "topic~2", "--no-backport", "too risky"),
        _call("prepare-dry", "prepare", "--dry-run"),
        _call("prepare-dry-text", "prepare", "--dry-run", form="text"),
        _call(
            "prepare-dry-tags",
            *(
                "prepare",
                "topic~1..topic",
                "--dry-run",
                "--reported-by",
                "Tess Tester <tess@example.org>",
                "--closes",
                "https://bugzilla.kernel.org/1",
            ),
            *(
                "--link",
                "<x@example.org>",
                "--cc",
                "Zoe <zoe@example.org>",
                "--tested-by",
                RITA,
                "--signoff",
                "--regression",
                "--versions",
            ),
        ),
        _call(
            "prepare-none",
            "prepare",
            "--dry-run",
            "--fixes",
            "none",
            "--stable",
            "none",
            "--suggested-by",
            RITA,
        ),
        _call("prepare", "prepare", "--fixes", "auto", "--co-developed-by", RITA),
        _call("prepared", "check", "--strict"),
        _call("undo-list", "undo", "list"),
        _call("undo-list-text", "undo", "list", form="text"),
        _call("undo", "undo", "restore"),
        _call("not-a-fix", "prepare", "--not-a-fix", "--dry-run"),
    )


def _backport() -> tuple[Call, ...]:
    effort = ("--effort", "60")
    return (
        _call("topic", "backport", *effort),
        _call("topic-ended", "backport", "--ended", *effort),
        _call("topic-text", "backport", "topic~2", *effort, form="text"),
        _call("topic-markdown", "backport", "topic~2", *effort, form="markdown"),
        _call("landed", "backport", "v6.19-rc1", *effort),
        _call(
            "verdicts",
            "backport",
            "v6.19-rc1",
            "--effort",
            "0",
            "--fail-on",
            "affected",
        ),
        _call(
            "onto",
            "backport",
            "topic~2",
            "--onto",
            "v6.12",
            "--onto",
            "stable/linux-5.15.y",
            "--fail-on",
            "conflict",
            *effort,
        ),
        _call(
            "directory",
            "backport",
            "@series/0001-foo-hand-up-the-error-of-bar.patch",
            "--onto",
            "@tree",
        ),
        _call(
            "write",
            "backport",
            "topic~2",
            "--write",
            "@ports",
            "--signoff",
            "--note",
            "adapted",
            *effort,
            writes="ports",
        ),
        _call(
            "request",
            "backport",
            "v6.19-rc1",
            "--request",
            "--note",
            "needed",
            form="text",
        ),
        _call("culprit", "backport", "topic", "--fixes", "v6.18", *effort),
    )


def _send(via: str) -> tuple[Call, ...]:
    good = f"git checkout -q good && git config patchpilot.via {via}"
    ask = ("--security", "no", "--regression", "no")
    return (
        _call(
            "refused", "send", "--dry-run", before=f"git config patchpilot.via {via}"
        ),
        _call("refused-text", "send", "--dry-run", form="text"),
        _call("draft-empty", "draft", before=good),
        _call("dry", "send", "--dry-run", *ask),
        _call("dry-text", "send", "--dry-run", form="text"),
        _call(
            "dry-words",
            "send",
            "--dry-run",
            "--subject-prefix",
            "PATCH net",
            "--cc",
            "zoe@example.org",
            "--to",
            RITA,
            "--in-reply-to",
            "<x@example.org>",
        ),
        _call("dry-no-auto", "send", "--dry-run", "--no-auto", "--to", RITA),
        _call(
            "draft-write",
            "draft",
            "--cover-subject",
            "foo: a repair",
            "--cover",
            "The whole story.\n",
            "--note",
            "1",
            "A note below.",
        ),
        _call("draft", "draft"),
        _call("draft-text", "draft", form="text"),
        _call("draft-export", "draft", "--export", "@draft.txt", writes="draft.txt"),
        _call("outbox", "send", "--yes", "--outbox", "@outbox", writes="outbox"),
        _call("dry-cover", "send", "--dry-run", "--cover-letter"),
        _call("to-self", "send", "--to-self", "--yes"),
        _call("sent", "send", "--yes", "--force", "the recording sends it"),
        _call("draft-sent", "draft"),
        _call("resume", "send", "--resume", "--yes"),
        _call("track", "track"),
        _call("reroll", "send", "--dry-run", "--reroll"),
        _call("resend", "send", "--dry-run", "--resend"),
        _call("since-sent", "check", "--since-version", "1"),
        _call("draft-ping", "draft", "--ping", form="text"),
        _call("draft-reset", "draft", "reset"),
    )


def _track() -> tuple[Call, ...]:
    thread = ("--mbox", "@mails/thread.mbox")
    return (
        _call("none", "track"),
        _call("add", "track", "add", "--mbox", "@mails/v1.mbox"),
        _call("list-first", "track", "list"),
        _call("show-first", "track", "show", "1", "--keep-unread"),
        _call("again", "track", "add", *thread),
        _call("list", "track", "list"),
        _call("list-text", "track", "list", form="text"),
        _call("show", "track", "show", "1"),
        _call("show-read", "track", "show", "1"),
        _call("show-text", "track", "show", "1", form="text"),
        _call("update", "track", "update", "--offline"),
        _call("watch", "track", "watch", "--once", "--offline"),
        _call("export", "track", "export"),
        _call("export-mbox", "track", "export", form="mbox"),
        _call("export-html", "track", "export", form="html"),
        _call(
            "export-jsonl",
            "track",
            "export",
            "-o",
            "@followed.jsonl",
            form="jsonl",
            writes="followed.jsonl",
        ),
        _call("rebuild", "track", "rebuild"),
        _call("import", "track", "import", "@followed.jsonl"),
        _call("discover", "track", "discover", "--offline"),
        _call("trailers-dry", "trailers", "--dry-run"),
        _call("trailers-dry-text", "trailers", "--dry-run", form="text"),
        _call("trailers-changed", "trailers", "--dry-run", "--changed"),
        _call("trailers", "trailers", "--yes"),
        _call("undo-list", "undo", "list"),
        _call("undo", "undo"),
        _call(
            "classify",
            "track",
            "classify",
            "@mails/thread.mbox",
            *(f"@mails/{number:02d}.eml" for number in range(13)),
        ),
        _call("classify-text", "track", "classify", "@mails/thread.mbox", form="text"),
        _call("classify-stdin", "track", "classify", "-", stdin="mails/08.eml"),
        _call("remove", "track", "remove", "1"),
        _call("gone", "track", "show", "1"),
    )


def _settings() -> tuple[Call, ...]:
    commit = "git commit -q --date='1700900000 +0000' -m 'tree: settings' -m 'Frobnicate it.'"
    tree = f"cp ../settings.toml .patchpilot.toml; cp ../ours.toml ours.toml; git add -A; {commit}"
    return (
        _call("config", "config"),
        _call("config-text", "config", form="text"),
        _call("config-name", "config", "via", before="git config patchpilot.via b4"),
        _call("hooks", "hooks"),
        _call("hooks-install", "hooks", "install"),
        _call("hooks-list", "hooks", "list", form="text"),
        _call("hooks-remove", "hooks", "remove", "commit-msg"),
        _call("hooks-again", "hooks"),
        _call(
            "hooks-run-message", "hooks", "run", "commit-msg", "@message.txt", form=""
        ),
        _call(
            "hooks-run-mail",
            "hooks",
            "run",
            "sendemail-validate",
            "@patches/0001-layout.patch",
            form="",
        ),
        _call("doctor", "doctor", "--offline"),
        _call("doctor-text", "doctor", "--offline", form="text"),
        _call("doctor-b4", "doctor", "--offline", "--via", "b4"),
        _call("doctor-recover", "doctor", "--offline", "--recover", form=""),
        _call("trust-none", "trust", "--show"),
        _call("untrusted", "check", "topic", before=tree),
        _call("trust-show", "trust", "--show"),
        _call("trust", "trust"),
        _call("trusted", "check", "HEAD"),
        _call("trusted-rules", "rules", "--pack", "ours"),
        _call("revoke", "trust", "--revoke"),
        _call("config-tree", "config"),
        _call("config-wrong", "config", "vai"),
        _call("nowhere", "check", where="mails"),
    )


RITA = "Rita Reviewer <rita@example.net>"
