import sqlite3

from healer.main import _teach_old_sqlite


def test_an_old_sqlite_knows_milliseconds():
    with sqlite3.connect(":memory:") as connection:
        _teach_old_sqlite(connection, None)
        (seconds,) = connection.execute("SELECT unixepoch('subsec')").fetchone()
    assert seconds > 1_700_000_000
