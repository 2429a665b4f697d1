"""Tickets over HTTP."""


def test_the_list_needs_a_user(client):
    assert client.get("/tickets/").status_code == 302


def test_open_and_show(signed_in):
    client = signed_in("Cy Customer")
    answer = client.post("/tickets/", data={"title": "No <b>light</b>", "csrf": "known"})
    assert answer.status_code == 302
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "No &lt;b&gt;light&lt;/b&gt;" in page.text


def test_a_form_without_token_is_refused(signed_in):
    assert signed_in("Cy Customer").post("/tickets/", data={"title": "x"}).status_code == 400


def test_a_customer_cannot_close(signed_in):
    client = signed_in("Cy Customer")
    assert client.post("/tickets/1/close", data={"minutes": "5", "csrf": "known"}).status_code == 403


def test_a_title_is_needed(signed_in):
    answer = signed_in("Cy Customer").post("/tickets/", data={"title": " ", "csrf": "known"})
    assert answer.status_code == 400
    assert "needs a title" in answer.text
