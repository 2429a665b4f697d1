"""How a message about an incident reads, and that nothing of a crash can do more in it than be read."""

import json

import pytest
from healer.model import State
from healer.stages.notification import Change, More, Sample, body

HOSTILE = (
    "<!channel> <!here> <@U123> @channel @everyone </script> *bold* ~no~ [click](https://evil.test) "
    "<https://evil.test|your bank> ` ``` & https://evil.test \u202egnp.exe\r\n\x00"
)
PAGE = "http://healer.test:8001"


def a_change(**changes):
    told = {
        "id": "d" * 32,
        "incident": "0123456789ab",
        "service": "shop",
        "title": "KeyError in read",
        "reason": "",
        "count": 3,
        "url": f"{PAGE}/incidents/0123456789ab",
        "before": "repairing",
        "now": "proposed",
        "at": "2026-01-02T03:04:05.000006Z",
    }
    return Change(**{**told, **changes})


def chat(message):
    return json.loads(body(message, "slack"))


def texts(message):
    said = chat(message)
    return [said["text"], *(block["text"]["text"] for block in said["blocks"])]


def test_a_chat_reads_what_happened_and_gets_the_links():
    told = a_change(proposal=(7, "https://forge.test/pull/7?a=1&b=2", "Look first"), reason="It fits best.")
    assert chat(told) == {
        "text": "*shop*: `KeyError in read` has a proposed fix: please decide",
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*shop*: `KeyError in read` has a proposed fix: please decide"},
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": "`It fits best.`"}},
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": f"<{PAGE}/incidents/0123456789ab|Open the incident> · "
                    "<https://forge.test/pull/7?a=1&amp;b=2|Pull request #7>",
                },
            },
        ],
    }


@pytest.mark.parametrize("state", State)
def test_there_are_words_for_every_state(state):
    assert texts(a_change(now=state.value))[0].startswith("*shop*: `KeyError in read` ")


def test_nothing_of_a_crash_calls_people_links_or_formats():
    foreign = HOSTILE * 3
    told = a_change(title=foreign, reason=foreign, proposal=(0, "javascript:alert(1)", foreign))
    for text in texts(told)[:3]:
        assert text.count("`") == 2
        outside = text[: text.index("`")] + text[text.rindex("`") + 1 :]
        assert "evil" not in outside
        assert "bold" not in outside
        assert not {"<", ">"} & set(text)
        assert "@channel" not in text
        assert "@everyone" not in text
        assert text.isprintable() or "\u2060" in text
        assert "\u202e" not in text
    assert texts(told)[3] == f"<{PAGE}/incidents/0123456789ab|Open the incident>"
    assert "script" not in chat(told)["blocks"][2]["text"]["text"]


def test_a_link_ends_where_it_should():
    told = a_change(proposal=(7, "https://forge.test/|x>y<!here>", ""))
    assert "<https://forge.test/%7Cx%3Ey%3C!here%3E|Pull request #7>" in texts(told)[-1]
    assert len(texts(a_change(proposal=(7, "http://[::1", "")))) == 3


@pytest.mark.parametrize("form", ["json", "slack"])
def test_a_message_stays_small(form):
    long = "&" * 1_000_000
    told = a_change(title=long, reason=long, proposal=(7, "https://forge.test/7", long))
    assert len(body(told, form)) < 10_000
    if form == "slack":
        assert all(len(text) <= 3000 for text in texts(told))  # of a block, by Slack


def test_plain_json_has_the_proposal():
    told = a_change(proposal=(7, "https://forge.test/7", "Look first"), reason=HOSTILE)
    plain = json.loads(body(told, "json"))
    assert plain["proposal"] == {"number": 7, "url": "https://forge.test/7", "title": "Look first"}
    assert plain["incident"]["reason"] == HOSTILE  # it is data there


def test_what_is_beyond_is_summed_up():
    more = More("d" * 32, 41, {"resolved": 20, "rolled_back": 21}, "2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z", PAGE)
    assert texts(more)[0] == "41 more state changes: 20 resolved, 21 rolled back"
    plain = json.loads(body(more, "json"))
    assert (plain["type"], plain["number"], plain["to"]) == ("incident.states", 41, {"resolved": 20, "rolled_back": 21})


def test_a_sample_says_that_it_is_one():
    sample = Sample("d" * 32, "2026-01-02T03:04:05Z", PAGE)
    assert json.loads(body(sample, "json"))["type"] == "test"
    assert "test" in texts(sample)[0]
