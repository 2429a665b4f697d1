"""What became of the newsletters: deliveries, opened mails, clicked links."""
from collections import Counter
from dataclasses import dataclass, field

from flask import Flask, abort, jsonify, make_response, request

app = Flask(__name__)


@dataclass
class Issue:
    number: int
    subject: str
    delivered: set = field(default_factory=set)
    opened: dict = field(default_factory=dict)  # reader -> minutes after sending
    clicks: list = field(default_factory=list)  # (reader, link)


ISSUES: dict[int, Issue] = {}


def fail(status, text):
    abort(make_response(jsonify(error=text), status))


def issue_of(number):
    issue = ISSUES.get(number)
    if issue is None:
        fail(404, f"no issue {number}")
    return issue


def fields(*names):
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or any(not isinstance(data.get(n), str) or not data[n] for n in names):
        fail(400, f"needs {' and '.join(names)}")
    return data


def share(part, whole):
    """A percentage with one decimal; of nothing it is null."""
    return round(100 * part / whole, 1) if whole else None


def median(values):
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return None
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@app.put("/issues/<int:number>")
def send(number):
    """Notes an issue as sent to a list of readers."""
    data = fields("subject")
    readers = data.get("readers")
    if not isinstance(readers, list) or not all(isinstance(r, str) for r in readers):
        fail(400, "readers must be a list of addresses")
    if number in ISSUES:
        fail(409, f"issue {number} has been sent")
    ISSUES[number] = Issue(number, data["subject"], delivered=set(readers))
    return jsonify(number=number, delivered=len(ISSUES[number].delivered)), 201


@app.post("/issues/<int:number>/opened")
def opened(number):
    issue, data = issue_of(number), fields("reader")
    minutes = data.get("minutes", 0)
    if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes < 0:
        fail(400, "minutes must be a whole number")
    if data["reader"] not in issue.delivered:
        fail(404, f"{data['reader']} did not get issue {number}")
    issue.opened.setdefault(data["reader"], minutes)
    return "", 204


@app.post("/issues/<int:number>/clicks")
def clicked(number):
    """A click counts as opening, too: many mail programs load no images."""
    issue, data = issue_of(number), fields("reader", "link")
    if data["reader"] not in issue.delivered:
        fail(404, f"{data['reader']} did not get issue {number}")
    issue.opened.setdefault(data["reader"], data.get("minutes", 0))
    issue.clicks.append((data["reader"], data["link"]))
    return "", 204


@app.get("/issues/<int:number>/report")
def report(number):
    issue = issue_of(number)
    per_link = Counter(link for _, link in issue.clicks)
    return jsonify(
        number=number,
        subject=issue.subject,
        delivered=len(issue.delivered),
        opened=share(len(issue.opened), len(issue.delivered)),
        median_minutes=median(issue.opened.values()),
        clickers=share(len({reader for reader, _ in issue.clicks}), len(issue.opened)),
        clicks=len(issue.clicks),
        top_link=per_link.most_common(1)[0][0],
    )


@app.get("/readers/<reader>")
def reader_report(reader):
    """Everything about one reader; 404 when no issue ever went there."""
    got = [i for i in ISSUES.values() if reader in i.delivered]
    if not got:
        fail(404, f"{reader} never got an issue")
    read = [i for i in got if reader in i.opened]
    return jsonify(
        reader=reader,
        delivered=len(got),
        opened=share(len(read), len(got)),
        last_opened=max(i.number for i in read) if read else None,
        clicks=sum(who == reader for i in got for who, _ in i.clicks),
    )


@app.get("/issues")
def index():
    return jsonify([{"number": i.number, "subject": i.subject, "clicks": len(i.clicks)} for i in sorted(ISSUES.values(), key=lambda i: -i.number)])
