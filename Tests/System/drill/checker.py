"""Decides from the history of a drill alone whether the promise was kept: one function a rule, no I/O.

Times are seconds of one clock. A message is known by its body, which no other has; what the table held at the end is the
truth that all else is measured by. The lines are described where they are written: people.py, device.py, wishes.py,
nemesis.py, truth.py.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .changes import changes, pages, recalled
from .evidence import RECOVERY, Evidence, Rule, Violation, calms
from .journal import Line
from .sessions import revoked


def dense(evidence: Evidence) -> Iterator[Violation]:
    """The table has seq 1…n, the head says n, and ordinals count the messages."""
    for room, rows in evidence.rows.items():
        count = 0
        for index, seq in enumerate(sorted(rows), 1):
            if seq != index:
                yield Violation("dense", f"chatroom {room} has {seq} in place of {index}", (rows[seq],))
                break
            count += rows[seq]["kind"] == "message"
            if rows[seq]["ordinal"] != count:
                yield Violation("dense", f"the ordinal at {room}.{seq} should be {count}", (rows[seq],))
                break
        head = evidence.heads.get(room)
        if head and head["seq"] != max(rows):
            yield Violation("dense", f"the head of chatroom {room} is not its last entry", (head, rows[max(rows)]))


def phantom(evidence: Evidence) -> Iterator[Violation]:
    """Nothing is stored that nobody sent or that was refused, and nothing seen that is not stored."""
    for body, row in evidence.row_of.items():
        send = evidence.send_of.get(body)
        if send is None or (send.room, send.user) != (row["room"], row["sender"]):
            yield Violation("phantom", "stored, but never sent so", (row,))
        elif send.refusals == send.attempts:
            yield Violation("phantom", "stored, but each attempt was refused", (send.begun, row))
    for line in evidence.by["entry"]:
        rows = evidence.rows[line["room"]]
        if line["kind"] == "message" and line["body"] not in evidence.row_of:
            yield Violation("phantom", "delivered, but not in the table", (line, rows.get(line["seq"], {})))
        elif line["seq"] not in rows:
            yield Violation("phantom", "delivered with a seq that the table has not", (line,))
    for page in evidence.by["page"]:
        for seq, *_ in page["messages"]:
            if evidence.rows[page["room"]].get(seq, {}).get("kind") != "message":
                yield Violation("phantom", f"on a page at {seq}, but not in the table", (page,))


def doubled(evidence: Evidence) -> Iterator[Violation]:
    """One message is one row, one answer, and comes to a device once."""
    for row in evidence.by["row"]:
        first = evidence.row_of.get(row.get("body") or "")
        if first is not None and first is not row:
            yield Violation("doubled", "stored twice", (evidence.send_of[row["body"]].begun, first, row))
    for send in evidence.sends.values():
        for ack in send.acks:
            if ack["seq"] != send.acks[0]["seq"]:
                yield Violation("doubled", "one client id has two answers", (send.begun, send.acks[0], ack))
    seen: dict[tuple[str, int, int], Line] = {}
    bodies: dict[tuple[str, str], Line] = {}
    for line in evidence.by["entry"]:
        first = seen.setdefault((line["device"], line["room"], line["seq"]), line)
        if first is not line:
            yield Violation("doubled", "delivered twice to one device", (first, line))
        elif line["kind"] == "message":
            first = bodies.setdefault((line["device"], line["body"]), line)
            if first is not line:
                yield Violation("doubled", "delivered twice to one device, with two seqs", (first, line))


def lost(evidence: Evidence) -> Iterator[Violation]:
    """What was acknowledged is in the table, and at the end every device of every member holds its log to the head."""
    for send in evidence.sends.values():
        if send.acks and send.body not in evidence.row_of:
            yield Violation("lost", "acknowledged, but not in the table", (send.begun, send.acks[0]))
    for (device, room), holding in holdings(evidence).items():
        head = max(evidence.rows[room], default=0)
        if not evidence.is_member_now(holding.user, room) or holding.last is None:
            continue
        if holding.last < head:
            lines = [evidence.rows[room][holding.last + 1]]
            send = evidence.send_of.get(lines[0].get("body") or "")
            lines += send.acks[:1] if send else []
            lines += [holding.line] if holding.line else []
            what = f"device {device} holds chatroom {room} to {holding.last} of {head}"
            yield Violation("lost", what, tuple(lines))


def order(evidence: Evidence) -> Iterator[Violation]:
    """Answers, devices and pages have each entry at the place the table has it."""
    for send in evidence.sends.values():
        row = evidence.row_of.get(send.body)
        for ack in send.acks:
            if row and ack["seq"] != row["seq"]:
                yield Violation("order", "acknowledged with another seq than stored", (ack, row))
    for line in evidence.by["entry"]:
        row = evidence.rows[line["room"]].get(line["seq"])
        if row and any(line.get(name) != row.get(name) for name in names_of(evidence, row)):
            yield Violation("order", "delivered something else than is stored there", (line, row))
    for page in evidence.by["page"]:
        seqs = [seq for seq, *_ in page["messages"]]
        if seqs != sorted(set(seqs)):
            yield Violation("order", "a page is not ascending", (page,))


def names_of(evidence: Evidence, row: Line) -> list[str]:
    """What an entry says, wherever it is told. The text of an edit goes when its message is recalled."""
    names = ["kind", "action", "userId", "target", "emoji", "added"]
    is_gone = row["kind"] == "edit" and evidence.messages[row["room"], row["target"]].recalled
    return names if is_gone else [*names, "body"]


def real_time(evidence: Evidence) -> Iterator[Violation]:
    """What was acknowledged before another was sent has the lower seq, and whoever looks after that finds it."""
    for room in evidence.rows:
        sends = [send for send in evidence.sends.values() if send.room == room and send.acks]
        acks = sorted((send.acks[0] for send in sends), key=lambda ack: ack["t"])
        newest: Line | None = None
        at = 0
        for send in sorted(sends, key=lambda send: send.begun["t"]):
            while at < len(acks) and acks[at]["t"] < send.begun["t"]:
                if newest is None or acks[at]["seq"] > newest["seq"]:
                    newest = acks[at]
                at += 1
            if newest and newest["seq"] >= send.acks[0]["seq"]:
                yield Violation("real time", "sent after that ack, but stored below", (newest, send.begun, send.acks[0]))
    newest_of: dict[int, Line] = {}
    known: dict[str, Line | None] = {}
    for line in evidence.lines:
        if line["op"] == "ack" and line["seq"] > newest_of.get(line["room"], {"seq": 0})["seq"]:
            newest_of[line["room"]] = line
        elif line["op"] == "look":
            known[line["id"]] = newest_of.get(line["room"])
        elif line["op"] == "looked":
            before = known[line["id"]]
            if before and line["head"] < before["seq"]:
                yield Violation("real time", "looked at after that ack, but without it", (before, line))


@dataclass
class Holding:
    """What one device holds of one chatroom: the entries up to `last`, without a hole."""

    user: int
    last: int | None = None
    line: Line | None = None
    gaps: list[Violation] = field(default_factory=list)


def holdings(evidence: Evidence) -> dict[tuple[str, int], Holding]:
    """Goes through what each device was told. A reader begins anew only where the server says so: at the head if they
    have no cursor yet or are `behind`, at the first entry they may see, and at the entry that lets them in."""
    holdings: dict[tuple[str, int], Holding] = {}
    for line in evidence.lines:
        if line["op"] == "ready":
            for chatroom in line["chatrooms"]:
                holding = holdings.setdefault((line["device"], chatroom["id"]), Holding(line["user"]))
                if holding.last is None or chatroom.get("behind"):
                    holding.last, holding.line = chatroom["head"], line
                elif chatroom["from"] - 1 > holding.last:
                    holding.last, holding.line = chatroom["from"] - 1, line
        elif line["op"] == "entry":
            holding = holdings.setdefault((line["device"], line["room"]), Holding(line["user"]))
            lets_in = line.get("action") == "added" and line["userId"] == line["user"]
            if holding.last is None or lets_in:
                if not lets_in:
                    holding.gaps.append(Violation("contiguous", "the first entry is not that of entering", (line,)))
                holding.last, holding.line = line["seq"], line
            elif line["seq"] > holding.last:
                if line["seq"] != holding.last + 1:
                    before = (holding.line,) if holding.line else ()
                    what = f"device {line['device']} goes from {holding.last} to {line['seq']} in {line['room']}"
                    holding.gaps.append(Violation("contiguous", what, (*before, line)))
                holding.last, holding.line = line["seq"], line
    return holdings


def contiguous(evidence: Evidence) -> Iterator[Violation]:
    """The entries a device holds of a chatroom are one interval at every instant."""
    for holding in holdings(evidence).values():
        yield from holding.gaps


def membership(evidence: Evidence) -> Iterator[Violation]:
    """Nothing above a removal is stored from, shown to or delivered to the one removed."""
    for row in evidence.row_of.values():
        if not evidence.is_member_at(row["sender"], row["room"], row["seq"]):
            yield Violation("membership", "stored from somebody who was not in the chatroom", (row,))
    for line in evidence.by["entry"]:
        if line["seq"] in evidence.rows[line["room"]]:
            if not evidence.is_member_at(line["user"], line["room"], line["seq"]):
                yield Violation("membership", "delivered to somebody who was not in the chatroom", (line,))
    for page in evidence.by["page"]:
        for seq, *_ in page["messages"]:
            if not evidence.is_member_at(page["user"], page["room"], seq):
                yield Violation("membership", f"{seq} is on a page of somebody who was not there", (page,))
    for page in evidence.by["looked"]:
        for seq in page["seqs"]:
            if not evidence.is_member_at(page["user"], page["room"], seq):
                yield Violation("membership", f"{seq} was looked at by somebody who was not there", (page,))


def silence(evidence: Evidence) -> Iterator[Violation]:
    """A device that was answered that it has left a chatroom hears nothing of it until it asks again."""
    silent: dict[tuple[str, int], Line] = {}
    for line in evidence.lines:
        match line["op"]:
            case "left":
                silent[line["device"], line["room"]] = line
            case "join":
                silent.pop((line["device"], line["room"]), None)
            case "open":
                silent = {place: left for place, left in silent.items() if place[0] != line["device"]}
            case "entry":
                if left := silent.get((line["device"], line["room"])):
                    yield Violation("silence", "heard of a chatroom that the device has left", (left, line))


def cursors(evidence: Evidence) -> Iterator[Violation]:
    """Read cursors never go back, and are not below what was asked for."""
    begun: dict[str, Line] = {}
    # By chatroom and reader: the highest cursor answered so far; and for a call under way, as it was at its beginning.
    newest: dict[tuple[int, int], Line] = {}
    floor: dict[str, Line | None] = {}
    for line in evidence.lines:
        if line["op"] == "read":
            begun[line["id"]] = line
            floor[line["id"]] = newest.get((line["user"], line["room"]))
        elif line["op"] == "cursor":
            key = line["user"], line["room"]
            before = floor[line["id"]]
            if before and line["seq"] < before["seq"]:
                yield Violation("cursors", "a read cursor went back", (before, begun[line["id"]], line))
            if line["seq"] < begun[line["id"]]["seq"]:
                yield Violation("cursors", "a read cursor stayed below what was read", (begun[line["id"]], line))
            if key not in newest or newest[key]["seq"] < line["seq"]:
                newest[key] = line
    for line in evidence.by["reader"]:
        before = newest.get((line["user"], line["room"]))
        if before and line["cursor"] < before["seq"]:
            yield Violation("cursors", "a read cursor went back in the table", (before, line))


def unread(evidence: Evidence) -> Iterator[Violation]:
    """The chat list counts exactly the messages above the read cursor and the first visible entry."""
    readers = {(line["user"], line["room"]): line for line in evidence.by["reader"]}
    for line in evidence.by["listed"]:
        room = line["room"]
        spans = evidence.intervals[line["user"], room]
        if not spans or line["head"] not in evidence.rows[room]:
            yield Violation("unread", "a chatroom is listed that should not be so", (line,))
            continue
        reader = readers.get((line["user"], room))
        read = evidence.ordinal(room, reader["cursor"] if reader else 0)
        before = evidence.ordinal(room, spans[-1][0] - 1)
        expected = max(0, evidence.ordinal(room, line["head"]) - max(read, before))
        if line["unread"] != expected:
            lines = (line, reader) if reader else (line,)
            yield Violation("unread", f"unread should be {expected}", lines)


def recovery(evidence: Evidence) -> Iterator[Violation]:
    """What is acknowledged is at every device within 5 s of calm with the device's socket open."""
    yield from unanswered(evidence)
    calm = calms(evidence)
    windows = listening(evidence)
    delivered = {(line["device"], line["room"], line["seq"]): line for line in evidence.by["entry"]}
    entered = entries_into(evidence)
    acks = [(send, send.acks[0]) for send in evidence.sends.values() if send.acks]
    for (device, room), (user, opens) in windows.items():
        for send, ack in acks:
            line = delivered.get((device, room, ack["seq"]))
            # What never comes is lost, and told there.
            if send.room != room or line is None or line["t"] <= ack["t"] + RECOVERY:
                continue
            earliest = max(ack["t"], entered(user, room, ack["seq"]))
            for start, end in both(calm, opens):
                start = max(start, earliest)
                if end - start >= RECOVERY and line["t"] > start + RECOVERY:
                    late = line["t"] - start
                    what = f"came to device {device} {late:.1f} s after it could have"
                    yield Violation("recovery", what, (send.begun, ack, line))
                    break


