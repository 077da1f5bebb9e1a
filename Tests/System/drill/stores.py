"""The two stores of the running system, reached as their operator would: psql and redis-cli."""

import asyncio
import json
import os
import shlex
import signal
from pathlib import Path
from typing import Any

from teahouse import Control


def environment(state: Path, part: str) -> dict[str, str]:
    """What a part is started with."""
    values: dict[str, str] = {}
    for line in (state / "env" / part).read_text().splitlines():
        if words := shlex.split(line)[1:]:
            name, _, value = words[0].partition("=")
            values[name] = value
    return values


async def output(*command: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        out, error = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]}: {error.decode(errors='replace').strip()}")
    return out.decode()


class Stores:
    def __init__(self, state: Path, control: Control) -> None:
        self.state = state
        self.control = control
        self.redis = environment(state, "redis")

    @property
    def postgres(self) -> dict[str, str]:
        """As it is now: in a cluster another may have become the primary."""
        return environment(self.state, "postgres")

    async def sql(self, statement: str, database: str = "history") -> list[dict[str, Any]]:
        """The rows of a query."""
        rows = await self.execute(f"SELECT to_json(q) FROM ({statement}) AS q", database)
        return [json.loads(row) for row in rows.splitlines() if row]

    async def execute(self, statement: str, database: str) -> str:
        postgres = self.postgres
        return await output(
            *("psql", "-X", "-q", "-A", "-t", "-h", postgres.get("LISTEN_ADDRESS", "127.0.0.1"), "-p", postgres["LISTEN_PORT"]),
            *("-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-c", statement),
            PGPASSWORD=postgres["POSTGRES_PASSWORD"],
        )

    async def redis_command(self, *command: str) -> str:
        return await output(
            *("redis-cli", "-h", self.redis.get("LISTEN_ADDRESS", "127.0.0.1"), "-p", self.redis["LISTEN_PORT"], *command),
            REDISCLI_AUTH=self.redis["REDIS_PASSWORD"],
        )

    async def signal_postgres(self, number: signal.Signals) -> None:
        """To the first process of PostgreSQL, whose end is awaited."""
        pid = int(await self.control("pid", "postgres"))
        os.kill(pid, number)
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.02)
