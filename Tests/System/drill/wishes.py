"""What a device does by REST to messages that it has heard of, and what it looks at: each call once, through the edge or
straight to one History, whatever comes of it.

    wish    id user room target kind: edit (content), recall, react, unreact (emoji)   then wished or declined (code)
    look    id user room      then looked: seqs head
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from teahouse import Person

Note = Callable[..., None]
EMOJI = ["👍", "🍵"]
# Of an answer that says surely that nothing was done.
DECLINED = {400, 401, 403, 404, 409}


class Wishes:
    def __init__(self, name: str, random: Random, note: Note, histories: list[str]) -> None:
        self.name = name
        self.random = random
        self.note = note
        # Where History is asked: the edge, or an instance itself.
        self.histories = histories
        self.heard: deque[tuple[int, int, int]] = deque(maxlen=30)
        self.count = 0

    async def change(self, person: Person) -> None:
        if not self.heard:
            return
        room, target, sender = self.random.choice(self.heard)
        path = f"/api/history/chatrooms/{room}/messages/{target}"
        wish: dict[str, Any] = {"id": str(uuid.uuid4()), "room": room, "target": target}
        choice = self.random.random()
        if sender == person.id and choice < 0.15:
            wish |= {"kind": "recall"}
            call = self._ask(person, "DELETE", path)
        elif sender == person.id and choice < 0.6:
            self.count += 1
            wish |= {"kind": "edit", "content": f"{self.name} means {self.count}"}
            call = self._ask(person, "PATCH", path, json={"content": wish["content"]})
        else:
            wish |= {"kind": self.random.choice(["react", "react", "unreact"]), "emoji": self.random.choice(EMOJI)}
            method = "PUT" if wish["kind"] == "react" else "DELETE"
            call = self._ask(person, method, f"{path}/reactions/{wish['emoji']}")
        self.note("wish", **wish)
        status, body = await call
        common = {name: wish.get(name) for name in ("id", "room", "target", "kind", "content", "emoji")}
        if status in (200, 204):
            self.note("wished", **common)
        elif status in DECLINED:
            self.note("declined", code=body.get("code"), **common)

    async def look(self, person: Person, rooms: list[int]) -> None:
        room, id = self.random.choice(rooms), str(uuid.uuid4())
        self.note("look", id=id, room=room)
        status, page = await self._ask(person, "GET", f"/api/history/chatrooms/{room}/messages", params={"limit": 20})
        if status == 200:
            seqs = [message["seq"] for message in page["messages"]]
            self.note("looked", id=id, room=room, head=page["head"], seqs=seqs)

    async def _ask(self, person: Person, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """The answer; 0 where there was none."""
        address = self.random.choice([person.address, *self.histories])
        try:
            async with asyncio.timeout(10):
                status, body, _ = await person.ask(method, path, address=address, **options)
            return status, body
        except Exception:  # noqa: BLE001 whatever it is, nothing is known
            return 0, None
