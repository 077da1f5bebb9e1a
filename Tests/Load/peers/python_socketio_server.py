"""Rooms on python-socketio and uvicorn: one process, the port as argument."""

import sys

import socketio
import uvicorn

io = socketio.AsyncServer(async_mode="asgi", ping_interval=25, ping_timeout=20, cors_allowed_origins="*")


@io.on("join")
async def join(sid: str, room: str) -> None:
    await io.enter_room(sid, room)


@io.on("msg")
async def message(sid: str, data: dict[str, str]) -> None:
    await io.emit("msg", data, room=data["room"])


uvicorn.run(socketio.ASGIApp(io), port=int(sys.argv[1]), log_level="error", loop="uvloop", ws="websockets")
