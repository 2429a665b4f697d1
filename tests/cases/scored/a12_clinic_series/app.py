"""Therapy appointments, single ones and series."""
from datetime import date, time
from typing import Literal, Optional

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from diary import Diary, DiaryError
from series import days_of

app = FastAPI(title="therapy diary")
diary = Diary()


@app.exception_handler(DiaryError)
async def diary_error(request: Request, error: DiaryError):
    return JSONResponse({"code": error.code, "detail": error.detail}, status_code=error.status)


class Slot(BaseModel):
    therapist: str
    patient: str = Field(min_length=1)
    day: date
    at: time


class Series(Slot):
    every: Literal["week", "fortnight", "month"]
    times: int = Field(ge=2, le=24)


def out(visit) -> dict:
    return {"id": visit.id, "day": visit.day, "at": visit.at.strftime("%H:%M"), "patient": visit.patient, "series": visit.series}


@app.post("/visits", status_code=201)
def single(body: Slot):
    return out(diary.put(body.therapist, body.patient, [body.day], body.at)[0])


@app.post("/series", status_code=201)
def series(body: Series):
    """Books the whole series or nothing; a clash names the first day that is taken."""
    days = days_of(body.day, body.every, body.times)
    visits = diary.put(body.therapist, body.patient, days, body.at, together=True)
    return {"series": visits[0].series, "visits": [out(v) for v in visits]}


@app.delete("/series/{number}")
def cancel_rest(number: int, since: date):
    """Takes the visits from a day on out of the diary."""
    gone = diary.cancel(number, since)
    return {"cancelled": [v.day for v in gone]}


@app.get("/therapists/{name}/visits")
def visits(name: str, first: Optional[date] = None, last: Optional[date] = None):
    return [out(v) for v in diary.visits_of(name, first or date.min, last or date.max)]
