"""The stock JavaScript client, the file that the web client is built with, in a page whose origin is the server's."""

from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from teahouse import Person

(CLIENT,) = (Path(__file__).resolve().parents[2] / "Web" / "vendor").glob("socket.io-*.min.js")

# What a client keeps that comes back: its cursors; and what tests ask for.
CHAT = """
({ token, transports }) => {
    const chat = window.chat = { nodes: [], seqs: [], cursors: {}, epoch: undefined }
    const auth = (send) => send({ token, cursors: chat.cursors, epoch: chat.epoch })
    const socket = chat.socket = io({ transports, auth })
    chat.transport = () => socket.io.engine.transport.name
    chat.say = (chatroomId, content) => socket.timeout(20000).emitWithAck("sendMessage", {
        chatroomId, clientId: crypto.randomUUID(), message: { type: "text", content },
    })
    socket.on("ready", (ready) => {
        chat.nodes.push(ready.node)
        chat.epoch = ready.epoch
        for (const { id, head } of ready.chatrooms) chat.cursors[id] ??= head
    })
    for (const name of ["message", "change"]) {
        socket.on(name, (entry) => {
            chat.seqs.push(entry.seq)
            chat.cursors[entry.chatroomId] = entry.seq
        })
    }
}
"""


async def stock_page(browser: Browser, address: str) -> Page:
    """A page of the server's origin that has `io`. The server's own "not found" is as good as any, and is the server's:
    of a page that a test makes up Chromium would not let WebSockets to this machine."""
    page = await browser.new_page()
    await page.add_init_script(path=CLIENT)
    await page.goto(f"{address}/api/auth/nothing")
    return page


class StockChat:
    """Somebody in one chatroom, by the stock JavaScript client."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @staticmethod
    async def open(browser: Browser, address: str, person: Person, transports: list[str]) -> "StockChat":
        chat = StockChat(await stock_page(browser, address))
        await chat.page.evaluate(CHAT, {"token": person.token, "transports": transports})
        await chat.until("chat.nodes.length > 0")
        return chat

    async def until(self, condition: str, timeout: float = 30) -> None:
        await self.page.wait_for_function(condition, timeout=timeout * 1000)

    async def has(self, name: str) -> Any:
        return await self.page.evaluate(f"chat.{name}")

    async def say(self, chatroom: int, content: str) -> dict[str, Any]:
        answer = await self.page.evaluate("([room, text]) => chat.say(room, text)", [chatroom, content])
        assert "error" not in answer, answer
        return answer
