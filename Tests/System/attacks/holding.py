"""A Gateway whose questions to Social are answered when a test wishes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from attacks.system import Process, System


class HoldingProxy:
    """Between a Gateway and Social: holds the answer of `memberships` back until it is told to let it through."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.is_holding = False
        self.held = asyncio.Event()
        self.released = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self.target.hostname, self.target.port)
        holds = False

        async def ask() -> None:
            nonlocal holds
            while data := await reader.read(1 << 16):
                holds = holds or (self.is_holding and b"/internal/memberships" in data)
                there_writer.write(data)

        async def answer() -> None:
            nonlocal holds
            while data := await there_reader.read(1 << 16):
                if holds:
                    self.held.set()
                    await self.released.wait()
                    holds = False
                writer.write(data)

        try:
            await asyncio.wait(
                [asyncio.ensure_future(ask()), asyncio.ensure_future(answer())], return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            writer.close()
            there_writer.close()


@asynccontextmanager
async def gateway_behind(system: System, tag: str) -> AsyncIterator[tuple[Process, HoldingProxy]]:
    proxy = HoldingProxy(system["social"].internal)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with system.gateway(tag, SOCIAL_URLS=f"http://127.0.0.1:{port}") as process:
            try:
                await system.until_ready(process)
                yield process, proxy
            finally:
                proxy.released.set()
                # While the proxy still answers it.
                os.kill(process.pid, signal.SIGTERM)
