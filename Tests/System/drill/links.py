"""What lies between a Gateway and what it calls: a TCP proxy that eats answers, delays, or lets nothing through."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from teahouse import Control

from .stores import environment


class Link:
    """One Gateway's way to one service."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.is_eating = False
        self.delay = 0.0
        self.passes = asyncio.Event()
        self.passes.set()
        self.pumps: set[asyncio.Task[None]] = set()
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None

    async def open(self) -> int:
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self.server:
            self.server.close()
        self.cut()
        for pump in list(self.pumps):
            pump.cancel()
        await asyncio.gather(*self.pumps, return_exceptions=True)

    def cut(self) -> None:
        """Ends all connections there are."""
        for writer in self.writers:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.writers |= {writer, back}
        for pump in (self._pump(reader, back, False), self._pump(there, writer, True)):
            task = asyncio.create_task(pump)
            self.pumps.add(task)
            task.add_done_callback(self.pumps.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool) -> None:
        try:
            while data := await reader.read(65_536):
                if is_answer and self.is_eating:
                    continue
                await self.passes.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
            self.writers.discard(writer)


@asynccontextmanager
async def linked(state: Path, control: Control) -> AsyncIterator[dict[str, Link]]:
    """Puts a link between each Gateway and History, and Redis, for a time: `gateway1-history`, …"""
    parts = ("gateway1", "gateway2")
    files = {part: state / "env" / part for part in parts}
    before = {part: file.read_text() for part, file in files.items()}
    links: dict[str, Link] = {}
    try:
        for part in parts:
            given = environment(state, part)
            for name, key in (("history", "HISTORY_URLS"), ("redis", "REDIS_URLS")):
                port = int(re.findall(r":(\d+)", given[key])[-1])
                link = links[f"{part}-{name}"] = Link(port)
                url = given[key].replace(f":{port}", f":{await link.open()}")
                with files[part].open("a") as file:
                    file.write(f"export {key}={url}\n")
        await restart(control, parts)
        yield links
    finally:
        for part, file in files.items():
            file.write_text(before[part])
        await restart(control, parts)
        for link in links.values():
            await link.close()


async def restart(control: Control, parts: tuple[str, ...]) -> None:
    """With what their environment says now."""

    async def one(part: str) -> None:
        await control("kill", part)
        await control("start", part)

    await asyncio.gather(*(one(part) for part in parts))
