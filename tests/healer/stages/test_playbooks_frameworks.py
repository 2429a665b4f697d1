"""Services in the four usual ways: the first candidate that works refuses in the service's own way, where it can."""

from __future__ import annotations

from typing import Any

import pytest

from .crashes import Ask, Case, assert_right
from .services_asgi import RAISING, SENDING
from .services_routed import FASTAPI, STARLETTE

TENANT = {"x-tenant": "t1"}
TASK = Ask("POST", "/tasks", {"title": "x", "who": "ann"}, TENANT)
BOOKED = ((), Ask("POST", "/rooms/a/bookings", {"day": "2024-02-02"}), 200, None)


def said(message: str) -> dict[str, Any]:
    return {"error": message}


CASES: list[Case] = [
    (
        "sent: text for a number",
        SENDING,
        (),
        Ask("GET", "/note?id=x"),
        400,
        None,
        [((), Ask("GET", "/note?id=7"), 404, said("no such note"))],
    ),
    (
        "sent: no record",
        SENDING,
        (),
        Ask("GET", "/tag?id=9"),
        404,
        said("no such note"),
        [((), Ask("GET", "/tag?id=2"), 200, {"tag": None})],
    ),
    ("sent: no JSON", SENDING, (), Ask("POST", "/notes", content=b"{"), 400, None, []),
    (
        "sent: no header",
        SENDING,
        (),
        Ask("POST", "/login"),
        401,
        None,
        [((), Ask("POST", "/login", headers={"authorization": "Bearer t"}), 200, {"ok": True})],
    ),
    ("sent: one word in a header", SENDING, (), Ask("POST", "/login", headers={"authorization": "t"}), 401, None, []),
    (
        "sent: zero",
        SENDING,
        (),
        Ask("GET", "/share?parts=0"),
        400,
        None,
        [((), Ask("GET", "/share?parts=4"), 200, {"share": 25.0})],
    ),
    (
        "raised: no such key",
        RAISING,
        (),
        Ask("POST", "/rooms/z/bookings", {"day": "2024-02-02"}),
        404,
        said("no room z"),
        [BOOKED],
    ),
    ("raised: no date", RAISING, (), Ask("POST", "/rooms/a/bookings", {"day": "x"}), 400, None, [BOOKED]),
    ("raised: a field left out", RAISING, (), Ask("POST", "/rooms/a/bookings", {}), 400, None, [BOOKED]),
    ("raised: no JSON", RAISING, (), Ask("POST", "/rooms/a/bookings", content=b"nope"), 400, None, [BOOKED]),
    ("raised: JSON of another shape", RAISING, (), Ask("POST", "/rooms/a/bookings", ["day"]), 400, None, [BOOKED]),
    ("raised: a number in a helper", RAISING, (), Ask("GET", "/rooms/a/share?count=x"), 400, None, []),
    (
        "raised: zero",
        RAISING,
        (),
        Ask("GET", "/rooms/a/share?count=0"),
        400,
        None,
        [((), Ask("GET", "/rooms/a/share?count=2"), 200, {"each": 2.0})],
    ),
    ("raised: too few parts", RAISING, (), Ask("GET", "/rooms?span=a"), 400, None, []),
    ("raised: no query", RAISING, (), Ask("GET", "/rooms"), 400, None, []),
    (
        "a middleware returns its refusal",
        STARLETTE,
        (),
        Ask("GET", "/tasks/1"),
        400,
        None,
        [((), Ask("GET", "/tasks/1", headers=TENANT), 200, None), ((), Ask("GET", "/health"), 200, None)],
    ),
    ("returned: no date", STARLETTE, (), Ask("GET", "/tasks/1/due?today=x", headers=TENANT), 400, None, []),
    ("returned: no record", STARLETTE, (), Ask("GET", "/tasks/9/mail", headers=TENANT), 404, said("no such task"), []),
    (
        "returned: a field left out",
        STARLETTE,
        (),
        Ask("POST", "/tasks", {"title": "x"}, TENANT),
        400,
        None,
        [((), TASK, 201, None)],
    ),
    (
        "returned: JSON of another shape",
        STARLETTE,
        (),
        Ask("POST", "/tasks", [1], TENANT),
        400,
        None,
        [((), TASK, 201, None)],
    ),
    (
        "the error class behind a dependency",
        FASTAPI,
        (),
        Ask("GET", "/trips/t9"),
        404,
        {"detail": "trip not found"},
        [],
    ),
    (
        "a class as a dependency",
        FASTAPI,
        (),
        Ask("GET", "/trips?size=0"),
        422,
        None,
        [((), Ask("GET", "/trips?size=1"), 200, None)],
    ),
    ("a header in a dependency", FASTAPI, (), Ask("GET", "/trips/me/phone"), 401, None, []),
    (
        "a token in a dependency",
        FASTAPI,
        (),
        Ask("GET", "/trips/me/phone", headers={"authorization": "Bearer z"}),
        401,
        None,
        [],
    ),
    (
        "a field of a nested model",
        FASTAPI,
        (),
        Ask("POST", "/trips/t1/stops", {"name": "q", "at": "12"}),
        422,
        None,
        [((), Ask("POST", "/trips/t1/stops", {"name": "q", "at": "1:20"}), 200, None)],
    ),
    ("a query behind Annotated", FASTAPI, (), Ask("GET", "/trips/t1/log?since=x"), 422, None, []),
    (
        "a body that is a dict",
        FASTAPI,
        (),
        Ask("POST", "/trips/t1/share", {}),
        422,
        None,
        [((), Ask("POST", "/trips/t1/share", {"people": 2}), 200, {"each": 6.25})],
    ),
    (
        "a middleware of FastAPI",
        FASTAPI,
        (),
        Ask("GET", "/trips/t1", headers={"accept-language": "en;q=x"}),
        422,
        None,
        [((), Ask("GET", "/trips/t1"), 200, None)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
