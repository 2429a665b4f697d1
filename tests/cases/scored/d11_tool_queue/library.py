"""Tools, members and who waits for what."""
from dataclasses import dataclass, field


class Trouble(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass
class Member:
    number: int
    name: str
    phone: str
    frozen: bool = False


@dataclass
class Tool:
    code: str
    title: str
    holder: int | None = None
    queue: list[int] = field(default_factory=list)


MEMBERS: dict[int, Member] = {}
TOOLS: dict[str, Tool] = {}


def reset():
    MEMBERS.clear()
    TOOLS.clear()
    for row in [(1, "Greta", "0151-1"), (2, "Hamid", "0151-2"), (3, "Ilse", "0151-3"), (4, "Jonas", "0151-4", True)]:
        MEMBERS[row[0]] = Member(*row)
    for code, title in [("saw", "Table saw"), ("drill", "Hammer drill"), ("ladder", "Ladder, 5 m")]:
        TOOLS[code] = Tool(code, title)


def tool(code):
    if code not in TOOLS:
        raise Trouble(404, "no such tool")
    return TOOLS[code]


def member(number):
    if number not in MEMBERS:
        raise Trouble(404, "no such member")
    return MEMBERS[number]


def line_up(item, number):
    """To the end of the queue: 409 for those who are in it already, who have the tool, or whose account is frozen."""
    if MEMBERS[int(number)].frozen:
        raise Trouble(409, "account is frozen")
    if number == item.holder:
        raise Trouble(409, "you have it")
    if number in item.queue:
        raise Trouble(409, "already waiting")
    item.queue.append(number)
    return len(item.queue)


def step_out(item, number):
    if number not in item.queue:
        raise Trouble(404, "not waiting for this tool")
    item.queue.remove(number)


def hand_out(item):
    """To whoever is first in line."""
    if item.holder is not None:
        raise Trouble(409, "tool is out")
    if not item.queue:
        raise Trouble(409, "nobody is waiting")
    item.holder = item.queue.pop(0)
    return member(item.holder)


def waiting(item):
    return [MEMBERS[number] for number in item.queue]


reset()
