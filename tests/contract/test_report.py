"""The healer reads the very report that the client's own test keeps up to date."""

from pathlib import Path

from healer.stages.fingerprint import fingerprint
from healer.web.reports import parse_report

SAMPLE = Path(__file__).with_name("report.json")


def test_the_clients_report_is_read():
    report = parse_report(SAMPLE.read_bytes(), "shop")
    fault = report.app_frames[-1]
    assert fault.source
    assert fault.line in fault.context
    assert report.exception.bases[0] == report.exception.type
    assert report.request is not None
    assert report.entry is None or ":" in report.entry
    assert all(request.status is not None for request in report.earlier_requests)
    assert len(fingerprint(report)) == 64
