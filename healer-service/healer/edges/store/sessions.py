"""Browsers that are signed in. It keeps hashes only: who reads the database can neither enter nor guess a token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, or_, select

from healer.edges.store import tables
from healer.edges.store.database import Database, Transaction, ago, now

LASTS = timedelta(days=30)

_SESSION = tables.sessions.c


@dataclass(frozen=True)
class Session:
    role: str
    _secret: str
    _token: str

    def came_from(self, token: str) -> bool:
        return hmac.compare_digest(_mixed(self._secret, token), self._token)


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, role: str, token: str, told: Mapping[str, str], instead_of: str = "") -> str:
        """The secret that the browser is given, beside an event that says `told`. What is over by now is deleted, and
        so is the browser's session of before.
        """
        secret = secrets.token_urlsafe(32)
        row = {
            "id": _hashed(secret),
            "role": role,
            "token": _mixed(secret, token),
            "made_at": now(),
            "expires_at": ago(-LASTS),
        }
        with self._database.writing() as transaction:
            over = or_(_SESSION.expires_at <= now(), _SESSION.id == _hashed(instead_of))
            transaction.run(delete(tables.sessions).where(over))
            transaction.run(insert(tables.sessions).values(row))
            _tell(transaction, "operator.signed_in", told)
        return secret

    def of(self, secret: str) -> Session | None:
        query = select(_SESSION.role, _SESSION.token)
        with self._database.reading() as transaction:
            row = transaction.one(query.where(_SESSION.id == _hashed(secret), _SESSION.expires_at > now()))
        return Session(row["role"], secret, row["token"]) if row else None

    def end(self, secret: str, told: Mapping[str, str]) -> None:
        """With an event, but for one that has ended already."""
        with self._database.writing() as transaction:
            if transaction.run(delete(tables.sessions).where(_SESSION.id == _hashed(secret))):
                _tell(transaction, "operator.signed_out", told)


def _tell(transaction: Transaction, type: str, told: Mapping[str, str]) -> None:
    transaction.append(type, "operator", told, trace_id="", ui_hint="control")


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _mixed(secret: str, token: str) -> str:
    """Keyed by what only the browser has: a token that a person chose cannot be guessed from it."""
    return hmac.new(secret.encode(errors="replace"), token.encode(errors="replace"), hashlib.sha256).hexdigest()
