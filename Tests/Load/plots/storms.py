"""Storms over several Gateways behind one edge, on deploy/cluster: one Gateway is killed with all its sockets, all of them are
drained in turn, the edge is restarted. Who is connected is asked of the Gateways every quarter of a second.

    deploy/cluster run --no-build -- .local/venv/bin/python Tests/Load/plots/storms.py --json docs/data/storm.json
    deploy/cluster run --no-build -- … --slow 10 --json docs/data/storm-slow.json       Social and History at a tenth
    .local/venv/bin/python Tests/Load/plots/storms.py --plot                            docs/storm.png of both

Social and History are stood in for by `loadtest stub`; edge, Gateways and both Redis servers are the cluster's. Gateways and
load tester are to be release builds (`--bin`): debug builds let in too few a second.
"""

import argparse
import asyncio
import json
import os
import re
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GATEWAYS = {f"gateway{number}": f"10.77.0.1{number}" for number in (1, 2, 3)}
EDGE = "10.77.0.10:8080"


async def run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {out.decode()}")
    return out.decode().strip()


def control(action: str, part: str):
    return run(os.environ["TEAHOUSE_CONTROL"], action, part)


class Storm:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.state = Path(os.environ["TEAHOUSE_STATE"])
        self.began = 0.0
        self.samples: list[list[float]] = []
        self.events: list[tuple[float, str]] = []
        self.key = ""

    async def prepare(self) -> asyncio.subprocess.Process:
        """Only Gateways, Redis and a plain edge are left; the stub answers for the others."""
        others = [f"{name}{number}" for name in ("auth", "social", "history", "media") for number in (1, 2)]
        await asyncio.gather(*(control("kill", part) for part in [*others, *GATEWAYS, "edge", "postgres1", "postgres2"]))
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("2000 65000")
        redis = next(line for line in (self.state / "env" / "gateway1").read_text().splitlines() if "REDIS_URLS=" in line)
        stub = await asyncio.create_subprocess_exec(
            f"{self.options.bin}/loadtest", "stub", "--address", "10.77.0.1:9100", "--slow", str(self.options.slow),
            "--redis", await run("bash", "-c", f'{redis}; printf %s "$REDIS_URLS"'), stdout=asyncio.subprocess.PIPE)
        given: list[str] = []
        while (line := (await stub.stdout.readline()).decode().strip()) != "ready":
            given.append(line)
        told = dict(re.fullmatch(r"export (\w+)='(.*)'", line).groups() for line in given)
        self.key = re.search(r"operator=([^,]+)", told["SERVICE_KEYS"]).group(1)
        os.environ.update(told)
        for part in GATEWAYS:
            with (self.state / "env" / part).open("a") as file:
                file.write("\n".join(line for line in given if "LOADTEST" not in line) + "\n")
                file.write(
                    "unset INTERNAL_TLS_CERTIFICATE INTERNAL_TLS_KEY INTERNAL_TLS_AUTHORITY\n"
                    "export GATEWAY_MAX_HANDSHAKES_PER_ADDRESS=0 GATEWAY_DRAIN_TIME=8s GATEWAY_EVENT_LOOPS=2\n"
                    f"export READY_URL=http://{GATEWAYS[part]}:9000/ready\n")
        link = self.state / "bin"
        link.unlink()
        link.symlink_to(self.options.bin)
        conf = self.state / "edge" / "nginx.conf"
        text = conf.read_text()
        # The same edge, without TLS, which the load tester does not speak.
        text = re.sub(r"listen 443 ssl http2(.*?);", "", text)
        text = text.replace("ssl_reject_handshake on;", "").replace(
            "server_name edge.teahouse.test;", "server_name edge.teahouse.test _; listen 8080 backlog=8192 reuseport;")
        text = re.sub(r"ssl_certificate(_key)? .*?;", "", text)
        # Few descriptors to a process on some machines; each connection takes two.
        conf.write_text(re.sub(r"worker_processes \w+;", "worker_processes 8;", text))
        await asyncio.gather(*(control("start", part) for part in GATEWAYS))
        await control("start", "edge")
        return stub

    def read(self, address: str) -> tuple[float, float]:
        request = urllib.request.Request(f"http://{address}:9000/metrics", headers={"authorization": f"Bearer {self.key}"})
        try:
            with urllib.request.urlopen(request, timeout=0.5) as answer:
                text = answer.read().decode()
        except OSError:
            return 0.0, 0.0
        values = dict(re.findall(r"^(sockets_sessions|gateway_entries_delivered_total) (\S+)$", text, re.M))
        return float(values.get("sockets_sessions", 0)), float(values.get("gateway_entries_delivered_total", 0))

    async def sample(self) -> None:
        while True:
            start = time.monotonic()
            read = await asyncio.gather(*(asyncio.to_thread(self.read, address) for address in GATEWAYS.values()))
            self.samples.append([round(start - self.began, 2), *(sessions for sessions, _ in read)])
            await asyncio.sleep(max(0.0, 0.25 - (time.monotonic() - start)))

    def note(self, what: str) -> None:
        self.events.append((round(time.monotonic() - self.began, 2), what))
        print(f"{self.events[-1][0]:7.2f} s  {what}", flush=True)

    async def all_there(self, within: float) -> None:
        wanted = self.options.connections * 0.999
        deadline = time.monotonic() + within
        calm = 0
        while calm < 3:
            now = sum(self.samples[-1][1:]) if self.samples else 0
            calm = calm + 1 if now >= wanted else 0
            if time.monotonic() > deadline:
                self.note(f"only {now:.0f} are back")
                return
            await asyncio.sleep(0.25)
        self.note("all are there")

    async def storm(self) -> dict:
        stub = await self.prepare()
        options = self.options
        self.began = time.monotonic()
        sampling = asyncio.create_task(self.sample())
        load = await asyncio.create_subprocess_exec(
            f"{options.bin}/loadtest", "gateway", "soak", "--target", EDGE, "--allow-remote", "10.77.0.10", "--json",
            "--connections", str(options.connections), "--rooms", str(max(1, options.connections // 10)), "--rate", str(options.rate),
            "--churn", "0", "--duration", str(options.seconds), "--workers", "3", "--max-errors", "1000000",
            "--connect-timeout", "200", stdout=asyncio.subprocess.PIPE)
        self.note(f"{options.connections} come")
        await self.all_there(100)
        await asyncio.sleep(3)
        self.note("gateway1 is killed")
        await control("kill", "gateway1")
        await self.all_there(40)
        await control("start", "gateway1")
        await asyncio.sleep(2)
        for part in GATEWAYS:
            self.note(f"{part} is drained")
            await control("stop", part)
            await control("start", part)
        await self.all_there(40)
        await asyncio.sleep(2)
        self.note("the edge is restarted")
        await control("kill", "edge")
        await control("start", "edge")
        await self.all_there(60)
        out, _ = await load.communicate()
        sampling.cancel()
        stub.terminate()
        counts = (await stub.communicate())[0].decode().splitlines()
        found = json.loads(out) if out.strip() else {}
        return {
            "connections": options.connections, "slow": options.slow, "rate": options.rate, "events": self.events,
            "stub": [line.removeprefix("# ") for line in counts if line.startswith("# ")], "samples": self.samples, "load": found,
        }


def plot() -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    named = {"storm": "Social and History as they are", "storm-slow": "Social and History ten times slower"}
    there = [name for name in named if (ROOT / "docs" / "data" / f"{name}.json").exists()]
    figure, rows = pyplot.subplots(len(there), 1, figsize=(11, 3.75 * len(there)), squeeze=False)
    for axes, name in zip(rows[:, 0], there):
        title = named[name]
        found = json.loads((ROOT / "docs" / "data" / f"{name}.json").read_text())
        times = [sample[0] for sample in found["samples"]]
        for number in (1, 2, 3):
            axes.plot(times, [sample[number] for sample in found["samples"]], label=f"Gateway {number}", linewidth=1)
        axes.plot(times, [sum(sample[1:]) for sample in found["samples"]], label="all", color="black", linewidth=1.6)
        for at, what in found["events"]:
            if what.startswith(("all are", "only")):
                axes.axvline(at, color="green", linewidth=0.6, linestyle=":")
            else:
                axes.axvline(at, color="red", linewidth=0.6, linestyle="--")
                axes.text(at, found["connections"] * 1.03, f" {what}", fontsize=7, rotation=18, va="bottom")
        axes.set_title(f"{found['connections']:,} clients, {title}", pad=38)
        axes.set_ylabel("connected")
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right", fontsize=8)
    rows[-1, 0].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "storm.png", dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--connections", type=int, default=36_000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=int, default=130)
    parser.add_argument("--slow", type=float, default=1)
    parser.add_argument("--bin", type=Path, default=ROOT / ".build" / "release")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", action="store_true")
    options = parser.parse_args()
    if options.plot:
        return plot()
    found = asyncio.run(Storm(options).storm())
    print(json.dumps({key: found[key] for key in ("events", "stub", "load")}, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
