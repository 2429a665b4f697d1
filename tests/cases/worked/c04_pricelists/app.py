"""CSV import: customers send price lists, we keep the newest good one per supplier."""
import csv
import re
from datetime import datetime, timezone

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

SUPPLIERS = {"nord": "Nord Handel", "lima": "Lima Foods", "acme": "Acme"}
JOBS = {}       # supplier -> last import job
PRICES = {}     # supplier -> {sku: cents}
MAX_BYTES = 100_000
COLUMNS = ["sku", "name", "price"]


class TableError(ValueError):
    """The file is readable text but not a price list."""


def cents(text):
    match = re.fullmatch(r"(\d+)(?:[.,](\d{2}))?", text.strip())
    if not match:
        raise TableError(f"not a price: {text}")
    return int(match[1]) * 100 + int(match[2] or 0)


def read_table(raw, charset):
    """Rows of a price list: sku;name;price, the first line is the header."""
    text = raw.decode("utf-8-sig" if charset in ("utf-8", "utf8") else charset)
    lines = list(csv.reader(text.splitlines(), delimiter=";"))
    if not lines or [c.strip().lower() for c in lines[0]] != COLUMNS:
        raise TableError("the columns must be " + ", ".join(COLUMNS))
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        if not cells:
            continue
        if len(cells) != 3:
            raise TableError(f"line {number} has {len(cells)} columns")
        rows.append({"sku": cells[0].strip(), "name": cells[1].strip(), "cents": cents(cells[2])})
    return rows


def problem(status, message):
    return JSONResponse({"error": message}, status_code=status)


def supplier_of(request):
    code = request.path_params["supplier"]
    if code not in SUPPLIERS:
        raise HTTPException(404, "no such supplier")
    return code


def charset_of(request):
    """Charset of the Content-Type header; price lists are UTF-8 unless it says otherwise."""
    for part in request.headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset" and value:
            return value.strip('"').lower()
    return "utf-8"


async def body_of(request):
    raw = await request.body()
    if not raw.strip():
        raise HTTPException(400, "empty file")
    if len(raw) > MAX_BYTES:
        raise HTTPException(413, "file too large")
    return raw


async def preview(request):
    """The first rows as we would read them. Changes nothing."""
    supplier_of(request)
    raw = await body_of(request)
    try:
        rows = read_table(raw, charset_of(request))
    except LookupError:
        return problem(415, "unknown charset")
    except ValueError as error:
        return problem(400, f"cannot read the file: {error}")
    return JSONResponse({"rows": rows[:3], "total": len(rows)})


async def run_import(request):
    """Replace the supplier's price list. One import per supplier at a time; a job ends as done or failed."""
    code = supplier_of(request)
    raw = await body_of(request)
    if code in JOBS and JOBS[code]["state"] == "running":
        return problem(409, "an import is running")
    job = JOBS[code] = {"supplier": code, "state": "running", "started": datetime.now(timezone.utc).isoformat(), "error": None, "rows": 0}
    try:
        rows = read_table(raw, charset_of(request))
    except LookupError:
        job.update(state="failed", error="unknown charset")
        return problem(415, "unknown charset")
    except TableError as error:
        job.update(state="failed", error=str(error))
        return problem(400, f"cannot read the file: {error}")
    PRICES[code] = {row["sku"]: row["cents"] for row in rows}
    job.update(state="done", rows=len(rows))
    return JSONResponse(job, status_code=201)


async def last_job(request):
    code = supplier_of(request)
    if code not in JOBS:
        return problem(404, "nothing imported yet")
    return JSONResponse(JOBS[code])


async def prices(request):
    return JSONResponse(PRICES.get(supplier_of(request), {}))


async def on_http(request, exc):
    return problem(exc.status_code, exc.detail)


app = Starlette(
    routes=[
        Route("/suppliers/{supplier}/preview", preview, methods=["POST"]),
        Route("/suppliers/{supplier}/import", run_import, methods=["POST"]),
        Route("/suppliers/{supplier}/import", last_job),
        Route("/suppliers/{supplier}/prices", prices),
    ],
    exception_handlers={HTTPException: on_http},
)
