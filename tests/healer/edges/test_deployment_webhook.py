"""A deployment by a webhook out: what is sent and signed, and what each answer to it means."""

import hashlib
import hmac

import pytest
from healer.edges.deployment.health import Health
from healer.edges.deployment.webhook import WebhookDeployment
from healer.model import DeploymentError, Probe, Request

from tests.healer.edges.deployed_service import DeployedService

SECRET = "a-secret-of-some-length"
OLD, NEW = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def service(tmp_path):
    made = DeployedService(tmp_path)
    made.served.write_text(OLD)
    yield made
    made.close()


@pytest.fixture
def deployment(tmp_path, service):
    def make(address=f"{service.url}/hook?token=private", secret=SECRET):
        health = Health(f"{service.url}/health", 0.3, "X-Commit")
        return WebhookDeployment("shop", address, secret, state=tmp_path / "shop.json", health=health, url=service.url)

    first = make()
    first.make = make
    first.point(OLD)
    return first


def test_what_is_to_be_served_is_told_and_signed(service, deployment):
    changed = deployment.change(NEW, (Probe(Request("GET", "/orders")),), ())
    assert (changed.ok, changed.release, changed.previous) == (True, NEW, OLD)
    method, path, headers, body = service.requests[0]
    assert (method, path) == ("POST", "/hook?token=private")
    assert headers["x-healer-signature-256"] == f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"
    told = service.hooks[0]
    assert {**told, "delivery": ""} == {
        "service": "shop",
        "commit": NEW,
        "previous": OLD,
        "action": "release",
        "delivery": "",
    }
    assert [path for _, path, _, _ in service.requests[1:]] == ["/health", "/orders"]
    assert (deployment.current(), deployment.kept()) == (NEW, (NEW, OLD))
    assert deployment.serving().release == NEW


def test_without_a_secret_nothing_is_signed(service, deployment):
    assert deployment.make(secret="").change(NEW, (), ()).ok
    assert "x-healer-signature-256" not in service.requests[0][2]


def test_each_order_has_a_name_that_it_keeps_when_it_is_told_again(service, deployment):
    service.answers += [(503, {}, ""), (202, {}, "")]
    for trouble in ("answered 503", None):
        if trouble:
            with pytest.raises(DeploymentError, match=trouble):
                deployment.change(NEW, (), ())
            assert (deployment.serving().release, deployment.serving().state) == (OLD, "changing")
        else:
            service.served.write_text(NEW)
            assert deployment.make().change(NEW, (), ()).ok
    for commit in (OLD, NEW, OLD):
        assert deployment.change(commit, (), ()).ok
    names = [hook["delivery"] for hook in service.hooks]
    assert names[0] == names[1]
    assert len(set(names[1:])) == 4
    assert [hook["action"] for hook in service.hooks] == ["release", "release", "roll_back", "roll_back", "roll_back"]


def test_a_release_that_is_not_well_is_gone_back_from(service, deployment):
    service.ill.add(NEW)
    changed = deployment.change(NEW, (), ())
    assert (changed.ok, changed.release, service.commit) == (False, OLD, OLD)
    assert changed.reason.endswith(f"answers 500; {OLD[:10]} is served again")
    assert [(hook["action"], hook["commit"], hook["previous"]) for hook in service.hooks] == [
        ("release", NEW, OLD),
        ("roll_back", OLD, NEW),
    ]


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_trouble_with_the_receiver_is_no_fault_of_the_release(service, deployment, status):
    service.answers.append((status, {}, ""))
    with pytest.raises(DeploymentError, match=f"answered {status}"):
        deployment.change(NEW, (), ())


def test_what_the_receiver_refuses_is_refused_and_was_not_changed(service, deployment):
    service.answers.append((422, {}, "no image\r\nof it \x1b[31m"))
    changed = deployment.change(NEW, (), ())
    assert (changed.ok, changed.release) == (False, OLD)
    assert changed.reason.endswith("answered 422: no image of it [31m")
    assert len(service.hooks) == 1
    assert deployment.serving().state == "serving"


def test_a_redirect_is_not_followed(service, deployment):
    service.answers.append((307, {"Location": f"{service.url}/hook"}, ""))
    with pytest.raises(DeploymentError, match="redirects are not followed"):
        deployment.change(NEW, (), ())
    assert len(service.hooks) == 1


def test_an_address_s_secrets_are_not_told(service, deployment):
    away = deployment.make("http://127.0.0.1:9/private?token=private")
    with pytest.raises(DeploymentError, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
        away.change(NEW, (), ())
    assert "private" not in str(caught.value)
    with pytest.raises(DeploymentError, match=r"https://a\.\.b does not answer"):
        deployment.make("https://a..b/private").change(NEW, (), ())
