"""What a drill adds to the running system, and takes away again: a second History, and links between the parts."""

import asyncio
import re
import shlex
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from teahouse import Control

from .links import Link
from .stores import environment

GATEWAYS = ("gateway1", "gateway2")
HISTORIES = ("history", "history2")
# Who goes through links, and under which key it is told the way. Links: `gateway1-history`, `history2-postgres`, …
LINKED = {
    **{gateway: {"HISTORY_URLS": HISTORIES, "REDIS_URLS": ("redis",)} for gateway in GATEWAYS},
    **{history: {"HISTORY_DATABASE_URL": ("postgres",)} for history in HISTORIES},
}


@dataclass
class Stage:
    links: dict[str, Link] = field(default_factory=dict)
    # The public addresses of both Histories.
    histories: list[str] = field(default_factory=list)


@asynccontextmanager
async def staged(state: Path, control: Control) -> AsyncIterator[Stage]:
    """A system with two Histories, which everybody knows, and with a link in every way that a fault may take."""
    stage = Stage()
    copy = state / "env" / "history2"
    try:
        with changed(state, ("social", *GATEWAYS, "history")):
            written = environment(state, "history")
            with free_ports(2) as ports:
                addresses = [f"127.0.0.1:{port}" for port in ports]
            write(copy, {
                **written, "READY_URL": f"http://{addresses[0]}/ready", "HISTORY_INTERNAL_ADDRESS": addresses[0],
                "HISTORY_PUBLIC_ADDRESS": addresses[1],
            })
            stage.histories = [f"http://{written['HISTORY_PUBLIC_ADDRESS']}", f"http://{addresses[1]}"]
            urls = f"http://{written['HISTORY_INTERNAL_ADDRESS']},http://{addresses[0]}"
            for part in ("social", *GATEWAYS):
                append(state, part, HISTORY_URLS=urls)
            await lay_links(state, stage.links)
            await restart(control, (*HISTORIES, "social", *GATEWAYS))
            yield stage
    finally:
        if copy.exists():
            await control("kill", "history2")
            copy.unlink()
        await restart(control, ("history", "social", *GATEWAYS))
        for link in stage.links.values():
            await link.close()


async def lay_links(state: Path, links: dict[str, Link]) -> None:
    for part, keys in LINKED.items():
        given = environment(state, part)
        for key, targets in keys.items():
            # The one port of an address is its last number: it may stand behind a password.
            for target, address in zip(targets, given[key].split(","), strict=True):
                port = int(re.findall(r"@?127\.0\.0\.1:(\d+)", address)[-1])
                link = links[f"{part}-{target}"] = Link(port, is_redis=target == "redis")
                given[key] = given[key].replace(f"127.0.0.1:{port}", f"127.0.0.1:{await link.open()}")
            append(state, part, **{key: given[key]})


@contextmanager
def changed(state: Path, parts: tuple[str, ...]) -> Iterator[None]:
    """What these are started with is at the end what it was before."""
    before = {part: (state / "env" / part).read_text() for part in parts}
    try:
        yield
    finally:
        for part, text in before.items():
            (state / "env" / part).write_text(text)


def append(state: Path, part: str, **values: str) -> None:
    with (state / "env" / part).open("a") as file:
        file.writelines(f"export {key}={shlex.quote(value)}\n" for key, value in values.items())


def write(file: Path, values: dict[str, str]) -> None:
    file.write_text("".join(f"export {key}={shlex.quote(value)}\n" for key, value in values.items()))


@contextmanager
def free_ports(count: int) -> Iterator[list[int]]:
    """Free when they are given back; none is given twice."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        yield [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


async def restart(control: Control, parts: tuple[str, ...]) -> None:
    """With what their environment says now."""

    async def one(part: str) -> None:
        await control("kill", part)
        await control("start", part)

    await asyncio.gather(*(one(part) for part in parts))
