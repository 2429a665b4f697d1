"""What the API shows of a voucher."""
from .model import Voucher


def line(voucher: Voucher) -> dict:
    """For lists."""
    return {"code": voucher.code, "until": voucher.until, "devices": sorted(voucher.devices)}


def detail(voucher: Voucher) -> dict:
    """For the page of one voucher."""
    return {
        "code": voucher.code,
        "room": voucher.room,
        "minutes": voucher.minutes,
        "started": voucher.started,
        "until": voucher.until,
        "devices": voucher.devices or [],
        "free": voucher.max_devices - len(voucher.devices),
    }
