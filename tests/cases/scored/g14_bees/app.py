"""Log book of a beekeeping club: inspections of the hives."""
import sqlite3
from dataclasses import asdict, dataclass
from datetime import date

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

MITE_LIMIT = 30

db = sqlite3.connect(":memory:", check_same_thread=False)
db.executescript("""
CREATE TABLE hives (name TEXT PRIMARY KEY, stand TEXT NOT NULL);
CREATE TABLE inspections (hive TEXT NOT NULL REFERENCES hives (name), day TEXT NOT NULL, queen_seen INTEGER NOT NULL,
                          brood_frames INTEGER NOT NULL, mites INTEGER NOT NULL, PRIMARY KEY (hive, day));
INSERT INTO hives VALUES ('amber', 'orchard'), ('basil', 'orchard'), ('clover', 'railway');
""")


@dataclass
class Inspection:
    hive: str
    day: str
    queen_seen: bool
    brood_frames: int
    mites: int

    @classmethod
    def from_row(cls, row):
        return cls(row[0], row[1], bool(row[2]), row[3], row[4])

    def concerns(self):
        """What somebody should look after soon."""
        found = []
        if self.mites > MITE_LIMIT:
            found.append("mites")
        if self.brood_frames == 0:
            found.append("no brood" if self.queen_spotted else "queenless")
        return found


class Log:
    COLUMNS = "hive, day, queen_seen, brood_frames, mites"

    def stand(self, hive):
        row = db.execute("SELECT stand FROM hives WHERE name = ?", (hive,)).fetchone()
        if row is None:
            raise HTTPException(404, "no such hive")
        return row[0]

    def hives(self):
        return [row[0] for row in db.execute("SELECT name FROM hives ORDER BY name")]

    def of(self, hive):
        rows = db.execute(f"SELECT {self.COLUMNS} FROM inspections WHERE hive = ? ORDER BY day DESC", (hive,))
        return [Inspection.from_row(row) for row in rows]

    def add(self, inspection):
        with db:
            db.execute("INSERT OR REPLACE INTO inspections VALUES (:hive, :day, :queen_seen, :brood_frames, :mites)", asdict(inspection))


log = Log()


def count_field(data, name):
    value = data.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise HTTPException(422, f"{name} must be a count")
    return value


def index(request):
    return JSONResponse([{"hive": name, "stand": log.stand(name), "inspections": len(log.of(name))} for name in log.hives()])


def inspections(request):
    hive = request.path_params["hive"]
    log.stand(hive)
    return JSONResponse([asdict(i) for i in log.of(hive)])


async def inspect(request):
    hive = request.path_params["hive"]
    log.stand(hive)
    try:
        data = await request.json()
        day = date.fromisoformat(data["day"])
    except (ValueError, KeyError, TypeError):
        raise HTTPException(422, "an object with a day is expected")
    log.add(Inspection(hive, day.isoformat(), data.get("queen_seen") is True, count_field(data, "brood_frames"), count_field(data, "mites")))
    return JSONResponse({"inspections": len(log.of(hive))}, status_code=201)


def concerns(request):
    """Hives with concerns at their latest inspection."""
    out = {}
    for name in log.hives():
        latest = log.of(name)[:1]
        for inspection in latest:
            if inspection.concerns():
                out[name] = inspection.concerns()
    return JSONResponse(out)


def error(request, exc):
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


app = Starlette(
    routes=[
        Route("/hives", index),
        Route("/hives/{hive}/inspections", inspections, methods=["GET"]),
        Route("/hives/{hive}/inspections", inspect, methods=["POST"]),
        Route("/concerns", concerns),
    ],
    exception_handlers={HTTPException: error},
)
