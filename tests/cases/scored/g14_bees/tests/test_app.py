import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    with service.db:
        service.db.execute("DELETE FROM inspections")


def inspect(hive="amber", **kw):
    return client.post(f"/hives/{hive}/inspections", json={"day": "2024-05-10", "queen_seen": True, "brood_frames": 6, "mites": 4, **kw})


def test_log():
    assert inspect().json() == {"inspections": 1}
    assert client.get("/hives/amber/inspections").json() == [
        {"hive": "amber", "day": "2024-05-10", "queen_seen": True, "brood_frames": 6, "mites": 4}]


def test_mites():
    inspect(mites=31)
    inspect("basil")
    assert client.get("/concerns").json() == {"amber": ["mites"]}


def test_latest_counts():
    inspect(mites=50)
    inspect(day="2024-05-20", mites=2)
    assert client.get("/concerns").json() == {}


def test_refused():
    assert inspect(mites=-1).status_code == 422
    assert inspect(day="tomorrow").status_code == 422
    assert inspect("dill").json() == {"error": "no such hive"}


def test_hives():
    inspect("clover")
    assert client.get("/hives").json()[2] == {"hive": "clover", "stand": "railway", "inspections": 1}
