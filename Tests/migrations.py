"""Migrations expand: versions N−1 and N run side by side on what they leave. One that takes something away (contracts) says
since which release nobody uses it, in a line of its own: `-- contracts since 1.4: …`.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TAKES_AWAY = [
    (r"\bDROP\s+(TABLE|COLUMN|SCHEMA|VIEW|TYPE|SEQUENCE)\b", "drops"),
    (r"\bALTER\s+TABLE\b[^;]*\bDROP\s+(?!CONSTRAINT|NOT\s+NULL|DEFAULT|EXPRESSION)\w+", "drops a column"),
    (r"\bRENAME\s+(TO|COLUMN|CONSTRAINT)\b|\bRENAME\s+\w+\s+TO\b", "renames"),
    (r"\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b", "changes a type"),
    (r"\bALTER\s+(COLUMN\s+)?\w+\s+SET\s+NOT\s+NULL\b", "demands what was optional"),
    (r"\bADD\s+(COLUMN\s+)?(?!CONSTRAINT)\w+\s+[^,;]*\bNOT\s+NULL\b(?![^,;]*\bDEFAULT\b)(?<!DEFAULT)[^,;]*[,;]", "demands a new column"),
    (r"(?:^|;)\s*TRUNCATE\b", "empties"),
]
CONTRACTS = re.compile(r"^-- contracts since \d+\.\d+: .+$", re.M)


def faults(file: Path) -> list[str]:
    text = file.read_text()
    if CONTRACTS.search(text):
        return []
    code = re.sub(r"--[^\n]*", "", text)
    # What a function does when it is called is not what the migration does; names in quotes are no commands.
    code = re.sub(r"\$(\w*)\$.*?\$\1\$", "", code, flags=re.S)
    found = []
    for pattern, what in TAKES_AWAY:
        for match in re.finditer(pattern, code, re.I):
            statement = code[: match.end()].rsplit(";", 1)[-1]
            # A column with a default that stands before NOT NULL is no demand.
            if what == "demands a new column" and re.search(r"\bDEFAULT\b|\bGENERATED\b", match.group(0), re.I):
                continue
            # What this very migration has made is nobody's yet.
            table = re.search(r"ALTER\s+TABLE\s+([\w.]+)", statement, re.I)
            if table and re.search(rf"CREATE\s+TABLE\s+{re.escape(table.group(1))}\b", code, re.I):
                continue
            found.append(f"{file.relative_to(ROOT)} {what}: {' '.join(match.group(0).split())[:80]}")
    return found


def main() -> int:
    files = sorted((ROOT / "Services").glob("*/Migrations/m*.sql"))
    found = [fault for file in files for fault in faults(file)]
    for name in files:
        if not re.fullmatch(r"m\d{3}_[a-z_]+\.sql", name.name):
            found.append(f"{name.relative_to(ROOT)} is not called as migrations are")
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
