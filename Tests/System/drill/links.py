"""What lies between one part of the system and another: a TCP proxy that eats answers, delays, cuts, or lets nothing
through; and between a Gateway and Redis one that keeps back what is published."""

import asyncio
from collections.abc import Iterator


class Replies:
    """A stream of Redis's answers (RESP2), cut into whole ones."""

    def __init__(self) -> None:
        self.buffer = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        self.buffer += data
        while end := self._end(0):
            yield self.buffer[:end]
            self.buffer = self.buffer[end:]

    def _end(self, start: int) -> int | None:
        line = self.buffer.find(b"\r\n", start)
        if line < 0:
            return None
        kind, end = self.buffer[start : start + 1], line + 2
        if kind == b"*":
            for _ in range(int(self.buffer[start + 1 : line])):
                if (after := self._end(end)) is None:
                    return None
                end = after
        elif kind == b"$" and (count := int(self.buffer[start + 1 : line])) >= 0:
            end += count + 2
        return end if end <= len(self.buffer) else None


class Link:
    """The way of one part to another."""

    def __init__(self, port: int, is_redis: bool = False) -> None:
        self.target = port
        self.is_redis = is_redis
        self.is_eating = False
        # What is published does not come through; answers do.
        self.is_muffled = False
        self.muffled = 0
        self.delay = 0.0
        # Bytes that have gone to the target.
        self.carried = 0
        self.passes = asyncio.Event()
        self.passes.set()
        # New connections are served.
        self.admits = asyncio.Event()
        self.admits.set()
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
        await self.admits.wait()
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
        replies = Replies()
        try:
            while data := await reader.read(65_536):
                if is_answer and self.is_eating:
                    continue
                if is_answer and self.is_redis:
                    data = b"".join(reply for reply in replies.feed(data) if not self._keeps_back(reply))
                await self.passes.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
                self.carried += 0 if is_answer else len(data)
        except OSError:
            pass
        finally:
            writer.close()
            self.writers.discard(writer)

    def _keeps_back(self, reply: bytes) -> bool:
        if not self.is_muffled or not reply.startswith(b"*3\r\n$7\r\nmessage\r\n"):
            return False
        self.muffled += 1
        return True
