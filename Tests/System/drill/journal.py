"""The history of one drill: everything that was done and seen, one JSON line each, with monotonic time."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Journal:
    """Lines in the order in which they happened, in memory for the checker and in a file for people."""

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.lines: list[Line] = []
        self.path = path
        self.clock = clock
        self.start = clock()
        self.file = path.open("w", encoding="utf-8") if path else None

    @property
    def now(self) -> float:
        return round(self.clock() - self.start, 6)

    def note(self, op: str, **fields: Any) -> Line:
        line = {"t": self.now, "op": op, **fields}
        self.lines.append(line)
        if self.file:
            self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return line

    def close(self) -> None:
        if self.file:
            self.file.close()

    @staticmethod
    def read(path: Path) -> list[Line]:
        with path.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]
