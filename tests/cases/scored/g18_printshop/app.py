"""Print shop: jobs, their artwork and what they cost."""
import re
import tempfile
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

SPOOL = Path(tempfile.mkdtemp(prefix="print-shop-"))
PAPER = {"matt": 4, "gloss": 7, "card": 15}   # cents per sheet


class Refused(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Job:
    id: int
    customer: str
    paper: str
    copies: int
    state: str = "new"

    @property
    def artwork(self) -> Path:
        """Where the artwork is once it has been uploaded: plain text, pages end with a form feed."""
        return SPOOL / f"job-{self.id}.txt"


JOBS: dict[int, Job] = {}
_ids = count(1)


def job_of(request: Request) -> Job:
    job = JOBS.get(request.path_params["job_id"])
    if job is None:
        raise Refused(404, "no such job")
    return job


def pages_in(text: str) -> list[str]:
    return [page for page in re.split("\f", text) if page.strip()]


async def create(request: Request):
    try:
        data = await request.json()
        copies, paper, customer = data["copies"], data["paper"], data["customer"]
    except (ValueError, KeyError, TypeError):
        raise Refused(400, "customer, paper and copies are needed")
    if paper not in list(PAPER) or isinstance(copies, bool) or not isinstance(copies, int) or copies < 1:
        raise Refused(400, "paper or copies make no sense")
    job = Job(next(_ids), str(customer), paper, copies)
    JOBS[job.id] = job
    return JSONResponse(asdict(job), status_code=201)


async def show(request: Request):
    return JSONResponse(asdict(job_of(request)))


async def upload(request: Request):
    job = job_of(request)
    text = (await request.body()).decode("utf-8", "replace")
    if not pages_in(text):
        raise Refused(400, "artwork is empty")
    job.artwork.write_text(text, encoding="utf-8")
    return JSONResponse({"pages": len(pages_in(text))})


async def withdraw(request: Request):
    """The customer wants to send a better file."""
    job = job_of(request)
    if job.state != "new":
        raise Refused(409, "job is in print")
    job.artwork.unlink(missing_ok=True)
    return JSONResponse(asdict(job))


async def proof(request: Request):
    """First page, for the screen."""
    job = job_of(request)
    if not job.artwork.exists():
        raise Refused(409, "artwork is not there yet")
    return PlainTextResponse(pages_in(job.artwork.read_text(encoding="utf-8"))[0])


async def estimate(request: Request):
    job = job_of(request)
    pages = len(pages_in(job.artwork.read_text(encoding="utf-8")))
    sheets = -(-pages // 2) * job.copies
    return JSONResponse({"pages": pages, "sheets": sheets, "cents": sheets * PAPER[job.paper]})


async def release(request: Request):
    """Sends the job to the press."""
    job = job_of(request)
    if job.state != "new":
        raise Refused(409, "job is in print")
    if not job.artwork.exists():
        raise Refused(409, "artwork is not there yet")
    job.state = "printing"
    return JSONResponse(asdict(job))


async def refused(request: Request, exc: Refused):
    return JSONResponse({"error": exc.message}, status_code=exc.status)


app = Starlette(
    routes=[
        Route("/jobs", create, methods=["POST"]),
        Route("/jobs/{job_id:int}", show),
        Route("/jobs/{job_id:int}/artwork", upload, methods=["PUT"]),
        Route("/jobs/{job_id:int}/artwork", withdraw, methods=["DELETE"]),
        Route("/jobs/{job_id:int}/proof", proof),
        Route("/jobs/{job_id:int}/estimate", estimate),
        Route("/jobs/{job_id:int}/release", release, methods=["POST"]),
    ],
    exception_handlers={Refused: refused},
)
