"""Addresses out of titles."""
import re
import unicodedata

from .errors import Invalid

MAX_LENGTH = 60


def slugify(title):
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:MAX_LENGTH].rstrip("-")
    if not slug:
        raise Invalid("the title needs a letter or a digit")
    return slug
