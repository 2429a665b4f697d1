"""The doctor's look at the machine and at the healer's own files, settings and database. It changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx

from healer.cli.doctor.check import MISSING, OK, WEAKER, Check
from healer.edges.llm import Llm
from healer.edges.store import NOT_MADE, Store
from healer.model import BadInput, LlmError, StoreError
from healer.settings import MADE_SECRETS, SECRETS, Settings, open_to_others, without_user

ABOUT = "healer"
ENOUGH_MB, LITTLE_MB = 1024, 100  # free space: mirrors and databases grow, and a full disk stops every heal
NEWEST_PYTHON = 13  # minor version
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:==([\w.]+))?")


def checks(settings: Settings) -> Iterator[Check]:
    yield _python()
    yield _packages()
    yield _git()
    yield from _home(settings)
    yield _secrets(settings)
    yield _reach(settings)
    if settings.sandbox_weak:
        found = "HEALER_SANDBOX_WEAK is set: code under test may run with neither Landlock nor a user of its own"
        yield Check(ABOUT, "sandbox", WEAKER, found, "Unset it where the services' sandboxes are ok without.")
    yield from _database(settings)
    yield _answering(settings)
    if settings.llm_url:
        yield _model(settings)


def _python() -> Check:
    version = platform.python_version()
    if int(platform.python_version_tuple()[1]) <= NEWEST_PYTHON:
        return Check(ABOUT, "python", OK, version)
    return Check(ABOUT, "python", WEAKER, version, "Nobody has tried the healer with it: use Python 3.11 to 3.13.")


def _packages() -> Check:
    wrong = []
    needed = importlib.metadata.requires("healer") or []
    for line in needed:
        name, pinned = _REQUIREMENT.findall(line)[0]
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is not installed")
            continue
        if pinned and found != pinned:
            wrong.append(f"{name} is {found}, not {pinned}")
    if wrong:
        return Check(ABOUT, "packages", MISSING, "; ".join(wrong), "Install healer-service/requirements.lock again.")
    version = importlib.metadata.version("healer")
    return Check(ABOUT, "packages", OK, f"healer {version}, and the {len(needed)} packages it needs")


def _git() -> Check:
    git = shutil.which("git")
    if git is None:
        return Check(ABOUT, "git", MISSING, "there is no git in PATH", "Install git.")
    said = subprocess.run([git, "--version"], capture_output=True, text=True, timeout=20, check=False)
    return Check(ABOUT, "git", OK if said.returncode == 0 else MISSING, (said.stdout or said.stderr).strip()[:100])


def _home(settings: Settings) -> Iterator[Check]:
    home = settings.home.resolve()
    mode = stat.S_IMODE(home.stat().st_mode)
    if not os.access(home, os.W_OK | os.X_OK):
        yield Check(ABOUT, "home", MISSING, f"{home} cannot be written to", "Give it to the healer's user.")
    elif mode & 0o077:
        yield Check(ABOUT, "home", WEAKER, f"others may enter {home} (mode {mode:04o})", f"chmod 700 {home}")
    else:
        yield Check(ABOUT, "home", OK, f"{home}, for its owner alone")
    free = shutil.disk_usage(home).free // 2**20
    state = OK if free >= ENOUGH_MB else WEAKER if free >= LITTLE_MB else MISSING
    yield Check(
        ABOUT, "space", state, f"{free:,} MB free", "" if state == OK else f"Make room; {ENOUGH_MB} MB will do."
    )


def _secrets(settings: Settings) -> Check:
    files = [settings.home / name.replace("_", "-") for name in MADE_SECRETS]
    files += [Path(given) for name in SECRETS if (given := os.environ.get(f"HEALER_{name.upper()}_FILE"))]
    present = [path for path in files if path.exists()]
    open_ones = [str(path) for path in present if open_to_others(path)]
    if open_ones:
        found = f"others may read {', '.join(open_ones)}"
        return Check(ABOUT, "secrets", WEAKER, found, f"chmod 600 {' '.join(open_ones)}")
    if os.environ.get("HEALER_GITHUB_TOKEN"):
        found = "HEALER_GITHUB_TOKEN is in the environment, which git and whatever else the healer starts inherit"
        return Check(ABOUT, "secrets", WEAKER, found, "Write it to a file and name that in HEALER_GITHUB_TOKEN_FILE.")
    return Check(ABOUT, "secrets", OK, f"{len(present)} files, for their owner alone")


def _reach(settings: Settings) -> Check:
    if settings.host in LOOPBACK:
        return Check(ABOUT, "address", OK, f"{settings.host}:{settings.port}, this machine only")
    found = f"HEALER_HOST is {settings.host}: other machines can connect, and HTTP hides no token"
    return Check(ABOUT, "address", WEAKER, found, "Publish the port on 127.0.0.1, or put a proxy with TLS before it.")


def _database(settings: Settings) -> Iterator[Check]:
    store = Store(settings.database, audit_key=settings.audit_key.get_secret_value(), audit_head=settings.audit_head)
    try:
        lag = store.lag()
        if lag:
            yield Check(
                ABOUT, "database", OK if lag == NOT_MADE else WEAKER, lag, "The next start of the healer does it."
            )
            return
        yield Check(ABOUT, "database", OK, f"{store.kind}, reachable, tables up to date")
        yield _audit(store)
    except (BadInput, StoreError) as error:
        remedy = "Check HEALER_DATABASE_URL and whether its server runs."
        yield Check(ABOUT, "database", MISSING, without_user(str(error))[:300], remedy)
    finally:
        store.close()


def _audit(store: Store) -> Check:
    end = store.auditor.look_at_the_end()
    if end.flaw is not None:
        return Check(ABOUT, "audit", MISSING, end.flaw.detail, "Run `healer audit verify`; see Operating.")
    return Check(ABOUT, "audit", OK, f"{end.head.count} events; the end is as the record and the file say")


def _answering(settings: Settings) -> Check:
    try:
        answer = httpx.get(f"{settings.base_url}/health/ready", timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        found = f"{settings.base_url} does not answer: {error}"
        return Check(ABOUT, "running", WEAKER, found, "Start it with `healer serve`.")
    if answer.is_success:
        return Check(ABOUT, "running", OK, f"ready at {settings.base_url}")
    return Check(ABOUT, "running", WEAKER, f"not ready: {answer.text[:300]}", "See the checks of the services.")


def _model(settings: Settings) -> Check:
    llm = Llm(settings.llm_url, settings.llm_model, settings.llm_key.get_secret_value())
    try:
        served = llm.served()
    except LlmError as error:
        needed = any(service.engine == "llm" for service in settings.services)
        state = MISSING if needed else WEAKER
        remedy = "Start it, or unset HEALER_LLM_URL; until then only the playbooks repair."
        return Check(ABOUT, "model", state, without_user(str(error))[:300], remedy)
    finally:
        llm.close()
    return Check(ABOUT, "model", OK, f"{served.name} with {served.context} tokens at {without_user(settings.llm_url)}")
