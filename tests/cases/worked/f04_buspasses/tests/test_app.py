from app import app

client = app.test_client()


def holder(**kw):
    return client.post("/holders", json={"name": "Noor", **kw}).get_json()["id"]


def test_balance():
    h = holder()
    client.post(f"/holders/{h}/loads", json={"cents": 1000})
    client.post(f"/holders/{h}/rides", json={"line": "7"})
    assert client.get(f"/holders/{h}").get_json() == {"name": "Noor", "reduced": False, "balance": 7.6}


def test_reduced():
    h = holder(reduced=True)
    client.post(f"/holders/{h}/loads", json={"cents": 500})
    assert client.post(f"/holders/{h}/rides", json={}).get_json() == {"balance": 3.8}


def test_empty_card():
    assert client.post(f"/holders/{holder()}/rides", json={"line": "7"}).status_code == 402


def test_statement():
    h = holder()
    client.post(f"/holders/{h}/loads", json={"cents": 1000})
    for day in ("2024-05-02", "2024-05-03", "2024-06-01"):
        client.post(f"/holders/{h}/rides", json={"line": "7", "day": day})
    assert client.get(f"/holders/{h}/statement?month=2024-05").get_json() == {"month": "2024-05", "rides": 2, "lines": ["7"], "spent": 4.8}


def test_statement_month():
    assert client.get(f"/holders/{holder()}/statement?month=May").status_code == 400


def test_unknown():
    assert client.get("/holders/9999").status_code == 404
