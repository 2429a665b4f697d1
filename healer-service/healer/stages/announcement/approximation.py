"""Why a replay was no true one, in half a sentence; also for the page and the scores. It weighs nothing."""

from __future__ import annotations

from healer.model import Report


def approximation(report: Report) -> str:
    """ "" for a report of the selfheal client, which brings what a true replay needs."""
    if not report.approximate:
        return ""
    reporter = report.client[:80] or "a stock Sentry SDK"
    return (
        f"reported by {reporter}: cookies, secrets and what was trimmed are missing, and no earlier requests are known"
    )
