"""Request and response bodies."""
from pydantic import BaseModel, ConfigDict, Field, computed_field


class TaxpayerIn(BaseModel):
    tin: str = Field(pattern=r"^\d{8}$")
    name: str = Field(min_length=1, max_length=100)


class TaxpayerOut(TaxpayerIn):
    model_config = ConfigDict(from_attributes=True)


class Amounts(BaseModel):
    income: int = Field(ge=0)
    deductions: int = Field(0, ge=0)


class FilingIn(Amounts):
    year: int = Field(ge=2000, le=2100)


class FilingOut(FilingIn):
    model_config = ConfigDict(from_attributes=True)

    assessed: bool

    @computed_field
    @property
    def taxable(self) -> int:
        return max(self.income - self.deductions, 0)


class Notice(BaseModel):
    tin: str
    year: int
    taxable: int
    tax: int
