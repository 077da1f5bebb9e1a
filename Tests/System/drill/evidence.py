"""The lines of a history, sorted out: what all rules of the checker start from."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .journal import Line

# Everything is where it belongs this long after the last fault was healed, or the device's socket was open again.
RECOVERY = 5.0


@dataclass(frozen=True)
class Violation:
    rule: str
    what: str
    lines: tuple[Line, ...] = ()


@dataclass
class Send:
    """One message and all attempts to send it."""

    id: str
    room: int
    user: int
    body: str
    begun: Line
    acks: list[Line] = field(default_factory=list)
    attempts: int = 0
    refusals: int = 0


@dataclass
class Shown:
    """A message as pages should have it."""

    content: str
    recalled: bool = False
    reactions: dict[str, list[int]] = field(default_factory=dict)


class Evidence:
    """The lines of a history, sorted out."""

    def __init__(self, lines: list[Line]) -> None:
        bodies = {line["id"]: line["body"] for line in lines if line["op"] == "send"}
        # What was recalled is known by its client id to the end.
        self.lines = lines = [
            {**line, "body": bodies.get(line["client"], f"of {line['client']}")}
            if line.get("recalled") and line.get("client") else line
            for line in lines
        ]
        self.by: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            self.by[line["op"]].append(line)
        self.rows: dict[int, dict[int, Line]] = defaultdict(dict)
        self.row_of: dict[str, Line] = {}
        for row in self.by["row"]:
            self.rows[row["room"]].setdefault(row["seq"], row)
            if row["kind"] == "message":
                self.row_of.setdefault(row["body"], row)
        self.heads = {line["room"]: line for line in self.by["head"]}
        self.sends = self._sends()
        self.send_of = {send.body: send for send in self.sends.values()}
        self.intervals = self._intervals()
        self.messages = self._messages()

    def _sends(self) -> dict[str, Send]:
        sends: dict[str, Send] = {}
        for line in self.lines:
            if line["op"] == "send":
                send = sends.setdefault(
                    line["id"], Send(line["id"], line["room"], line["user"], line["body"], begun=line)
                )
                send.attempts += 1
            elif line["op"] == "ack":
                sends[line["id"]].acks.append(line)
            elif line["op"] == "refused":
                sends[line["id"]].refusals += 1
        return sends

    def _intervals(self) -> dict[tuple[int, int], list[tuple[int, int | None]]]:
        """By the log itself: from which entry to which somebody was in a chatroom, both of them seen."""
        intervals: dict[tuple[int, int], list[tuple[int, int | None]]] = defaultdict(list)
        for room, rows in self.rows.items():
            for seq in sorted(rows):
                row = rows[seq]
                match row.get("action"):
                    case "created":
                        intervals[row["by"], room].append((seq, None))
                    case "added":
                        intervals[row["userId"], room].append((seq, None))
                    case "left" | "removed":
                        spans = intervals[row["userId"], room]
                        if spans and spans[-1][1] is None:
                            spans[-1] = (spans[-1][0], seq)
        return intervals

    def _messages(self) -> dict[tuple[int, int], "Shown"]:
        """Each message as the log leaves it."""
        messages: dict[tuple[int, int], Shown] = {}
        for room, rows in self.rows.items():
            for seq in sorted(rows):
                row = rows[seq]
                if row["kind"] == "message":
                    messages[room, seq] = Shown(row["body"])
                message = messages.get((room, row.get("target") or 0))
                if message is None:
                    continue
                if row["kind"] == "recall":
                    messages[room, row["target"]] = Shown("", recalled=True)
                elif row["kind"] == "edit":
                    message.content = row["body"]
                elif row["kind"] == "reaction":
                    users = message.reactions.setdefault(row["emoji"], [])
                    if row["added"]:
                        users.append(row["userId"])
                    elif row["userId"] in users:
                        users.remove(row["userId"])
        return messages

    def is_member_at(self, user: int, room: int, seq: int) -> bool:
        return any(first <= seq and (last is None or seq <= last) for first, last in self.intervals[user, room])

    def is_member_now(self, user: int, room: int) -> bool:
        spans = self.intervals[user, room]
        return bool(spans) and spans[-1][1] is None

    def ordinal(self, room: int, seq: int) -> int:
        """How many messages the log has up to and with `seq`."""
        return self.rows[room][seq]["ordinal"] if seq > 0 else 0


def calms(evidence: Evidence) -> list[tuple[float, float]]:
    """The times when no fault was under way."""
    calm: list[tuple[float, float]] = []
    start: float | None = 0.0
    for line in evidence.lines:
        if line["op"] == "fault":
            if start is not None:
                calm.append((start, line["t"]))
            start = None
        elif line["op"] == "healed":
            start = line["t"]
    if start is not None:
        calm.append((start, evidence.lines[-1]["t"] if evidence.lines else 0.0))
    return calm


Rule = Callable[[Evidence], Iterator[Violation]]
