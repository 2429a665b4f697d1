"""What may and what must not get from a report into a regression test; test_regression_styles has how it is written."""

import ast
from dataclasses import replace

import pytest
from healer.model import Call, Candidate, Change, ExceptionInfo, Exchange, Frame, Regression, Replay, Report, Request
from healer.stages import regression
from healer.stages.regression.placing import new_file
from healer.stages.regression.suite import OwnTests

from tests.healer.samples import a_diagnosis, a_report

APP = """from fastapi import FastAPI, Header

app = FastAPI()


@app.post("/items")
def make(body: dict, authorization: str = Header("")):
    return body["size"]
"""
TESTS = """from app import app
from fastapi.testclient import TestClient

client = TestClient(app)


def test_make():
    response = client.post("/items", json={"size": 1, "by": "ann@shop.io"})
    assert response.status_code == 200
"""
FLASK = APP.replace("fastapi", "flask").replace("FastAPI, Header", "Flask").replace("FastAPI()", "Flask(__name__)")
FLASK_TESTS = """from app import app

client = app.test_client()


def test_make():
    response = client.post("/items", json={"size": 1})
    assert response.status_code == 200
"""
FAILING = Request("POST", "/items", body_kind="json", body={"shape": "round"})
REFUSED = Exchange(400, body='{"detail":"size is missing"}')


def called(call: Call, answer: Exchange, app: str) -> list[Regression]:
    candidate = Candidate("x", "y", (Change("app.py", app, app + "\n"),))
    diagnosis = a_diagnosis(category="other")
    found = regression.drafts(
        a_report(), diagnosis, candidate, Replay("", (answer,)), {}, {"app.py": app}, ("tests",), None, call
    )
    return list(found)


def drafts(
    request: Request = FAILING,
    answer: Exchange = REFUSED,
    earlier: tuple[tuple[Request, Exchange], ...] = (),
    tests: str = TESTS,
    app: str = APP,
    **changes: object,
) -> list[Regression]:
    report: Report = a_report(
        frames=(Frame("app.py", 8, "make", True),),
        request=request,
        earlier_requests=tuple(one for one, _ in earlier),
        **changes,
    )
    candidate = Candidate("x", "y", (Change("app.py", app, app.replace('body["size"]', 'body.get("size")')),))
    after = Replay("", (*(exchange for _, exchange in earlier), answer))
    files = {"tests/test_app.py": tests} if tests else {}
    found = regression.drafts(
        report, a_diagnosis(category="other"), candidate, after, files, {"app.py": app}, ("tests",), None
    )
    return list(found)


def body_of(draft) -> str:
    """Of the test alone."""
    tree = ast.parse(draft.change.after)
    return "\n".join(ast.unparse(line) for line in tree.body[-1].body)


def told(status: int = 200, body: str = "") -> Exchange:
    return Exchange(status, body=body)


def text(kind: str, body: object, content_type: str = "", method: str = "POST") -> Request:
    headers = {"content-type": content_type} if content_type else {}
    return Request(method, "/items", headers=headers, body_kind=kind, body=body)


