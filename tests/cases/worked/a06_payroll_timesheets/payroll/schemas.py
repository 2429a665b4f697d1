from datetime import date
from typing import Optional

from pydantic import BaseModel, ConfigDict, Field


class EmployeeIn(BaseModel):
    number: str = Field(pattern=r"^[A-Z]\d{3}$")
    name: str = Field(min_length=2)
    hourly_cents: int = Field(ge=1300)


class EmployeeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: str
    name: str
    hourly_cents: int
    closed_until: Optional[date]


class EntryIn(BaseModel):
    day: date
    minutes: int = Field(ge=1, le=720)
    comment: str = ""


class EntryChange(BaseModel):
    """What is left out stays as it is."""

    day: Optional[date] = None
    minutes: Optional[int] = Field(None, ge=1, le=720)
    comment: Optional[str] = None


class EntryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    day: date
    minutes: int
    comment: str


class Slip(BaseModel):
    number: str
    month: str
    days: int
    minutes: int
    cents: int
