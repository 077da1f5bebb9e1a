"""The checker's rules about changes of messages and about ended sessions: as in test_checker.py."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from drill.checker import check
from drill.journal import Line
from drill.test_checker import ANN, BOB, ROOM, ack, at, entry, ready, row, send


def wish(id: str, user: int, kind: str, target: int, **what: Any) -> list[Line]:
    common = {"id": id, "user": user, "room": ROOM, "target": target, "kind": kind, **what}
    return [{"op": "wish", **common}, {"op": "wished", **common}]


def told(seq: int, kind: str, target: int, **what: Any) -> list[Line]:
    """The entry of a change, as both devices hear it."""
    return [
        {"op": "entry", "device": device, "user": user, "session": 1, "room": ROOM, "seq": seq, "kind": kind,
         "target": target, **what}
        for device, user in (("a", ANN), ("b", BOB))
    ]


def changed(seq: int, kind: str, target: int, **what: Any) -> Line:
    empty = dict.fromkeys(("sender", "body", "action", "userId", "by", "emoji", "added"))
    return {"op": "row", "room": ROOM, "seq": seq, "ordinal": 2, "kind": kind, "target": target, **empty, **what}


# Ann and Bob are in the chatroom. Ann says one and two; edits one; Bob reacts to it twice over; two is recalled after an
# edit; then Bob's device is signed out, and comes back signed in anew.
SOUND = at(
    [
        {"op": "connect", "device": "a", "user": ANN, "session": 1},
        {"op": "open", "device": "a", "user": ANN, "session": 1},
        ready("a", ANN, 2) | {"session": 1, "login": "A"},
        {"op": "connect", "device": "b", "user": BOB, "session": 1},
        {"op": "open", "device": "b", "user": BOB, "session": 1},
        ready("b", BOB, 2, first=2) | {"session": 1, "login": "B"},
        *(
            line | {"session": 1}
            for seq, text in ((3, "one"), (4, "two"))
            for line in (
                send(text, ANN, text), ack(text, seq), entry("a", ANN, seq, text), entry("b", BOB, seq, text))
        ),
        *wish("w1", ANN, "edit", 3, content="one, or so"),
        *told(5, "edit", 3, body="one, or so"),
        *wish("w2", BOB, "react", 3, emoji="👍"),
        *told(6, "reaction", 3, userId=BOB, emoji="👍", added=True),
        *wish("w3", BOB, "unreact", 3, emoji="👍"),
        *told(7, "reaction", 3, userId=BOB, emoji="👍", added=False),
        *wish("w4", BOB, "react", 3, emoji="🍵"),
        *told(8, "reaction", 3, userId=BOB, emoji="🍵", added=True),
        *wish("w5", ANN, "edit", 4, content="secret"),
        *told(9, "edit", 4, body="secret"),
        *wish("w6", ANN, "recall", 4),
        *told(10, "recall", 4),
        {"op": "look", "id": "l1", "user": BOB, "room": ROOM},
        {"op": "looked", "id": "l1", "user": BOB, "room": ROOM, "head": 10, "seqs": [3, 4]},
        {"op": "revoke", "device": "b", "user": BOB, "login": "B"},
        {"op": "revoked", "device": "b", "user": BOB, "login": "B"},
        {"op": "close", "device": "b", "user": BOB, "session": 1},
        {"op": "connect", "device": "b", "user": BOB, "session": 2},
        {"op": "open", "device": "b", "user": BOB, "session": 2},
        ready("b", BOB, 10, first=2) | {"session": 2, "login": "C"},
        row(1, 0, action="created", by=ANN),
        row(2, 0, action="added", userId=BOB, by=ANN),
        row(3, 1, ANN, "one") | {"client": "one", "recalled": False},
        {**row(4, 2, ANN, "two"), "body": "", "client": "two", "recalled": True},
        changed(5, "edit", 3, body="one, or so"),
        changed(6, "reaction", 3, userId=BOB, emoji="👍", added=True),
        changed(7, "reaction", 3, userId=BOB, emoji="👍", added=False),
        changed(8, "reaction", 3, userId=BOB, emoji="🍵", added=True),
        changed(9, "edit", 4, body=""),
        changed(10, "recall", 4, by=ANN),
        {"op": "head", "room": ROOM, "seq": 10, "ordinal": 2},
        {"op": "page", "user": BOB, "room": ROOM, "head": 10,
         "messages": [[3, "one, or so", False, {"🍵": [BOB]}], [4, "", True, {}]]},
    ]
)


def broken(lines: list[Line]) -> set[str]:
    return {violation.rule for violation in check(lines)}


def spoilt(change: Callable[[Line], object], **fields: Any) -> list[Line]:
    lines = deepcopy(SOUND)
    change(next(line for line in lines if all(line.get(name) == value for name, value in fields.items())))
    return lines


def without(**fields: Any) -> list[Line]:
    return [line for line in SOUND if not all(line.get(name) == value for name, value in fields.items())]


def with_line(new: Line, **after: Any) -> list[Line]:
    lines = deepcopy(SOUND)
    at = next(i for i, line in enumerate(lines) if all(line.get(name) == value for name, value in after.items()))
    lines.insert(at + 1, {"t": lines[at]["t"] + 0.01, **new})
    return lines


def test_a_sound_history_of_changes_is_kept() -> None:
    assert check(SOUND) == []


def test_an_edit_that_was_answered_and_is_not_stored_breaks_changes() -> None:
    more = wish("w7", ANN, "edit", 3, content="never stored")
    assert broken(with_line(more[1], op="wished", id="w1")) == {"changes"}


def test_a_recall_that_was_answered_and_is_not_stored_breaks_changes() -> None:
    assert broken(with_line(wish("w7", ANN, "recall", 3)[1], op="wished", id="w1")) == {"changes"}


def test_a_reaction_that_was_answered_and_is_not_stored_breaks_changes() -> None:
    assert broken(with_line(wish("w7", ANN, "react", 3, emoji="👍")[1], op="wished", id="w1")) == {"changes"}


def test_an_edit_that_nobody_wished_breaks_changes() -> None:
    lines = [line for line in SOUND if line.get("id") != "w1"]
    assert broken(lines) == {"changes"}


def test_an_edit_that_was_declined_and_is_stored_breaks_changes() -> None:
    lines = spoilt(lambda line: line.update(op="declined"), op="wished", id="w1")
    assert broken(lines) == {"changes"}


def test_an_edit_that_is_stored_twice_breaks_changes() -> None:
    extra = [*SOUND]
    at = next(i for i, line in enumerate(extra) if line["op"] == "head")
    extra.insert(at, {"t": extra[at]["t"], **changed(11, "edit", 3, body="one, or so")})
    assert "changes" in broken(extra)


def test_a_reaction_that_changes_nothing_breaks_changes() -> None:
    lines = spoilt(lambda line: line.update(added=True), op="row", seq=7)
    assert "changes" in broken(lines)


def test_a_change_by_somebody_who_was_not_there_breaks_changes() -> None:
    lines = spoilt(lambda line: line.update(by=99), op="row", seq=10)
    assert broken(lines) == {"changes"}


def test_a_change_that_is_told_otherwise_than_stored_breaks_the_order() -> None:
    lines = spoilt(lambda line: line.update(emoji="🍵"), op="entry", device="b", seq=6)
    assert broken(lines) == {"order"}


def test_what_was_recalled_is_not_told_to_who_comes_after() -> None:
    again = {**entry("b", BOB, 4, "two"), "session": 2}
    lines = with_line(again, op="ready", device="b", session=2)
    assert "recalled" in broken(lines)
    lines = with_line({**again, "body": "", "client": "two", "recalled": True}, op="ready", device="b", session=2)
    assert "recalled" not in broken(lines)


def test_what_was_recalled_and_nobody_sent_is_a_phantom() -> None:
    lines = spoilt(lambda line: line.update(client="nobody's"), op="row", seq=4)
    assert "phantom" in broken(lines)


def test_an_edit_of_what_was_recalled_keeps_no_text() -> None:
    lines = spoilt(lambda line: line.update(body="secret"), op="row", seq=9)
    assert "recalled" in broken(lines)


@pytest.mark.parametrize("shown", [
    [3, "one", False, {"🍵": [BOB]}], [3, "one, or so", False, {"👍": [BOB], "🍵": [BOB]}],
    [3, "", True, {"🍵": [BOB]}],
])
def test_a_page_that_shows_another_state_breaks_pages(shown: list[Any]) -> None:
    lines = spoilt(lambda line: line["messages"].__setitem__(0, shown), op="page")
    assert broken(lines) == {"pages"}


def test_who_looks_after_an_ack_finds_it() -> None:
    lines = spoilt(lambda line: line.update(head=3), op="looked")
    assert broken(lines) == {"real time"}


def test_who_looks_at_what_is_not_for_them_breaks_membership() -> None:
    lines = spoilt(lambda line: line.update(seqs=[1, 3]), op="looked")
    assert broken(lines) == {"membership"}


def later(seconds: float, *, fault: bool = False) -> list[Line]:
    """Bob's device hears one more entry in its ended session, so long after it was ended."""
    lines = [line for line in without(op="close") if not (line.get("session") == 2)]
    heard = next(line for line in lines if line["op"] == "entry" and line["device"] == "b" and line["seq"] == 10)
    lines.remove(heard)
    over = next(i for i, line in enumerate(lines) if line["op"] == "revoked")
    t = lines[over]["t"]
    between = [{"t": t, "op": "fault", "name": "x"}, {"t": t + seconds, "op": "healed", "name": "x"}] if fault else []
    tail = [{**line, "t": t + seconds + 0.1} for line in lines[over + 1:]]
    return [*lines[: over + 1], *between, {**heard, "t": t + seconds}, *tail]


def test_an_ended_session_hears_nothing_after_five_calm_seconds() -> None:
    assert "revoked" in broken(later(5.5))
    assert "revoked" not in broken(later(4.5))
    assert "revoked" not in broken(later(5.5, fault=True))


def test_an_ended_session_lets_nobody_in() -> None:
    lines = deepcopy(SOUND)
    for line in lines:
        if line.get("login") == "C":
            line.update(login="B")
        if line["t"] > 5.2 and line["op"] not in ("revoke", "revoked"):
            line["t"] += 10
    revoked = next(line for line in lines if line["op"] == "revoked")
    again = next(line for line in lines if line["op"] == "ready" and line["session"] == 2)
    again["t"] = revoked["t"] + 6
    lines[lines.index(again) + 1]["t"] = again["t"]
    assert "revoked" in broken(lines)
