"""How soon both ends of a connection to Postgres notice that the other one is gone, and what it held with it.

It connects nobody. On a Unix socket, where nobody can vanish, it has no effect.
"""

from __future__ import annotations

from typing import Any

# As arguments of a connection: within seconds, not hours.
CLIENT = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
CLIENT |= {"tcp_user_timeout": 10_000}

# The server's side, which holds the locks of a client until it has noticed. A wait for what was sent has its own time.
_SERVER = (
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'"
)
NOTICED_SECONDS = 10.0  # after which the server may have noticed at the earliest


def have_noticed(connection: Any, _record: object = None) -> None:
    """Have the server notice that the client is gone; `connection` is one of psycopg's."""
    connection.execute(_SERVER)
    if not connection.autocommit:
        connection.commit()  # a rollback would undo it


# Of an engine of SQLAlchemy's.
ENGINE: dict[str, Any] = {"connect_args": CLIENT, "pool_events": [(have_noticed, "connect")]}
