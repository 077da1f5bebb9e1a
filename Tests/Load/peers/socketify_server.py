"""Rooms on socketify, which is uWebSockets (C++) behind Python: one thread, the port as argument.

Not Socket.IO, but bare JSON: `{"join":"r1"}`, answered `{"joined":true}`, and `{"room":"r1",…}`, which goes to everybody.
"""

import sys

from socketify import App, OpCode

JOIN, ROOM = '{"join":"', '{"room":"'


def quoted(text: str, start: str) -> str:
    """What stands behind `start` up to the next quote."""
    return text[len(start) : text.index('"', len(start))]


def received(socket, text: str, opcode: OpCode) -> None:
    if text.startswith(JOIN):
        socket.subscribe(quoted(text, JOIN))
        socket.send('{"joined":true}', OpCode.TEXT)
    elif text.startswith(ROOM):
        app.publish(quoted(text, ROOM), text, OpCode.TEXT)


app = App()
app.ws("/*", {"compression": 0, "idle_timeout": 0, "max_backpressure": 64 * 1024 * 1024, "message": received})
app.listen(int(sys.argv[1]), lambda config: None)
app.run()
