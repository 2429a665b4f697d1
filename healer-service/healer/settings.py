"""What the healer is told: the environment (`HEALER_…`) and the services in healer.toml, validated at start.

It reads settings and makes missing secrets; it starts nothing.
"""

from __future__ import annotations

import difflib
import os
import re
import secrets
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from healer.model import BadInput
from healer.stages.guardrails import NAMES, NEVER_OFF, Policy

LONGEST_SOCKET = 107  # bytes; unix(7)
MADE_SECRETS = ("operator_token", "webhook_secret", "audit_key")  # at the first start, where none is given
SECRETS = (*MADE_SECRETS, "llm_key")


def _http_url(value: object) -> object:
    if isinstance(value, str) and value:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{value!r} is no http(s) address; write for example http://127.0.0.1:8001")
        return value.rstrip("/")
    return value


HttpUrl = Annotated[str, BeforeValidator(_http_url)]


class ReplaySettings(BaseModel):
    """What the sandbox puts in place of redacted values, so that a recorded request can be sent again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    seconds: float = Field(default=20, gt=0, le=600)
    memory_mb: int = Field(default=1024, ge=64)


class GuardrailSettings(BaseModel):
    """How much a patch may change, and what the guardrails let pass for this service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_lines: int = Field(default=60, ge=1, le=2000)
    max_files: int = Field(default=3, ge=1, le=50)
    allow_calls: tuple[str, ...] = ()  # dotted names or patterns of them, as "shop.mail.*"
    allow_files: tuple[str, ...] = ()  # paths or patterns of them, as "app/sql/*"
    allow_rules: tuple[str, ...] = ()  # rules that are off, by name

    @field_validator("allow_calls")
    @classmethod
    def _are_dotted(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not re.fullmatch(r"[A-Za-z_]\w*(\.(\w+|\*))*", pattern):
                raise ValueError(f"{pattern!r} is no dotted name; write for example 'httpx.get' or 'shop.mail.*'")
        return patterns

    @field_validator("allow_files")
    @classmethod
    def _are_inside(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if pattern.startswith("/") or ".." in pattern.split("/") or pattern.strip("*/") == "":
                raise ValueError(f"{pattern!r} must name files inside the repository; write for example 'app/sql/*'")
        return patterns

    @field_validator("allow_rules")
    @classmethod
    def _may_be_off(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name in NEVER_OFF:
                raise ValueError(f"{name!r} can never be off: without it a patch could hide from the other rules")
            if name not in NAMES:
                near = difflib.get_close_matches(name, NAMES, 1)
                raise ValueError(f"there is no rule {name!r}" + (f"; is {near[0]!r} meant?" if near else ""))
        return names


class ServiceSettings(BaseModel):
    """One table `[services.<name>]` of healer.toml. Paths are relative to that file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    repository: str = Field(min_length=1)
    seed: Path | None = None
    branch: str = Field(default="main", pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$")
    entry: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    source: tuple[str, ...] = (".",)
    tests: tuple[str, ...] = ("tests",)
    releases: Path | None = None
    control: Path | None = None
    url: HttpUrl = ""
    report_url: HttpUrl = ""
    dsn_file: Path | None = None
    python: str = ""
    autonomy: Literal["observe", "propose"] = "propose"
    engine: Literal["auto", "playbook", "llm"] = "auto"
    heals_per_hour: int = Field(default=30, ge=1, le=1000)
    open_proposals: int = Field(default=20, ge=1, le=200)
    guardrails: GuardrailSettings = GuardrailSettings()
    replay: ReplaySettings = ReplaySettings()

    @model_validator(mode="before")
    @classmethod
    def _limits_have_moved(cls, table: Any) -> Any:
        for field in ("max_lines", "max_files") if isinstance(table, dict) else ():
            if field in table:
                raise ValueError(f"{field} belongs in the table guardrails of the service; move it there")
        return table

    @model_validator(mode="after")
    def _deployment_is_whole(self) -> Self:
        if (self.releases is None) != (self.control is None):
            raise ValueError(
                "releases and control go together: name both the release folder and the supervisor's socket"
            )
        if self.control is not None and len(os.fsencode(self.control)) > LONGEST_SOCKET:
            raise ValueError(f"control: a socket's path has at most {LONGEST_SOCKET} bytes; choose a shorter one")
        for folder in (*self.source, *self.tests):
            if folder.startswith(("/", "-")) or ".." in folder.split("/"):
                raise ValueError(f"{folder!r} must be a folder inside the repository")
        return self

    @property
    def interpreter(self) -> str:
        return self.python or sys.executable

    @property
    def policy(self) -> Policy:
        """What the guardrails are told of this service."""
        return Policy(source=self.source, **self.guardrails.model_dump())


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HEALER_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Path(".healer")
    config: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=0, le=65535)
    url: HttpUrl = ""
    database_url: str = ""
    operator_token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    audit_key: SecretStr = SecretStr("")
    sandbox: Path | None = None
    sandbox_weak: bool = False  # run code under test even with neither Landlock nor a user for each job
    llm_url: HttpUrl = ""  # the base with /v1 of an OpenAI-compatible server; without it there is no model
    llm_model: str = Field(default="", max_length=200)
    llm_key: SecretStr = SecretStr("")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    soak_seconds: float = Field(default=60, ge=0, le=86400)
    heals_at_once: int = Field(default=2, ge=1, le=16)
    services: tuple[ServiceSettings, ...] = ()

    @property
    def base_url(self) -> str:
        return self.url or f"http://{'127.0.0.1' if self.host in ('0.0.0.0', '::') else self.host}:{self.port}"  # noqa: S104 - compared, not bound

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'healer.db').resolve()}"

    @property
    def audit_head(self) -> Path:
        """Where the event log ended, kept outside the database."""
        return (self.home / "audit-head").resolve()

    @property
    def sign_in_link(self) -> str:
        return f"{self.base_url}/signin?token={self.operator_token.get_secret_value()}"

    def service(self, name: str) -> ServiceSettings | None:
        return next((service for service in self.services if service.name == name), None)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Environment, files named by `HEALER_…_FILE`, and healer.toml together; home and secrets exist afterwards.

    Raises BadInput with the field, its value and what to write instead.
    """
    given = dict(os.environ if environ is None else environ)
    _refuse_unknown(given)
    values: dict[str, Any] = {}
    for name in SECRETS:
        if path := given.get(f"HEALER_{name.upper()}_FILE"):
            values[name] = _read_secret(Path(path), f"HEALER_{name.upper()}_FILE")
    for name in Settings.model_fields:
        if name != "services" and (value := given.get(f"HEALER_{name.upper()}")):
            values.setdefault(name, value)
    config = Path(values.get("config") or "healer.toml")
    if config.exists():
        values["services"] = _services(config)
    elif values.get("config"):
        raise BadInput(f"HEALER_CONFIG: {str(config)!r} does not exist; write the file or unset the variable")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        names = [service["name"] for service in values.get("services", ())]
        raise BadInput(_explain(error, config, names)) from None
    for service in settings.services:
        if service.engine == "llm" and not settings.llm_url:
            raise BadInput(
                f"HEALER_LLM_URL: services.{service.name}.engine is 'llm', which needs a model's server; "
                "set its address, for example http://127.0.0.1:8002/v1"
            )
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = {
        name: SecretStr(_kept_secret(settings.home / name.replace("_", "-")))
        for name in MADE_SECRETS
        if not getattr(settings, name).get_secret_value()
    }
    return settings.model_copy(update=made)


def _refuse_unknown(given: Mapping[str, str]) -> None:
    """A misspelt variable must not silently leave its default in force."""
    known = {f"HEALER_{name.upper()}" for name in Settings.model_fields if name != "services"}
    known |= {f"HEALER_{name.upper()}_FILE" for name in SECRETS}
    for name in sorted(given):
        if name.startswith("HEALER_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise BadInput(f"{name}: there is no such setting" + (f"; is {near[0]} meant?" if near else ""))


def read_llm_key(environ: Mapping[str, str]) -> str:
    """For commands that need no other setting."""
    if path := environ.get("HEALER_LLM_KEY_FILE"):
        return _read_secret(Path(path), "HEALER_LLM_KEY_FILE")
    return environ.get("HEALER_LLM_KEY", "")


def _read_secret(path: Path, variable: str) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise BadInput(f"{variable}: cannot read {str(path)!r}: {error.strerror}; name a readable file") from None


def _kept_secret(path: Path) -> str:
    """The secret in `path`, made at the first start with mode 0600. Concurrent makers agree on one value."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32) + "\n")
        try:
            os.link(draft, path)  # fails if someone was faster, unlike a rename
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _services(config: Path) -> tuple[dict[str, Any], ...]:
    try:
        document = tomllib.loads(config.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{config}: {error}") from None
    if unknown := set(document) - {"services"}:
        raise BadInput(f"{config}: unknown table {sorted(unknown)[0]!r}; services are tables named [services.<name>]")
    tables = document.get("services", {})
    if not isinstance(tables, dict):
        raise BadInput(f"{config}: services must hold tables named [services.<name>], not {tables!r}")
    services = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise BadInput(f"{config}: services.{name} must be a table")
        services.append({**_absolute(table, config.resolve().parent), "name": name})
    return tuple(services)


def _absolute(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    out = dict(table)
    for field in ("seed", "releases", "control", "dsn_file"):
        if isinstance(out.get(field), str):
            out[field] = folder / out[field]
    repository = out.get("repository")
    if isinstance(repository, str) and repository and not re.match(r"^[A-Za-z][\w+.-]*://|^[^/]+@[^/]+:", repository):
        out["repository"] = str(folder / repository)
    return out


def _explain(error: ValidationError, config: Path, names: list[str]) -> str:
    lines = []
    for problem in error.errors():
        where = problem["loc"]
        if where and where[0] == "services":
            field = ".".join(["services", names[int(where[1])], *(str(part) for part in where[2:])])
            field = f"{config}: {field}"
        else:
            field = "HEALER_" + "_".join(str(part).upper() for part in where)
        value = problem.get("input")
        shown = "" if isinstance(value, dict | SecretStr) else f" (got {value!r})"
        lines.append(f"{field}: {problem['msg'].removeprefix('Value error, ')}{shown}")
    return "\n".join(lines)
