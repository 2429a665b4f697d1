"""Vehicle registry of the road administration. Without REGISTRY_ADDR a small built-in list is used (development, tests)."""
import http.client
import json
import os
from urllib.parse import quote

ADDRESS = os.environ.get("REGISTRY_ADDR", "")
BUILT_IN = {
    "AB-123": {"class": "car", "axles": 2},
    "LK-900": {"class": "lorry", "axles": 5},
    "MC-7": {"class": "motorcycle", "axles": 2},
}


def vehicle(plate: str):
    """The entry of a vehicle, or None when the registry does not know the plate."""
    if not ADDRESS:
        return BUILT_IN.get(plate)
    connection = http.client.HTTPConnection(ADDRESS, timeout=3)
    try:
        connection.request("GET", "/vehicles/" + quote(plate), headers={"Accept": "application/json"})
        answer = connection.getresponse()
        if answer.status == 404:
            return None
        return json.loads(answer.read())
    finally:
        connection.close()
