"""The checker, on histories made by hand: a sound one is kept, and each mistake breaks its rule and no other."""

from copy import deepcopy
from typing import Any

import pytest

from drill.checker import check
from drill.journal import Line

ANN, BOB = 1, 2
ROOM = 7


def row(seq: int, ordinal: int, sender: int | None = None, body: str | None = None, **change: Any) -> Line:
    kind = "message" if body else "system"
    action = {"action": change.get("action"), "userId": change.get("userId"), "by": change.get("by")}
    line = {"op": "row", "room": ROOM, "seq": seq, "ordinal": ordinal, "kind": kind, "sender": sender, "body": body}
    return line | action


def entry(device: str, user: int, seq: int, body: str | None = None, **change: Any) -> Line:
    what = {"kind": "message", "body": body} if body else {"kind": "system", **change}
    return {"op": "entry", "device": device, "user": user, "room": ROOM, "seq": seq, **what}


def send(id: str, user: int, body: str) -> Line:
    return {"op": "send", "id": id, "room": ROOM, "user": user, "device": "a", "attempt": 1, "body": body}


def ack(id: str, seq: int) -> Line:
    return {"op": "ack", "id": id, "room": ROOM, "seq": seq}


def ready(device: str, user: int, head: int, first: int = 1) -> Line:
    return {"op": "ready", "device": device, "user": user, "chatrooms": [{"id": ROOM, "head": head, "from": first}]}


def at(lines: list[Line], step: float = 0.1) -> list[Line]:
    return [{"t": round(index * step, 3), **line} for index, line in enumerate(lines)]


# Ann makes the chatroom and adds Bob. Two messages; Bob is removed, Ann says a third, Bob is added again; a fourth.
SOUND = at(
    [
        {"op": "open", "device": "a", "user": ANN},
        ready("a", ANN, 2),
        {"op": "open", "device": "b", "user": BOB},
        ready("b", BOB, 2, first=2),
        send("1", ANN, "one"),
        entry("b", BOB, 3, "one"),
        ack("1", 3),
        entry("a", ANN, 3, "one"),
        send("2", BOB, "two"),
        ack("2", 4),
        entry("a", ANN, 4, "two"),
        entry("b", BOB, 4, "two"),
        {"op": "read", "id": "r1", "user": ANN, "room": ROOM, "seq": 3},
        {"op": "cursor", "id": "r1", "user": ANN, "room": ROOM, "seq": 3},
        {"op": "kick", "room": ROOM, "user": BOB},
        {"op": "kicked", "room": ROOM, "user": BOB},
        entry("a", ANN, 5, action="removed", userId=BOB),
        entry("b", BOB, 5, action="removed", userId=BOB),
        send("3", ANN, "three"),
        ack("3", 6),
        entry("a", ANN, 6, "three"),
        send("x", BOB, "let me in"),
        {"op": "refused", "id": "x", "room": ROOM, "code": "chatroom_not_found"},
        {"op": "add", "room": ROOM, "user": BOB},
        {"op": "added", "room": ROOM, "user": BOB},
        entry("a", ANN, 7, action="added", userId=BOB),
        entry("b", BOB, 7, action="added", userId=BOB),
        send("4", ANN, "four"),
        ack("4", 8),
        entry("a", ANN, 8, "four"),
        entry("b", BOB, 8, "four"),
        {"op": "read", "id": "r2", "user": BOB, "room": ROOM, "seq": 7},
        {"op": "cursor", "id": "r2", "user": BOB, "room": ROOM, "seq": 7},
        row(1, 0, action="created", by=ANN),
        row(2, 0, action="added", userId=BOB, by=ANN),
        row(3, 1, ANN, "one"),
        row(4, 2, BOB, "two"),
        row(5, 2, action="removed", userId=BOB, by=ANN),
        row(6, 3, ANN, "three"),
        row(7, 3, action="added", userId=BOB, by=ANN),
        row(8, 4, ANN, "four"),
        {"op": "head", "room": ROOM, "seq": 8, "ordinal": 4},
        {"op": "reader", "user": ANN, "room": ROOM, "cursor": 8},
        {"op": "reader", "user": BOB, "room": ROOM, "cursor": 7},
        {"op": "listed", "user": ANN, "room": ROOM, "head": 8, "unread": 0},
        {"op": "listed", "user": BOB, "room": ROOM, "head": 8, "unread": 1},
        {"op": "page", "user": BOB, "room": ROOM, "head": 8, "messages": [[8, "four"]]},
        {"op": "page", "user": ANN, "room": ROOM, "head": 8,
         "messages": [[3, "one"], [4, "two"], [6, "three"], [8, "four"]]},
    ]
)


