"""Connection and schema."""
import os
import sqlite3

SCHEMA = """
create table if not exists pages (
    id integer primary key,
    slug text not null unique,
    title text not null,
    text text not null default ''
);
create table if not exists revisions (
    id integer primary key,
    page_id integer not null references pages (id) on delete cascade,
    author text not null,
    what text not null
);
create table if not exists aliases (
    slug text primary key,
    page_id integer not null references pages (id) on delete cascade
);
"""


def connect(path=None):
    db = sqlite3.connect(path or os.environ.get("WIKI_DB", ":memory:"), check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("pragma foreign_keys = on")
    db.executescript(SCHEMA)
    return db
