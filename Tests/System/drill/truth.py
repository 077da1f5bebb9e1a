"""What the system holds at the end: the table, read past all services, and what people are shown.

    row     room seq ordinal kind sender client body recalled action userId by target emoji added
    head    room seq ordinal
    reader  user room cursor                                         listed  user room head unread
    page    user room head messages: [seq, body, recalled, reactions: {emoji: users}]
"""

from teahouse import Person, eventually

from .journal import Journal, Line
from .stores import Stores


async def feed_is_applied(stores: Stores) -> bool:
    """Whether every change of membership has its place in the log."""
    (social,) = await stores.sql("SELECT position FROM social.change_heads", "social")
    (history,) = await stores.sql("SELECT position FROM history.feed_positions WHERE feed = 'social'")
    return social["position"] == history["position"]


async def heads(stores: Stores, rooms: list[int]) -> dict[int, int]:
    listed = ",".join(map(str, rooms))
    rows = await stores.sql(f"SELECT chatroom_id, seq FROM history.chatroom_heads WHERE chatroom_id IN ({listed})")
    return {row["chatroom_id"]: row["seq"] for row in rows}


async def table(stores: Stores, rooms: list[int], journal: Journal) -> list[Line]:
    listed = ",".join(map(str, rooms))
    lines = [
        journal.note("row", **row)
        for row in await stores.sql(
            f"""
            SELECT chatroom_id AS room, seq, ordinal, kind, sender_id AS sender, client_id AS client,
                body ->> 'content' AS body, body ? 'recalled' AS recalled, body ->> 'action' AS action,
                (body ->> 'userId')::bigint AS "userId", (body ->> 'by')::bigint AS by, target_seq AS target,
                body ->> 'emoji' AS emoji, (body ->> 'added')::boolean AS added
            FROM history.entries WHERE chatroom_id IN ({listed}) ORDER BY chatroom_id, seq
            """
        )
    ]
    for row in await stores.sql(
        f"SELECT chatroom_id AS room, seq, ordinal FROM history.chatroom_heads WHERE chatroom_id IN ({listed})"
    ):
        journal.note("head", **row)
    for row in await stores.sql(
        f"""
        SELECT chatroom_id AS room, user_id AS user, seq AS cursor FROM history.read_cursors
        WHERE chatroom_id IN ({listed})
        """
    ):
        journal.note("reader", **row)
    return lines


async def shown(person: Person, journal: Journal) -> None:
    """The chat list, and every page of every chatroom in it."""
    listed = (await eventually(lambda: person.call("GET", "/api/history/chatrooms")))["chatrooms"]
    for chatroom in listed:
        room = chatroom["chatroomId"]
        journal.note("listed", user=person.id, room=room, head=chatroom["head"], unread=chatroom["unread"])
        before: dict[str, int] = {}
        while True:
            page = await person.page(room, limit=200, **before)
            messages = [
                [
                    message["seq"], message["content"], message.get("recalled", False),
                    {each["emoji"]: each["userIds"] for each in message.get("reactions", [])},
                ]
                for message in page["messages"]
            ]
            if not messages:
                break
            journal.note("page", user=person.id, room=room, head=page["head"], messages=messages)
            before = {"before": messages[0][0]}
