"""Writes docs/configuration.md from what the services themselves say of their keys.

    python deploy/configuration.py BIN            BIN: the folder with the built services
    python deploy/configuration.py BIN --check    only tells whether the document is what this writes
"""

import re
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"
SERVICES = ["Auth", "Social", "History", "Media", "Gateway"]
# Of debug builds only: mistakes for the drill to find.
HIDDEN = re.compile(r"_DRILL_FAULT$")
HEAD = """# Configuration

Each service takes its configuration from the environment and from nowhere else; what is not right is told at start, all at
once, and ends it with status 78. `Auth --help` and so on print the same as this page, which is made from it
(`deploy/configuration.py`). A key that begins with a service's name and is not known is refused, so that a misspelt limit
does not go unnoticed; keys of other services may stand in the same file.

In local mode (`TEAHOUSE_MODE=local`, as `deploy/run` sets it) secrets have well-known defaults. In production, which is the
default, all of them must be set, be 32 characters long or more and not be one of those defaults. `deploy/secrets` makes them.

Database URLs are libpq's (`postgresql://user:password@host:5432,other:5432/name?target_session_attrs=read-write&sslmode=verify-full&sslrootcert=/etc/teahouse/ca.pem`):
several hosts, TLS and timeouts are said there. `…_URLS` take several instances, of which one that does not answer is passed
over; with `https://` they are called over TLS. `REDIS_URLS` are independent servers, over which channels are spread.
"""


def keys(program: Path) -> list[tuple[str, str, str]]:
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.findall(r"^  ([A-Z0-9_]+)  \((.*)\)\n      (.*)$", text, re.M)
    assert found, f"{program} lists no keys"
    return [key for key in found if not HIDDEN.search(key[0])]


def table(rows: list[tuple[str, str, str]]) -> str:
    lines = ["| key | value | meaning |", "|---|---|---|"]
    for name, kind, meaning in rows:
        what, _, usual = kind.rpartition("; ")
        default = usual.removeprefix("default ")
        shown = kind if default in (usual, "none", "") else f"{what}; default `{default}`"
        lines.append(f"| `{name}` | {shown} | {meaning} |")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    return text.replace("|", "\\|")


def document(folder: Path) -> str:
    listed = {service: [tuple(map(escaped, key)) for key in keys(folder / service)] for service in SERVICES}
    in_all = [key for key in listed["Auth"] if all(key in keys_ for keys_ in listed.values())]
    # Each service has the URLs of the others, not its own.
    urls = {
        key[0]: key for keys_ in listed.values() for key in keys_
        if re.fullmatch("[A-Z]+_URLS", key[0]) and key not in in_all
    }
    parts = [HEAD, "## All services\n", table([*in_all, *(urls[name] for name in sorted(urls))])]
    for service in SERVICES:
        own = [key for key in listed[service] if key not in in_all and key[0] not in urls]
        parts += [f"## {service}\n", table(own)]
    return "\n".join(parts)


if __name__ == "__main__":
    text = document(Path(sys.argv[1]))
    if sys.argv[2:] == ["--check"]:
        if FILE.read_text() != text:
            sys.exit(f"docs/configuration.md is not current: python deploy/configuration.py {sys.argv[1]}")
    else:
        FILE.write_text(text)
