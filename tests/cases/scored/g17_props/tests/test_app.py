from app import app

client = app.test_client()


def test_props():
    assert [p["name"] for p in client.get("/props").get_json()] == ["dagger", "goblet", "skull", "lantern", "letter"]


def test_prop():
    assert client.get("/props/dagger").get_json() == {"name": "dagger", "shelf": "A1", "scenes": ["3-4", "5-2"]}


def test_scene():
    assert client.get("/scenes/5-2/props").get_json() == {"scene": "5-2", "props": ["dagger", "goblet", "letter"]}


def test_unknown():
    assert client.get("/scenes/9-9/props").status_code == 404
    assert client.get("/scenes/5-1/props?also=9-9").status_code == 404
    assert client.get("/props/crown").status_code == 404


def test_need_and_not():
    assert client.put("/scenes/1-1/props/goblet").get_json()["props"] == ["goblet", "lantern"]
    assert client.delete("/scenes/1-1/props/goblet").get_json()["props"] == ["lantern"]
    assert client.delete("/scenes/1-1/props/goblet").status_code == 404
