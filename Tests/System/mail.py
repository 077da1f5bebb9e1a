"""A mail server as there are many, which keeps what it is given."""

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope

from teahouse import eventually


class Post:
    def __init__(self) -> None:
        self.port = 0
        self.received: list[tuple[Envelope, EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.received.append((envelope, message))
        return "250 taken"

    async def next(self, address: str, after: int = 0) -> tuple[EmailMessage, str]:
        """The first mail to an address behind the first `after` of all, and its text."""

        async def found() -> EmailMessage | None:
            fits = (message for envelope, message in self.received[after:] if envelope.rcpt_tos == [address])
            return next(fits, None)

        message = await eventually(found)
        return message, message.get_body(("plain",)).get_content()

    async def code(self, address: str, after: int = 0) -> str:
        _, text = await self.next(address, after)
        return re.search(r"\b\d{8}\b", text)[0]


@asynccontextmanager
async def post() -> AsyncIterator[Post]:
    office = Post()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(office, hostname="mail.test"), "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    async with server:
        yield office
