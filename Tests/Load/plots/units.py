"""What one stored message costs the stores: measures PostgreSQL's CPU, log and disk, and Redis' CPU, on a running system.

    deploy/run --throwaway --port 18085 -- .local/venv/bin/python Tests/Load/plots/units.py [--json FILE]

It speaks to History as a Gateway does, in batches of several sizes, and to Redis as a History and Gateways do. What PostgreSQL
and Redis take does not depend on how the services were built; how fast they are asked does.
"""

import argparse
import asyncio
import json
import os
import sys
import time
import uuid
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "System"))
from drill.stores import Stores, environment  # noqa: E402
from teahouse import Control, Person  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
TEXT = "Shall we have tea at four? I bring the cups, and you the leaves from the mountain. "


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (OSError, IndexError):
            pass
    return found


def cpu(pids: list[int]) -> float:
    """Seconds, those of children that have ended included."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:13])) / TICK
    return total


async def hints(port: int, password: str, pid: int) -> dict[str, float]:
    """Redis' CPU for one publication, and for each that hears it; 400 bytes, several in a segment as services send them."""

    async def connection() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"AUTH {password}\r\n".encode())
        assert await reader.readline() == b"+OK\r\n"
        return reader, writer

    async def drain(reader: asyncio.StreamReader) -> None:
        while await reader.read(1 << 20):
            pass

    count, at_once, took = 20_000, 8, {}
    payload = b"x" * 400
    command = b"*3\r\n$7\r\nPUBLISH\r\n$10\r\nchatroom:7\r\n$%d\r\n%s\r\n" % (len(payload), payload)
    publisher, writer = await connection()
    ears: list[asyncio.StreamWriter] = []
    tasks: list[asyncio.Task[None]] = []
    for listeners in (0, 8):
        while len(ears) < listeners:
            reader, ear = await connection()
            ear.write(b"SUBSCRIBE chatroom:7\r\n")
            ears.append(ear)
            tasks.append(asyncio.create_task(drain(reader)))
        await asyncio.sleep(0.5)
        before = cpu([pid])
        for _ in range(count // at_once):
            writer.write(command * at_once)
            for _ in range(at_once):
                await publisher.readline()
        took[listeners] = 1e6 * (cpu([pid]) - before) / count
    for closing in [writer, *ears]:
        closing.close()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"publication_cpu_us": took[0], "listener_cpu_us": (took[8] - took[0]) / 8}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--messages", type=int, default=6_000)
    options = parser.parse_args()
    state, control = Path(os.environ["TEAHOUSE_STATE"]), Control(os.environ["TEAHOUSE_CONTROL"])
    stores = Stores(state, control)
    postgres = int(await control("pid", "postgres"))
    redis = int(await control("pid", "redis"))
    own = environment(state, "gateway1")
    key = dict(pair.split("=", 1) for pair in own["SERVICE_KEYS"].split(","))["gateway"]
    history = own["HISTORY_URLS"].split(",")[0]

    owner = await Person.register(os.environ["TEAHOUSE_EDGE"], "owner")
    rooms = [await owner.group(f"tea {number}") for number in range(100)]
    found: dict[str, dict[str, float]] = {}
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {key}"}) as http:

        async def append(batch: int, count: int, start: int) -> None:
            for first in range(0, count, batch):
                messages = [
                    {"chatroomId": rooms[(start + first + number) % len(rooms)], "senderId": owner.id,
                     "clientId": str(uuid.uuid4()), "message": {"type": "text", "content": f"{TEXT}{first + number}"}}
                    for number in range(batch)
                ]
                async with http.post(f"{history}/internal/messages", json={"messages": messages}) as answer:
                    told = await answer.json()
                    assert answer.status == 200 and all(each.get("receipt") for each in told["results"]), told

        async def sizes() -> int:
            (row,) = await stores.sql(
                "SELECT sum(pg_total_relation_size(c.oid))::bigint AS bytes FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'history' AND c.relkind IN ('r', 'm')")
            return row["bytes"]

        async def wal() -> int:
            (row,) = await stores.sql("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS bytes")
            return row["bytes"]

        await append(50, 2_000, 0)
        for batch in (1, 10, 100):
            await asyncio.sleep(3)  # What the indexer is behind with is not counted with the next.
            before = (cpu(family(postgres)), cpu([redis]), await wal(), await sizes(), time.monotonic())
            count = options.messages // (10 if batch == 1 else 1)
            await append(batch, count, batch)
            await asyncio.sleep(3)
            after = (cpu(family(postgres)), cpu([redis]), await wal(), await sizes(), time.monotonic())
            # What it takes while nothing is said: beacons, feeds, presence.
            quiet = cpu(family(postgres)), cpu([redis])
            await asyncio.sleep(5)
            idle = [(now - then) / 5 for then, now in zip(quiet, (cpu(family(postgres)), cpu([redis])))]
            seconds = after[4] - before[4]
            found[str(batch)] = {
                "postgresql_cpu_us": 1e6 * (after[0] - before[0] - idle[0] * seconds) / count,
                "redis_cpu_us": 1e6 * (after[1] - before[1] - idle[1] * seconds) / count,
                "wal_bytes": (after[2] - before[2]) / count,
                "disk_bytes": (after[3] - before[3]) / count,
            }
            print(f"{batch:4} in a batch:", ", ".join(f"{name} {value:,.0f}" for name, value in found[str(batch)].items()))
    await owner.session.close()
    found["redis"] = await hints(int(stores.redis["LISTEN_PORT"]), stores.redis["REDIS_PASSWORD"], redis)
    print("on Redis:", ", ".join(f"{name} {value:,.2f}" for name, value in found["redis"].items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
