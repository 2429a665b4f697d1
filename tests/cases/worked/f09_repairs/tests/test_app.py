from fastapi.testclient import TestClient

from app import app

client = TestClient(app)


def job(quote=(9000, 1500)):
    i = client.post("/jobs", json={"customer": "Rosa", "piece": "rocking chair"}).json()["id"]
    if quote:
        client.put(f"/jobs/{i}/quote", json={"labour": quote[0], "material": quote[1]})
    return i


def test_whole_way():
    i = job()
    assert client.post(f"/jobs/{i}/accept").json()["state"] == "accepted"
    assert client.post(f"/jobs/{i}/finish").json()["state"] == "done"
    body = client.post(f"/jobs/{i}/invoice").json()
    assert (body["net"], body["vat"], body["total"]) == (10500, 2100, 12600)
    assert client.get(f"/invoices/{body['number']}").json() == body


def test_accept_without_quote():
    assert client.post(f"/jobs/{job(None)}/accept").status_code == 409


def test_invoice_too_early():
    assert client.post(f"/jobs/{job()}/invoice").status_code == 409


def test_invoice_twice():
    i = job()
    client.post(f"/jobs/{i}/finish")
    assert client.post(f"/jobs/{i}/invoice").status_code == 201
    assert client.post(f"/jobs/{i}/invoice").status_code == 409


def test_by_state():
    i = job(None)
    assert i in [j["id"] for j in client.get("/jobs?state=new").json()]


def test_unknown():
    assert client.post("/jobs/9999/invoice").status_code == 404
