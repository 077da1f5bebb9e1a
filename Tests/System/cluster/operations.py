"""What an operator does to a running deployment, as docs/operations.md says it is done."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from drill.drill import System
from drill.journal import Journal, Line
from drill.stage import append
from drill.stores import environment

# Half of each service's instances, then the others; Gateways one by one, as each sends its people to the others.
WAVES = [
    ["auth1", "social1", "history1", "media1"], ["auth2", "social2", "history2", "media2"],
    ["gateway1"], ["gateway2"], ["gateway3"],
]
PARTS = [part for wave in WAVES for part in wave]


class Operator:
    def __init__(self, system: System) -> None:
        self.system = system
        self.control = system.control

    async def roll(self, services: Iterable[str] | None = None) -> None:
        """A rolling restart: nobody goes before whoever went last is ready again."""
        for wave in WAVES:
            parts = [part for part in wave if services is None or part.rstrip("0123456789") in services]
            await asyncio.gather(*(self.control("restart", part) for part in parts))

    def configure(self, key: str, value: str, services: Iterable[str] | None = None) -> None:
        """For the next start of each."""
        for part in PARTS:
            if services is None or part.rstrip("0123456789") in services:
                append(self.system.state, part, **{key: value})

    def configured(self, part: str, key: str) -> str:
        return environment(self.system.state, part)[key]

    async def served_certificate(self) -> str:
        """What the edge shows to new connections."""
        host = urlsplit(self.system.edge).hostname
        _, writer = await asyncio.open_connection(host, 443, ssl=ssl.create_default_context())
        shown = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
        writer.close()
        return str(shown)


@asynccontextmanager
async def fault(journal: Journal, name: str) -> AsyncIterator[None]:
    """What nobody planned: until it is healed, the checker allows for more time."""
    journal.note("fault", name=name)
    yield
    journal.note("healed", name=name)


def delays(lines: list[Line]) -> list[float]:
    """From each message's first acknowledgement until it came to a device that was there all the while; sorted. Those that
    came before, or were fetched by one who had been away, count as none."""
    bodies: dict[str, str] = {}
    acknowledged: dict[str, float] = {}
    # Since when a device hears, and hears a chatroom.
    hears: dict[str | tuple[str, int], float] = {}
    found: list[float] = []
    for line in lines:
        match line["op"]:
            case "send":
                bodies[line["id"]] = line["body"]
            case "ack":
                acknowledged.setdefault(bodies[line["id"]], line["t"])
            case "ready":
                hears[line["device"]] = line["t"]
            case "leave" | "join" | "joined":
                hears[line["device"], line["room"]] = line["t"]
            case "entry" if line["kind"] != "message":
                if line.get("userId") == line["user"]:
                    hears[line["device"], line["room"]] = line["t"]
            case "entry":
                since = acknowledged.get(line["body"], line["t"])
                heard = max(hears.get(line["device"], 0), hears.get((line["device"], line["room"]), 0))
                found.append(line["t"] - since if heard <= since else 0.0)
    return sorted(found)


def percentile(sorted_values: list[float], share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))] if sorted_values else 0.0
