"""The layout of the package: arrows point downward only.

Services and Tools → ServiceKit, ChatAPI → Postgres, Redis, SocketIO → C libraries. No service imports another, Shared imports no
service, and what a file imports of ours is declared in Package.swift (SwiftPM lets an undeclared import pass when
somebody else has built the module).
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEVELS = [
    {"CLibpq", "CHiredis", "CSodium", "CLinux"},
    {"IOThread"},
    {"Postgres", "Redis", "SocketIO"},
    {"ChatAPI"},
    {"ServiceKit", "Sockets"},
    {"ServiceKitPostgres"},
    {"Auth", "Social", "History", "Media", "Gateway", "teahousectl"},
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}


def declared(target):
    """The names of our own targets that a target depends on."""
    for dependency in target["dependencies"]:
        for value in dependency.values():
            if isinstance(value, list) and len(value) == 2:
                yield value[0]


def imported(folder, excluded):
    for file in sorted(folder.rglob("*.swift")):
        if any(part in excluded for part in file.relative_to(folder).parts):
            continue
        for line in file.read_text().splitlines():
            found = re.match(r"(?:@\w+\s+|(?:internal|private|fileprivate|package|public)\s+)*import\s+(?:\w+\s+)?(\w+)", line)
            if found:
                yield file, found.group(1)


def faults():
    package = json.loads(subprocess.check_output(["swift", "package", "dump-package"], cwd=ROOT))
    targets = {target["name"]: target for target in package["targets"] if target["type"] != "test"}
    for name, target in targets.items():
        if name not in LEVEL:
            continue
        dependencies = set(declared(target))
        for other in dependencies & LEVEL.keys():
            if LEVEL[other] >= LEVEL[name]:
                yield f"Package.swift: {name} depends on {other}, which is not below it"
            if name == "ServiceKit" and other in {"Postgres", "Redis"}:
                yield "Package.swift: ServiceKit knows neither Postgres nor Redis"
        for file, module in imported(ROOT / target["path"], target.get("exclude", [])):
            if module in LEVEL and module not in dependencies:
                yield f"{file.relative_to(ROOT)}: imports {module}, which {name} does not declare"


found = list(faults())
print("\n".join(found))
sys.exit(1 if found else 0)
