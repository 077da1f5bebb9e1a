"""The system under test is started by Tests/run, which says in the environment where it is:

TEAHOUSE_EDGE       the one origin of browsers and clients, http://127.0.0.1:18080
TEAHOUSE_GATEWAYS   the Gateways' own public addresses, comma-separated, the first of `gateway1`
TEAHOUSE_CONTROL    a script: <it> kill|stop|start|pid gateway1|gateway2|history|auth|social|media|postgres|redis
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from attacks.system import System
from teahouse import Control, Person, SocketClient
from visitor import Visitor, sign_in

# Those of deploy/cluster are run on it alone, and it runs nothing else.
collect_ignore = [] if os.environ.get("TEAHOUSE_CLUSTER") else ["cluster"]

Register = Callable[..., Awaitable[Person]]
Connect = Callable[..., Awaitable[SocketClient]]
Arrive = Callable[..., Awaitable[Visitor]]


@dataclass
class Talk:
    """Two friends and their chatroom; Bob is there with a client that is no browser."""

    ann: Person
    bob: Person
    room: int
    friend: SocketClient


Meet = Callable[..., Awaitable[Talk]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Faults come last: what they do to the system must not be another test's failure."""
    last = ["test_faults.py", "test_deafness.py", "test_once.py", "test_drill.py"]
    items.sort(key=lambda item: last.index(item.path.name) + 1 if item.path.name in last else 0)


@pytest.fixture(scope="session")
def edge() -> str:
    address = os.environ.get("TEAHOUSE_EDGE")
    if not address:
        pytest.exit("TEAHOUSE_EDGE is not set: these tests are run by Tests/run", returncode=2)
    return address.rstrip("/")


@pytest.fixture(scope="session")
def gateways(edge: str) -> list[str]:
    addresses = os.environ.get("TEAHOUSE_GATEWAYS", "").split(",")
    if len(addresses) < 2:
        pytest.exit("TEAHOUSE_GATEWAYS needs two addresses", returncode=2)
    return [address.strip().rstrip("/") for address in addresses]


@pytest.fixture(scope="session")
def control() -> Control:
    script = os.environ.get("TEAHOUSE_CONTROL")
    if not script:
        pytest.skip("TEAHOUSE_CONTROL is not set: nothing can be killed")
    return Control(script)


@pytest.fixture(scope="session")
def system(control: Control, edge: str) -> System:
    """Its processes, their logs and the keys by which they know each other."""
    return System(Path(os.environ["TEAHOUSE_STATE"]), control, edge)


@pytest.fixture(scope="session")
def screens() -> Path:
    """Where screenshots are kept to be looked at."""
    folder = Path(__file__).resolve().parents[2] / ".local" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def register(edge: str) -> AsyncIterator[Register]:
    """Makes people whose names begin as given; each is somebody new."""
    async with AsyncExitStack() as stack:

        async def make(name: str, address: str = edge) -> Person:
            return await stack.enter_async_context(await Person.register(address, name))

        yield make


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens Socket.IO clients, ready when they are returned, and closes them after the test."""
    async with AsyncExitStack() as stack:

        async def make(person: Person, address: str, **options: object) -> SocketClient:
            client = SocketClient(person, address, **options)
            stack.push_async_callback(client.close)
            await client.open()
            return client

        yield make


async def launch(playwright: Playwright) -> Browser:
    return await playwright.chromium.launch(
        executable_path=os.environ.get("TEAHOUSE_CHROMIUM", "/usr/bin/chromium"),
        args=["--no-sandbox", "--disable-dev-shm-usage"],
    )


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest.fixture
async def arrive(browser: Browser, edge: str) -> AsyncIterator[Arrive]:
    """Seats people in front of browsers of their own, signed in if they have an account; at the end nothing is wrong there."""
    visitors: list[Visitor] = []

    async def make(who: Person | str, **options: object) -> Visitor:
        name = who if isinstance(who, str) else who.username.split("-")[0]
        visitor = await Visitor.arrive(browser, edge, name, **options)
        visitors.append(visitor)
        if not isinstance(who, str):
            await sign_in(visitor, who)
        return visitor

    yield make
    assert [problem for visitor in visitors for problem in visitor.problems] == []


@pytest.fixture
async def meet(register: Register, connect: Connect, edge: str) -> Meet:
    async def make(**options: object) -> Talk:
        ann, bob = await register("ann"), await register("bob")
        await ann.befriend(bob)
        room = await ann.direct(bob)
        return Talk(ann, bob, room, await connect(bob, edge, cursors={room: 0}, **options))

    return make
