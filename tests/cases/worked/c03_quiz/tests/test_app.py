import app as service

client = service.app.test_client()


def start(quiz="capitals"):
    return client.post(f"/quizzes/{quiz}/attempts").get_json()


def answer(number, question, text):
    return client.post(f"/attempts/{number}/answers", json={"question": question, "answer": text})


def test_start():
    state = start()
    assert state["question"]["id"] == "q1" and state["score"] is None and state["total"] == 4


def test_straight_through():
    n = start()["attempt"]
    for q, text in (("q1", "Oslo"), ("q2", "Cusco"), ("q3", " Nairobi ")):
        answer(n, q, text)
    state = answer(n, "q4", "Vientiane").get_json()
    assert state["question"] is None and state["score"] == 8


def test_skip_moves_on():
    n = start()["attempt"]
    assert client.post(f"/attempts/{n}/skip/q1").get_json()["question"]["id"] == "q2"
    assert answer(n, "q2", "Lima").get_json()["question"]["id"] == "q3"


def test_wrong_question():
    n = start()["attempt"]
    assert answer(n, "q3", "Nairobi").status_code == 409


def test_finished():
    n = start("short")["attempt"]
    assert answer(n, "q1", "4").get_json()["score"] == 1
    assert answer(n, "q1", "5").status_code == 409


def test_bad_requests():
    n = start()["attempt"]
    assert client.post(f"/attempts/{n}/answers", json=[1]).status_code == 400
    assert client.get("/attempts/9999").status_code == 404
    assert client.post("/quizzes/none/attempts").status_code == 404
