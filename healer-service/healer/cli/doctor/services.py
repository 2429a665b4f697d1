"""The doctor's look at one service: repository, sandbox, its way to deploy, its addresses. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from healer.cli.doctor import deploying, repository, sandboxes
from healer.cli.doctor.check import OK, WEAKER, Check
from healer.edges.deployment.sending import UNREACHED, client_for
from healer.settings import ServiceSettings, Settings, without_user

SECONDS = 5.0


def checks(settings: Settings, service: ServiceSettings) -> Iterator[Check]:
    yield from repository.checks(settings, service)
    yield from sandboxes.checks(settings, service)
    yield from deploying.checks(service)
    if service.url:
        yield _answers(service, "service", service.url, "Start the service, or correct url.")
    if service.report_url and service.report_url != settings.base_url:
        yield _answers(
            service, "reports", f"{service.report_url}/health/live", "Start the healer, or correct report_url."
        )


def _answers(service: ServiceSettings, name: str, address: str, remedy: str) -> Check:
    """Any answer will do: what the service has at its root is its own affair."""
    shown = without_user(address)
    try:
        with client_for(SECONDS) as client:
            answer = client.get(address)
    except UNREACHED as error:
        return Check(service.name, name, WEAKER, f"{shown} does not answer: {without_user(str(error))}", remedy)
    return Check(service.name, name, OK, f"{shown} answers {answer.status_code}")
