def add(c, name, topics, **more):
    assert c.post("/endpoints", {"name": name, "url": "https://x.example.org/", "topics": topics, **more}).status == 201


def publish(c, topic="t"):
    return c.post("/events", {"topic": topic, "data": {"n": 1}})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 202 and r.json() == {"deliveries": [{"endpoint": "archive", "state": "due"}]}, r
    assert c.get("/outbox").json() == [{"endpoint": "archive", "topic": "order.paid", "data": {"order": 77}}]


def check_fix_fallback_gone(c):
    c.fresh()
    add(c, "spare", ["u"])
    add(c, "main", ["t"], fallback="spare")
    c.post("/endpoints/main/pause")
    assert c.delete("/endpoints/spare").status == 204
    r = publish(c)
    assert r.status == 202 and r.json() == {"deliveries": [{"endpoint": "main", "state": "parked"}]}, r
    assert c.post("/endpoints/main/resume").json() == {"name": "main", "released": 1}


def check_fix_fallback_paused(c):
    c.fresh()
    add(c, "spare", ["u"])
    add(c, "main", ["t"], fallback="spare")
    c.post("/endpoints/main/pause")
    c.post("/endpoints/spare/pause")
    assert publish(c).json() == {"deliveries": [{"endpoint": "main", "state": "parked"}]}
    c.post("/endpoints/spare/resume")
    assert publish(c).json() == {"deliveries": [{"endpoint": "spare", "state": "due"}]}


def check_same_parked(c):
    add(c, "main", ["t"])
    c.post("/endpoints/main/pause")
    assert publish(c).json() == {"deliveries": [{"endpoint": "main", "state": "parked"}]}
    assert c.post("/endpoints/main/resume").json()["released"] == 1
    assert len(c.get("/outbox").json()) == 1


def check_same_refusals(c):
    add(c, "main", ["t"])
    assert c.post("/endpoints", {"name": "main", "url": "https://x.example.org/", "topics": ["t"]}).status == 409
    assert c.post("/endpoints", {"name": "b", "url": "https://x.example.org/", "topics": ["t"], "fallback": "zz"}).status == 422
    assert c.post("/endpoints/zz/pause").json() == {"detail": "endpoint not found"}
