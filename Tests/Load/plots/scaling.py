"""What a deployment of so many people needs, from what each thing was measured to cost: a simulation of who is connected where,
whom each message reaches, and what that asks of Gateways, Redis and PostgreSQL.

    .local/venv/bin/python Tests/Load/plots/scaling.py           writes docs/data/scaling.json and docs/scaling-*.png
    … --table                                                    prints the table of docs/scaling.md

Costs are in docs/data/units.json (measured by units.py) and below (docs/performance.md says by which command). People are
assumed to behave as PEOPLE says; change it and run again.
"""

import argparse
import json
import math
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "docs" / "data"
SCALES = [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]

# Assumed, not measured.
PEOPLE = {
    "online at peak": 0.25,  # of all users
    "devices of one who is online": 1.3,
    "messages an hour of one who is online": 30,
    "messages that are direct": 0.6,
    "median of a group's members": 8,
    "most members of a group": 500,
    "reconnections an hour": 2,  # of each connection: phones change networks
}
# Measured, docs/performance.md: "The whole Gateway, by the load tester".
GATEWAY = {
    "memory of a connection, bytes": 5.8 * 1024,
    "CPU of one who comes, s": 442e-6,
    "CPU of one who comes back in a storm, s": 187e-6,
    "CPU of a message with ten deliveries at 1,000/s, s": 348e-6,
    "CPU of a delivery at 8,000 messages/s, s": 10e-6,
}
# How full a core, a Gateway and a Redis server are meant to be.
FULL = 0.5
CONNECTIONS_PER_GATEWAY = 40_000
CORES_PER_GATEWAY = 2
# One instance of History is asked for so many messages a second at most; two there are always.
MESSAGES_PER_HISTORY = 5_000
# Of the beacon: `"<chatroomId>":seq,`, for each chatroom written to in the last 10 s, every 2 s, by each History to each Gateway.
HEAD_BYTES = 16


def group_size(chance: random.Random) -> int:
    return min(PEOPLE["most members of a group"], max(3, round(PEOPLE["median of a group's members"] * chance.lognormvariate(0, 1))))


def reach(chance: random.Random, gateways: int, messages: int = 4_000) -> tuple[float, float]:
    """Of one message, on average: deliveries to sockets, and Gateways on which there is a member at all."""
    deliveries = nodes = 0
    for _ in range(messages):
        members = 2 if chance.random() < PEOPLE["messages that are direct"] else group_size(chance)
        # A group's messages come from its members: larger ones say more. Who speaks is online.
        online = 1 + sum(chance.random() < PEOPLE["online at peak"] for _ in range(members - 1))
        sockets = sum(2 if chance.random() < PEOPLE["devices of one who is online"] - 1 else 1 for _ in range(online))
        deliveries += sockets
        nodes += len({chance.randrange(gateways) for _ in range(sockets)})
    return deliveries / messages, nodes / messages


