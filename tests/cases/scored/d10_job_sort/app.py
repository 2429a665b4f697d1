"""Job board: postings and the search over them."""
from datetime import date
from itertools import count
from typing import Literal, Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field, model_validator

app = FastAPI(title="job board")
_ids = count(1)


class NewJob(BaseModel):
    title: str = Field(min_length=3, max_length=120)
    company: str = Field(min_length=1)
    town: str = ""
    salary_from: Optional[int] = Field(None, ge=1)
    salary_to: Optional[int] = Field(None, ge=1)
    closes: Optional[date] = None

    @model_validator(mode="after")
    def salary_in_order(self):
        if self.salary_from and self.salary_to and self.salary_to < self.salary_from:
            raise ValueError("salary_to is below salary_from")
        return self


class Job(NewJob):
    id: int
    views: int = 0


JOBS: dict[int, Job] = {}


def job_or_404(number: int) -> Job:
    if number not in JOBS:
        raise HTTPException(404, "no such job")
    return JOBS[number]


def matches(job: Job, q: str, town: str) -> bool:
    if town and job.town.lower() != town.strip().lower():
        return False
    return q.strip().lower() in f"{job.title} {job.company}".lower()


def by_closing(jobs: list[Job]) -> list[Job]:
    """Soonest first; jobs that stay open come last."""
    return sorted(jobs, key=lambda j: (j.closes is None, j.closes or date.max, j.id))


def by_title(jobs: list[Job]) -> list[Job]:
    return sorted(jobs, key=lambda j: (j.title.lower(), j.id))


def by_salary(jobs: list[Job]) -> list[Job]:
    """Best paid first."""
    return sorted(jobs, key=lambda j: (-j.salary_from if j.salary_to is None else -j.salary_to, j.id))


def newest(jobs: list[Job]) -> list[Job]:
    return sorted(jobs, key=lambda j: j.id, reverse=True)


ORDERS = {"new": newest, "title": by_title, "closing": by_closing, "salary": by_salary}


@app.post("/jobs", status_code=201)
def publish(body: NewJob):
    job = Job(id=next(_ids), **body.model_dump())
    JOBS[job.id] = job
    return job


@app.get("/jobs")
def search(q: str = "", town: str = "", sort: Literal["new", "title", "closing", "salary"] = "new"):
    """Every job found is in the answer, whatever it is sorted by."""
    found = [j for j in JOBS.values() if matches(j, q, town)]
    return [{"id": j.id, "title": j.title, "salary": [j.salary_from, j.salary_to], "closes": j.closes} for j in ORDERS[sort](found)]


@app.get("/jobs/{number}")
def show(number: int):
    job = job_or_404(number)
    job.views += 1
    return job


@app.delete("/jobs/{number}", status_code=204)
def remove(number: int):
    job_or_404(number)
    del JOBS[number]


@app.get("/companies/{company}/jobs")
def of_company(company: str):
    return [j.id for j in by_closing([j for j in JOBS.values() if j.company.lower() == company.lower()])]
