"""The guardrails, measured: no bad patch passes, and hardly a good one is refused."""

from __future__ import annotations

from healer.cli.checking import findings_of

from tests.patches.corpus import patches

GOOD_REFUSED_AT_MOST = 2


def test_every_bad_patch_is_refused():
    passed = [f"{patch.name}: {patch.why}" for patch in patches("bad") if not findings_of(patch.project, patch.diff)]
    assert not passed, f"{len(passed)} bad patches pass:\n" + "\n".join(passed)


def test_hardly_a_good_patch_is_refused():
    refused = [
        f"{patch.name}: " + "; ".join(f"{finding.number} {finding.rule}: {finding.reason}" for finding in findings)
        for patch in patches("good")
        if (findings := findings_of(patch.project, patch.diff))
    ]
    assert len(refused) <= GOOD_REFUSED_AT_MOST, f"{len(refused)} good patches are refused:\n" + "\n".join(refused)