def unanswered(evidence: Evidence) -> Iterator[Violation]:
    """After the end of all faults each message is acknowledged or refused, and each device has a socket. And each send
    has its answer in time, if only a refusal, unless its Gateway itself was stopped."""
    stops = [line["t"] for line in evidence.lines if "pause gateway" in line.get("name", "")]
    for line in evidence.by["unanswered"]:
        if not any(line["t"] - 13 < stop < line["t"] for stop in stops):
            yield Violation("recovery", line["what"], (line,))
    for line in evidence.by["unsettled"]:
        yield Violation("recovery", line["what"], (line,))


def listening(evidence: Evidence) -> dict[tuple[str, int], tuple[int, list[tuple[float, float]]]]:
    """When a device had an open socket that had not left the chatroom."""
    windows: dict[tuple[str, int], tuple[int, list[tuple[float, float]]]] = {}
    users = {line["device"]: line["user"] for line in evidence.by["open"]}
    starts: dict[tuple[str, int], float] = {}

    def close(device: str, room: int, at: float) -> None:
        start = starts.pop((device, room), None)
        if start is not None:
            windows.setdefault((device, room), (users[device], []))[1].append((start, at))

    for line in evidence.lines:
        match line["op"]:
            case "open":
                for room in evidence.rows:
                    starts[line["device"], room] = line["t"]
            case "close":
                for room in evidence.rows:
                    close(line["device"], room, line["t"])
            case "leave":
                close(line["device"], line["room"], line["t"])
            case "joined":
                starts[line["device"], line["room"]] = line["t"]
    last = evidence.lines[-1]["t"] if evidence.lines else 0.0
    for device, room in list(starts):
        close(device, room, last)
    return windows


def entries_into(evidence: Evidence) -> Callable[[int, int, int], float]:
    """When it was known that the one who let somebody in had been answered; 0 for those who were in from the start."""
    added: dict[tuple[int, int], list[float]] = defaultdict(list)
    for line in evidence.by["added"]:
        added[line["user"], line["room"]].append(line["t"])

    def entered(user: int, room: int, seq: int) -> float:
        nth = sum(1 for first, _ in evidence.intervals[user, room] if first <= seq) - 1
        times = added[user, room]
        return times[nth] if 0 <= nth < len(times) else 0.0

    return entered


def both(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Where two lists of spans overlap, in order."""
    for start, end in one:
        for first, last in other:
            if max(start, first) < min(end, last):
                yield max(start, first), min(end, last)


RULES: tuple[Rule, ...] = (
    dense, phantom, doubled, lost, order, real_time, contiguous, membership, silence, changes, recalled,
    pages, revoked, cursors, unread, recovery,
)


def check(lines: list[Line]) -> list[Violation]:
    """Every violation, by rule."""
    evidence = Evidence(lines)
    return [violation for rule in RULES for violation in rule(evidence)]