@pytest.mark.parametrize(
    ("request_", "starlette", "flask"),
    [
        (
            text("form", {"size": "2", "tags": ["a", "b"]}, "application/x-www-form-urlencoded"),
            "client.post('/items', data={'size': '2', 'tags': ['a', 'b']})",
            "client.post('/items', data={'size': '2', 'tags': ['a', 'b']})",
        ),
        (
            text("text", "a;b\n", "text/csv; charset=utf-8"),
            "client.post('/items', content='a;b\\n', headers={'Content-Type': 'text/csv; charset=utf-8'})",
            "client.post('/items', data='a;b\\n', content_type='text/csv; charset=utf-8')",
        ),
        (
            text("json", None),
            "client.post('/items', content='null', headers={'Content-Type': 'application/json'})",
            "client.post('/items', data='null', content_type='application/json')",
        ),
        (
            text("json", {"a": True}, "application/merge-patch+json"),
            "client.post('/items', json={'a': True}, headers={'Content-Type': 'application/merge-patch+json'})",
            "client.post('/items', json={'a': True}, content_type='application/merge-patch+json')",
        ),
        (
            text("json", [1], method="DELETE"),
            "client.request('DELETE', '/items', json=[1])",
            "client.delete('/items', json=[1])",
        ),
        (
            Request("PURGE", "/items?all=1"),
            "client.request('PURGE', '/items?all=1')",
            "client.open('/items?all=1', method='PURGE')",
        ),
        (
            Request("POST", "/items", headers={"authorization": "Bearer", "x-unknown": "1", "host": "h"}),
            "client.post('/items', headers={'Authorization': 'Bearer'})",
            "client.post('/items', headers={'Authorization': 'Bearer'})",
        ),
    ],
)
def test_a_request_is_sent_in_the_words_of_its_client(request_, starlette, flask):
    ours = drafts(request_)[0]
    assert body_of(ours).startswith(f"response = {starlette}\n")
    assert body_of(drafts(request_, app=FLASK, tests=FLASK_TESTS)[0]).startswith(f"response = {flask}\n")


@pytest.mark.parametrize(
    "request_",
    [
        text("base64", "AAEC"),
        text("text", "x" * 5000),
        replace(FAILING, truncated=True),
        replace(FAILING, body={"password": "[redacted]"}),
        replace(FAILING, path="/items?key=%5Bredacted%5D"),
        replace(FAILING, path="//elsewhere.example/items"),
        replace(FAILING, method="POST\r\nX: y"),
        replace(FAILING, headers={"authorization": "Bearer [redacted]"}),
        replace(FAILING, headers={"authorization": "Bearer s3cr3t-and-long"}),
        replace(FAILING, body={"a": float("inf")}),
    ],
)
def test_what_cannot_be_repeated_gives_no_test(request_):
    assert drafts(request_, tests=TESTS.replace("/items", "/others")) == []


def test_text_of_a_report_stays_inside_its_literals():
    hostile = '"""\'\\\n\r\0{import os}\u202e\u200b\ufeff\ud800 # noqa \u0430 é'
    setup = Request("POST", "/items", body_kind="json", body={hostile: 1}, ids={f"/{hostile}": 7, "/id": 70})
    failing = Request("GET", "/items/70/{x}", body_kind="json", body={"a": [hostile]})
    answer = told(201, '{"id": 71}')
    draft = drafts(failing, told(404, '{"detail": "\\u202e"}'), ((setup, answer),))[0]
    added = draft.change.after.removeprefix(draft.change.before)
    assert all(character.isprintable() or character == "\n" for character in added)
    assert "\u0430" not in added
    tree = ast.parse(added)
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert hostile in strings
    assert "/{x}" in strings
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names == {"client", "response", "item_id"}


def test_addresses_of_people_are_others_unless_the_repository_holds_them():
    body = {"to": "jo.doe@mail.net", "cc": ["Jo.Doe@mail.net", "li@web.org"], "by": "ann@shop.io", "x": "a@b.example"}
    request = replace(FAILING, path="/items?for=jo.doe%40mail.net", body=body)
    written = body_of(drafts(request)[0])
    assert "/items?for=someone%40example.com'" in written
    assert "'to': 'someone@example.com', 'cc': ['someone@example.com', 'someone2@example.com']" in written
    assert "'by': 'ann@shop.io', 'x': 'a@b.example'" in written


