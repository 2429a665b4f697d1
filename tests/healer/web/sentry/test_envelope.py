"""The frame of an envelope: what of it is found, in whatever slices it comes, and what is refused."""

from __future__ import annotations

import pytest
from healer.model import BadInput
from healer.web.reading import TooLarge
from healer.web.sentry.envelope import LARGEST_EVENT, LONGEST_LINE, MOST_ITEMS, Envelope

HEAD = b'{"event_id":"1"}'
COUNTED = b'{"type":"event","length":2}'
OPEN = b'{"type":"event"}'
ATTACHED = b'{"type":"attachment","length":5}'


def taken_apart(body: bytes, slice_size: int) -> Envelope:
    envelope = Envelope()
    for at in range(0, len(body), slice_size):
        envelope.feed(body[at : at + slice_size])
    envelope.close()
    return envelope


READ = {
    "with a length": (b"%s\n%s\n{}\n" % (HEAD, COUNTED), b"{}"),
    "without the last newline": (b"%s\n%s\n{}" % (HEAD, COUNTED), b"{}"),
    "without a length": (b"%s\n%s\n{}\n" % (HEAD, OPEN), b"{}"),
    "without either": (b"%s\n%s\n{}" % (HEAD, OPEN), b"{}"),
    "newlines of Windows": (b"%s\r\n%s\r\n{}\r\n" % (HEAD, COUNTED), b"{}"),
    "and without a length": (b"%s\r\n%s\r\n{}\r\n" % (HEAD, OPEN), b"{}\r"),
    "empty lines between": (b"%s\n\n\r\n%s\n{}\n\n\n" % (HEAD, COUNTED), b"{}"),
    "newlines in the payload": (b'%s\n{"type":"event","length":5}\n{\n\n\n}\n' % HEAD, b"{\n\n\n}"),
    "others around": (b"%s\n%s\na\nb\nc\n%s\n{}\n%s\n12345" % (HEAD, ATTACHED, COUNTED, ATTACHED), b"{}"),
    "an open one before": (b'%s\n{"type":"log"}\n{"type":"event"}\n%s\n{}' % (HEAD, OPEN), b"{}"),
    "an empty one before": (b'%s\n{"type":"session","length":0}\n\n%s\n{}' % (HEAD, OPEN), b"{}"),
    "not UTF-8": (b"%s\n%s\n\xff\xfe\n" % (HEAD, COUNTED), b"\xff\xfe"),
    "an empty event": (b'%s\n{"type":"event","length":0}\n' % HEAD, b""),
    "an event without a payload": (b"%s\n%s" % (HEAD, OPEN), b""),
    "no event": (b'%s\n{"type":"client_report"}\n{}' % HEAD, None),
    "no item": (HEAD, None),
    "headers not in UTF-8": (b'{"event_id":"1","\xff":1}\n', None),
}


@pytest.mark.parametrize("slice_size", [1, 3, 10**6])
@pytest.mark.parametrize("name", READ)
def test_the_event_of_an_envelope_is_found(name, slice_size):
    body, event = READ[name]
    envelope = taken_apart(body, slice_size)
    assert envelope.event == event
    assert envelope.headers is not None
    assert envelope.headers["event_id"] == "1"


REFUSED = {
    "nothing": (b"", "no JSON"),
    "no JSON": (b"POST", "first line is no JSON"),
    "no object": (b"[1]\n", "must be a JSON object, not list"),
    "nested": (b"[" * 50_000 + b"\n", "no JSON"),
    "an item that is no object": (b"%s\n7\n" % HEAD, "must be a JSON object, not int"),
    "an item without a type": (b'%s\n{"length":1}\nx' % HEAD, "no `type`"),
    "a type that is no text": (b'%s\n{"type":["event"]}\n{}' % HEAD, "no `type`"),
    "a length that is none": (b'%s\n{"type":"event","length":"2"}\n{}' % HEAD, "number of bytes, not '2'"),
    "a length that is half a character": (b'%s\n{"type":"event","length":"\\ud800"}\n{}' % HEAD, r"not '\\ud800'"),
    "a length below nothing": (b'%s\n{"type":"event","length":-2}\n{}' % HEAD, "not -2"),
    "a length that is a truth": (b'%s\n{"type":"event","length":true}\n{' % HEAD, "not True"),
    "a length beyond the end": (b'%s\n{"type":"event","length":9}\n{}\n' % HEAD, "ends 6 bytes before"),
    "beyond the end of another": (b'%s\n{"type":"log","length":9}\n{}\n' % HEAD, "ends 6 bytes before"),
    "a length before the end": (b'%s\n{"type":"event","length":1}\n{}\n' % HEAD, "goes on after its `length`"),
    "two events": (b"%s\n%s\n{}\n%s\n{}\n" % (HEAD, COUNTED, OPEN), "at most one event"),
    "a line without end": (b'{"a":"%s' % (b"x" * LONGEST_LINE), f"more than {LONGEST_LINE}"),
    "too many items": (HEAD + b'\n{"type":"log"}\n' * (MOST_ITEMS + 1), f"at most {MOST_ITEMS} items"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_envelope_is_refused(name):
    body, why = REFUSED[name]
    for slice_size in (17, 10**6):
        with pytest.raises(BadInput, match=why):
            taken_apart(body, slice_size)


@pytest.mark.parametrize(
    "body",
    [
        b'%s\n{"type":"event","length":%d}\n' % (HEAD, LARGEST_EVENT + 1),
        b"%s\n%s\n%s" % (HEAD, OPEN, b"x" * (LARGEST_EVENT + 1)),
    ],
    ids=["as it says", "as it comes"],
)
def test_an_event_beyond_the_bound_is_too_large(body):
    with pytest.raises(TooLarge, match=str(LARGEST_EVENT)):
        taken_apart(body, 65536)


@pytest.mark.parametrize("header", [b'{"type":"attachment"}', b'{"type":"attachment","length":10000000}'])
def test_nothing_is_kept_of_what_is_not_wanted(header):
    envelope = Envelope()
    envelope.feed(HEAD + b"\n" + header + b"\n")
    for _ in range(10_000_000 // 50_000):
        envelope.feed(b"x" * 50_000)
        assert len(envelope._waiting) <= 50_000
    envelope.feed(b"\n" + OPEN + b"\n{}")
    envelope.close()
    assert envelope.event == b"{}"
