"""Invoices for the bookkeeper: entry, per-customer views, CSV export."""
import csv
import io
import sqlite3
from datetime import date

from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, Field

app = FastAPI(title="invoices")
db = sqlite3.connect(":memory:", check_same_thread=False)
db.row_factory = sqlite3.Row

SCHEMA = """
DROP TABLE IF EXISTS invoice;
DROP TABLE IF EXISTS customer;
CREATE TABLE customer (code TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE invoice (
    number TEXT PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customer (code),
    issued TEXT NOT NULL,
    cents INTEGER NOT NULL
);
INSERT INTO customer VALUES ('ALM', 'Alm & Sons'), ('BRK', 'Brook Ltd'), ('CED', 'Cedar');
"""


def setup_database():
    db.executescript(SCHEMA)


setup_database()


class NewInvoice(BaseModel):
    number: str = Field(min_length=1)
    customer: str
    issued: date
    cents: int = Field(gt=0)


class Renumber(BaseModel):
    to: str = Field(min_length=1)


def one_or_404(what: str, sql: str, *args) -> dict:
    row = db.execute(sql, args).fetchone()
    if row is None:
        raise HTTPException(404, f"no such {what}")
    return dict(row)


def customer_of(code: str) -> dict:
    return one_or_404("customer", "SELECT * FROM customer WHERE code = ?", code)


def invoice_of(number: str) -> dict:
    return one_or_404("invoice", "SELECT * FROM invoice WHERE number = ?", number)


@app.post("/invoices", status_code=201)
def add(body: NewInvoice):
    customer_of(body.customer)
    try:
        with db:
            db.execute("INSERT INTO invoice VALUES (?, ?, ?, ?)", (body.number, body.customer, body.issued.isoformat(), body.cents))
    except sqlite3.IntegrityError:
        raise HTTPException(409, "number is taken")
    return invoice_of(body.number)


@app.get("/invoices/{number}")
def show(number: str):
    return invoice_of(number)


@app.post("/invoices/{number}/renumber")
def renumber(number: str, body: Renumber):
    """For typing errors: the same invoice under another number."""
    invoice_of(number)
    with db:
        db.execute("UPDATE invoice SET number = ? WHERE number = ?", (body.to, number))
    return invoice_of(body.to)


@app.get("/customers/{code}/latest")
def latest(code: str):
    """The customer's newest invoice; of several on one day the one with the highest number."""
    customer_of(code)
    return one_or_404("invoice", "SELECT * FROM invoice WHERE customer = ? ORDER BY issued DESC, number DESC LIMIT 1", code)


@app.get("/customers/{code}/total")
def total(code: str):
    name = customer_of(code)["name"]
    cents = db.execute("SELECT coalesce(sum(cents), 0) FROM invoice WHERE customer = ?", (code,)).fetchone()[0]
    return {"customer": name, "cents": cents}


@app.get("/export.csv")
def export():
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["number", "issued", "customer", "amount"])
    for row in db.execute("SELECT i.*, c.name FROM invoice i JOIN customer c ON c.code = i.customer ORDER BY i.number"):
        writer.writerow([row["number"], row["issued"], row["name"], f"{row['cents'] / 100:.2f}"])
    return Response(out.getvalue(), media_type="text/csv")