@pytest.mark.parametrize(
    ("answer", "asserted"),
    [
        (told(204), []),
        (told(200, "plain"), []),
        (told(200, "[]"), ["response.json() == []"]),
        (told(200, "null"), []),
        (told(200, "true"), ["response.json() is True"]),
        (told(200, '{"n": 1.5, "shape": "round"}'), ["response.json() == {'n': 1.5, 'shape': 'round'}"]),
        (
            told(201, '{"id": 4, "n": 0, "none": null, "made_at": 5, "share": 0.3333333333, "on": true, "x": {}}'),
            ["response.json()['n'] == 0", "response.json()['none'] is None", "response.json()['on'] is True"],
        ),
        (told(200, '{"day": "2024-05-06", "key": "a8f3e0c1b2d4", "n": 2}'), ["response.json()['n'] == 2"]),
        (told(200, '{"item": 5, "text": "of 0x7f at 0xdeadbeef", "rows": ["' + "x" * 300 + '"]}'), []),
        (told(422, '{"detail": [{"loc": ["body"]}]}'), []),
        (told(400, '{"detail": "no"}'), ["response.json() == {'detail': 'no'}"]),
        (told(409, '{"error": "taken since 2024-05-06T10:00"}'), []),
        (told(404, '{"error": "no such", "trace": "x"}'), []),
    ],
)
def test_only_what_is_the_same_in_every_run_is_asserted(answer, asserted):
    lines = body_of(drafts(answer=answer)[0]).replace("body[", "response.json()[").split("\n")[1:]
    found = [line.removeprefix("assert ") for line in lines if line != "body = response.json()"]
    assert found == [f"response.status_code == {answer.status}", *asserted]


def test_a_redirect_is_not_followed():
    assert "follow_redirects=False" in body_of(drafts(Request("GET", "/items"), told(303))[0])


def test_later_drafts_say_less_or_send_more():
    other = (Request("PUT", "/rates/EUR", body_kind="json", body={"rate": 2}), told())
    first, second, third, fourth = (body_of(draft) for draft in drafts(earlier=(other,)))
    assert first.count("\n") == 2
    assert second == f"client.put('/rates/EUR', json={{'rate': 2}})\n{first}"
    assert (third, fourth) == (first.rpartition("\n")[0], second.rpartition("\n")[0])


def made(number: int, **more: object) -> tuple[Request, Exchange]:
    request = Request("POST", "/items", body_kind="json", body={"n": number}, ids={"/id": number}, **more)
    return request, told(201, f'{{"id": {number}}}')


@pytest.mark.parametrize(
    ("earlier", "request_", "sent"),
    [
        # one of many, with what was done to it; not what was refused or only read
        (
            (
                *(made(number) for number in range(30, 60)),
                (Request("PUT", "/items/41/size"), told()),
                (Request("PUT", "/items/41/tag"), told(409)),
                (Request("GET", "/items/41"), told(200, '{"id": 41}')),
            ),
            Request("GET", "/items/41"),
            ["item_id = client.post('/items', json={'n': 41}).json()['id']", "client.put(f'/items/{item_id}/size')"],
        ),
        # a read shows the only identifier, and it is another in each run
        (
            ((Request("GET", "/items", ids={"/0/id": "a-1"}), told(200, '[{"id": "b-2"}]')),),
            Request("POST", "/items/a-1/size"),
            ["item_id = client.get('/items').json()[0]['id']"],
        ),
        # an identifier of the client's own choice stays
        (
            ((Request("POST", "/items", body_kind="json", body={"id": "x-1"}, ids={"/id": "x-1"}), told(201)),),
            Request("GET", "/items/x-1"),
            ["client.post('/items', json={'id': 'x-1'})"],
        ),
        # a quantity may be the same number
        (
            (made(3),),
            Request("POST", "/items/3/size", body_kind="json", body={"quantity": 3, "item_id": 3}),
            ["item_id = client.post('/items', json={'n': 3}).json()['id']"],
        ),
    ],
)
def test_the_state_is_built_by_what_belongs_to_the_request(earlier, request_, sent):
    assert body_of(drafts(request_, told(400), earlier)[0]).split("\n")[:-2] == sent


def test_a_quantity_is_no_identifier():
    request = Request("POST", "/items/3/size", body_kind="json", body={"quantity": 3, "item_id": 3})
    assert "json={'quantity': 3, 'item_id': item_id}" in body_of(drafts(request, told(400), (made(3),))[0])


