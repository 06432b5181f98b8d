# SPDX-License-Identifier: GPL-2.0-or-later
"""How a rule performed on real patches."""

from typing import NamedTuple

DOUBT = 2
"""Findings of both kinds that are added to each rule's worth, so that few do not decide it."""
UNSEEN = 0.5
"""Findings on accepted patches that are added to each rule's: with them, the noise on lists whose
accepted mails were read and that were left out is at most the one that was asked for.
"""
GONE = 0.3
"""The worth of a finding that was gone in the next version; one that was asked for is worth 1."""


class RuleRecord(NamedTuple):
    """The record of a rule, as numbers of patches.

    `accepted` patches were applied as they were sent; the rule has findings on `noise` of them, in
    `places` places. Of the patches with a next version it has findings on `paired`, and in `gone`
    of these no longer in the next version. Reviewers asked for a change of its kind for `asked`
    patches, and it has findings on `hit` of them.
    """

    accepted: int = 0
    noise: int = 0
    places: int = 0
    paired: int = 0
    gone: int = 0
    asked: int = 0
    hit: int = 0

    @property
    def rate(self) -> float | None:
        """Return the findings per accepted patch, or None if the rule was not measured."""
        return _share(self.places, self.accepted)

    @property
    def gone_share(self) -> float | None:
        """Return the share of its findings that were gone in the next version."""
        return _share(self.gone, self.paired)

    @property
    def asked_share(self) -> float | None:
        """Return the share of requested changes of this kind for which there was a finding."""
        return _share(self.hit, self.asked)

    @property
    def expected(self) -> float:
        """Return the findings to expect per accepted patch on another list: somewhat more than
        observed.
        """
        return (self.places + UNSEEN) / self.accepted

    @property
    def worth(self) -> float:
        """Return the useful findings (requested or gone) for each finding on an accepted patch.

        It is 1 for a rule with little data. Most findings gone in the next version are gone for
        other reasons.
        """
        return (self.hit + GONE * self.gone + DOUBT) / (self.places + DOUBT)

    @property
    def sentence(self) -> str:
        """Return the record in one sentence."""
        sentence = (
            f"Fires on {_percent(self.noise, self.accepted)} "
            f"of {self.accepted} accepted patches"
        )
        if self.paired:
            sentence += f"; of {self.paired} findings, {self.gone} were gone in the next version"
        if self.asked:
            sentence += (
                f"; fires on {_percent(self.hit, self.asked)} of {self.asked} patches where a"
                " reviewer asked for something of the kind"
            )
        return f"{sentence}."


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.1f} %" if share < 10 else f"{share:.0f} %"
