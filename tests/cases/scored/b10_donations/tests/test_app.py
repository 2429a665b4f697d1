import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def roof():
    service.campaigns.clear()
    client.put("/campaigns/roof")


def sponsor(**kw):
    return client.put("/campaigns/roof/sponsor", json={"name": "Mill Ltd", "percent": 50, "cap_cents": 1000} | kw)


def give(cents, donor="Ann"):
    return client.post("/campaigns/roof/gifts", json={"cents": cents, "donor": donor})


def test_without_sponsor():
    assert give(500).get_json()["matched_cents"] == 0
    assert client.get("/campaigns/roof").get_json()["match_left_cents"] is None


def test_matched_up_to_the_cap():
    sponsor()
    assert [give(c).get_json()["matched_cents"] for c in (1200, 1200, 1200)] == [600, 400, 0]
    assert client.get("/campaigns/roof").get_json()["match_left_cents"] == 0


def test_sponsor_is_checked():
    assert sponsor(percent=101).status_code == 422
    assert sponsor(cap_cents="x").status_code == 422
    assert sponsor(cap_cents=None).get_json()["cap_cents"] is None


def test_small_gift():
    assert give(99).status_code == 422


def test_dropped_sponsor():
    sponsor()
    give(1000)
    assert client.delete("/campaigns/roof/sponsor").status_code == 204
    give(1000)
    assert client.get("/campaigns/roof").get_json()["matched_cents"] == 500


def test_missing():
    assert client.get("/campaigns/tower").get_json() == {"message": "no campaign tower"}
