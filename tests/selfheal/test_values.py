"""Values as text: plain ones read back, foreign ones without running their code, all within bounds."""

from __future__ import annotations

import ast
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import pathlib
import re
import types
import uuid
import zoneinfo
from typing import Any, TypedDict

import attrs
import pydantic
import pydantic.v1
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selfheal.scrub import Scrubber
from selfheal.taking import Budget
from selfheal.values import describe
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


def shown(value: object) -> str:
    return describe(value, Scrubber())


class Colour(enum.StrEnum):
    RED = "red"


@dataclasses.dataclass
class Line:
    sku: str
    price: decimal.Decimal
    api_key: str = "abc-def-1"


@dataclasses.dataclass(frozen=True)
class Slotted:
    __slots__ = ("sku", "token")
    sku: str
    token: str


class Item(pydantic.BaseModel):
    name: str
    password: str = "hunter2"
    secret: pydantic.SecretStr = pydantic.SecretStr("abc-def-2")


class Plain:
    def __init__(self) -> None:
        self.id = 3
        self.db_password = "abc-def-3"
        self._hidden = 1


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    HIGH = 3


class Keys(enum.Enum):
    API_KEY = "abc-def-4"


class Old(pydantic.v1.BaseModel):
    n: int = 1
    token: str = "abc-def-5"


@attrs.define
class Marked:
    n: int
    pw: str = "abc-def-6"


class Typed(TypedDict):
    n: int


class Number(int):
    pass


class Odd(datetime.tzinfo):
    def utcoffset(self, _: object) -> Any:
        raise AssertionError("foreign code was run")

    tzname = dst = utcoffset

    def __repr__(self) -> str:
        raise AssertionError("foreign code was run")


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (-3, "-3"),
        ('it\'s "x"', "'it\\'s \"x\"'"),
        (b"\x00a", "b'\\x00a'"),
        ([1, 2.5, (1,), ()], "[1, 2.5, (1,), ()]"),
        ({"a": {1}, 2: None}, "{'a': {1}, 2: None}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        (collections.OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (collections.deque([1, 2]), "deque([1, 2])"),
        (Point(1, "b"), "Point(x=1, y='b')"),
        (Colour.RED, "<Colour.RED: 'red'>"),
        (decimal.Decimal("1.10"), "Decimal('1.10')"),
        (fractions.Fraction(1, 3), "Fraction(1, 3)"),
        (datetime.date(2026, 11, 20), "datetime.date(2026, 11, 20)"),
        (
            datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
            "datetime.datetime(2026, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)",
        ),
        (datetime.timedelta(seconds=3), "datetime.timedelta(seconds=3)"),
        (uuid.UUID(int=5), "UUID('00000000-0000-0000-0000-000000000005')"),
        (pathlib.PurePosixPath("/a/b"), "PurePosixPath('/a/b')"),
        (Line("a", decimal.Decimal(2)), "Line(sku='a', price=Decimal('2'), api_key='[redacted]')"),
        (Slotted("a", "abc-def-1"), "Slotted(sku='a', token='[redacted]')"),
        (Item(name="x"), "Item(name='x', password='[redacted]', secret='[redacted]')"),
        (Plain(), "<Plain id=3 db_password='[redacted]'>"),
        (ValueError("x", 1), "ValueError('x', 1)"),
        (Right.READ | Right.WRITE, "<Right.READ|WRITE: 3>"),
        (Level.HIGH, "<Level.HIGH: 3>"),
        (Keys.API_KEY, "<Keys.API_KEY: '[redacted]'>"),
        (Old(), "Old(n=1, token='[redacted]')"),
        (Marked(1), "Marked(n=1, pw='[redacted]')"),
        (Typed(n=1), "{'n': 1}"),
        (types.SimpleNamespace(n=[1]), "SimpleNamespace(n=[1])"),
        ({"a": 1}.items(), "dict_items([('a', 1)])"),
        (collections.Counter("aab"), "Counter({'a': 2, 'b': 1})"),
        (range(3), "range(0, 3)"),
        (float("nan"), "nan"),
        (1j, "1j"),
        (datetime.time(3, 4, tzinfo=BERLIN), "datetime.time(3, 4, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin'))"),
        (datetime.datetime(2026, 1, 2, 3, tzinfo=Odd()), "<datetime 2026-01-02 03:00:00>"),
        (Number(7), "7"),
        (["--password", "x", "--port", "1"], "['--password', '[redacted]', '--port', '1']"),
        ([["api_key", "x"], ["n", "1"]], "[['api_key', '[redacted]'], ['n', '1']]"),
        ({"name": "password", "value": "x"}, "{'name': 'password', 'value': '[redacted]'}"),
        (Plain, f"<class '{__name__}.Plain'>"),
        (int, "<class 'int'>"),
        (shown, "<function shown>"),
        (decimal, "<module decimal>"),
        (object(), "<object>"),
        ({"token": "x", "n": 1}, "{'token': '[redacted]', 'n': 1}"),
        ([(b"cookie", b"a=1"), (b"host", b"x")], "[(b'cookie', '[redacted]'), (b'host', b'x')]"),
        ("Bearer abc-def-77", "'Bearer [redacted]'"),
        (4111111111111111, "'[redacted]'"),
    ],
)
def test_values_as_text(value: object, text: str) -> None:
    assert shown(value) == text


