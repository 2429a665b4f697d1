"""The doctor's look at a service's way to deploy. It runs no command and sends no webhook, so it changes nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from healer.cli.doctor.check import MISSING, OK, WEAKER, Check
from healer.edges.deployment.sending import UNREACHED, client_for
from healer.edges.deployment.supervisor import SupervisorDeployment
from healer.model import DeploymentError
from healer.settings import ServiceSettings, without_user

SECONDS = 5.0


def checks(service: ServiceSettings) -> Iterator[Check]:
    way = service.way
    if way is None:
        remedy = "Set releases and control, deploy.command or deploy.webhook to have merges released."
        yield Check(service.name, "deploy", OK, "no way set: healing ends at the merge", remedy)
        return
    if service.releases is not None:
        yield _releases(service, service.releases)
    if service.deploy.requirements:
        yield _pip(service)
    if service.releases is not None and service.control is not None:
        yield _supervisor(service, _Asked(service.releases, service.control, service.url, python=service.interpreter))
        return
    if way == "command":
        yield _program(service, "command", service.deploy.command[0])
        if service.deploy.way_back:
            yield _program(service, "way back", service.deploy.way_back[0])
    else:
        yield _webhook(service)
    yield _health(service)
    if not service.url:
        found = "url is not set: a new release is asked nothing but its health"
        yield Check(service.name, "probes", WEAKER, found, "Set url to the address of the running service.")


class _Asked(SupervisorDeployment):
    """That shows all that its supervisor says of itself."""

    def status(self) -> dict[str, Any]:
        return self._ask({"op": "status"}, SECONDS)


def _releases(service: ServiceSettings, folder: Path) -> Check:
    if not folder.is_dir():
        return Check(service.name, "releases", MISSING, f"{folder} is no folder", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        found = f"{folder} cannot be written to"
        return Check(service.name, "releases", MISSING, found, "Give it to the healer's user.")
    return Check(service.name, "releases", OK, f"{folder}, writable")


def _pip(service: ServiceSettings) -> Check:
    if importlib.util.find_spec("pip") is None:
        found = f"the healer has no pip to install {service.deploy.requirements} with"
        return Check(service.name, "pip", MISSING, found, "Install healer-service/requirements.lock again.")
    return Check(service.name, "pip", OK, f"there, to install {service.deploy.requirements} with")


def _supervisor(service: ServiceSettings, deployment: _Asked) -> Check:
    try:
        status = deployment.status()
    except DeploymentError as error:
        remedy = "Start the supervisor (see Attaching), or correct control."
        return Check(service.name, "supervisor", MISSING, str(error), remedy)
    found = f"answers; serves {str(status.get('release') or 'nothing')[:10]}"
    if workers := status.get("workers"):
        found += f" with {len(workers)} worker" + ("s" if len(workers) > 1 else "")
    if service.deploy.canary_workers and "canary" not in status:
        found += "; it is an older one that gives a canary no share"
        remedy = "Start it anew with this version of selfheal, or set deploy.canary_workers to 0."
        return Check(service.name, "supervisor", MISSING, found, remedy)
    return Check(service.name, "supervisor", OK, found)


def _program(service: ServiceSettings, name: str, program: str) -> Check:
    folder = service.deploy.run_in
    if not folder.is_dir():
        found = f"{folder}, where it is to run, is no folder"
        return Check(service.name, name, MISSING, found, f"Correct deploy.run_in, or mkdir -p {folder}")
    path = shutil.which(program)
    if path is None:
        found = f"{program} is no program that the healer may run"
        return Check(service.name, name, MISSING, found, "Install it, correct its name or path, or chmod +x it.")
    return Check(service.name, name, OK, f"{path}, run in {folder}")


def _webhook(service: ServiceSettings) -> Check:
    parts = urlsplit(service.deploy.webhook)
    host = parts.hostname or ""
    try:
        socket.getaddrinfo(host, parts.port or parts.scheme)
    except (OSError, UnicodeError) as error:
        remedy = "Correct deploy.webhook, or the machine's name service."
        return Check(service.name, "webhook", MISSING, f"{host} is not found: {error}", remedy)
    if service.deploy.secret_file is None:
        found = f"{host} is found, and what is sent there is not signed"
        return Check(service.name, "webhook", WEAKER, found, "Set deploy.secret_file, and check the signature there.")
    return Check(service.name, "webhook", OK, f"{host} is found, and what is sent there is signed")


def _health(service: ServiceSettings) -> Check:
    shown, header = without_user(service.deploy.health), service.deploy.version_header
    remedy = "Start the service, or correct deploy.health: every release would fail."
    try:
        with client_for(SECONDS) as client:
            answer = client.get(service.deploy.health)
    except UNREACHED as error:
        found = f"{shown} does not answer: {without_user(str(error))}"
        return Check(service.name, "health", MISSING, found, remedy)
    if not answer.is_success:
        return Check(service.name, "health", MISSING, f"{shown} answers {answer.status_code}", remedy)
    if header and header not in answer.headers:
        remedy = f"Have the service name its commit in {header}, or leave deploy.version_header out."
        return Check(service.name, "health", MISSING, f"{shown} answers without {header}", remedy)
    return Check(service.name, "health", OK, f"{shown} answers {answer.status_code}")
