"""All queries. What is not there is a NotFound, what clashes a Conflict."""
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .errors import Conflict, NotFound
from .models import Contest, Photo, Vote


def contest(db: Session, slug: str) -> Contest:
    found = db.scalars(select(Contest).where(Contest.slug == slug)).one_or_none()
    if found is None:
        raise NotFound("no such contest")
    return found


def open_contest(db: Session, slug: str) -> Contest:
    found = contest(db, slug)
    if not found.open:
        raise Conflict("contest is closed")
    return found


def add_contest(db: Session, slug: str, title: str) -> Contest:
    new = Contest(slug=slug, title=title)
    db.add(new)
    try:
        db.commit()
    except IntegrityError:
        db.rollback()
        raise Conflict("there is a contest of this name")
    return new


def add_photo(db: Session, of: Contest, author: str, title: str) -> Photo:
    new = Photo(contest=of, author=author, title=title)
    db.add(new)
    db.commit()
    return new


def photo_of(db: Session, of: Contest, photo_id: int) -> Photo:
    photo = db.get_one(Photo, photo_id)
    if photo.contest_id != of.id:
        raise NotFound("no such photo in this contest")
    return photo


def cast(db: Session, photo: Photo, juror: str, points: int) -> None:
    """A juror may change their mind: the last vote counts."""
    vote = db.scalars(select(Vote).where(Vote.photo_id == photo.id, Vote.juror == juror)).one_or_none()
    if vote is None:
        db.add(Vote(photo_id=photo.id, juror=juror, points=points))
    else:
        vote.points = points
    db.commit()


def points(db: Session, photo: Photo) -> int:
    return db.scalar(select(func.coalesce(func.sum(Vote.points), 0)).where(Vote.photo_id == photo.id))
