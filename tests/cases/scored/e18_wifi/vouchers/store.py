"""All vouchers, by code."""
from itertools import count

from .errors import VoucherError
from .model import Voucher

_vouchers: dict[str, Voucher] = {}
_serial = count(1)


def whole(value, name) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise VoucherError(400, f"{name} must be a whole number above 0")
    return value


def issue(room, minutes, max_devices) -> Voucher:
    if not isinstance(room, str) or not room.strip():
        raise VoucherError(400, "room is required")
    voucher = Voucher(f"W{next(_serial):05d}", room.strip(), whole(minutes, "minutes"), whole(max_devices, "max_devices"))
    _vouchers[voucher.code] = voucher
    return voucher


def find(code: str) -> Voucher:
    voucher = _vouchers.get(code.upper())
    if voucher is None:
        raise VoucherError(404, "no such voucher")
    return voucher


def of_room(room: str) -> list[Voucher]:
    return [v for v in _vouchers.values() if v.room == room]


def all() -> list[Voucher]:
    return list(_vouchers.values())


def remove(code: str) -> None:
    del _vouchers[find(code).code]
