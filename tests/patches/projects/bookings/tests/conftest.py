"""A client whose database is empty but for one room."""

import sqlite3
from pathlib import Path

import pytest
from bookings.auth import User, token_for
from bookings.main import app
from fastapi.testclient import TestClient

MIGRATIONS = Path(__file__).parent.parent / "migrations"


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("BOOKINGS_DATABASE", str(tmp_path / "bookings.db"))
    monkeypatch.setenv("BOOKINGS_SESSION_KEY", "for tests only")
    db = sqlite3.connect(tmp_path / "bookings.db")
    for script in sorted(MIGRATIONS.glob("*.sql")):
        db.executescript(script.read_text())
    db.execute("INSERT INTO rooms (number, beds, price) VALUES (12, 2, 80.0)")
    db.commit()
    db.close()
    return TestClient(app)


@pytest.fixture
def guest():
    return {"Authorization": f"Bearer {token_for(User('Mira', 'guest'))}"}
