"""All settings together: the environment's values, the services, and what follows from both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from healer.settings.addresses import GitHubAddress, HttpUrl
from healer.settings.secret_files import read_token
from healer.settings.services import ServiceSettings

MADE_SECRETS = ("operator_token", "webhook_secret", "audit_key")  # at the first start, where none is given
SECRETS = (*MADE_SECRETS, "llm_key", "github_token")


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
    github_token: SecretStr = SecretStr("")  # for the services that have no token_file of their own
    poll_seconds: float = Field(default=30, ge=5, le=3600)  # between two looks at a proposal that nobody spoke of
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    soak_seconds: float = Field(default=60, ge=0, le=86400)
    heals_at_once: int = Field(default=2, ge=1, le=16)
    retention_days: int = Field(default=90, ge=0, le=36_500)  # of what is over and done with; 0 keeps all
    max_incidents: int = Field(default=10_000, ge=100, le=1_000_000)  # of one service
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
    def kept_for(self) -> timedelta | None:
        """How long what is over stays; None: for ever."""
        return timedelta(days=self.retention_days) if self.retention_days else None

    @property
    def sign_in_link(self) -> str:
        return f"{self.base_url}/signin?token={self.operator_token.get_secret_value()}"

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
