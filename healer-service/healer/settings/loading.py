"""From environment, secret files and healer.toml to settings; what is wrong is told with field, value and remedy."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from healer.hosts import is_loopback
from healer.model import BadInput
from healer.settings.addresses import is_address, without_user
from healer.settings.notifications import check_together
from healer.settings.secret_files import checked_token, kept_secret, read_secret, read_token, refuse_address
from healer.settings.services import ServiceSettings
from healer.settings.whole import MADE_SECRETS, SECRETS, Settings

_ADDRESSES = ("repository", "github_api", "url", "report_url", "webhook", "health", "otlp_url", "llm_url")
_SECRET_FILES = ("url_file", "secret_file", "token_file")  # where people write the secret itself by mistake
# Fields, and tables, whose values may be a secret or hold one.
_NOT_SHOWN = frozenset((*SECRETS, *_ADDRESSES, *_SECRET_FILES, "env", "headers"))
_TABLES = ("services", "notifications")  # of healer.toml


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Environment, files named by `HEALER_…_FILE`, and healer.toml together; home and secrets exist afterwards.

    Raises BadInput with the field, its value and what to write instead.
    """
    given = dict(os.environ if environ is None else environ)
    _refuse_unknown(given)
    values: dict[str, Any] = {}
    for name in SECRETS:
        variable = f"HEALER_{name.upper()}_FILE"
        if path := given.get(variable):
            refuse_address(path, variable)
            values[name] = (read_token if name == "github_token" else read_secret)(Path(path), variable)
    for name in Settings.model_fields:
        if name not in _TABLES and (value := given.get(f"HEALER_{name.upper()}")):
            values.setdefault(name, value)
    if "github_token" in values and not given.get("HEALER_GITHUB_TOKEN_FILE"):
        values["github_token"] = checked_token(values["github_token"].strip(), "HEALER_GITHUB_TOKEN")
    config = Path(values.get("config") or "healer.toml")
    if config.exists():
        values |= _tables(config)
    elif values.get("config"):
        raise BadInput(f"HEALER_CONFIG: {str(config)!r} does not exist; write the file or unset the variable")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        names = [service["name"] for service in values.get("services", ())]
        raise BadInput(_explain(error, config, names)) from None
    if settings.bus.get_secret_value() == "postgres" and not settings.database_url.startswith("postgresql"):
        raise BadInput(
            "HEALER_BUS: 'postgres' is the healer's own database, and that is SQLite; set HEALER_DATABASE_URL to a "
            "Postgres, or leave HEALER_BUS out"
        )
    for service in settings.services:
        if service.engine == "llm" and not settings.llm_url:
            raise BadInput(
                f"HEALER_LLM_URL: services.{service.name}.engine is 'llm', which needs a model's server; "
                "set its address, for example http://127.0.0.1:8002/v1"
            )
        _check_forge(settings, service, f"{config}: services.{service.name}")
    _check_token_of_all(settings)
    check_together(settings.notifications, frozenset(one.name for one in settings.services), str(config))
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = {
        name: SecretStr(kept_secret(settings.home / name.replace("_", "-")))
        for name in MADE_SECRETS
        if not getattr(settings, name).get_secret_value()
    }
    whole = settings.model_copy(update=made)
    if whole.viewer_token == whole.operator_token:
        raise BadInput(
            "HEALER_VIEWER_TOKEN: it is the operator's token, which may act; give another one, or none to have it made"
        )
    return whole


def _check_forge(settings: Settings, service: ServiceSettings, where: str) -> None:
    remote = service.remote
    if remote is None:
        if service.forge == "github":
            raise BadInput(
                f"{where}.forge: 'github' needs an address, and repository is the path {service.repository!r}; "
                "write for example https://github.com/owner/name, or set forge = 'local'"
            )
        if service.token_file is not None:
            raise BadInput(
                f"{where}.token_file: repository is the path {service.repository!r}, which takes no token; "
                "leave token_file out, or write an address in repository"
            )
        return
    if not settings.token_of(service).get_secret_value():
        if service.forge == "github":
            raise BadInput(
                f"{where}.forge: 'github' needs a token; write one to a file of mode 0600 and name it in token_file "
                "or HEALER_GITHUB_TOKEN_FILE"
            )
        return
    for field, address in (("repository", remote.web), ("github_api", service.github_api)):
        parts = urlsplit(address)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise BadInput(f"{where}.{field}: {address} would take the token unencrypted; use https://")
    try:
        settings.github_of(service)
    except ValueError as error:
        raise BadInput(f"{where}.repository: {error}") from None


def _check_token_of_all(settings: Settings) -> None:
    """One token must not be shown to two servers, of which one did not give it."""
    if not settings.github_token.get_secret_value():
        return
    shown_to: dict[str, str] = {}
    for service in settings.services:
        if service.token_file is None and (github := settings.github_of(service)):
            shown_to.setdefault(github.api, service.name)
    if len(shown_to) > 1:
        listed = " and ".join(f"{api} (services.{name})" for api, name in sorted(shown_to.items()))
        raise BadInput(
            f"HEALER_GITHUB_TOKEN: one token would be sent to {listed}; give the services of all but one server a "
            "token_file of their own, or forge = 'local'"
        )


