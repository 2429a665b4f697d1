"""Storage of the wiki: pages, their history and old addresses, in SQLite."""
