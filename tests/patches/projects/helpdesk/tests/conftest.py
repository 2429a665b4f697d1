"""A client of a help desk with one agent and one customer."""

import sqlite3
from pathlib import Path

import pytest
from helpdesk.app import create_app
from helpdesk.auth import hashed

SCHEMA = Path(__file__).parent.parent / "migrations" / "0001_schema.sql"


@pytest.fixture
def client(tmp_path):
    db = sqlite3.connect(tmp_path / "desk.db")
    db.executescript(SCHEMA.read_text())
    for name, role in (("Ada Agent", "agent"), ("Cy Customer", "customer")):
        db.execute("INSERT INTO users VALUES (?, ?, ?, ?)", (name, role, hashed("letmein"), ""))
    db.commit()
    db.close()
    app = create_app(DATABASE=str(tmp_path / "desk.db"), SECRET_KEY="for tests only", SESSION_COOKIE_SECURE=False)
    return app.test_client()


@pytest.fixture
def signed_in(client):
    def sign_in(name):
        with client.session_transaction() as session:
            session["name"] = name
            session["csrf"] = "known"
        return client

    return sign_in
