"""Labels on paper."""

import subprocess
import tempfile
from pathlib import Path

from . import settings

WIDTH = 40


def text_of(parcel: dict) -> str:
    customer = parcel["customer"]
    lines = [
        customer["name"],
        customer["street"],
        f"{customer['zip']} {customer['city']}",
        f"{parcel['weight']:.1f} kg",
    ]
    return "\n".join(line.center(WIDTH) for line in lines)


def barcode(number: str) -> str:
    check = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number)) % 10
    return f"{number}{check}"


def print_label(parcel: dict) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write(text_of(parcel))
    subprocess.run(["lp", "-d", settings.load()["printer"], file.name], check=True, timeout=20)
    Path(file.name).unlink()
