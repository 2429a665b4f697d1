"""Stands in for the process that holds the model: it does what the words of a prompt tell it. Needs no llama.cpp.

    say:TEXT   a token            wait:NAME  until the file NAME is in the folder, or its client goes
    fail:CODE  is that status     die:NUMBER ends the process by that signal
    hang       goes on for ever, whoever goes

Everything that happens is a line of the folder's journal. Started as a script, without the service's packages.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any


class Failed(Exception):
    """The answer is an error; the message is its status."""


class ScriptedWorker:
    def __init__(self, folder: Path, name: str, warming: str) -> None:
        self._folder = folder
        self._warming = warming
        self._name = name
        self._turn = asyncio.Lock()

    def note(self, happened: str, about: object = None) -> None:
        with (self._folder / "journal").open("a") as journal:
            journal.write(json.dumps([happened, about]) + "\n")

    async def follow(self, words: str) -> list[str]:
        return [said async for said in self._steps(words)]

    async def _steps(self, words: str) -> Any:
        for word in words.split():
            verb, _, value = word.partition(":")
            if verb == "say":
                yield value or self._name
            elif verb == "wait":
                while not (self._folder / value).exists():
                    await asyncio.sleep(0.005)
            elif verb == "fail":
                raise Failed(value)
            elif verb == "die":
                os.kill(os.getpid(), int(value))
            elif verb == "hang":
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                await asyncio.Event().wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        data = await reader.readexactly(int(fields.get("content-length", 0)))
        body = json.loads(data or b"{}")
        if path == "/idle":
            async with self._turn:
                pass
            _whole(writer, 200, {})
        elif "messages" not in body and "prompt" not in body:
            _whole(writer, 200, {"path": path, **body})
        else:
            await self._in_turn(reader, writer, path, body)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def _in_turn(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: dict[str, Any]
    ) -> None:
        async with self._turn:
            words = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
            self.note("begin", {"path": path, **body})
            answering = asyncio.create_task(self._answer(writer, words or self._warming, body["stream"]))
            gone = asyncio.create_task(reader.read())
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                self.note("end", words)
                answering.result()
            else:
                self.note("gone", words)
                answering.cancel()
                await asyncio.wait({answering})
            gone.cancel()

    async def _answer(self, writer: asyncio.StreamWriter, words: str, stream: bool) -> None:
        said: list[str] = []
        try:
            async for piece in self._steps(words):
                if stream and not said:
                    _start(writer)
                said.append(piece)
                if stream:
                    _chunk(writer, b"data: " + json.dumps({"text": piece}).encode() + b"\n\n")
        except Failed as error:
            _whole(writer, int(str(error)), {"error": {"message": "as told", "code": "scripted"}})
            return
        numbers = {"prompt": len(words.split()), "cached": 1, "completion": len(said), "seconds": 0.5}
        if not stream:
            _whole(writer, 200, {"text": "".join(said)}, f"x-llm-numbers: {json.dumps(numbers)}\r\n")
            return
        _chunk(writer, b"data: [DONE]\n\n")
        _chunk(writer, b": " + json.dumps(numbers).encode() + b"\n\n")
        writer.write(b"0\r\n\r\n")


def _start(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def _whole(writer: asyncio.StreamWriter, status: int, document: object, headers: str = "") -> None:
    data = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n{headers}\r\n"
    writer.write(head.encode() + data)


async def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("folder", "socket", "load", "warming", "name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--report", type=int, required=True)
    options = parser.parse_args()
    worker = ScriptedWorker(Path(options.folder), options.name, options.warming)
    worker.note("start", os.getpid())
    print("the worker's own words", flush=True)
    loading = await worker.follow(options.load)
    state = {"state": "refused", "detail": loading[0]} if loading else {"state": "ready"}
    async with await asyncio.start_unix_server(worker.serve, options.socket):
        with os.fdopen(options.report, "w") as report:
            report.write(json.dumps(state))
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
