"""A whole client of Teahouse in Python, with python-socketio: it loses nothing, doubles nothing and keeps the order.

    pip install aiohttp python-socketio
    python client.py http://127.0.0.1:8080 USERNAME PASSWORD            lists one's chatrooms, and prints what is said
    python client.py http://127.0.0.1:8080 USERNAME PASSWORD 7 hello    says hello in chatroom 7, and ends
"""

import asyncio
import sys
import uuid

import aiohttp
import socketio


class Client:
    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.token = ""
        self.epoch: str | None = None
        # Up to where each chatroom's log is held. A real client keeps these, and the entries, on its disk.
        self.cursors: dict[int, int] = {}
        self.ready = asyncio.Event()
        # It comes back by itself, with what `auth` says then.
        self.io = socketio.AsyncClient()
        self.io.on("ready", self.on_ready)
        self.io.on("message", self.on_entry)
        self.io.on("change", self.on_entry)
        self.io.on("token", self.on_token)

    async def sign_in(self, username: str, password: str) -> None:
        body = {"username": username, "password": password, "device": "example"}
        async with aiohttp.ClientSession() as http, http.post(f"{self.origin}/api/auth/login", json=body) as answer:
            told = await answer.json()
            if answer.status != 200:
                raise SystemExit(f"{told['code']}: {told['message']}")
            self.token = told["token"]

    async def open(self) -> None:
        await self.io.connect(self.origin, auth=self.auth, wait_timeout=10)
        await asyncio.wait_for(self.ready.wait(), 20)

    def auth(self) -> dict:
        """Asked for at each connection: who we are, and up to where we hold everything."""
        held = {"cursors": {str(id): seq for id, seq in self.cursors.items()}, "epoch": self.epoch} if self.epoch else {}
        return {"token": self.token, **held}

    async def on_ready(self, ready: dict) -> None:
        if ready["epoch"] != self.epoch:
            # The server was restored: what we hold may have other numbers now.
            self.cursors.clear()
        self.epoch = ready["epoch"]
        for chatroom in ready["chatrooms"]:
            # Where we held nothing, or too little to be told all of it, we begin at its head; pages have the rest.
            if chatroom["id"] not in self.cursors or chatroom.get("behind"):
                self.cursors[chatroom["id"]] = chatroom["head"]
        print("ready:", sorted(self.cursors), flush=True)
        self.ready.set()

    async def on_entry(self, entry: dict) -> None:
        id, seq = entry["chatroomId"], entry["seq"]
        if seq <= self.cursors.get(id, 0):
            return  # Held already: a repetition.
        self.cursors[id] = seq
        if "kind" not in entry:
            print(f"{id}.{seq} {entry['sender']['nickname']}: {entry['content']}", flush=True)

    async def on_token(self, told: dict) -> None:
        self.token = told["token"]

    async def say(self, chatroom: int, text: str) -> dict:
        """The receipt. Repeated until there is one, under one client id: it is stored once, however often it is sent."""
        message = {"chatroomId": chatroom, "clientId": str(uuid.uuid4()), "message": {"type": "text", "content": text}}
        while True:
            try:
                receipt = await self.io.call("sendMessage", message, timeout=10)
            except (socketio.exceptions.TimeoutError, socketio.exceptions.BadNamespaceError):
                await asyncio.sleep(1)
                continue
            if "error" not in receipt:
                return receipt
            if receipt["error"]["code"] not in ("unavailable", "too_many_requests"):
                raise SystemExit(f"refused: {receipt['error']['message']}")
            await asyncio.sleep(receipt["error"].get("retryAfter", 1))


async def main(origin: str, username: str, password: str, *what: str) -> None:
    client = Client(origin)
    await client.sign_in(username, password)
    await client.open()
    if what:
        receipt = await client.say(int(what[0]), " ".join(what[1:]))
        print("stored as", receipt["id"], flush=True)
        await client.io.disconnect()
    else:
        await client.io.wait()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
