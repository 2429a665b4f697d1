"""Recorded requests sent to a running service, of which little is as it was when they were recorded."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from healer.edges.deployment import sending
from healer.edges.deployment.sending import refusal, send
from healer.model import Probe, Request


class _Handler(BaseHTTPRequestHandler):
    """Answers with what it was sent; /endless and /broken do not end their answer, /silent gives none."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/silent":
            return
        self.send_response(302 if self.path.startswith("/elsewhere") else 200)
        self.send_header("Location", "/silent")
        self.send_header("X-Got", self.headers.get("x-sent", "nothing"))
        self.send_header("X-Type", self.headers.get("content-type", "none"))
        if self.path == "/broken":
            self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(body)
        while self.path == "/endless":
            try:
                self.wfile.write(b"x" * 10_000)
            except OSError:
                return

    do_POST = do_GET

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture(scope="module")
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("kind", "body", "sent", "content_type"),
    [
        ("none", None, "", "none"),
        ("json", {"a": [1]}, '{"a": [1]}', "application/json"),
        ("json", None, "null", "application/json"),
        ("form", {"a": ["1", "2"], "b": "&"}, "a=1&a=2&b=%26", "application/x-www-form-urlencoded"),
        ("text", "häuser", "häuser", "none"),
        ("base64", "aGk=", "hi", "none"),
    ],
)
def test_a_body_is_sent_as_its_kind_says(url, kind, body, sent, content_type):
    answer = send(url, Request("POST", "/", {}, kind, body), {})
    assert (answer.status, answer.body, answer.headers["x-type"]) == (200, sent, content_type)


def test_what_was_redacted_or_belongs_to_the_connection_is_not_sent(url):
    headers = {"x-sent": "[redacted]", "host": "elsewhere", "content-length": "1000", "connection": "upgrade"}
    assert send(url, Request("GET", "/", headers), {}).headers["x-got"] == "nothing"
    assert send(url, Request("GET", "/", headers), {"x-sent": "now"}).headers["x-got"] == "now"


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/silent"),
        Request("POST", "/", truncated=True),
        Request("GET", "/", {"x-sent": "a\r\nb: c"}),
        Request("POST", "/", body_kind="base64", body="?"),
    ],
)
def test_what_gets_no_answer_or_cannot_be_sent_is_none(url, request_):
    assert send(url, request_, {}) is None
    assert send("", Request("GET", "/"), {}) is None


def test_an_answer_that_does_not_end_is_an_answer(url):
    assert len(send(url, Request("GET", "/endless"), {}).body) == sending.LARGEST_BODY
    assert send(url, Request("GET", "/broken"), {}).status == 200
    assert send(url, Request("GET", "/elsewhere"), {}).status == 302


def test_probes_speak_against_a_release_or_do_not(url, monkeypatch):
    good, bad, silent = (Probe(Request("GET", path)) for path in ("/?a", "/elsewhere?b", "/silent"))
    assert refusal(url, (good, bad)) == ""
    assert refusal(url, (good, Probe(bad.request, below=302))) == "GET /elsewhere answered 302"
    assert refusal(url, (silent, good)) == "GET /silent got no answer"
    assert refusal("", (silent,)) == ""
    monkeypatch.setattr(sending, "ALL_PROBES_SECONDS", 0)
    assert refusal(url, (silent,)) == ""
