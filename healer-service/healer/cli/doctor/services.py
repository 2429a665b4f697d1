"""The doctor's look at one service: repository, release folder, supervisor, report address. It changes nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx

from healer.cli.doctor import sandboxes
from healer.cli.doctor.check import MISSING, OK, WEAKER, Check, without_user
from healer.edges.checkout import ENVIRONMENT
from healer.edges.deployment import Deployment
from healer.model import DeploymentError
from healer.settings import ServiceSettings, Settings

SECONDS = 20


def checks(settings: Settings, service: ServiceSettings) -> Iterator[Check]:
    yield _repository(service)
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


def _repository(service: ServiceSettings) -> Check:
    shown = without_user(service.repository)
    if service.seed is not None and not Path(service.repository).exists():
        if service.seed.is_dir():
            return Check(service.name, "repository", OK, f"the first start makes {shown} from {service.seed}")
        found = f"there is neither {shown} nor the folder {service.seed} to make it from"
        return Check(service.name, "repository", MISSING, found, "Correct repository or seed.")
    command = ["git", "ls-remote", "--heads", "--", service.repository, f"refs/heads/{service.branch}"]
    environment = {**os.environ, **ENVIRONMENT}
    try:
        said = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(service.name, "repository", MISSING, f"cannot ask {shown}: {type(error).__name__}")
    if said.returncode != 0:
        found = f"cannot read {shown}: {without_user(said.stderr.strip())[:300]}"
        return Check(
            service.name, "repository", MISSING, found, "Check the address, and whether the healer may read it."
        )
    if not said.stdout.strip():
        found = f"{shown} has no branch {service.branch}"
        return Check(service.name, "repository", MISSING, found, "Set branch, or push it.")
    commit = said.stdout.split()[0]
    return Check(service.name, "repository", OK, f"{shown}, {service.branch} at {commit[:10]}")


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
