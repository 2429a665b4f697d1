import base64

JSON = {"content-type": "application/json"}


def raw(c, method, path, data):
    return c.req(method, path, body_b64=base64.b64encode(data).decode(), headers=JSON)


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json().get("title") and r.json()["status"] == 400, r
    assert c.get("/hosts/db-07").json()["notes"] == []


def check_fix_report(c):
    c.fresh()
    for data in ('{"role": "web", "cores": 4, "owner": "Jörg"}'.encode("latin-1"), b"\xff\x00\x12", b"\x80"):
        r = raw(c, "PUT", "/hosts/web-9", data)
        assert r.status == 400 and r.json().get("title"), (data, r)
    assert c.get("/hosts/web-9").status == 404


def check_same_utf8(c):
    r = raw(c, "PUT", "/hosts/web-9", '{"role": "web", "cores": 4, "owner": "Jörg"}'.encode())
    assert r.status == 201 and r.json()["owner"] == "Jörg"
    assert raw(c, "POST", "/hosts/web-9/notes", '{"text": "Größe"}'.encode()).json() == ["Größe"]


def check_same_not_json(c):
    for data in (b"{", b"", b"role=web", b"3"):
        assert raw(c, "PUT", "/hosts/web-9", data).status == 400, data


def check_same_404(c):
    assert c.post("/hosts/nope/notes", {"text": "x"}).status == 404
