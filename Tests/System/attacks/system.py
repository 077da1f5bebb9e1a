"""The running system as an observer of its processes sees it: ids, memory, descriptors, logs, keys."""

import asyncio
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attacks.wire import ask
from drill.stores import Stores, environment
from teahouse import Control, eventually

SERVICES = ("auth", "social", "history", "media", "gateway1", "gateway2")
OTHERS = ("nginx", "redis", "postgres")
#: One route of each that needs a key.
INTERNAL = {
    "auth": ("POST", "/internal/users/lookup"), "social": ("POST", "/internal/memberships"),
    "history": ("POST", "/internal/heads"), "media": ("POST", "/internal/media/lookup"), "gateway1": ("GET", "/metrics"),
}  # fmt: skip
#: What a process may hold more than before, after it has had time to give back.
MEMORY_SLACK = 20 << 20


@dataclass
class Process:
    """One service: where it listens, and what `/proc` tells of it."""

    name: str
    pid: int
    public: str
    internal: str
    log: Path

    def memory(self) -> int:
        """Bytes it holds for itself: what it shares with other processes of the same program is not its own doing."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return sum(int(size) for size in re.findall(r"^Pss_Anon:\s+(\d+) kB", text, re.M)) * 1024

    def open_files(self) -> int:
        """Files and connections from outside. Connections among the services come and go by themselves."""
        port = int(self.public.rsplit(":", 1)[1])
        outside = set()
        for line in Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if int(words[1].split(":")[1], 16) == port:
                outside.add(f"socket:[{words[9]}]")
        count = 0
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                target = os.readlink(descriptor)
            except FileNotFoundError:
                continue
            count += not target.startswith("socket:") or target in outside
        return count

    async def is_healthy(self) -> bool:
        return (await ask(self.internal, "GET", "/health")).status == 200


class System:
    def __init__(self, state: Path, control: Control, edge: str) -> None:
        self.state = state
        self.control = control
        self.edge = edge
        self.stores = Stores(state, control)
        self.secrets = dict(line.split("=", 1) for line in (state / "secrets").read_text().splitlines())
        self.processes = [self._process(name) for name in SERVICES]

    def _process(self, name: str) -> Process:
        keys = environment(self.state, name)
        upper = name.rstrip("12").upper()
        return Process(
            name, self.pid(name), f"http://{keys[f'{upper}_PUBLIC_ADDRESS']}",
            f"http://{keys[f'{upper}_INTERNAL_ADDRESS']}", self.state / "log" / f"{name}.log",
        )  # fmt: skip

    def __getitem__(self, name: str) -> Process:
        return next(process for process in self.processes if process.name == name)

    def key(self, caller: str) -> str:
        """With which a service calls others."""
        return self.secrets[f"{caller.upper()}_KEY"]

    def pid(self, name: str) -> int:
        files = {"postgres": "postgres/data/postmaster.pid", "redis": "redis/redis.pid"}
        return int((self.state / files.get(name, f"run/{name}.pid")).read_text().split()[0])

    def pids(self) -> dict[str, int]:
        """Of everything that must live on. A Gateway that a test has started is among them, as its own child."""
        return {name: self.pid(name) for name in (*SERVICES, *OTHERS)}

    @contextmanager
    def gateway(self, tag: str, **keys: str) -> Iterator[Process]:
        """One Gateway more of this system, with the limits of production unless `keys` say otherwise."""
        values = environment(self.state, "gateway1")
        for name in ("READY_URL", "GATEWAY_FORWARD_ADDRESS", "GATEWAY_MESSAGES_PER_SECOND", "GATEWAY_MESSAGE_BURST"):
            values.pop(name, None)
        public, internal = free_port(), free_port()
        values |= {
            "GATEWAY_NODE_TAG": tag, "GATEWAY_PUBLIC_ADDRESS": f"127.0.0.1:{public}",
            "GATEWAY_INTERNAL_ADDRESS": f"127.0.0.1:{internal}", "GATEWAY_DRAIN_TIME": "100ms", **keys,
        }  # fmt: skip
        with self._child("Gateway", tag, values, public, internal) as process:
            yield process

    @contextmanager
    def auth(self, tag: str, **keys: str) -> Iterator[Process]:
        """One Auth more, on the same database, with other limits or another way to send mail. It believes no proxy."""
        public, internal = free_port(), free_port()
        values = environment(self.state, "auth") | {
            "AUTH_PUBLIC_ADDRESS": f"127.0.0.1:{public}", "AUTH_INTERNAL_ADDRESS": f"127.0.0.1:{internal}",
            "TRUSTED_PROXIES": "192.0.2.1", **keys,
        }  # fmt: skip
        values.pop("READY_URL", None)
        with self._child("Auth", tag, values, public, internal) as process:
            yield process

    @contextmanager
    def _child(
        self, program: str, tag: str, values: dict[str, str], public: int, internal: int
    ) -> Iterator[Process]:
        log = self.state / "log" / f"{tag}.log"
        with log.open("ab") as output:
            child = subprocess.Popen(
                [self.state / "bin" / program], env=values | {"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        process = Process(tag, child.pid, f"http://127.0.0.1:{public}", f"http://127.0.0.1:{internal}", log)
        self.processes.append(process)
        try:
            yield process
            assert child.poll() in (None, 0), f"{tag} has ended: {log.read_text()[-2000:]}"
        finally:
            self.processes.remove(process)
            child.terminate()
            child.wait(timeout=30)

    @staticmethod
    async def until_ready(process: Process) -> None:
        async def is_ready() -> bool:
            return (await ask(process.internal, "GET", "/ready")).status == 200

        await eventually(is_ready)


class Aftermath:
    """What was so before an attack and must be so after it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.processes = list(system.processes)
        self.pids = system.pids()
        self.memory = {process.name: process.memory() for process in self.processes}
        self.open_files = {process.name: process.open_files() for process in self.processes}
        self.logs = {path: path.stat().st_size for path in (system.state / "log").iterdir()}

    async def check(self, secrets: set[str], legitimate_bytes: int) -> None:
        assert self.system.pids() == self.pids
        for process in self.processes:
            assert await process.is_healthy(), process.name
        slack = MEMORY_SLACK + 3 * legitimate_bytes
        await asyncio.gather(*(self._settles(process, slack) for process in self.processes))
        for path in (self.system.state / "log").iterdir():
            with path.open("rb") as log:
                log.seek(self.logs.get(path, 0))
                written = log.read()
            leaked = [secret for secret in secrets if secret.encode() in written]
            assert not leaked, f"{path.name} tells a secret"

    async def _settles(self, process: Process, slack: int) -> None:
        async def has_given_back() -> bool:
            memory, files = process.memory(), process.open_files()
            if memory > self.memory[process.name] + slack:
                raise AssertionError(f"{process.name}: {self.memory[process.name] >> 20} MB, now {memory >> 20} MB")
            if files > self.open_files[process.name]:
                raise AssertionError(f"{process.name}: {self.open_files[process.name]} open, now {files}")
            return True

        await eventually(has_given_back)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
