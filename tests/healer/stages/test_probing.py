from dataclasses import replace

import pytest
from healer.model import Request, Watch
from healer.stages.probing import MOST, probes, safe_to_repeat, watch_for

from tests.healer.samples import a_report


def good(path: str, **changes: object) -> Request:
    return replace(Request("GET", path, status=200), **changes)  # type: ignore[arg-type]


def asked(*recorded: Request, healed: tuple[Request, ...] = (), safe: tuple[str, ...] = ()) -> list[str]:
    found = probes([a_report(earlier_requests=recorded)], healed, safe)
    assert all(probe.below == 500 for probe in found)
    return [f"{probe.request.method} {probe.request.path}" for probe in found]


def test_what_is_to_be_healed_comes_first_and_then_as_many_routes_as_there_are() -> None:
    recorded = [good(f"/orders/{number}") for number in range(40)] + [good("/cart?a=1"), good("/cart?a=2"), good("/")]
    found = asked(*recorded, healed=(Request("GET", "/boom", status=500),))
    assert found[:5] == ["GET /boom", "GET /", "GET /cart?a=2", "GET /orders/39", "GET /cart?a=1"]
    assert len(found) == 1 + MOST


def test_the_newest_report_is_asked_about_first_and_nothing_twice() -> None:
    reports = [a_report(earlier_requests=(good("/a"), good("/b"))), a_report(earlier_requests=(good("/c"), good("/a")))]
    found = probes(reports, [good("/b")], ())
    assert [probe.request.path for probe in found] == ["/b", "/a", "/c"]


@pytest.mark.parametrize(
    "request_",
    [
        good("/a", status=400),
        good("/a", status=None),
        good("/a", method="POST"),
        good("/a", body_kind="json", body={"a": 1}),
        good("/a", truncated=True),
        good("/reset/[redacted]"),
        good("/reset/%5Bredacted%5D"),
        good("/a?key=[redacted]"),
        good("/a b"),
        good("/a\r\nX-Header: 1"),
        good("/" + "a" * 3000),
    ],
)
def test_no_other_recorded_request_is_asked(request_: Request) -> None:
    assert asked(request_) == []


def test_what_may_not_be_repeated_or_is_not_whole_is_healed_unasked() -> None:
    order = Request("POST", "/orders", body_kind="json", body={"count": 0})
    search = Request("POST", "/search", body_kind="json", body={"for": "x"})
    hidden = replace(search, body={"password": "[redacted]"})
    assert asked(healed=(order, search, hidden), safe=("POST /search",)) == ["POST /search"]


@pytest.mark.parametrize(
    ("method", "path", "safe"),
    [
        ("GET", "/orders/1", True),
        ("HEAD", "/orders/1", True),
        ("POST", "/reports/7?page=2", True),
        ("PUT", "/reports/7", False),
        ("POST", "/reports", False),
        ("POST", "/reports/", False),
        ("POST", "/reports/7/send", False),
        ("POST", "/reports/7%2Fsend", False),  # many servers take it for the one above
        ("POST", "/reports/..", False),
        ("POST", "/reports/%2e%2E", False),
        ("POST", "/x/reports/7", False),
    ],
)
def test_only_what_is_declared_safe_may_be_repeated(method: str, path: str, safe: bool) -> None:
    assert safe_to_repeat(Request(method, path), ("PUT /search", "POST /reports/*")) is safe


@pytest.mark.parametrize(
    ("path", "watched"),
    [
        ("/carts/17/checkout?now=1", "/carts/*/checkout"),
        ("/v2/users/oauth2/ipv4", "/v2/users/oauth2/ipv4"),
        ("/o/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/o/*"),
        ("/o/3f2504e0/items", "/o/*/items"),
        ("/cafe/facade/defaced", "/cafe/facade/defaced"),
        ("/o/order-17", "/o/*"),
        ("/o/cus_9s6XKzkNRiz8i3", "/o/*"),
        ("/o/ada@example.org", "/o/*"),
        ("/o/red%20shoes", "/o/*"),
        ("/days/2026-01-02", "/days/*"),
        ("/list-all-customers/index.html", "/list-all-customers/index.html"),
        ("/", "/"),
    ],
)
def test_requests_of_the_same_kind_differ_in_identifiers(path: str, watched: str) -> None:
    assert watch_for(Request("POST", path)) == Watch("POST", watched)
