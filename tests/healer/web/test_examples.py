"""What the page offers to send to a service: the file it is set by, and how its requests are played."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from healer.edges.deployment import playing
from healer.model import BadInput
from healer.settings import load_settings
from healer.settings.examples import read_examples

from tests.healer.web.release_desk import VIEWER, Desk

RETURN = {
    "name": "return",
    "title": "A return",
    "requests": [
        {"method": "POST", "path": "/carts", "json": {"of": "ann"}, "save": {"cart": "/ids/1"}},
        {
            "method": "POST",
            "path": "/carts/{cart}/orders",
            "json": {"cart": "{cart}", "note": "of {cart}"},
            "headers": {"x-of": "{cart}"},
        },
    ],
}
OTHERS = [
    {"name": "form", "title": "A form", "requests": [{"method": "POST", "path": "/echo", "form": {"a": "b c"}}]},
    {"name": "bytes", "title": "Bytes", "requests": [{"method": "PUT", "path": "/echo", "body_b64": "/w=="}]},
    {"name": "moved", "title": "Moved", "requests": [{"method": "GET", "path": "/moved"}]},
    {"name": "long", "title": "Long", "requests": [{"method": "GET", "path": "/long"}]},
    {"name": "drip", "title": "Drip", "requests": [{"method": "GET", "path": "/drip"}] * 2},
    {"name": "slow", "title": "Slow", "requests": [{"method": "GET", "path": "/slow"}]},
    {
        "name": "refused",
        "title": "Refused",
        "requests": [{"method": "GET", "path": "/nope"}, {"method": "GET", "path": "/x"}],
    },
    {
        "name": "lacking",
        "title": "Lacking",
        "requests": [
            {"method": "POST", "path": "/carts", "save": {"cart": "/ids/9"}},
            {"method": "GET", "path": "/x"},
        ],
    },
]
LINE = '[services.shop]\nrepository = "shop.git"\nurl = "http://127.0.0.1:1"\nexamples = "examples.json"\n'


def offered(folder: Path, document: object, config: str = LINE) -> Any:
    (folder / "healer.toml").write_text(config)
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / "examples.json").write_text(text)
    (folder / "examples.json").chmod(0o600)
    environment = {"HEALER_CONFIG": str(folder / "healer.toml"), "HEALER_HOME": str(folder / "home")}
    return load_settings(environment).services[0].offered


class Shop(ThreadingHTTPServer):
    """Answers what the path says, and remembers what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, bytes, str | None]] = []
        self.reached = threading.Event()
        self.may_answer = threading.Event()

    def handle_error(self, *_words: object) -> None:
        """A client that waited long enough is gone."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


ANSWERS = {
    "/carts": (201, b'{"ids": [1, 7]}'),
    "/carts/7/orders": (500, b"Internal Server Error"),
    "/moved": (303, b"elsewhere"),
    "/long": (200, b"x" * 100_000),
    "/nope": (404, b"no"),
}


class Handler(BaseHTTPRequestHandler):
    server: Shop

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((f"{self.command} {self.path}", body, self.headers.get("x-of")))
        if self.path == "/slow":
            self.server.reached.set()
            self.server.may_answer.wait(10)
        for _ in range(200 if self.path == "/drip" else 0):
            self.wfile.write(b"x")  # of the first line
            if self.server.may_answer.wait(0.02):
                break
        status, answer = ANSWERS.get(self.path, (200, b"fine"))
        self.send_response(status)
        if status == 303:
            self.send_header("location", "/carts")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def desk(tmp_path: Path, shop: Shop) -> Iterator[Desk]:
    examples = offered(tmp_path, {"examples": [RETURN, *OTHERS]})
    with closing(Desk(tmp_path, shop.address, examples)) as made:
        yield made


@pytest.fixture
def play(desk: Desk) -> Callable[..., Any]:
    return lambda name, service="shop", **more: desk.http.post(f"/api/v1/services/{service}/examples/{name}", **more)


def test_the_earlier_requests_set_the_scene_for_the_last_one(desk: Desk, shop: Shop, play: Callable[..., Any]) -> None:
    answer = play("return").json()
    assert 0 < answer.pop("seconds") < 10
    assert answer == {
        "request": "POST /carts/7/orders",
        "status": 500,
        "body": "Internal Server Error",
        "problem": "",
    }
    assert [(what, json.loads(body), of) for what, body, of in shop.seen] == [
        ("POST /carts", {"of": "ann"}, None),
        ("POST /carts/7/orders", {"cart": 7, "note": "of 7"}, "7"),
    ]
    event = desk.store.log.after(0)[-1]
    assert (event.type, event.key) == ("operator.example", "service/shop")
    assert (event.payload["example"], event.payload["by"], event.payload["way"]) == ("return", "operator", "api")


def test_bodies_are_sent_as_they_are_written_and_answers_clipped(shop: Shop, play: Callable[..., Any]) -> None:
    play("form")
    play("bytes")
    assert [body for _, body, _ in shop.seen] == [b"a=b+c", b"\xff"]
    assert play("moved").json()["status"] == 303  # which is not followed
    assert play("long").json()["body"] == "x" * 2000


def test_a_play_that_does_not_work_out_says_where_it_ended(shop: Shop, play: Callable[..., Any]) -> None:
    refused = play("refused").json()
    assert (refused["request"], refused["status"]) == ("GET /nope", 404)
    assert refused["problem"] == "GET /nope was answered 404; the requests after it were not sent."
    assert "lacks what {'cart': '/ids/9'} names" in play("lacking").json()["problem"]
    assert "GET /x" not in [what for what, _, _ in shop.seen]


def test_a_service_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    examples = offered(tmp_path, {"examples": [RETURN]})
    with closing(Desk(tmp_path, "http://127.0.0.1:1", examples)) as desk:
        answer = desk.http.post("/api/v1/services/shop/examples/return").json()
    assert (answer["status"], "http://127.0.0.1:1 did not answer" in answer["problem"]) == (None, True)


def test_a_slow_answer_is_waited_for_only_so_long(
    shop: Shop, play: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "SECONDS", 0.1)
    answer = play("slow").json()
    shop.may_answer.set()
    assert (answer["status"], answer["request"]) == (None, "GET /slow")


def test_an_answer_that_never_ends_to_begin_is_not_waited_for_either(
    shop: Shop, play: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "ALL_SECONDS", 0.2)
    answer = play("drip").json()
    assert (answer["status"], 0.2 <= answer["seconds"] < 4) == (None, True)
    assert "did not answer: not all was answered within 0.2 seconds" in answer["problem"]
    shop.may_answer.set()
    assert play("form").json()["status"] == 200, "the next one has its turn"


def test_one_play_at_a_time(shop: Shop, play: Callable[..., Any]) -> None:
    first = threading.Thread(target=play, args=("slow",))
    first.start()
    assert shop.reached.wait(10)
    second = play("return")
    shop.may_answer.set()
    first.join()
    assert (second.status_code, "being sent already" in second.json()["detail"]) == (409, True)
    assert play("return").status_code == 200


def test_what_is_offered_is_listed_and_a_viewer_may_only_look(desk: Desk, shop: Shop, play: Callable[..., Any]) -> None:
    names = [{"name": one["name"], "title": one["title"]} for one in (RETURN, *OTHERS)]
    viewer = {"authorization": f"Bearer {VIEWER}"}
    assert desk.http.get("/api/v1/examples", headers=viewer).json() == {
        "services": [{"service": "shop", "examples": names}]
    }
    assert play("return", headers=viewer).status_code == 403
    assert play("nope").status_code == 404
    assert play("return", "stock").status_code == 404
    assert shop.seen == []


def example(**changes: object) -> dict[str, object]:
    return {"examples": [{**OTHERS[0], **changes}]}


def step(**changes: object) -> dict[str, object]:
    return example(requests=[{"method": "GET", "path": "/x", **changes}])


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", ["examples.json", "no JSON"]),
        ({"examples": [OTHERS[0], OTHERS[0]]}, ["'form'", "rename one"]),
        ({"examples": [{**OTHERS[0], "name": f"n{number}"} for number in range(101)]}, ["at most 100"]),
        (example(wanted={}), ["examples.0.wanted", "not permitted"]),
        (example(name="A b"), ["examples.0.name", "'A b'"]),
        (example(requests=[]), ["examples.0.requests", "at least 1"]),
        (example(requests=OTHERS[0]["requests"] * 51), ["examples.0.requests", "at most 50"]),
        (step(path="http://evil.example/"), ["requests.0.path", "'http://evil.example/'", "the path alone"]),
        (step(path="//evil.example/"), ["requests.0.path", "the path alone"]),
        (step(path="/a\r\nx: y"), ["requests.0.path"]),
        (step(method="BREW"), ["requests.0.method", "'BREW'"]),
        (step(json={}, body=""), ["json and body", "all but one"]),
        (step(body_b64="%"), ["body_b64", "no base64"]),
        (step(save={"cart": "id"}), ["requests.0.save.cart", "'id'"]),
        (step(save={"cart": "of /id"}), ["requests.0.save.cart", "'of /id'"]),
        (step(save={"cart": "/id/"}), ["requests.0.save.cart", "'/id/'"]),
        ('{"examples": "' + "x" * 2**20 + '"}', ["larger than 1048576 bytes"]),
    ],
)
def test_a_wrong_file_is_told_of_before_anything_starts(tmp_path: Path, document: object, words: list[str]) -> None:
    with pytest.raises(BadInput) as raised:
        offered(tmp_path, document)
    for word in ["services.shop.examples", *words]:
        assert word in str(raised.value)


def test_a_header_is_in_no_message(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        offered(tmp_path, step(headers={"x-token": "the secret\n"}))
    assert "x-token" in str(raised.value)
    assert "the secret" not in str(raised.value)


def test_a_file_that_others_may_read_holds_no_header(tmp_path: Path) -> None:
    offered(tmp_path, step(headers={"x-token": "t"}))
    (tmp_path / "examples.json").chmod(0o644)
    with pytest.raises(ValueError, match=r"mode 0644.*chmod 600.*a header of its requests may be a secret"):
        read_examples(tmp_path / "examples.json")
    (tmp_path / "examples.json").write_text(json.dumps(step()))
    assert read_examples(tmp_path / "examples.json")


def test_examples_need_a_file_and_an_address(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"elsewhere\.json.*name a readable file"):
        offered(tmp_path, {"examples": []}, LINE.replace("examples.json", "elsewhere.json"))
    with pytest.raises(BadInput, match="the service's url, which is not set"):
        offered(tmp_path, {"examples": []}, LINE.replace('url = "http://127.0.0.1:1"\n', ""))
