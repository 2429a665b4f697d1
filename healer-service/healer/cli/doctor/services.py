"""The doctor's look at one service: repository, sandbox, release folder, supervisor, addresses. It changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx

from healer.cli.doctor import repository, sandboxes
from healer.cli.doctor.check import MISSING, OK, WEAKER, Check
from healer.edges.deployment import Deployment
from healer.model import DeploymentError
from healer.settings import ServiceSettings, Settings, without_user


def checks(settings: Settings, service: ServiceSettings) -> Iterator[Check]:
    yield from repository.checks(settings, service)
    yield from sandboxes.checks(settings, service)
    if service.releases is not None and service.control is not None:
        yield _releases(service, service.releases)
        yield _supervisor(service, Deployment(service.releases, service.control, service.url))
    else:
        remedy = "Set releases and control to have merges released."
        yield Check(service.name, "supervisor", OK, "none set: healing ends at the merge", remedy)
    if service.url:
        yield _answers(service, "service", service.url, "Start the service, or correct url.")
    if service.report_url and service.report_url != settings.base_url:
        yield _answers(
            service, "reports", f"{service.report_url}/health/live", "Start the healer, or correct report_url."
        )


def _releases(service: ServiceSettings, folder: Path) -> Check:
    if not folder.is_dir():
        return Check(service.name, "releases", MISSING, f"{folder} is no folder", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        found = f"{folder} cannot be written to"
        return Check(service.name, "releases", MISSING, found, "Give it to the healer's user.")
    return Check(service.name, "releases", OK, f"{folder}, writable")


def _supervisor(service: ServiceSettings, deployment: Deployment) -> Check:
    try:
        status = deployment.status()
    except DeploymentError as error:
        remedy = "Start the supervisor (see Attaching), or correct control."
        return Check(service.name, "supervisor", MISSING, str(error), remedy)
    release = str(status.get("release") or "nothing")[:10]
    return Check(service.name, "supervisor", OK, f"answers; serves {release}")


def _answers(service: ServiceSettings, name: str, address: str, remedy: str) -> Check:
    """Any answer will do: what the service has at its root is its own affair."""
    shown = without_user(address)
    try:
        answer = httpx.get(address, timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        return Check(service.name, name, WEAKER, f"{shown} does not answer: {without_user(str(error))}", remedy)
    return Check(service.name, name, OK, f"{shown} answers {answer.status_code}")
