"""The system under test is started by Tests/run, which says in the environment where it is:

TEAHOUSE_EDGE       the one origin of browsers and clients, http://127.0.0.1:18080
TEAHOUSE_GATEWAYS   the Gateways' own public addresses, comma-separated, the first of `gateway1`
TEAHOUSE_CONTROL    a script: <it> kill|stop|start|pid gateway1|gateway2|history|auth|social|media|postgres|redis
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from teahouse import Control, Person, SocketClient

# Those of deploy/cluster are run on it alone, and it runs nothing else.
collect_ignore = [] if os.environ.get("TEAHOUSE_CLUSTER") else ["cluster"]

Register = Callable[..., Awaitable[Person]]
Connect = Callable[..., Awaitable[SocketClient]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Faults come last: what they do to the system must not be another test's failure."""
    last = ["test_faults.py", "test_deafness.py", "test_drill.py"]
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


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("TEAHOUSE_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield browser
        await browser.close()