def needs(users: int, units: dict) -> dict:
    chance = random.Random(users)
    online = users * PEOPLE["online at peak"]
    connections = online * PEOPLE["devices of one who is online"]
    messages = online * PEOPLE["messages an hour of one who is online"] / 3600
    comings = connections * PEOPLE["reconnections an hour"] / 3600
    gateways = max(2, math.ceil(connections / CONNECTIONS_PER_GATEWAY))
    deliveries, nodes = reach(chance, gateways)
    # From the two measured points: what a message costs where it is taken, and what each of its deliveries does.
    per_delivery = GATEWAY["CPU of a delivery at 8,000 messages/s, s"]
    per_message = GATEWAY["CPU of a message with ten deliveries at 1,000/s, s"] - 10 * per_delivery
    cpu = messages * (per_message + deliveries * per_delivery) + comings * GATEWAY["CPU of one who comes, s"]
    gateways = max(gateways, math.ceil(cpu / (CORES_PER_GATEWAY * FULL)))
    # Batches grow with the load: a few instances of History, each with a batch under way.
    batch = "1" if messages < 100 else "10" if messages < 5_000 else "100"
    postgres = units[batch]
    redis = messages * (units["redis"]["publication_cpu_us"] + nodes * units["redis"]["listener_cpu_us"]) / 1e6
    histories = max(2, math.ceil(messages / MESSAGES_PER_HISTORY))
    # At most one chatroom for each message; how often two meet in one is left out.
    beacon = messages * 10 * HEAD_BYTES / 2 * histories
    return {
        "users": users,
        "connections": round(connections),
        "messages_per_second": round(messages, 1),
        "deliveries_per_message": round(deliveries, 2),
        "gateways_per_message": round(nodes, 2),
        "deliveries_per_second": round(messages * deliveries),
        "gateways": gateways,
        "gateway_memory_gib": round(connections * GATEWAY["memory of a connection, bytes"] / 2**30, 2),
        "gateway_cores_busy": round(cpu, 4),
        "storm_core_seconds": round(connections * GATEWAY["CPU of one who comes back in a storm, s"], 1),
        "storm_seconds": round(connections * GATEWAY["CPU of one who comes back in a storm, s"] / (gateways * CORES_PER_GATEWAY), 2),
        "redis_servers": max(1, math.ceil(redis / FULL)),
        "redis_cores_busy": round(redis, 5),
        "postgresql_cores_busy": round(messages * postgres["postgresql_cpu_us"] / 1e6, 3),
        "postgresql_wal_mb_per_second": round(messages * postgres["wal_bytes"] / 1e6, 2),
        "histories": histories,
        "beacon_mb_per_second_and_gateway": round(beacon / 1e6, 2),
        # Every Gateway tells every other that it is there, every 2 s.
        "node_hints_per_second": round(gateways * gateways / 2),
        # A day is as long as eight hours at peak.
        "log_gb_per_day": round(messages * 8 * 3600 * postgres["disk_bytes"] / 1e9, 2),
    }


def table(rows: list[dict]) -> str:
    columns = [
        ("users", "users"), ("connections", "connections"), ("messages_per_second", "messages/s"),
        ("deliveries_per_second", "deliveries/s"), ("gateways", "Gateways of 2 cores"), ("gateway_memory_gib", "their memory, GiB"),
        ("storm_seconds", "all come back in, s"), ("redis_servers", "Redis servers"),
        ("postgresql_cores_busy", "PostgreSQL cores busy"), ("postgresql_wal_mb_per_second", "its log, MB/s"),
        ("log_gb_per_day", "disk a day, GB"), ("beacon_mb_per_second_and_gateway", "beacon to each Gateway, MB/s"),
    ]
    lines = ["| " + " | ".join(title for _, title in columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        lines.append("| " + " | ".join(f"{row[name]:,}" for name, _ in columns) + " |")
    return "\n".join(lines)


def plots(rows: list[dict]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    users = [row["users"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4))
    for name, label in (("connections", "connections"), ("deliveries_per_second", "deliveries/s"), ("messages_per_second", "messages/s")):
        left.loglog(users, [row[name] for row in rows], marker="o", label=label)
    left.set_title("What there is to do at peak")
    for name, label in (("gateway_cores_busy", "Gateways"), ("postgresql_cores_busy", "PostgreSQL"), ("redis_cores_busy", "Redis")):
        right.loglog(users, [row[name] for row in rows], marker="o", label=label)
    right.set_title("Cores busy with it")
    for axes in (left, right):
        axes.set_xlabel("users")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "scaling-load.png", dpi=100)

    counts = [1, 2, 4, 8, 16, 32, 64, 128]
    chance = random.Random(7)
    found = [reach(chance, count) for count in counts]
    figure, axes = pyplot.subplots(figsize=(6, 4))
    axes.plot(counts, [nodes for _, nodes in found], marker="o", label="Gateways a message reaches")
    axes.plot(counts, [deliveries for deliveries, _ in found], linestyle="--", label="sockets it reaches")
    axes.set_xscale("log", base=2)
    axes.set_xlabel("Gateways")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    axes.set_title("Fan-out of one message over Redis")
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "scaling-fanout.png", dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    units = json.loads((DATA / "units.json").read_text())
    rows = [needs(users, units) for users in SCALES]
    if options.table:
        print(table(rows))
        return
    (DATA / "scaling.json").write_text(json.dumps({"people": PEOPLE, "gateway": GATEWAY, "rows": rows}, indent=1) + "\n")
    plots(rows)


if __name__ == "__main__":
    main()
