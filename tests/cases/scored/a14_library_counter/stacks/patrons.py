from sqlite3 import Connection, Row

from stacks.faults import Missing


def by_card(db: Connection, card: str) -> Row:
    row = db.execute("SELECT id, card, name FROM patron WHERE card = ?", (card,)).fetchone()
    if row is None:
        raise Missing("no-patron", f"no patron with card {card}")
    return row