plain = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9999, 9999),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=9),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "n"]), inner) | st.tuples(inner)
    ),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(plain)
def test_plain_values_read_back(value: Any) -> None:
    text = shown(value)
    if not re.search(r"<\w+( of \d+)?>|<\d+ more>", text):  # neither deep nor wide enough to be cut
        assert ast.literal_eval(text) == value


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    st.recursive(
        st.one_of(st.text(), st.binary(), st.integers()),
        lambda inner: st.lists(inner) | st.sets(st.integers()),
        max_leaves=60,
    )
)
def test_the_length_is_bounded(value: Any) -> None:
    assert len(shown(value)) < 5000


def test_cut_values_cannot_be_taken_for_whole_ones() -> None:
    for value in (
        "x" * 50_000_000,
        list(range(1_000_000)),
        dict.fromkeys(range(100_000)),
        b"y" * 10_000,
        [["deep"] * 40] * 40,
    ):
        text = shown(value)
        assert len(text) < 5000
        with pytest.raises((SyntaxError, ValueError)):
            ast.literal_eval(text)
    assert shown("x" * 50_000_000).endswith("... <50000000 characters>")
    assert shown(list(range(30))).endswith("24, <5 more>]")
    assert shown(1 << 100_000) == "<int of 100001 bits>"


def test_a_secret_at_the_edge_of_a_cut_does_not_leave() -> None:
    for before in range(1400, 1520, 7):
        assert "4111" not in shown(" " * before + "4111111111111111" + "z" * 5000).replace(" ", "")


def test_cycles_and_depth_end() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert shown(loop) == "[1, <recursion>]"
    deep: Any = "bottom"
    for _ in range(5000):
        deep = {"in": deep}
    assert "bottom" not in shown(deep)


class Hostile:
    """Every way in runs into an error; the text must not even notice."""

    def __init__(self) -> None:
        self.__dict__["id"] = 9

    def _refuse(self, *_: object, **__: object) -> Any:
        raise AssertionError("foreign code was run")

    __repr__ = __str__ = __len__ = __iter__ = __hash__ = __eq__ = __bool__ = __getattr__ = __format__ = _refuse
    __class__ = property(_refuse)
    name = property(_refuse)


class HostileDict(dict[str, int]):
    def __iter__(self) -> Any:
        raise AssertionError("foreign code was run")

    items = keys = __len__ = __repr__ = __iter__


class HostileText(str):
    def _refuse(self, *_: object, **__: object) -> Any:
        raise AssertionError("foreign code was run")

    __len__ = __repr__ = __str__ = __getitem__ = encode = _refuse


class HostileType(type):
    def _refuse(cls, *_: object) -> Any:
        raise AssertionError("foreign code was run")

    __hash__ = __eq__ = __getattribute__ = __repr__ = __instancecheck__ = __subclasscheck__ = _refuse


class OfHostileType(metaclass=HostileType):
    def __init__(self) -> None:
        object.__setattr__(self, "id", 9)


class HostileKey:
    def __hash__(self) -> int:
        return 1

    __class__ = property(Hostile._refuse)
    __eq__ = __str__ = __repr__ = Hostile._refuse


class HostileMembers:
    field = Hostile()
    id = 3


def test_no_foreign_code_is_run() -> None:
    assert shown(Hostile()) == "<Hostile id=9>"
    assert shown(HostileDict(a=1)) == "HostileDict({'a': 1})"
    assert shown(HostileText("abc")) == "'abc'"
    assert shown([Hostile()]) == "[<Hostile id=9>]"
    assert shown(object.__new__(OfHostileType)) == "<OfHostileType>"
    assert shown([OfHostileType()]) == "[<OfHostileType id=9>]"
    assert shown({HostileKey(): Hostile()}) == "{<HostileKey>: <Hostile id=9>}"
    assert shown((HostileKey(), "x")) == "(<HostileKey>, 'x')"
    assert shown(HostileMembers()) == "<HostileMembers>"


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(20))


def test_rows_are_shown_without_loading_anything() -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        customer = Customer(id=3, name="Ann", password_hash="abc-def-9")
        session.add(customer)
        session.flush()
        assert shown(customer) == "<Customer id=3 name='Ann' password_hash='[redacted]'>"
        row = session.execute(select(Customer.id, Customer.password_hash)).one()
        assert shown(row) == "<Row id=3 password_hash='[redacted]'>"
        session.commit()  # expires every value: reading one would run a statement
        assert shown(customer) == "<Customer key=(3,)>"
        assert "name" not in customer.__dict__


def test_objects_of_libraries_are_short_whatever_they_hold() -> None:
    with Session(create_engine("sqlite://")) as session:
        assert len(shown(session)) < 200
        assert shown({"session": session}) == "{'session': <Session>}"


def test_a_spent_budget_ends_the_recording() -> None:
    budget = Budget(characters=3000)
    texts = [describe("x" * 400, Scrubber(), budget) for _ in range(20)]
    assert texts[0].startswith("'xxx")
    assert texts[-1] == "<not recorded>"
    assert describe([1], Scrubber(), Budget(seconds=0.0)) == "<not recorded>"
