"""Foreign text made harmless where it is shown: no mention, reference, link, markup or secret is left in it.

It does not choose what is shown.
"""

from __future__ import annotations

import re

# What begins a mention, a reference, a link or an entity; a word joiner after it keeps it from being one.
_STARTS = re.compile(r"[@#&]|:(?=//)|\b(?:www(?=\.)|GH(?=-\d))", re.I)
# What begins markup anywhere in a line has a twin that looks like it and begins none.
_TWINS = str.maketrans({"`": "'", "<": "‹", ">": "›", "|": "¦", "[": "⟦", "]": "⟧", "$": "＄"})
_TILDES = re.compile(r"~(?=~)|(?<=~)~")
# The reporting client redacts by name and by form; this catches the plainest forms where a client did not.
_PRIVATE = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"  # an e-mail address
    r"|(?<=://)[^\s/@]{1,200}(?=@)"  # who signs in, in an address
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a signed token
    r"|(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{32,}(?![A-Za-z0-9])"  # a key
    r"|(?<!\d)\d(?:[ -]?\d){14,18}(?!\d)"  # a card's number
)


def inert(text: str, limit: int = 300) -> str:
    """One line in which nothing is a mention, an issue reference, a link, HTML or markup."""
    flat = " ".join(_visible(text[: 4 * limit]).split())
    flat = _STARTS.sub(lambda found: f"{found.group()}\u2060", _TILDES.sub("∼", flat.translate(_TWINS)))
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def shown(text: str, limit: int = 300) -> str:
    """What a service said or was given, inert and without what looks private."""
    return inert(private(text[: 4 * limit]), limit)


def code(text: str, limit: int = 120) -> str:
    """A code span, in which a name keeps its underscores; "" for nothing."""
    clean = shown(text, limit)
    return f"`{clean}`" if clean else ""


def fenced(text: str) -> str:
    """A code fence that its content cannot close."""
    clean = _visible(text)
    longest = max((len(run) for run in re.findall(r"`+", clean)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{clean}\n{fence}"


def private(text: str) -> str:
    return _PRIVATE.sub("[redacted]", text)


def first_words(text: str, most: int) -> str:
    words = text.split()
    return text if len(words) <= most else " ".join(words[:most]).rstrip(",;:") + "…"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def lowered(text: str) -> str:
    """Begun in lower case, unless the first word is a name."""
    head = text.partition(" ")[0]
    is_word = head == "A" or (head.isalpha() and head[1:].islower())
    return text[:1].lower() + text[1:] if is_word else text


def sentence(text: str) -> str:
    """Ended by a full stop, unless it has an end."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _visible(text: str) -> str:
    """Without characters that do not show or change how others show; whatever ends a line is a plain end of line."""
    return "\n".join("".join(filter(str.isprintable, line.expandtabs(4))) for line in text.splitlines())
