"""Parcels over HTTP."""

import logging

from parcels.log import RedactingFilter, redact


def test_announce_and_scan(client, operator):
    made = client.post("/parcels/1234", json={"customer": "c1", "weight": 2}, headers=operator)
    assert made.status_code == 201
    assert made.json()["price"] == 4.5
    scanned = client.post("/parcels/1234/scans", json={"stage": "collected", "place": "ulm"}, headers=operator)
    assert scanned.json() == {"last": "collected"}
    assert client.get("/parcels/1234").json()["places"] == "Ulm"


def test_a_stage_must_exist(client, operator):
    answer = client.post("/parcels/1234/scans", json={"stage": "lost"}, headers=operator)
    assert answer.status_code == 422


def test_overdue_needs_the_operator(client):
    assert client.get("/overdue?before=2025-01-01", headers={"Authorization": "Bearer x"}).status_code == 401


def test_personal_data_is_hidden():
    assert redact({"email": "ann@example.org", "id": 3}) == {"email": "***", "id": 3}


def test_addresses_are_kept_out_of_the_log():
    record = logging.LogRecord("x", logging.INFO, "", 1, "mail to %s", ("ann@example.org",), None)
    RedactingFilter().filter(record)
    assert record.getMessage() == "mail to ***"
