"""A voucher and the devices on it."""
import re
from dataclasses import dataclass, field
from typing import Optional

from .errors import VoucherError

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def normal_mac(value) -> str:
    text = value.strip().lower().replace("-", ":") if isinstance(value, str) else ""
    if not MAC.fullmatch(text):
        raise VoucherError(400, "mac must look like 00:1a:2b:3c:4d:5e")
    return text


@dataclass
class Voucher:
    code: str
    room: str
    minutes: int
    max_devices: int
    started: Optional[int] = None
    devices: set[str] = field(default_factory=set)

    @property
    def until(self) -> Optional[int]:
        return None if self.started is None else self.started + self.minutes

    def connect(self, mac: str, at: int) -> None:
        if self.until is not None and at >= self.until:
            raise VoucherError(410, "voucher has run out")
        if mac not in self.devices and len(self.devices) >= self.max_devices:
            raise VoucherError(409, "too many devices")
        if self.started is None:
            self.started = at
        self.devices.add(mac)
