from sqlite3 import Connection, Row

from stacks.faults import Missing


def search(db: Connection, words: str) -> list[dict]:
    rows = db.execute("SELECT id, name FROM title WHERE name LIKE ? ORDER BY name", (f"%{words}%",))
    return [dict(row) for row in rows]


def title(db: Connection, number: int) -> Row:
    row = db.execute("SELECT id, name FROM title WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise Missing("no-title", f"no title {number}")
    return row


def copy(db: Connection, barcode: str) -> Row:
    row = db.execute(
        "SELECT copy.barcode, title.id AS title, title.name AS name FROM copy JOIN title ON title.id = copy.title_id WHERE copy.barcode = ?",
        (barcode,),
    ).fetchone()
    if row is None:
        raise Missing("no-copy", f"no copy {barcode}")
    return row
