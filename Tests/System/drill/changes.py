"""Rules about edits, recalls and reactions."""

from collections import defaultdict
from collections.abc import Iterator

from .evidence import Evidence, Violation
from .journal import Line


def changes(evidence: Evidence) -> Iterator[Violation]:
    """Each change in the log was wished for, once, by a member, and changes something; what was answered is there."""
    wishes = {line["id"]: line for line in evidence.by["wish"]}
    declined = {line["id"] for line in evidence.by["declined"]}
    edits = {wish["content"]: wish for wish in wishes.values() if wish["kind"] == "edit"}
    first: dict[tuple[object, ...], Line] = {}
    reactions: dict[tuple[object, ...], Line] = {}
    for row in evidence.by["row"]:
        if row["kind"] not in ("edit", "recall", "reaction"):
            continue
        room, target = row["room"], row["target"]
        message = evidence.rows[room].get(target)
        if message is None or message["kind"] != "message" or target >= row["seq"]:
            yield Violation("changes", "it changes what is no message", (row,))
            continue
        by = {"edit": message["sender"], "recall": row.get("by"), "reaction": row.get("userId")}[row["kind"]]
        if not evidence.is_member_at(by, room, row["seq"]):
            yield Violation("changes", "by somebody who was not in the chatroom", (row,))
        if row["kind"] == "reaction":
            key = room, target, row["emoji"], by
            before = reactions.get(key)
            if row["added"] == (before["added"] if before else False):
                yield Violation("changes", "a reaction changes nothing", (*([before] if before else []), row))
            reactions[key] = row
            continue
        if row["kind"] == "edit" and evidence.messages[room, target].recalled:
            if row["body"]:
                yield Violation("recalled", "an edit of a recalled message is still there", (row,))
            continue
        if row["kind"] == "edit":
            wish = edits.get(row["body"])
            if wish is None or (wish["room"], wish["target"]) != (room, target) or wish["id"] in declined:
                yield Violation("changes", "stored, but not wished so", (row,))
        key = (room, target, row["kind"], row["body"] if row["kind"] == "edit" else None)
        before = first.setdefault(key, row)
        if before is not row:
            yield Violation("changes", "stored twice", (before, row))
    yield from unfulfilled(evidence)


def unfulfilled(evidence: Evidence) -> Iterator[Violation]:
    """What was answered, and is not in the log."""
    stored: dict[tuple[int, int, str], list[Line]] = defaultdict(list)
    for row in evidence.by["row"]:
        if row.get("target"):
            stored[row["room"], row["target"], row["kind"]].append(row)
    for wish in evidence.by["wished"]:
        room, target, kind = wish["room"], wish["target"], wish["kind"]
        is_gone = evidence.messages[room, target].recalled
        match kind:
            case "recall":
                holds = is_gone
            case "edit":
                holds = is_gone or any(row["body"] == wish["content"] for row in stored[room, target, kind])
            case "react":
                holds = any(
                    (row["userId"], row["emoji"], row["added"]) == (wish["user"], wish["emoji"], True)
                    for row in stored[room, target, "reaction"]
                )
            case _:
                holds = True
        if not holds:
            yield Violation("changes", f"{kind} was answered, but is not in the log", (wish,))


def recalled(evidence: Evidence) -> Iterator[Violation]:
    """Who connects after a recall was answered is not told what the message said."""
    over: dict[tuple[int, int], Line] = {}
    connected: dict[tuple[str, int], float] = {}
    for line in evidence.lines:
        if line["op"] == "wished" and line["kind"] == "recall":
            over.setdefault((line["room"], line["target"]), line)
        elif line["op"] == "connect":
            connected[line["device"], line["session"]] = line["t"]
        elif line["op"] == "entry" and line["kind"] == "message" and not line.get("recalled"):
            recall = over.get((line["room"], line["seq"]))
            if recall and connected.get((line["device"], line["session"]), 0) > recall["t"]:
                yield Violation("recalled", "told to one who came after the recall", (recall, line))


def pages(evidence: Evidence) -> Iterator[Violation]:
    """At the end pages show each message as the log leaves it."""
    for page in evidence.by["page"]:
        for seq, content, *state in page["messages"]:
            message = evidence.messages.get((page["room"], seq))
            if message is None:
                continue  # a phantom
            is_recalled, reactions = state if state else (False, {})
            given = {emoji: users for emoji, users in message.reactions.items() if users}
            if (content, is_recalled, reactions) != (message.content, message.recalled, given):
                row = evidence.rows[page["room"]][seq]
                what = f"{seq} should say {message.content!r} with {given}"
                yield Violation("pages", what, ({**page, "messages": [[seq, content, *state]]}, row))
