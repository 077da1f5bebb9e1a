"""A system of its own is copied while people talk, destroyed, restored and checked; its clients come back by themselves."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from images import png
from teahouse import Person, SocketClient, in_order

pytestmark = pytest.mark.timeout(300)
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


class Place:
    """Where a system has its data, and on which port it is open."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        # What says where the system of the other tests is, is not for this one.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TEAHOUSE_")}
        self.environment["TEAHOUSE_STATE"] = str(self.state)

    @property
    def edge(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        command = (DEPLOY / "run", "--port", str(self.port), "--state", self.state)
        process = await asyncio.create_subprocess_exec(
            *command, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        assert process.stdout
        said: list[str] = []
        try:
            async with asyncio.timeout(150):
                while "Ctrl-C stops it" not in (said or [""])[-1]:
                    line = await process.stdout.readline()
                    assert line, "".join(said)
                    said.append(line.decode(errors="replace"))
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):
                await process.communicate()

    async def tell(self, command: str, *arguments: str) -> tuple[int | None, str]:
        """Exit status and what was said."""
        process = await asyncio.create_subprocess_exec(
            DEPLOY / command, *arguments, env=self.environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        async with asyncio.timeout(120):
            output, _ = await process.communicate()
        return process.returncode, output.decode(errors="replace")

    async def sql(self, statement: str) -> None:
        script = '. "$TEAHOUSE_STATE/env/postgres" && psql -q -h 127.0.0.1 -p "$LISTEN_PORT" -U postgres -d history -c "$0"'
        process = await asyncio.create_subprocess_exec("bash", "-c", script, statement, env=self.environment)
        assert await process.wait() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the owner of PostgreSQL's data can reach."""
    folder = Path(tempfile.mkdtemp(prefix="teahouse-backup-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def test_a_backup_is_restored_and_clients_come_back(folder: Path) -> None:
    place = Place(folder)
    backup = folder / "backup"
    async with AsyncExitStack() as stack:
        async with place.running():
            ann, bob = [await stack.enter_async_context(await Person.register(place.edge, name)) for name in ("ann", "bob")]
            await ann.befriend(bob)
            room = await ann.group("tea", bob)
            one, two = [SocketClient(person, place.edge, keep_cursors=True, reconnection=True) for person in (ann, bob)]
            for client in (one, two):
                stack.push_async_callback(client.close)
                await client.open()
            upload = await ann.call(
                "POST", f"/api/media/uploads?name=pot.png&chatroomId={room}", data=png(8, 8),
                headers={"content-type": "image/png"}, expect=201)
            await one.say(room, "the pot", type="image", mediaId=upload["id"])
            first = await one.say(room, "gren tea")
            path = f"/api/history/chatrooms/{room}/messages/{first['seq']}"
            await ann.call("PATCH", path, json={"content": "green tea"})
            await bob.call("POST", "/api/history/favorites", json={"messageId": first["id"]}, expect=201)
            before = await one.say(room, "the last before")

            talking = asyncio.create_task(talk(two, room))
            status, said = await place.tell("backup", str(backup))
            talking.cancel()
            assert status == 0, said
            assert backup.stat().st_mode & 0o077 == 0
            assert (await place.tell("verify"))[0] == 0
            # Lost with the system.
            lost = await two.say(room, "after the backup")
            await one.until_seq(room, lost["seq"])
            status, said = await place.tell("restore", str(backup))
            assert status != 0 and "data" in said, said
        shutil.rmtree(place.state)

        status, said = await place.tell("restore", str(backup))
        assert status == 0 and "The log is whole: 1 chatrooms" in said, said
        async with place.running():
            for client in (one, two):
                await client.until(lambda client=client: len(client.readies) == 2, 60)
                assert client.readies[1]["epoch"] != client.readies[0]["epoch"]
            (chatroom,) = one.ready["chatrooms"]
            assert before["seq"] <= chatroom["head"] < lost["seq"]
            # A place in the log is given a second time, and everybody hears what is there now.
            again = await one.say(room, "after the restore")
            assert again["seq"] == chatroom["head"] + 1
            await two.until(lambda: any(each["content"] == "after the restore" for each in two.messages(room)))
            page = await bob.page(room, limit=200)
            said_now = {message["seq"]: message["content"] for message in page["messages"]}
            assert said_now[first["seq"]] == "green tea" and said_now[before["seq"]] == "the last before"
            assert "after the backup" not in said_now.values()
            favorites = (await bob.call("GET", "/api/history/favorites"))["favorites"]
            assert [each["messageId"] for each in favorites] == [first["id"]]
            assert await bob.call("GET", upload["url"])
            sync = await bob.call("POST", "/api/history/sync", json={"cursors": {str(room): 0}})
            in_order([entry[1]["seq"] for entry in sync["chatrooms"][0]["entries"]])
            # Who comes later is nobody who was lost.
            async with await Person.register(place.edge, "cai") as cai:
                assert cai.id > 1_000_000
            assert (await place.tell("verify"))[0] == 0

            # What is not whole is found.
            await place.sql(f"DELETE FROM history.entries WHERE chatroom_id = {room} AND seq = {before['seq']}")
            status, said = await place.tell("verify")
            assert status == 1 and f"not the next of its log: {room}" in said, said


async def talk(client: SocketClient, room: int) -> None:
    number = 0
    while True:
        number += 1
        await client.say(room, f"meanwhile {number}")
