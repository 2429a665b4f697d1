"""All settings together: the environment's values, the services, and what follows from both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from healer.hosts import address_of
from healer.settings.addresses import GitHubAddress, HttpUrl, bus_address, proxy_addresses, told_address
from healer.settings.notifications import NotificationSettings
from healer.settings.secret_files import guessable, read_token
from healer.settings.services import ServiceSettings

# At the first start, where none is given.
MADE_SECRETS = ("operator_token", "viewer_token", "webhook_secret", "audit_key")
SECRETS = (*MADE_SECRETS, "llm_key", "github_token", "bus")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HEALER_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Path(".healer")
    config: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=0, le=65535)
    url: HttpUrl = ""
    proxy: str = ""  # addresses and networks of those whose X-Forwarded-For is believed, with commas between them
    database_url: str = ""
    bus: SecretStr = SecretStr("")  # "" | postgres | a Redis address, which may hold a password
    operator_token: SecretStr = SecretStr("")
    viewer_token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    audit_key: SecretStr = SecretStr("")
    sandbox: Path | None = None
    sandbox_weak: bool = False  # run code under test even with neither Landlock nor a user for each job
    llm_url: HttpUrl = ""  # the base with /v1 of an OpenAI-compatible server; without it there is no model
    llm_model: str = Field(default="", max_length=200)
    llm_key: SecretStr = SecretStr("")
    github_token: SecretStr = SecretStr("")  # for the services that have no token_file of their own
    poll_seconds: float = Field(default=30, ge=5, le=3600)  # between two looks at a proposal that nobody spoke of
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    soak_seconds: float = Field(default=60, ge=0, le=86400)
    heals_at_once: int = Field(default=2, ge=1, le=16)
    retention_days: int = Field(default=90, ge=0, le=36_500)  # of what is over and done with; 0 keeps all
    max_incidents: int = Field(default=10_000, ge=100, le=1_000_000)  # of one service
    otlp_url: HttpUrl = ""  # base address of an OpenTelemetry collector; without it no traces are sent
    services: tuple[ServiceSettings, ...] = ()
    notifications: tuple[NotificationSettings, ...] = ()

    @field_validator("bus", mode="before")
    @classmethod
    def _is_a_bus(cls, value: object) -> object:
        return bus_address(value)

    @field_validator("operator_token", "viewer_token")
    @classmethod
    def _is_long(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() and (lack := guessable(token.get_secret_value())):
            raise ValueError(f"it has {lack}, or leave it out to have it made")
        return token

    @field_validator("proxy")
    @classmethod
    def _is_of_proxies(cls, value: str) -> str:
        return proxy_addresses(value)

    @field_validator("otlp_url")
    @classmethod
    def _may_be_told(cls, address: str) -> str:
        told_address(address, "http://127.0.0.1:4318", "give it by OTEL_EXPORTER_OTLP_HEADERS instead")
        if urlsplit(address).query or urlsplit(address).fragment:
            raise ValueError("what follows ? or # is no part of a collector's base address; leave it out")
        return address

    @property
    def base_url(self) -> str:
        return address_of(self.url, self.host, self.port)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'healer.db').resolve()}"

    @property
    def audit_head(self) -> Path:
        """Where the event log ended, kept outside the database."""
        return (self.home / "audit-head").resolve()

    @property
    def kept_for(self) -> timedelta | None:
        """How long what is over stays; None: for ever."""
        return timedelta(days=self.retention_days) if self.retention_days else None

    @property
    def sign_in_link(self) -> str:
        return self._link(self.operator_token)

    @property
    def viewer_link(self) -> str:
        """Signs in somebody who may look, and act on nothing."""
        return self._link(self.viewer_token)

    def _link(self, token: SecretStr) -> str:
        return f"{self.base_url}/signin?token={quote(token.get_secret_value(), safe='')}"

    def service(self, name: str) -> ServiceSettings | None:
        return next((service for service in self.services if service.name == name), None)

    def soak_of(self, service: ServiceSettings) -> float:
        """Seconds that a release of the service is watched."""
        own = service.deploy.soak_seconds
        return self.soak_seconds if own is None else own

    def token_of(self, service: ServiceSettings) -> SecretStr:
        """What opens its repository; empty where there is none, or the repository is on this machine.

        The token of all services is GitHub's: one that is kept on a local forge is not given it.
        """
        if service.remote is None:
            return SecretStr("")
        if service.token_file is not None:
            return SecretStr(read_token(service.token_file, f"services.{service.name}.token_file"))
        return SecretStr("") if service.forge == "local" else self.github_token

    def github_of(self, service: ServiceSettings) -> GitHubAddress | None:
        """Where its proposals are pull requests; None where they stay in the healer."""
        remote = service.remote
        if remote is None or service.forge == "local" or not self.token_of(service).get_secret_value():
            return None
        return remote.on_github(service.github_api)

    def lack_of(self, service: ServiceSettings) -> str:
        """What its repository probably needs and was not given, in a sentence for the log; "" where nothing."""
        remote = service.remote
        if remote is None or remote.scheme == "ssh" or self.token_of(service).get_secret_value():
            return ""
        return (
            f"there is no token for {remote.web}: it will probably refuse the healer's pushes, and no pull request is "
            f"opened; set token_file of services.{service.name}, or HEALER_GITHUB_TOKEN_FILE"
        )
