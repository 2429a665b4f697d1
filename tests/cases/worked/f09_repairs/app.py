"""Workshop for furniture repair: jobs from the first look to the invoice."""
from enum import Enum
from itertools import count

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="workshop")

VAT_PERCENT = 20
_jobs = count(1)
_invoices = count(1)


class State(str, Enum):
    new = "new"
    accepted = "accepted"
    done = "done"
    invoiced = "invoiced"


class Quote(BaseModel):
    """Cents, without VAT."""

    labour: int = Field(ge=0)
    material: int = Field(ge=0)


class NewJob(BaseModel):
    customer: str = Field(min_length=1)
    piece: str = Field(min_length=1)


class Job(NewJob):
    id: int
    state: State = State.new
    quote: Quote | None = None


class Invoice(BaseModel):
    number: int
    job: int
    net: int
    vat: int
    total: int


JOBS: dict[int, Job] = {}
INVOICES: dict[int, Invoice] = {}


def job_or_404(job_id: int) -> Job:
    if job_id not in JOBS:
        raise HTTPException(404, "no such job")
    return JOBS[job_id]


@app.post("/jobs", status_code=201)
def create(body: NewJob) -> Job:
    job = Job(id=next(_jobs), **body.model_dump())
    JOBS[job.id] = job
    return job


@app.get("/jobs")
def index(state: State | None = None) -> list[Job]:
    return [job for job in JOBS.values() if state in (None, job.state)]


@app.put("/jobs/{job_id}/quote")
def quote(job_id: int, body: Quote) -> Job:
    job = job_or_404(job_id)
    if job.state is State.invoiced:
        raise HTTPException(409, "job is invoiced")
    job.quote = body
    return job


@app.post("/jobs/{job_id}/accept")
def accept(job_id: int) -> Job:
    """The customer agrees with the quote."""
    job = job_or_404(job_id)
    if job.state is not State.new:
        raise HTTPException(409, f"job is {job.state.value}")
    if job.quote is None:
        raise HTTPException(409, "job has no quote yet")
    job.state = State.accepted
    return job


@app.post("/jobs/{job_id}/finish")
def finish(job_id: int) -> Job:
    """Small things are often done while the customer waits, before there is anything on paper."""
    job = job_or_404(job_id)
    if job.state not in (State.new, State.accepted):
        raise HTTPException(409, f"job is {job.state.value}")
    job.state = State.done
    return job


@app.post("/jobs/{job_id}/invoice", status_code=201)
def invoice(job_id: int) -> Invoice:
    """Invoices what was quoted. Numbers are handed out without gaps."""
    job = job_or_404(job_id)
    if job.state is not State.done:
        raise HTTPException(409, f"job is {job.state.value}")
    net = job.quote.labour + job.quote.material
    vat = round(net * VAT_PERCENT / 100)
    result = Invoice(number=next(_invoices), job=job.id, net=net, vat=vat, total=net + vat)
    INVOICES[result.number] = result
    job.state = State.invoiced
    return result


@app.get("/invoices/{number}")
def show_invoice(number: int) -> Invoice:
    if number not in INVOICES:
        raise HTTPException(404, "no such invoice")
    return INVOICES[number]
