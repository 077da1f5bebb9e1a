"""Access tokens, made by whoever has a key, or by nobody."""

import base64
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attacks.conftest import Expected
from attacks.system import System


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(content: dict[str, Any] | str) -> str:
    """A header or payload; text goes in as it is, also where it is no JSON."""
    return base64url((content if isinstance(content, str) else json.dumps(content)).encode())


@dataclass
class Forge:
    """With the key that Auth signs with, to make what only Auth could make; and with Mallory's own."""

    auth: Ed25519PrivateKey
    kid: str
    mallory: Ed25519PrivateKey
    expected: Expected

    @classmethod
    def of(cls, system: System, expected: Expected) -> "Forge":
        kid, seed = system.secrets["SIGNING_KEY"].split(":")
        auth = Ed25519PrivateKey.from_private_bytes(decoded(seed))
        return cls(auth, kid, Ed25519PrivateKey.generate(), expected)

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": "EdDSA", "kid": self.kid, "typ": "JWT"}

    @staticmethod
    def payload(user: int, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": "teahouse", "aud": "teahouse", "sub": str(user), "sid": str(uuid.uuid4()), "iat": now, "exp": now + 600,
        }  # fmt: skip
        return {name: value for name, value in (claims | more).items() if value is not None}

    def sign(
        self, payload: dict[str, Any] | str, header: dict[str, Any] | None = None, key: Ed25519PrivateKey | None = None
    ) -> str:
        signed = f"{part(header or self.header)}.{part(payload)}"
        return self.expected.secret(f"{signed}.{base64url((key or self.auth).sign(signed.encode()))}")
