"""Grades of a school year: marks per pupil, class lists, the ranking for the prize."""
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Optional

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="grades")

BEST, WORST = 1.0, 6.0


@dataclass
class Mark:
    subject: str
    grade: float
    weight: int
    day: date


@dataclass
class Pupil:
    id: str
    name: str
    marks: list[Mark] = field(default_factory=list)

    def average(self) -> Optional[float]:
        """Weighted, to two places; None as long as there is no mark."""
        if not self.marks:
            return None
        weights = sum(m.weight for m in self.marks)
        return round(sum(m.grade * m.weight for m in self.marks) / weights, 2)


class MarkIn(BaseModel):
    subject: str = Field(min_length=2)
    grade: float = Field(ge=BEST, le=WORST)
    weight: int = Field(1, ge=1, le=3)
    day: date


CLASSES: dict[str, dict[str, Pupil]] = {
    "7a": {p.id: p for p in (Pupil("p1", "Wenzel, Ada"), Pupil("p2", "Conti, Leo"), Pupil("p3", "Ngata, Mia"), Pupil("p4", "Brandt, Uwe"))},
    "7b": {p.id: p for p in (Pupil("p5", "Yilmaz, Can"),)},
}


def school_class(name: str) -> dict[str, Pupil]:
    if name not in CLASSES:
        raise HTTPException(404, "unknown class")
    return CLASSES[name]


SchoolClass = Annotated[dict[str, Pupil], Depends(school_class)]


def pupil_in(pupils: dict[str, Pupil], number: str) -> Pupil:
    if number not in pupils:
        raise HTTPException(404, "unknown pupil")
    return pupils[number]


@app.get("/classes/{name}")
def class_list(pupils: SchoolClass):
    return [{"id": p.id, "name": p.name, "average": p.average()} for p in sorted(pupils.values(), key=lambda p: p.name)]


@app.post("/classes/{name}/pupils/{number}/marks", status_code=201)
def add_mark(pupils: SchoolClass, number: str, body: MarkIn):
    pupil = pupil_in(pupils, number)
    pupil.marks.append(Mark(**body.model_dump()))
    return {"id": pupil.id, "marks": len(pupil.marks), "average": pupil.average()}


@app.get("/classes/{name}/pupils/{number}")
def report(pupils: SchoolClass, number: str):
    pupil = pupil_in(pupils, number)
    subjects: dict[str, list[float]] = {}
    for mark in sorted(pupil.marks, key=lambda m: m.day):
        subjects.setdefault(mark.subject, []).append(mark.grade)
    return {"name": pupil.name, "subjects": subjects, "average": pupil.average()}


@app.get("/classes/{name}/ranking")
def ranking(pupils: SchoolClass):
    """Best average first; whoever has no mark is not ranked.

    Equal averages share the place, by name among themselves, and the places after them are skipped (1, 2, 2, 4).
    """
    rated = sorted((p.average(), p) for p in pupils.values() if p.marks)
    out = []
    for index, (average, pupil) in enumerate(rated, start=1):
        shared = out and out[-1]["average"] == average
        out.append({"place": out[-1]["place"] if shared else index, "name": pupil.name, "average": average})
    return out


@app.get("/classes/{name}/subjects/{subject}")
def subject_marks(pupils: SchoolClass, subject: str):
    grades = [m.grade for p in pupils.values() for m in p.marks if m.subject == subject]
    if not grades:
        raise HTTPException(404, "no marks in this subject")
    return {"subject": subject, "marks": len(grades), "best": min(grades), "worst": max(grades)}
