from starlette.testclient import TestClient

from app import app

client = TestClient(app)


def found(q):
    return [e["n"] for e in client.get("/search", params={"q": q}).json()["lines"]]


def test_words_and_fields():
    assert found("timeout") == [5, 3]
    assert found("level:error service:api") == [5]


def test_or_not_parens():
    assert found("(queue OR port) service:mail") == [4]
    assert found("NOT level:info NOT timeout") == [2]


def test_bad_queries():
    for q in ("(a", "a )", "OR", "colour:red", "NOT"):
        r = client.get("/search", params={"q": q})
        assert r.status_code == 400 and "error" in r.json()


def test_check():
    assert client.get("/search/check", params={"q": "(a"}).json() == {"ok": False, "reason": "missing )"}
    assert client.get("/search/check", params={"q": "a"}).json()["ok"] is True


def test_too_long():
    assert client.get("/search", params={"q": "a " * 1001}).status_code == 400


def test_limit():
    assert client.get("/search?q=o&limit=0").status_code == 400
    assert len(client.get("/search?q=o&limit=1").json()["lines"]) == 1
