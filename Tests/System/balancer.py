"""A balancer in front of the Gateways that keeps nothing together: each HTTP request and each WebSocket goes elsewhere."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade"}


class RequestBalancer:
    """Handshakes go to the nodes by turns. What bears a session's id goes by turns as well, first to another node than the
    session's own, of which the id's first part tells: so it is sure that requests go astray."""

    def __init__(self, nodes: list[str], session: aiohttp.ClientSession) -> None:
        self.nodes = nodes
        self.session = session
        self.turns: Counter[str] = Counter()
        # By kind (GET, POST, WebSocket), how many went to a node that their session does not live at.
        self.astray: Counter[str] = Counter()

    def _node(self, request: web.Request, kind: str) -> str:
        sid = request.query.get("sid", "")
        # A browser also asks for its icon.
        key = f"{request.path} {kind} {sid}"
        turn = self.turns[key] = self.turns[key] + 1
        own = int(sid.partition("-")[0].removeprefix("g")) - 1 if sid else 0
        at = (own + turn) % len(self.nodes)
        if sid and at != own:
            self.astray[kind] += 1
        return self.nodes[at]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await self._websocket(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        async with self.session.request(
            request.method, self._node(request, request.method) + request.path_qs, headers=headers,
            data=await request.read(),
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        address = self._node(request, "WebSocket").replace("http", "ws", 1) + request.path_qs
        async with self.session.ws_connect(address, autoping=False, max_msg_size=0) as there:
            here = web.WebSocketResponse(autoping=False, max_msg_size=0)
            await here.prepare(request)
            ways = [asyncio.create_task(way) for way in (self._carry(here, there), self._carry(there, here))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(here.close(), there.close())
            await asyncio.gather(*ways)
            return here

    @staticmethod
    async def _carry(
        source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        target: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    ) -> None:
        async for message in source:
            if target.closed:
                return
            if message.type == aiohttp.WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type == aiohttp.WSMsgType.BINARY:
                await target.send_bytes(message.data)


@asynccontextmanager
async def request_balancer(nodes: list[str]) -> AsyncIterator[tuple[RequestBalancer, str]]:
    """The balancer, and its address."""
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=60)) as session:
        balancer = RequestBalancer(nodes, session)
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{path:.*}", balancer.serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield balancer, f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
