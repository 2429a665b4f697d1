"""Courses of the municipal swimming pool."""
from dataclasses import dataclass, field
from typing import Optional

from flask import Flask, abort, jsonify, request

app = Flask(__name__)

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass
class Teacher:
    name: str
    phone: str


@dataclass
class Course:
    code: str
    level: str
    day: str
    time: str
    lane: int
    places: int
    teacher: Optional[Teacher] = None
    pupils: list[str] = field(default_factory=list)

    @property
    def free(self):
        return self.places - len(self.pupils)


TEACHERS = {"ines": Teacher("Ines Prado", "0151-3301"), "olaf": Teacher("Olaf Brandt", "0151-7714")}
COURSES: dict[str, Course] = {}


@app.errorhandler(400)
@app.errorhandler(404)
@app.errorhandler(409)
def as_json(err):
    return jsonify(error=err.description), err.code


def course_or_404(code) -> Course:
    if code not in COURSES:
        abort(404, "no such course")
    return COURSES[code]


def course_json(course: Course) -> dict:
    return {
        "code": course.code,
        "level": course.level,
        "day": course.day,
        "time": course.time,
        "teacher": course.teacher.name if course.teacher else None,
        "free": course.free,
    }


@app.post("/courses")
def create():
    """Courses are planned months ahead; the teacher is assigned later."""
    data = request.get_json()
    if data.get("day") not in DAYS:
        abort(400, "day must be one of " + ", ".join(DAYS))
    if data["code"] in COURSES:
        abort(409, "code is taken")
    course = Course(data["code"], data["level"], data["day"], data["time"], data["lane"], data.get("places", 8))
    COURSES[course.code] = course
    return jsonify(course_json(course)), 201


@app.get("/courses/<code>")
def show(code):
    return jsonify(course_json(course_or_404(code)))


@app.put("/courses/<code>/teacher/<login>")
def assign(code, login):
    course = course_or_404(code)
    if login not in TEACHERS:
        abort(404, "no such teacher")
    course.teacher = TEACHERS[login]
    return jsonify(course_json(course))


@app.post("/courses/<code>/pupils")
def enrol(code):
    course = course_or_404(code)
    if course.free < 1:
        abort(409, "course is full")
    course.pupils.append(request.get_json()["name"])
    return jsonify(course_json(course)), 201


@app.get("/timetable")
def timetable():
    """The week as shown on the screen in the entrance hall, day by day."""
    week = {day: [] for day in DAYS}
    for course in sorted(COURSES.values(), key=lambda c: (c.time, c.lane)):
        week[course.day].append(
            {"time": course.time, "lane": course.lane, "level": course.level, "teacher": course.teacher.name}
        )
    return jsonify({day: entries for day, entries in week.items() if entries})
