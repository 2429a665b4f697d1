CREATE TABLE users (name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, email TEXT NOT NULL);
CREATE TABLE tickets (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES users (name),
    title TEXT NOT NULL,
    body TEXT,
    priority INTEGER NOT NULL DEFAULT 2,
    opened_at TEXT NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0,
    minutes INTEGER
);
