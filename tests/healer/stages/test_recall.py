import time

import pytest
from healer.model import Call, Frame
from healer.stages.recall import call_of
from healer.syntax.project import Project

from tests.healer.samples import a_report

SOURCE = """\
class Cart:
    def total(self, rate):
        return self.lines[rate]

    @staticmethod
    def rounded(value, digits=2):
        return value[digits]

    @classmethod
    def of(cls, rows):
        return rows[0]


def read(key, *, table):
    return table[key]


def changed(key):
    key = key.strip()
    return TABLE[key]


def open_ended(*names):
    return names[3]


def outer(value):
    def inner(value):
        return value[0]

    return inner(value)


class Counter(BaseModel):
    n: int
"""
MODELS = """
class Colour(Enum):
    RED = 1


class Outer:
    class Inner(BaseModel):
        n: int
"""
PROJECT = Project({"app/cart.py": SOURCE, "src/lib/models.py": MODELS})


def frame(line: int, function: str, **values: str) -> Frame:
    return Frame("app/cart.py", line, function, True, locals=values)


def recalled(*frames: Frame) -> Call | None:
    return call_of(a_report(frames=frames), PROJECT)


READ = frame(14, "read", key="'x'", table="{'a': 1}")


@pytest.mark.parametrize(
    ("frames", "call"),
    [
        ((READ,), Call("app/cart.py", "read", {"key": "'x'", "table": "{'a': 1}"})),
        (
            (frame(7, "rounded", value="(1, -2.5)", digits="2"),),
            Call("app/cart.py", "Cart.rounded", {"value": "(1, -2.5)", "digits": "2"}),
        ),
        ((frame(11, "of", cls="<class 'Cart'>", rows="[]"),), Call("app/cart.py", "Cart.of", {"rows": "[]"})),
        (
            (frame(14, "read", key="Decimal('1.5')", table="{date(2026, 1, 2): None}"),),
            Call("app/cart.py", "read", {"key": "Decimal('1.5')", "table": "{date(2026, 1, 2): None}"}),
        ),
        (
            (frame(3, "total", self="Cart(lines=[])", rate="<Colour.RED: 1>"),),
            Call("app/cart.py", "Cart.total", {"self": "app.cart.Cart(lines=[])", "rate": "lib.models.Colour.RED"}),
        ),
        (
            (frame(14, "read", key="'<Colour.RED: 1>'", table="{'a': datetime.timedelta(days=2)}"),),
            Call("app/cart.py", "read", {"key": "'<Colour.RED: 1>'", "table": "{'a': datetime.timedelta(days=2)}"}),
        ),
        (
            (frame(14, "read", key="-inf", table="[Counter(n=1), deque([nan])]"),),
            Call("app/cart.py", "read", {"key": "-inf", "table": "[app.cart.Counter(n=1), deque([nan])]"}),
        ),
        (
            (frame(14, "read", key="PosixPath('x')", table="datetime.datetime(2026, 1, 2, tzinfo=timezone.utc)"),),
            Call(
                "app/cart.py",
                "read",
                {"key": "PosixPath('x')", "table": "datetime.datetime(2026, 1, 2, tzinfo=timezone.utc)"},
            ),
        ),
    ],
)
def test_a_call_with_the_reported_values(frames: tuple[Frame, ...], call: Call) -> None:
    assert recalled(*frames) == call


@pytest.mark.parametrize(
    "broken",
    [
        frame(3, "total", self="<Cart object>", rate="1"),  # an object that nobody can make again
        frame(14, "read", key="'x'"),  # one is missing
        frame(14, "read", key="'[redacted]'", table="{}"),
        frame(14, "read", key="'xxxxxxx…'", table="{}"),
        frame(14, "read", key="__import__('os')", table="{}"),
        frame(14, "read", key="[x for x in ()]", table="{}"),
        frame(14, "read", key="'x", table="{}"),
        frame(14, "read", key="table", table="{}"),
        frame(14, "read", key="Inner(n=1)", table="{}"),  # not to be had by a name of its module
        frame(14, "read", key="os.system('id')", table="{}"),
        frame(14, "read", key="Decimal(**{'value': 1})", table="{}"),
        frame(14, "read", key="'" + "\\'" * 20_000, table="<"),
        frame(19, "changed", key="'x'"),  # no longer what it was called with
        frame(23, "open_ended", names="('a',)"),
        frame(28, "inner", value="[]"),  # made by another function
        Frame("app/other.py", 1, "read", True, locals=dict(READ.locals)),
    ],
)
def test_no_call_where_the_values_cannot_be_had_and_then_the_caller_is_tried(broken: Frame) -> None:
    assert recalled(broken) is None
    assert recalled(READ, broken) == Call("app/cart.py", "read", dict(READ.locals))


def test_a_value_too_deep_to_be_written_out_is_none():
    deep = "a" + ".a" * 3000
    assert call_of(a_report(frames=(frame(15, "read", key=deep, table="{}"),)), PROJECT) is None


def test_a_text_that_is_not_closed_takes_no_time():
    started = time.perf_counter()
    for _ in range(5):
        hostile = frame(15, "read", key="<" + "\\'" * 4999, table="{}")
        assert call_of(a_report(frames=(hostile,)), PROJECT) is None
    assert time.perf_counter() - started < 1.5
