"""Which metrics the services expose, read from their source; and whether rules and dashboard use no others.

    python deploy/observability/names.py            looks over alerts.yml, dashboard.json and docs/operations.md
    python deploy/observability/names.py --list     prints the names

The running cluster is compared with this list by Tests/System/cluster.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
# How PrometheusMetrics names what swift-metrics calls so.
ENDINGS = {"Counter": "_total", "FloatingPointCounter": "_total", "Timer": "_seconds", "Gauge": "", "Meter": "", "Recorder": ""}
HISTOGRAMS = {"Timer", "Recorder"}
# Prometheus makes it itself.
FOREIGN = {"up", "ALERTS"}


def exposed() -> dict[str, str]:
    """Kind by name."""
    found: dict[str, str] = {}
    for folder in ("Services", "Shared"):
        for file in sorted((ROOT / folder).rglob("*.swift")):
            text = file.read_text()
            for kind, label in re.findall(r"\b(Counter|FloatingPointCounter|Timer|Gauge|Meter|Recorder)\(\s*label: \"([^\"]+)\"", text):
                ending = ENDINGS[kind]
                name = label if label.endswith(ending) else label + ending
                found[name] = "histogram" if kind in HISTOGRAMS else "counter" if ending else "gauge"
            for name, kind in re.findall(r"write\(\"(process_\w+)\", \"(\w+)\"", text):
                found[name] = kind
            for name, kind in re.findall(r"# TYPE (service_\w+) (\w+)", text):
                found[name] = kind
    return found


def series(names: dict[str, str]) -> set[str]:
    """As queries name them."""
    all_ = set(FOREIGN)
    for name, kind in names.items():
        all_ |= {name} if kind != "histogram" else {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return all_


def used(query: str) -> set[str]:
    """The metrics of a query: what is followed by neither a bracket nor a place among labels."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", query)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    words = set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare))
    return words - {"and", "or", "unless", "bool", "offset"}


def faults() -> list[str]:
    names = exposed()
    known = series(names)
    found = []
    for name, kind in names.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or (kind == "counter") != name.endswith("_total"):
            found.append(f"{name} is no name for a {kind}")
        if re.search(r"milliseconds|_ms\b|kilobytes|percent", name):
            found.append(f"{name} is in no base unit")
    for file in [*(ROOT / "Services").rglob("*.swift"), *(ROOT / "Shared").rglob("*.swift")]:
        for labels in re.findall(r"dimensions: \[(.*?)\]", file.read_text(), re.S):
            if re.search(r"\"(user|chatroom|room|session|address|message|path)\w*\"", labels):
                found.append(f"{file.relative_to(ROOT)}: a label has as many values as there are people: {labels.strip()}")

    rules = (HERE / "alerts.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    expressions = re.findall(r"expr: (?:\|\n((?:          .*\n)+)|(.*)\n)", rules)
    for expression in expressions:
        for name in used("".join(expression)) - known:
            found.append(f"alerts.yml: nobody exposes {name}")
    tests = (HERE / "alerts_test.yml").read_text()
    runbook = (ROOT / "docs" / "operations.md").read_text() if (ROOT / "docs" / "operations.md").exists() else ""
    for alert in alerts:
        if f"alertname: {alert}\n" not in tests:
            found.append(f"alerts_test.yml: no test of {alert}")
        if f"### {alert}\n" not in runbook:
            found.append(f"docs/operations.md: nothing is said of {alert}")
    for alert in set(re.findall(r"^### (Teahouse\w+)$", runbook, re.M)) - set(alerts):
        found.append(f"docs/operations.md: there is no alert {alert}")

    for panel in json.loads((HERE / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            for name in used(target["expr"].replace("$__rate_interval", "5m")) - known:
                found.append(f"dashboard.json, {panel['title']}: nobody exposes {name}")
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{kind:9} {name}" for name, kind in sorted(exposed().items())))
        sys.exit()
    problems = faults()
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
