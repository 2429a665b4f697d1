"""The query language of the search box.

    timeout                    the message contains the word
    level:error service:api    fields; words side by side must all match
    a OR b, NOT a, (a OR b) c  the usual
"""
import re

MAX_TOKENS = 1000
TOKEN = re.compile(r"\(|\)|[^\s()]+")
FIELDS = ("level", "service")


class QueryError(Exception):
    """The query cannot be used; the text is shown to the user."""


class Parser:
    def __init__(self, text):
        self.tokens = TOKEN.findall(text)
        if len(self.tokens) > MAX_TOKENS:
            raise QueryError("query is too long")
        self.pos = 0

    def peek(self):
        return self.tokens[self.pos] if self.pos < len(self.tokens) else None

    def take(self):
        token = self.peek()
        self.pos += 1
        return token

    def either(self):
        nodes = [self.both()]
        while self.peek() == "OR":
            self.take()
            nodes.append(self.both())
        return ("or", nodes) if len(nodes) > 1 else nodes[0]

    def both(self):
        nodes = [self.single()]
        while self.peek() not in (None, ")", "OR"):
            nodes.append(self.single())
        return ("and", nodes) if len(nodes) > 1 else nodes[0]

    def single(self):
        negate = False
        while self.peek() == "NOT":
            self.take()
            negate = not negate
        node = self.atom()
        return ("not", node) if negate else node

    def atom(self):
        token = self.take()
        if token is None:
            raise QueryError("query ends too early")
        if token == "(":
            node = self.either()
            if self.take() != ")":
                raise QueryError("missing )")
            return node
        if token in (")", "OR"):
            raise QueryError(f"unexpected {token}")
        field, colon, value = token.partition(":")
        if colon:
            if field not in FIELDS:
                raise QueryError(f"unknown field {field}")
            return ("field", field, value)
        return ("word", token.lower())


def parse(text):
    parser = Parser(text)
    node = parser.either()
    if parser.peek() is not None:
        raise QueryError(f"unexpected {parser.peek()}")
    return node


def matches(node, entry):
    kind = node[0]
    if kind == "word":
        return node[1] in entry["message"].lower()
    if kind == "field":
        return entry[node[1]] == node[2]
    if kind == "not":
        return not matches(node[1], entry)
    if kind == "or":
        return any(matches(n, entry) for n in node[1])
    return all(matches(n, entry) for n in node[1])
