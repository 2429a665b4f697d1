"""Who is told what becomes of incidents: the tables `[[notifications]]` of healer.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from healer.model import BadInput, State
from healer.settings.addresses import told_address
from healer.settings.secret_files import private_secret, read_secret, signing_secret

EXAMPLE = "https://hooks.example.org/healer"
MOST_TARGETS = 20  # each has a thread of its own
LONGEST_NAME = 63
USUAL_STATES = (State.PROPOSED, State.RESOLVED, State.DECLINED, State.ROLLED_BACK, State.REGRESSED)


class NotificationSettings(BaseModel):
    """One table `[[notifications]]`. Its address is a secret: whoever knows one of a chat may write there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,62})?$")  # "": the address's host
    url: SecretStr = SecretStr("")
    url_file: Path | None = None
    secret_file: Path | None = None
    format: Literal["json", "slack"] = "json"
    states: tuple[State, ...] = Field(default=USUAL_STATES, min_length=1)
    services: tuple[str, ...] = ()  # none named: all

    @model_validator(mode="before")
    @classmethod
    def _no_secret_inside(cls, table: Any) -> Any:
        if isinstance(table, dict) and "secret" in table:
            raise ValueError("secret: no secret belongs in healer.toml; write it to a file, name it in secret_file")
        return table

    @field_validator("url")
    @classmethod
    def _may_be_told(cls, url: SecretStr) -> SecretStr:
        told_address(url.get_secret_value(), EXAMPLE)
        return url

    @field_validator("url_file")
    @classmethod
    def _holds_an_address(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        address = private_secret(path, "url_file")
        if not address:
            raise ValueError(f"{str(path)!r} is empty; write the address into it")
        try:
            told_address(address, EXAMPLE)
        except ValueError as error:
            raise ValueError(f"what {str(path)!r} holds: {error}") from None
        return path

    @field_validator("secret_file")
    @classmethod
    def _is_a_secret(cls, path: Path | None) -> Path | None:
        return signing_secret(path)

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if bool(self.url.get_secret_value()) == (self.url_file is not None):
            raise ValueError("one of url and url_file says where to; set url_file where the address is a secret")
        return self

    @property
    def address(self) -> SecretStr:
        return SecretStr(read_secret(self.url_file, "url_file")) if self.url_file is not None else self.url

    @property
    def secret(self) -> SecretStr:
        """What signs the messages; empty where nothing does."""
        return SecretStr(read_secret(self.secret_file, "secret_file") if self.secret_file is not None else "")

    @property
    def title(self) -> str:
        """What it is called in logs, events and metrics."""
        return self.name or (urlsplit(self.address.get_secret_value()).hostname or "")[:LONGEST_NAME]


def check_together(targets: tuple[NotificationSettings, ...], services: frozenset[str], where: str) -> None:
    """What each alone cannot know. Raises BadInput."""
    if len(targets) > MOST_TARGETS:
        raise BadInput(f"{where}: {len(targets)} tables [[notifications]] are too many; {MOST_TARGETS} are possible")
    titles: set[str] = set()
    for number, target in enumerate(targets, 1):
        if target.title in titles:
            raise BadInput(
                f"{where}: notifications.{number}.name: there are two of {target.title!r}; "
                "give one of them another name"
            )
        titles.add(target.title)
        for name in target.services:
            if name not in services:
                known = ", ".join(sorted(services)) or "none"
                raise BadInput(
                    f"{where}: notifications.{number}.services: there is no service {name!r} in healer.toml; "
                    f"there are: {known}"
                )
