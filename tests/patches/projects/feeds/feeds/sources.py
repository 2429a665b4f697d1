"""The sources' own feeds."""

import asyncio
import logging

import httpx
import yaml

from . import config

log = logging.getLogger(__name__)


async def fetch(url: str) -> list[dict]:
    """The entries of a feed; a source that does not answer is an empty one, and the log says so."""
    async with httpx.AsyncClient(timeout=config.TIMEOUT_SECONDS) as client:
        try:
            answer = await client.get(url)
        except httpx.TransportError as error:
            log.warning("source does not answer: %s", error)
            return []
    return answer.json()["entries"]


async def fetch_all(urls: list[str]) -> list[dict]:
    found = await asyncio.gather(*(fetch(url) for url in urls))
    return [entry for entries in found for entry in entries]


def sources_of(text: str) -> list[str]:
    """The addresses in a subscription file."""
    loaded = yaml.safe_load(text)
    return [source["url"] for source in loaded["sources"]]
