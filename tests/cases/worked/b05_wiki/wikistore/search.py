"""Plain substring search over titles and texts."""


def find(db, words):
    """Pages that hold every word, titles first."""
    words = words.split()
    if not words:
        return []
    hits = []
    for row in db.execute("select slug, title, text from pages order by slug"):
        title, text = row["title"].casefold(), row["text"].casefold()
        if all(w.casefold() in title or w.casefold() in text for w in words):
            in_title = any(w.casefold() in title for w in words)
            hits.append((not in_title, row["slug"], row["title"]))
    return [{"slug": slug, "title": title} for _, slug, title in sorted(hits)]
