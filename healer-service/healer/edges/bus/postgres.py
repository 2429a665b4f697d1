"""Lines of a shared bus over the healer's own Postgres, with LISTEN and NOTIFY."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg
from sqlalchemy import make_url

from healer.alive import CLIENT

CHANNEL = "healer_log"


def connect(url: str, name: str) -> psycopg.Connection[tuple[Any, ...]]:
    """`url` as SQLAlchemy takes it. Each statement is a transaction of its own."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True, application_name=name, **CLIENT)  # type: ignore[arg-type]


class PostgresLine:
    def __init__(self, url: str) -> None:
        self._connection = connect(url, "healer bus")

    def tell(self, who: str) -> None:
        self._connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, who))

    def listen(self) -> None:
        self._connection.execute(f"LISTEN {CHANNEL}")

    def hear(self, seconds: float) -> Collection[str]:
        return {said.payload for said in self._connection.notifies(timeout=seconds, stop_after=1)}

    def close(self) -> None:
        self._connection.close()
