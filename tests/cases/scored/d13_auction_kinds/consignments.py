"""What sellers have brought in."""
from itertools import count

KINDS = ("standard", "estate", "charity")
ITEMS = {}
_numbers = count(1)


class Unusable(ValueError):
    """Input that cannot be used; the text is for the client."""


def reset():
    global _numbers
    ITEMS.clear()
    _numbers = count(1)


def read_kind(value):
    kind = str(value).strip().lower()
    if kind not in KINDS:
        raise Unusable("kind must be one of " + ", ".join(KINDS))
    return kind


def read_title(value):
    title = str(value or "").strip()
    if not title:
        raise Unusable("title is required")
    return title


def read_price(value):
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise Unusable("price must be a positive number of euros")
    return value


def add(seller, title, kind):
    number = next(_numbers)
    ITEMS[number] = {"number": number, "seller": seller, "title": title, "kind": kind, "price": None}
    return ITEMS[number]


def change(item, changes):
    """All of the changes or none of them."""
    if item["price"] is not None:
        raise Unusable("sold items cannot be changed")
    if "title" in changes:
        read_title(changes["title"])
    if "kind" in changes:
        read_kind(changes["kind"])
    for name in ("title", "kind"):
        if name in changes:
            item[name] = changes[name]
    return item


def of_kind(kind):
    return [item for item in ITEMS.values() if item["kind"] == kind]


def of_seller(seller):
    return [item for item in ITEMS.values() if item["seller"] == seller]