def broken(lines: list[Line]) -> set[str]:
    return {violation.rule for violation in check(lines)}


class History:
    """A sound history, to be spoilt."""

    def __init__(self) -> None:
        self.lines = deepcopy(SOUND)

    def index(self, **fields: Any) -> int:
        return next(i for i, line in enumerate(self.lines) if all(line.get(k) == v for k, v in fields.items()))

    def line(self, **fields: Any) -> Line:
        return self.lines[self.index(**fields)]

    def drop(self, **fields: Any) -> None:
        del self.lines[self.index(**fields)]

    def add(self, line: Line, **after: Any) -> None:
        index = self.index(**after)
        self.lines.insert(index + 1, {"t": self.lines[index]["t"] + 0.01, **line})


def test_a_sound_history_is_kept() -> None:
    assert check(SOUND) == []


def test_what_a_device_hears_of_a_chatroom_it_has_left_breaks_the_silence() -> None:
    history = History()
    history.add({"op": "left", "device": "b", "user": BOB, "room": ROOM}, op="entry", device="b", seq=4)
    assert broken(history.lines) == {"silence"}
    history.add({"op": "join", "device": "b", "user": BOB, "room": ROOM}, op="left", device="b")
    assert broken(history.lines) == set()


def test_an_acknowledged_message_that_is_not_in_the_table_is_lost() -> None:
    history = History()
    del history.lines[history.index(op="row", seq=8)]
    history.line(op="head")["seq"] = 7
    for name in ("listed", "page", "reader", "entry"):
        history.lines = [
            line for line in history.lines
            if line["op"] != name or (name == "entry" and line.get("body") != "four")
        ]
    assert broken(history.lines) == {"lost"}


def test_an_entry_that_never_comes_to_a_device_is_lost() -> None:
    history = History()
    history.drop(op="entry", device="b", body="four")
    assert broken(history.lines) == {"lost"}


def test_what_nobody_sent_is_a_phantom() -> None:
    history = History()
    for line in history.lines:
        if line.get("body") == "four" and line["op"] != "send":
            line["body"] = "nobody said this"
    for line in history.lines:
        if line["op"] == "page":
            line["messages"] = [[seq, "nobody said this" if seq == 8 else body] for seq, body in line["messages"]]
    assert "phantom" in broken(history.lines)


def test_what_was_refused_and_is_stored_is_a_phantom() -> None:
    history = History()
    index = history.index(op="ack", id="4")
    history.lines[index] = {"t": history.lines[index]["t"], "op": "refused", "id": "4", "code": "forbidden"}
    assert broken(history.lines) == {"phantom"}


def test_what_was_delivered_and_is_not_stored_is_a_phantom() -> None:
    history = History()
    history.add(send("5", BOB, "five"), op="entry", device="b", body="four")
    history.add(entry("a", ANN, 9, "five"), op="send", id="5")
    assert broken(history.lines) == {"phantom"}


def test_one_message_in_two_rows_is_doubled() -> None:
    history = History()
    history.add(row(9, 5, ANN, "four"), op="row", seq=8)
    history.line(op="head")["seq"] = 9
    assert "doubled" in broken(history.lines)


def test_one_client_id_with_two_answers_is_doubled() -> None:
    history = History()
    history.add(ack("4", 6), op="entry", device="b", body="four")
    assert "doubled" in broken(history.lines)


def test_an_entry_that_comes_again_is_doubled() -> None:
    history = History()
    history.add(entry("b", BOB, 4, "two"), op="entry", device="b", seq=4)
    assert broken(history.lines) == {"doubled"}


def test_a_hole_in_the_table_is_not_dense() -> None:
    history = History()
    history.line(op="row", seq=8)["seq"] = 9
    assert "dense" in broken(history.lines)


def test_an_ordinal_that_does_not_count_is_not_dense() -> None:
    history = History()
    history.line(op="row", seq=5)["ordinal"] = 3
    assert "dense" in broken(history.lines)


def test_two_entries_in_another_order_than_stored_break_the_order() -> None:
    history = History()
    history.line(op="entry", device="b", seq=3)["body"] = "two"
    history.line(op="entry", device="b", seq=4)["body"] = "one"
    assert broken(history.lines) == {"order"}


def test_a_page_in_another_order_breaks_the_order() -> None:
    history = History()
    history.line(op="page", user=ANN)["messages"].reverse()
    assert broken(history.lines) == {"order"}


