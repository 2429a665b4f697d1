"""Photo contest: contests, entries and the votes of the jury."""
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from contest import repo
from contest.db import create_tables, session
from contest.errors import Conflict, NotFound

app = FastAPI(title="photo contest")
create_tables()


@app.exception_handler(NotFound)
def not_found(request: Request, exc: NotFound):
    return JSONResponse({"detail": str(exc)}, status_code=404)


@app.exception_handler(Conflict)
def conflict(request: Request, exc: Conflict):
    return JSONResponse({"detail": str(exc)}, status_code=409)


class NewContest(BaseModel):
    slug: str = Field(pattern=r"^[a-z0-9-]{2,40}$")
    title: str = Field(min_length=1)


class NewPhoto(BaseModel):
    author: str = Field(min_length=1)
    title: str = Field(min_length=1)


class NewVote(BaseModel):
    photo: int
    juror: str = Field(min_length=1)
    points: int = Field(ge=1, le=10)


def photo_json(photo) -> dict:
    return {"id": photo.id, "author": photo.author, "title": photo.title}


@app.post("/contests", status_code=201)
def open_contest(body: NewContest, db: Session = Depends(session)):
    contest = repo.add_contest(db, body.slug, body.title)
    return {"slug": contest.slug, "title": contest.title, "open": contest.open}


@app.post("/contests/{slug}/close")
def close_contest(slug: str, db: Session = Depends(session)):
    contest = repo.contest(db, slug)
    contest.open = False
    db.commit()
    return {"slug": contest.slug, "open": contest.open}


@app.post("/contests/{slug}/photos", status_code=201)
def submit(slug: str, body: NewPhoto, db: Session = Depends(session)):
    return photo_json(repo.add_photo(db, repo.open_contest(db, slug), body.author, body.title))


@app.get("/contests/{slug}/photos")
def photos(slug: str, db: Session = Depends(session)):
    return [photo_json(p) for p in repo.contest(db, slug).photos]


@app.post("/contests/{slug}/votes", status_code=201)
def vote(slug: str, body: NewVote, db: Session = Depends(session)):
    """Only photos of the contest itself can be voted for."""
    photo = repo.photo_of(db, repo.open_contest(db, slug), body.photo)
    repo.cast(db, photo, body.juror, body.points)
    return {"photo": photo.id, "points": repo.points(db, photo)}


@app.get("/contests/{slug}/ranking")
def ranking(slug: str, db: Session = Depends(session)):
    rows = [{**photo_json(p), "points": repo.points(db, p)} for p in repo.contest(db, slug).photos]
    return sorted(rows, key=lambda row: (-row["points"], row["id"]))
