import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.registry.lamps.clear()
    for ids in service.registry.circuits.values():
        ids.clear()


def install(lamp_id="L1", watts=60, circuit="market"):
    return client.put(f"/lamps/{lamp_id}", json={"street": "Mill Street", "watts": watts, "circuit": circuit})


def test_install():
    assert install().status_code == 201
    assert install().status_code == 409
    assert client.get("/circuits").json()["market"] == ["L1"]


def test_bad():
    assert install(watts=0).status_code == 400
    assert install(circuit="moon").json() == {"error": "no such circuit"}


def test_load():
    install(), install("L2", 40)
    assert client.post("/circuits/market/on").json() == {"changed": 2}
    assert client.post("/circuits/market/on").json() == {"changed": 0}
    assert client.get("/circuits/market/load").json() == {"circuit": "market", "now": 100, "full": 100}


def test_rewire():
    install()
    assert client.patch("/lamps/L1", json={"circuit": "harbour"}).json()["circuit"] == "harbour"
    assert client.get("/circuits").json() == {"harbour": ["L1"], "market": [], "station": []}


def test_dismantle():
    install()
    assert client.delete("/lamps/L1").json()["street"] == "Mill Street"
    assert client.get("/lamps/L1").status_code == 404
    assert client.delete("/lamps/L1").status_code == 404