def test_what_was_sent_after_an_ack_has_the_higher_seq() -> None:
    history = History()
    one, two = history.index(op="send", id="1"), history.index(op="send", id="2")
    ids = {"1": "2", "2": "1"}
    for index in (one, two, history.index(op="ack", id="1"), history.index(op="ack", id="2")):
        line = history.lines[index]
        line["id"] = ids[line["id"]]
        if line["op"] == "send":
            line["body"], line["user"] = ("two", BOB) if line["body"] == "one" else ("one", ANN)
        else:
            line["seq"] = 3 if line["seq"] == 4 else 4
    assert broken(history.lines) == {"real time"}


def test_a_device_that_jumps_over_an_entry_is_not_contiguous() -> None:
    history = History()
    history.drop(op="entry", device="b", seq=4)
    assert broken(history.lines) == {"contiguous"}


def test_a_device_that_is_told_it_may_see_less_may_jump() -> None:
    history = History()
    history.drop(op="entry", device="b", seq=7)
    history.drop(op="entry", device="b", seq=5)
    # It enters while it is away; 7 was replayed to the other device alone.
    history.add(ready("b", BOB, 7, first=8), op="added", user=BOB)
    assert broken(history.lines) == set()


def test_what_lies_above_a_removal_is_not_for_the_removed() -> None:
    history = History()
    history.add(entry("b", BOB, 6, "three"), op="entry", device="a", body="three")
    assert broken(history.lines) == {"membership"}


def test_a_page_of_what_lies_above_a_removal_breaks_membership() -> None:
    history = History()
    history.line(op="page", user=BOB)["messages"] = [[6, "three"], [8, "four"]]
    assert broken(history.lines) == {"membership"}


def test_a_message_stored_from_the_removed_breaks_membership() -> None:
    history = History()
    history.line(op="row", seq=6)["sender"] = BOB
    history.line(op="send", id="3")["user"] = BOB
    assert broken(history.lines) == {"membership"}


@pytest.mark.parametrize("seq", [1, 2])
def test_a_read_cursor_does_not_go_back(seq: int) -> None:
    history = History()
    history.add({"op": "cursor", "id": "r3", "user": ANN, "room": ROOM, "seq": seq}, op="cursor", id="r1")
    history.add({"op": "read", "id": "r3", "user": ANN, "room": ROOM, "seq": 1}, op="cursor", id="r1")
    assert broken(history.lines) == {"cursors"}


def test_two_calls_at_once_may_be_answered_in_any_order() -> None:
    history = History()
    history.add({"op": "cursor", "id": "r3", "user": ANN, "room": ROOM, "seq": 2}, op="cursor", id="r1")
    history.add({"op": "read", "id": "r3", "user": ANN, "room": ROOM, "seq": 2}, op="read", id="r1")
    assert broken(history.lines) == set()


def test_unread_is_exact() -> None:
    history = History()
    history.line(op="listed", user=BOB)["unread"] = 2
    assert broken(history.lines) == {"unread"}


def late(*between: Line) -> list[Line]:
    """The last entry comes to Bob's device 5.5 s after its ack; meanwhile there was what is given."""
    history = History()
    index = history.index(op="entry", device="b", body="four")
    for line in history.lines[index:]:
        line["t"] += 5.5
    for line in between:
        history.lines.insert(index, line)
    return history.lines


def test_what_comes_after_more_than_five_calm_seconds_breaks_recovery() -> None:
    assert broken(late()) == {"recovery"}


def test_time_under_a_fault_does_not_count() -> None:
    assert broken(late({"t": 4.9, "op": "healed", "name": "x"}, {"t": 4.1, "op": "fault", "name": "x"})) == set()


def test_time_without_a_socket_does_not_count() -> None:
    again = [
        {"t": 4.9, "op": "open", "device": "b", "user": BOB},
        {"t": 4.1, "op": "close", "device": "b", "user": BOB},
    ]
    assert broken(late(*again)) == set()


@pytest.mark.parametrize(("fault", "rules"), [("kill history", {"recovery"}), ("pause gateway1", set())])
def test_only_a_stopped_gateway_owes_no_answer(fault: str, rules: set[str]) -> None:
    history = History()
    for line in ({"op": "fault", "name": fault}, {"op": "healed", "name": fault}, {"op": "unanswered", "what": "…"}):
        history.lines.append({"t": 60.0 + len(history.lines), **line})
    assert broken(history.lines) == rules


def test_what_stays_unanswered_breaks_recovery() -> None:
    history = History()
    history.lines.append({"t": 60.0, "op": "unsettled", "device": "a", "what": "a has no socket"})
    assert broken(history.lines) == {"recovery"}
