"""H05: who sends or reads a byte a second."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from attacks.conftest import Cast
from attacks.system import System
from attacks.wire import POLLING, Wire, ask

#: Within which who dawdles is told so, or finds the connection closed.
PATIENCE = 15.0
#: More than the kernel takes for somebody who does not read.
LARGE = 12 << 20


async def until_dropped(wire: Wire, dawdle: Callable[[], Awaitable[None]]) -> float:
    """Seconds until the server answers or closes, while `dawdle` is done once a second. Ends in time in any case."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * PATIENCE:
        try:
            async with asyncio.timeout(1):
                answer = await wire.reader.read(64)
        except TimeoutError:
            await dawdle()
            continue
        except ConnectionError:
            answer = b""
        assert not answer or answer.startswith(b"HTTP/1.1 408 "), answer
        break
    return time.monotonic() - began


async def head_by_bytes(address: str, target: str, *, is_later: bool) -> float:
    """`is_later`: after a request that was answered, on the same connection."""
    async with await Wire.open(address) as wire:
        if is_later:
            await wire.ask("GET", target)
        await wire.send(f"GET {target} HTTP/1.1\r\nHost: {wire.host}\r\nX-Slow: ".encode())
        return await until_dropped(wire, lambda: wire.send(b"x"))


async def body_by_bytes(address: str, method: str, target: str, token: str, *, is_chunked: bool) -> float:
    async with await Wire.open(address) as wire:
        length = "Transfer-Encoding: chunked" if is_chunked else "Content-Length: 1000"
        fields = (f"Authorization: Bearer {token}", "Content-Type: application/json", length)
        await wire.request(method, target, *fields)
        return await until_dropped(wire, lambda: wire.send(b"1\r\n{\r\n" if is_chunked else b"{"))


def held(port: int) -> set[int]:
    """The ports of clients for whose connections some process behind `port` still has a descriptor. One that it has closed
    may live on in the kernel, with what nobody takes."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    places = [(line[1].split(":")[1], line[2].split(":")[1], line[9]) for line in lines]
    return {int(theirs, 16) for ours, theirs, inode in places if int(ours, 16) == port and inode != "0"}


#: Not the edge's address: how slowly an answer is taken behind that is for the edge to judge.
ELSEWHERE = "127.0.0.9"


async def answer_by_bytes(address: str, target: str, token: str) -> float:
    """Seconds until the server gives up an answer of which a byte a second is taken."""
    port = int(address.rsplit(":", 1)[1])
    async with await Wire.open(address, receive_buffer=32 * 1024, source=ELSEWHERE) as wire:
        own = wire.writer.get_extra_info("sockname")[1]
        await wire.request("GET", target, f"Authorization: Bearer {token}")
        assert await wire.read(15) == b"HTTP/1.1 200 OK"
        began = time.monotonic()
        # asyncio takes some by itself, then its buffer and the kernels' are full.
        while own in held(port) and time.monotonic() - began < 2 * PATIENCE:
            await asyncio.sleep(1)
            await wire.read(1)
        return time.monotonic() - began


async def pace(edge: str, token: str, until: Callable[[], bool]) -> list[float]:
    """How long ordinary requests take, one after the other."""
    took = []
    while not until():
        began = time.monotonic()
        answer = await ask(edge, "GET", "/api/history/chatrooms", f"Authorization: Bearer {token}")
        took.append(time.monotonic() - began)
        assert answer.status == 200
    return took


@pytest.mark.timeout(120)
@pytest.mark.parametrize("where", ["edge", "history", "gateway1"])
async def test_H05_who_is_slow_on_purpose_is_dropped_and_holds_up_nobody(
    where: str, cast: Cast, system: System, edge: str
) -> None:
    address = edge if where == "edge" else system[where].public
    token = cast.alice.token or ""
    get, (method, target) = "/api/history/chatrooms", ("POST", "/api/history/sync")
    if where == "gateway1":
        handshake = (await ask(address, "GET", POLLING)).body
        get, (method, target) = "/socket.io/?EIO=4", ("POST", f"{POLLING}&sid={json.loads(handshake[1:])['sid']}")
    ended = False
    quiet = asyncio.get_running_loop().time() + 2
    rest = await pace(edge, token, lambda: asyncio.get_running_loop().time() > quiet)
    measuring = asyncio.create_task(pace(edge, token, lambda: ended))
    slow = [head_by_bytes(address, get, is_later=number % 2 == 0) for number in range(100)]
    slow += [body_by_bytes(address, method, target, token, is_chunked=number % 2 == 0) for number in range(100)]
    took = await asyncio.gather(*slow)
    ended = True
    assert max(took) < PATIENCE, sorted(took)[-10:]
    loaded = sorted(await measuring)
    assert loaded[len(loaded) * 99 // 100] < 2 * sorted(rest)[len(rest) * 99 // 100] + 0.1


async def large_file(cast: Cast) -> str:
    """The address of a file of `LARGE` bytes."""
    file = await cast.alice.call(
        "POST", "/api/media/uploads", params={"name": "x.bin", "chatroomId": cast.room}, data=bytes(LARGE),
        headers={"content-type": "application/octet-stream"}, expect=201,
    )  # fmt: skip
    cast.expected.legitimate_bytes = LARGE
    return str(file["url"])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("where", ["edge", "media"])
async def test_H05_who_does_not_take_an_answer_is_dropped(where: str, cast: Cast, system: System, edge: str) -> None:
    address = edge if where == "edge" else system[where].public
    target = await large_file(cast)
    took = await asyncio.gather(*(answer_by_bytes(address, target, cast.alice.token or "") for _ in range(20)))
    assert max(took) < PATIENCE, sorted(took)


async def answer_at(address: str, target: str, token: str, rate: int, seconds: float) -> int:
    """Bytes of the answer that came at a steady rate, in bytes per second, until the time was over."""
    async with await Wire.open(address, receive_buffer=32 * 1024, source=ELSEWHERE) as wire:
        await wire.request("GET", target, f"Authorization: Bearer {token}")
        came, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            came += len(await wire.read(rate // 10))
            await asyncio.sleep(max(0.0, began + came / rate - time.monotonic()))
        return came


@pytest.mark.timeout(120)
async def test_an_answer_that_is_taken_slowly_comes_to_its_end(cast: Cast, system: System, edge: str) -> None:
    target, rate, seconds = await large_file(cast), 60_000, 2 * PATIENCE
    took = (answer_at(address, target, cast.alice.token or "", rate, seconds) for address in (edge, system["media"].public))
    assert min(await asyncio.gather(*took)) >= 0.9 * rate * seconds
