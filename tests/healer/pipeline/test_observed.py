"""A whole healer that is told to say what it does: one heal, as a receiver of messages and a collector see it."""

import pytest

from tests.healer.notified import a_receiver
from tests.healer.pipeline.test_tracing import spans, tree
from tests.healer.site import Site


@pytest.fixture
def receivers():
    with a_receiver() as chat, a_receiver() as collector:
        yield chat, collector


@pytest.fixture
def site(tmp_path, receivers):
    chat, collector = receivers

    class Told(Site):
        def _start(self):
            with (self.folder / "healer.toml").open("a") as config:
                config.write(f'[[notifications]]\nurl = "{chat.url}/T0/private"\nformat = "slack"\n')
            super()._start()

    made = Told(tmp_path, HEALER_OTLP_URL=collector.url)
    yield made
    made.close()


def test_a_heal_is_told_and_traced_and_the_address_is_nowhere(site, receivers):
    chat, collector = receivers
    incident_id = site.proposed()
    site.wait(lambda: chat.received and {"fetch", "propose"} <= {span.name for span in spans(collector)})
    (message,) = chat.received
    assert message.path == "/T0/private"
    assert "proposed fix" in message.json["text"]
    assert f"/incidents/{incident_id}|" in str(message.json["blocks"])
    site.act(incident_id, "reject", reason="no")
    site.wait(lambda: "heal" in {span.name for span in spans(collector)})
    parents = tree(spans(collector))
    assert parents["heal"] == ""
    assert {"fetch": "heal", "reproduce": "heal", "decision": "heal"}.items() <= parents.items()
    metrics = site.http.get("/metrics").text
    assert 'healer_notifications_total{outcome="sent",target="127.0.0.1"} 1.0' in metrics
    assert 'healer_spans_total{outcome="dropped"} 0.0' in metrics
    site.stop()
    kept = [path for path in site.folder.rglob("*") if path.is_file() and b"T0/private" in path.read_bytes()]
    assert [path.name for path in kept] == ["healer.toml"]
