"""Who runs the system, and what they do through the internal listeners."""

from typing import Any

from attacks.system import System
from teahouse import Payload, Person


class Operator:
    """Somebody with the operators' key, who says who they are."""

    def __init__(self, system: System, service: str, person: Person) -> None:
        self.address = system[service].internal
        self.headers = {"authorization": f"Bearer {system.key('operator')}", "x-operator": "ann"}
        self.person = person

    async def call(self, method: str, path: str, *, expect: int = 200, **options: Any) -> Any:
        options |= {"address": self.address, "headers": self.headers}
        return await self.person.call(method, f"/internal{path}", expect=expect, **options)

    async def reports(self, status: str = "open") -> list[Payload]:
        """All of the queue, page by page."""
        found: list[Payload] = []
        query: Payload = {"status": status, "limit": 200}
        while True:
            page = await self.call("GET", "/reports", params=query)
            found += page["reports"]
            if not page.get("next"):
                return found
            query["cursor"] = page["next"]
