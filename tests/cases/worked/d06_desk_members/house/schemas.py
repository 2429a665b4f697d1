"""Bodies that come in and go out."""
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Email = Annotated[str, Field(pattern=r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"), AfterValidator(lambda v: v.strip().lower())]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Plan = Literal["flex", "fixed", "student"]


class MemberIn(BaseModel):
    name: Name
    email: Email
    plan: Plan = "flex"


class MemberPatch(BaseModel):
    """Only what is sent is changed."""

    name: Name = ""
    email: Email = ""
    plan: Plan = "flex"


class MemberOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str
    plan: str
    active: bool


class DeskIn(BaseModel):
    code: str = Field(pattern=r"^[A-Z]\d{1,2}$")
    room: Name
    monitor: bool = False


class DeskOut(DeskIn):
    model_config = ConfigDict(from_attributes=True)

    id: int


class BookingIn(BaseModel):
    desk: str
    member_id: int
    day: date


class BookingMove(BaseModel):
    day: date


class BookingOut(BaseModel):
    id: int
    desk: str
    member: str
    day: date
