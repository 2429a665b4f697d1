"""Choir register: singers, sections and projects (Starlette)."""
from dataclasses import dataclass, field
from itertools import count
from json import JSONDecodeError

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

VOICES = ("soprano", "alto", "tenor", "bass")


class Refused(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass
class Section:
    id: int
    name: str
    voice: str


@dataclass
class Project:
    id: int
    title: str


@dataclass
class Singer:
    id: int
    name: str
    voice: str
    section_id: int | None = None
    projects: set[int] = field(default_factory=set)


class Register:
    def __init__(self):
        self.clear()

    def clear(self):
        self.sections, self.projects, self.singers = {}, {}, {}
        self._ids = count(1)

    def add(self, shelf, kind, **values):
        number = next(self._ids)
        shelf[number] = kind(id=number, **values)
        return shelf[number]

    def section(self, number):
        return self.sections.get(number)

    def section_name(self, singer):
        if singer.section_id is None:
            return None
        return self.section(singer.section_id).name

    def titles(self, singer):
        return sorted(self.projects[p].title for p in singer.projects)

    def unassigned(self):
        return [s for s in self.singers.values() if s.section_id is None]

    def remove_project(self, number):
        """The project is over; the singers are free of it."""
        del self.projects[number]
        for singer in self.singers.values():
            singer.projects.discard(number)

    def remove_section(self, number):
        """Its singers stay in the choir, without a section until somebody gives them a new one."""
        del self.sections[number]


register = Register()


def must(shelf, number, what):
    if number not in shelf:
        raise Refused(404, f"no such {what}")
    return shelf[number]


async def fields(request, *names):
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict) or any(name not in body for name in names):
        raise Refused(422, "expected " + ", ".join(names))
    return [body[name] for name in names]


def singer_view(singer):
    return {"id": singer.id, "name": singer.name, "voice": singer.voice, "section": register.section_name(singer), "projects": register.titles(singer)}


async def add_section(request):
    name, voice = await fields(request, "name", "voice")
    if voice not in VOICES:
        raise Refused(422, "unknown voice")
    return JSONResponse(vars(register.add(register.sections, Section, name=name, voice=voice)), 201)


async def add_project(request):
    (title,) = await fields(request, "title")
    return JSONResponse(vars(register.add(register.projects, Project, title=title)), 201)


async def add_singer(request):
    name, voice = await fields(request, "name", "voice")
    if voice not in VOICES:
        raise Refused(422, "unknown voice")
    return JSONResponse(singer_view(register.add(register.singers, Singer, name=name, voice=voice)), 201)


async def singers(request):
    """Everybody; ?unassigned=1 for those without a section."""
    found = register.unassigned() if request.query_params.get("unassigned") == "1" else register.singers.values()
    return JSONResponse([singer_view(s) for s in sorted(found, key=lambda s: s.name)])


async def assign(request):
    """Puts a singer into a section of the same voice."""
    singer = must(register.singers, request.path_params["number"], "singer")
    (number,) = await fields(request, "section")
    section = register.section(number)
    if section is None:
        raise Refused(422, "no such section")
    if section.voice != singer.voice:
        raise Refused(409, f"{singer.name} sings {singer.voice}")
    singer.section_id = section.id
    return JSONResponse(singer_view(singer))


async def join(request):
    singer = must(register.singers, request.path_params["number"], "singer")
    project = must(register.projects, request.path_params["project"], "project")
    singer.projects.add(project.id)
    return JSONResponse(singer_view(singer))


async def drop_section(request):
    number = request.path_params["number"]
    must(register.sections, number, "section")
    register.remove_section(number)
    return Response(status_code=204)


async def drop_project(request):
    number = request.path_params["number"]
    must(register.projects, number, "project")
    register.remove_project(number)
    return Response(status_code=204)


async def refused(request, exc):
    return JSONResponse({"error": exc.reason}, exc.status)


app = Starlette(
    routes=[
        Route("/sections", add_section, methods=["POST"]),
        Route("/sections/{number:int}", drop_section, methods=["DELETE"]),
        Route("/projects", add_project, methods=["POST"]),
        Route("/projects/{number:int}", drop_project, methods=["DELETE"]),
        Route("/singers", add_singer, methods=["POST"]),
        Route("/singers", singers, methods=["GET"]),
        Route("/singers/{number:int}/section", assign, methods=["PUT"]),
        Route("/singers/{number:int}/projects/{project:int}", join, methods=["PUT"]),
    ],
    exception_handlers={Refused: refused},
)
