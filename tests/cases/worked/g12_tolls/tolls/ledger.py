"""Passages are kept in SQLite; they are what the monthly invoices are made of."""
import sqlite3


class Ledger:
    def __init__(self, path=":memory:"):
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("CREATE TABLE IF NOT EXISTS passages (id INTEGER PRIMARY KEY, station TEXT, plate TEXT, class TEXT, cents INTEGER)")

    def record(self, station, plate, vehicle_class, cents):
        with self.db:
            cur = self.db.execute("INSERT INTO passages (station, plate, class, cents) VALUES (?, ?, ?, ?)", (station, plate, vehicle_class, cents))
        return cur.lastrowid

    def of_station(self, station):
        return [dict(r) for r in self.db.execute("SELECT id, plate, class, cents FROM passages WHERE station = ? ORDER BY id", (station,))]

    def due(self, plate):
        return self.db.execute("SELECT COALESCE(SUM(cents), 0) FROM passages WHERE plate = ?", (plate,)).fetchone()[0]

    def clear(self):
        with self.db:
            self.db.execute("DELETE FROM passages")