def _refuse_unknown(given: Mapping[str, str]) -> None:
    """A misspelt variable must not silently leave its default in force."""
    known = {f"HEALER_{name.upper()}" for name in Settings.model_fields if name not in _TABLES}
    known |= {f"HEALER_{name.upper()}_FILE" for name in SECRETS}
    for name in sorted(given):
        if name.startswith("HEALER_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise BadInput(f"{name}: there is no such setting" + (f"; is {near[0]} meant?" if near else ""))


def read_llm_key(environ: Mapping[str, str]) -> str:
    """For commands that need no other setting."""
    if path := environ.get("HEALER_LLM_KEY_FILE"):
        return read_secret(Path(path), "HEALER_LLM_KEY_FILE")
    return environ.get("HEALER_LLM_KEY", "")


def _tables(config: Path) -> dict[str, tuple[dict[str, Any], ...]]:
    try:
        document = tomllib.loads(config.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{config}: {error}") from None
    if unknown := set(document) - set(_TABLES):
        raise BadInput(
            f"{config}: unknown table {sorted(unknown)[0]!r}; services are tables named [services.<name>], and who is "
            "told of incidents is in tables named [[notifications]]"
        )
    folder = config.resolve().parent
    return {"services": _services(document, config, folder), "notifications": _notifications(document, config, folder)}


def _notifications(document: Mapping[str, Any], config: Path, folder: Path) -> tuple[dict[str, Any], ...]:
    tables = document.get("notifications", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadInput(f"{config}: notifications must be tables named [[notifications]], with two brackets")
    for number, table in enumerate(tables, 1):
        _refuse_addresses(table, f"{config}: notifications.{number}")
    return tuple(_with_folder(table, ("url_file", "secret_file"), folder) for table in tables)


def _services(document: Mapping[str, Any], config: Path, folder: Path) -> tuple[dict[str, Any], ...]:
    tables = document.get("services", {})
    if not isinstance(tables, dict):
        raise BadInput(f"{config}: services must hold tables named [services.<name>], not {tables!r}")
    services = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise BadInput(f"{config}: services.{name} must be a table")
        _refuse_addresses(table, f"{config}: services.{name}")
        if isinstance(table.get("deploy"), dict):
            _refuse_addresses(table["deploy"], f"{config}: services.{name}.deploy")
        services.append({**_absolute(table, folder), "name": name})
    return tuple(services)


def _refuse_addresses(table: Mapping[str, Any], where: str) -> None:
    """Before a folder is put before them, after which they would be told as paths that are not there."""
    for field in _SECRET_FILES:
        refuse_address(table.get(field), f"{where}.{field}")


def _with_folder(table: Mapping[str, Any], fields: Iterable[str], folder: Path) -> dict[str, Any]:
    """The table with these paths, where they are there, as seen from the folder."""
    return {**table, **{field: folder / table[field] for field in fields if isinstance(table.get(field), str)}}


def _absolute(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    out = _with_folder(table, ("seed", "releases", "control", "dsn_file", "token_file", "ssh_key", "examples"), folder)
    repository = out.get("repository")
    if isinstance(repository, str) and repository and not is_address(repository):
        out["repository"] = str(folder / repository)
    if isinstance(out.get("deploy"), dict):
        out["deploy"] = _absolute_commands(out["deploy"], folder)
    return out


def _absolute_commands(deploy: dict[str, Any], folder: Path) -> dict[str, Any]:
    out = _with_folder({"run_in": folder, **deploy}, ("run_in", "secret_file"), folder)
    for field in ("command", "way_back"):
        words = deploy.get(field)
        if isinstance(words, list) and words and isinstance(words[0], str) and "/" in words[0]:
            out[field] = [str(folder / words[0]), *words[1:]]
    return out


def _explain(error: ValidationError, config: Path, names: list[str]) -> str:
    lines = []
    for problem in error.errors():
        where = problem["loc"]
        if where and where[0] == "services":
            field = ".".join(["services", names[int(where[1])], *(str(part) for part in where[2:])])
            field = f"{config}: {field}"
        elif where and where[0] == "notifications":
            named = ".".join(str(part) for part in where[2:] if not isinstance(part, int))
            field = f"{config}: notifications.{int(where[1]) + 1}" + (f".{named}" if named else "")
        else:
            field = "HEALER_" + "_".join(str(part).upper() for part in where)
        lines.append(f"{field}: {problem['msg'].removeprefix('Value error, ')}{_shown(problem)}")
    return "\n".join(lines)


def _shown(problem: ErrorDetails) -> str:
    """The value that is wrong, unless it may be a secret: one put into an unknown field, or into an address."""
    value = problem.get("input")
    if isinstance(value, dict | SecretStr) or problem["type"] == "extra_forbidden":
        return ""
    if not _NOT_SHOWN.isdisjoint(problem["loc"]):
        return ""
    return f" (got {without_user(repr(value))})"
