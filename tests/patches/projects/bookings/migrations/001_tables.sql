CREATE TABLE rooms (
    number INTEGER PRIMARY KEY,
    beds INTEGER NOT NULL,
    price REAL NOT NULL CHECK (price > 0)
);
CREATE TABLE reservations (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES rooms (number),
    guest TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    nights INTEGER NOT NULL CHECK (nights > 0),
    paid INTEGER NOT NULL DEFAULT 0
);
