# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the texts of the demo's TUI that depend on no screen."""

from pathlib import Path

from patchpilot.demo.demo_app import DemoApp, describe_new_mail
from tests.kit.cli import call
from tests.kit.mails import build_patch_mail
from tests.kit.smtp import FaultySink


def test_only_patches_are_applied_from_the_mailbox() -> None:
    patch = build_patch_mail("[PATCH] acme: x").decode().splitlines()
    advice, blank = describe_new_mail(patch, "1" * 40)
    assert f"{'1' * 12}, then git am --empty=drop FILE there" in advice
    assert blank == ""
    assert describe_new_mail(["Subject: Re: acme: x", "", "Older than 2.4."], "1" * 40) == []


def test_account_test_message_is_compared(workdir: Path) -> None:
    with FaultySink() as server:
        options = f"--server {server.host} --port {server.port} --encryption none --user none"
        done = call(f"setup mail {options} --address ada@example.org --yes --to-self")
        done.expect(0)
        assert "; its tab and the line below it must arrive unchanged" in done.err
        (received,) = server.take()
    advice, _ = describe_new_mail(received.data.decode().splitlines(), None)
    assert advice == "Its tab and the line below it must arrive unchanged."


def test_help_names_what_q_does_to_the_demo() -> None:
    (binding,) = DemoApp._merge_bindings().key_to_bindings["q"]
    assert "saved" not in binding.tooltip
    assert "the next demo starts at the beginning" in binding.tooltip
