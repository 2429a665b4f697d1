"""Looking terms up by word."""


def matching(terms, word: str):
    """Terms with the word in name or meaning, those with it in the name first."""
    word = word.lower().strip()
    hits = [t for t in terms if word in t.name.lower() or word in t.meaning.lower()]
    return sorted(hits, key=lambda t: (word not in t.name.lower(), t.name.lower()))