def test_more_set_up_than_a_reader_bears_gives_no_test():
    earlier = tuple((Request("PUT", f"/items/7/part{number}"), told()) for number in range(12))
    assert drafts(Request("GET", "/items/7"), told(400), earlier) == []


@pytest.mark.parametrize("entry", ["os:system", "app:app; import os", "app", None])
def test_an_entry_leads_to_the_service_only(entry):
    written = drafts(tests="", entry=entry)[0].change.after
    assert written.startswith(
        "from fastapi.testclient import TestClient\n\nfrom app import app\n\nclient = TestClient(app)\n"
    )


@pytest.mark.parametrize(
    ("folders", "files", "path"),
    [
        (("tests",), [], "tests/test_app.py"),
        (("-m", "not slow", "checks/unit/"), [], "checks/unit/test_app.py"),
        (("--pyargs", "../elsewhere", "/abs"), [], "tests/test_app.py"),
        (("src", "tests"), ["tests/unit/test_x.py"], "tests/test_app.py"),
        (("tests/test_x.py::test_y",), ["tests/test_x.py"], "tests/test_app.py"),
        ((), ["checks/x_test.py"], "checks/app_test.py"),
        (("tests",), ["tests/a/test_app.py", "tests/b/test_app_2.py"], "tests/test_app_3.py"),
    ],
)
def test_a_new_file_lies_where_the_tests_are(folders, files, path):
    assert new_file(OwnTests(dict.fromkeys(files, "")), folders, "app") == path


def test_a_file_keeps_its_line_ends_and_a_name_is_taken_once():
    before = (TESTS + "\n\ndef test_post_items_is_refused():\n    pass").replace("\n", "\r\n")
    draft = drafts(tests=before)[0]
    assert draft.test == "tests/test_app.py::test_post_items_is_refused_2"
    assert draft.change.after.startswith(before + "\r\n\r\n\r\ndef test_post_items_is_refused_2():\r\n")
    assert draft.change.after.replace("\r\n", "").count("\n") == 0


PLAIN = (
    "class Box:\n    @classmethod\n    def of(cls, a, /, *, b=0):\n        return a\n\n\ndef f(a, b=1):\n    return a\n"
)


@pytest.mark.parametrize(
    ("function", "arguments", "answer", "written"),
    [
        ("f", {"a": "[1, {'x': None}]"}, Exchange(None, value="None"), "assert f([1, {'x': None}]) is None"),
        ("f", {"b": "b'x'", "a": "()"}, Exchange(None, value="{1}"), "assert f((), b'x') == {1}"),
        ("f", {"b": "2"}, Exchange(None, value="<Item 3>"), "assert f(b=2) is not None"),
        ("f", {"a": "1"}, Exchange(None, value="'2024-05-06 10:00'"), "assert f(1) is not None"),
        ("Box.of", {"a": "1", "b": "2"}, Exchange(None, value="1"), "assert Box.of(1, b=2) == 1"),
        (
            "f",
            {"a": "'jo@mail.net'"},
            Exchange(None, value="['jo@mail.net']"),
            "assert f('someone@example.com') == ['someone@example.com']",
        ),
        (
            "f",
            {"a": "1"},
            Exchange(None, exception=ExceptionInfo("ValueError", "no")),
            "with pytest.raises(ValueError):\n    f(1)",
        ),
        ("f", {"a": "open('x')"}, Exchange(None, value="1"), ""),
        ("f", {"a": "'[redacted]'"}, Exchange(None, value="1"), ""),
        ("f", {"c": "1"}, Exchange(None, value="1"), ""),
        ("Box.shut", {}, Exchange(None, value="1"), ""),
        ("f", {"a": "1"}, Exchange(None, exception=ExceptionInfo("X; import os", "no")), ""),
    ],
)
def test_a_call_is_written_with_its_arguments(function, arguments, answer, written):
    found = called(Call("app.py", function, arguments), answer, PLAIN)
    assert [body_of(draft) for draft in found] == ([written] if written else [])
