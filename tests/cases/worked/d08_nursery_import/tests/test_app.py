import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.PLANTS.clear()


def put(code, name, price):
    return client.put(f"/plants/{code}", json={"name": name, "price": price})


def test_by_hand():
    r = put("lav01", "Lavender", "4,50")
    assert r.status_code == 201 and r.get_json() == {"code": "LAV01", "name": "Lavender", "price": "4,50 €", "cents": 450}
    assert put("LAV01", "Lavender", "€ 1.200,00").get_json()["cents"] == 120000


def test_bad_price():
    for price in ("ask", "", "0", "-3"):
        assert put("LAV01", "Lavender", price).status_code == 400


def test_import():
    r = client.post("/plants/import", data="code;name;price\nros10;Rose;12.90\n!!;Weed;1\nTHYM1;;2\n")
    assert r.get_json() == {"taken": 1, "rejected": [{"line": 3, "reason": "bad code"}, {"line": 4, "reason": "name and price are required"}]}
    assert client.get("/plants/ROS10").get_json()["cents"] == 1290


def test_header():
    assert client.post("/plants/import", data="a;b\n1;2\n").status_code == 400


def test_search_and_remove():
    put("LAV01", "Lavender", "4,50")
    assert len(client.get("/plants?q=LAV").get_json()) == 1
    assert client.delete("/plants/lav01").status_code == 204
    assert client.delete("/plants/lav01").status_code == 404
