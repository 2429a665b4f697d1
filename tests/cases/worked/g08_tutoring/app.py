"""Tutoring hours: who taught whom, when and how long."""
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from itertools import count
from typing import Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="tutoring hours")

RATES = {"maths": 3200, "physics": 3400, "french": 2800}
_ids = count(1)


@dataclass
class Lesson:
    id: int
    tutor: str
    pupil: str
    subject: str
    start: datetime
    minutes: int


class NewLesson(BaseModel):
    tutor: str = Field(min_length=1)
    pupil: str = Field(min_length=1)
    subject: str
    start: datetime
    minutes: int = Field(60, ge=15, le=240)


class Sheet(BaseModel):
    """A tutor's monthly sheet."""
    lessons: list[NewLesson] = Field(min_length=1, max_length=100)


LESSONS: dict[int, Lesson] = {}


def utc(moment: datetime) -> datetime:
    """Times are kept in UTC; one without an offset is taken to be UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def check_subject(subject: str) -> str:
    if subject not in RATES:
        raise HTTPException(422, f"unknown subject {subject}")
    return subject


def add(new: NewLesson, start: datetime) -> Lesson:
    lesson = Lesson(next(_ids), new.tutor, new.pupil, new.subject, start, new.minutes)
    LESSONS[lesson.id] = lesson
    return lesson


def as_json(lesson: Lesson) -> dict:
    return {**asdict(lesson), "start": lesson.start.isoformat(), "cents": RATES[lesson.subject] * lesson.minutes // 60}


@app.post("/lessons", status_code=201)
def create(body: NewLesson):
    check_subject(body.subject)
    return as_json(add(body, utc(body.start)))


@app.post("/sheets", status_code=201)
def upload_sheet(body: Sheet):
    """All lessons of a sheet, or none when one of them is wrong."""
    for row in body.lessons:
        check_subject(row.subject)
    return {"added": [add(row, row.start).id for row in body.lessons]}


@app.get("/lessons")
def index(since: Optional[datetime] = None, until: Optional[datetime] = None, pupil: Optional[str] = None):
    """In the order they were held."""
    rows = [x for x in LESSONS.values() if pupil is None or x.pupil == pupil]
    if since is not None:
        rows = [x for x in rows if x.start >= utc(since)]
    if until is not None:
        rows = [x for x in rows if x.start < utc(until)]
    return [as_json(x) for x in sorted(rows, key=lambda x: x.start)]


@app.delete("/lessons/{lesson_id}", status_code=204)
def delete(lesson_id: int):
    if lesson_id not in LESSONS:
        raise HTTPException(404, "no such lesson")
    del LESSONS[lesson_id]


@app.get("/tutors/{tutor}/total")
def total(tutor: str):
    mine = [x for x in LESSONS.values() if x.tutor == tutor]
    return {"lessons": len(mine), "minutes": sum(x.minutes for x in mine), "cents": sum(as_json(x)["cents"] for x in mine)}
