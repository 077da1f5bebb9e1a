"""Writes dashboard.json for Grafana; `--check` only tells whether it is what this writes."""

import json
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parent / "dashboard.json"
RATE = "[$__rate_interval]"


def quantile(share: float, by: str, selector: str = "") -> str:
    return f"histogram_quantile({share}, sum by ({by}, le) (rate(http_request_duration_seconds_bucket{selector}{RATE})))"


# A row each: title, unit, queries with their legends.
ROWS: list[tuple[str, list[tuple[str, str, list[tuple[str, str]]]]]] = [
    ("What people feel", [
        ("Connections", "short", [("sum by (instance) (sockets_sessions)", "{{instance}}"), ("sum(sockets_sessions)", "all")]),
        ("Entries delivered", "ops", [(f"sum by (instance) (rate(gateway_entries_delivered_total{RATE}))", "{{instance}}")]),
        ("Messages stored: time of a batch", "s", [
            (quantile(0.5, "job", '{job="history",route="/internal/messages"}'), "p50"),
            (quantile(0.99, "job", '{job="history",route="/internal/messages"}'), "p99"),
        ]),
        ("Calls: 99 of 100 within", "s", [(quantile(0.99, "job"), "{{job}}")]),
        ("Calls that fail (5xx)", "percentunit", [(
            f'sum by (job) (rate(http_request_duration_seconds_count{{status=~"5.."}}{RATE}))'
            f" / sum by (job) (rate(http_request_duration_seconds_count{RATE}))", "{{job}}")]),
        ("Calls", "reqps", [(f"sum by (job) (rate(http_request_duration_seconds_count{RATE}))", "{{job}}")]),
    ]),
    ("Gateways", [
        ("Handshakes", "ops", [
            (f"sum by (instance) (rate(sockets_handshakes_total{RATE}))", "{{instance}}"),
            (f"sum by (instance) (rate(sockets_refused_total{RATE}))", "refused by {{instance}}"),
        ]),
        ("Why sockets end", "ops", [(f"sum by (reason) (rate(sockets_ended_total{RATE}))", "{{reason}}")]),
        ("Packets", "pps", [
            (f"sum(rate(sockets_messages_received_total{RATE}))", "received"),
            (f"sum(rate(sockets_messages_sent_total{RATE}))", "sent"),
        ]),
        ("Holes fetched, slow clients closed", "ops", [
            (f"sum by (instance) (rate(gateway_holes_fetched_total{RATE}))", "holes, {{instance}}"),
            (f"sum by (instance) (rate(sockets_closed_slow_total{RATE}))", "slow, {{instance}}"),
        ]),
        ("Upgrades", "ops", [(f"sum by (instance) (rate(sockets_upgrades_total{RATE}))", "{{instance}}")]),
        ("Items in a batch, on average", "short", [(
            f"sum by (job, batcher) (rate(batch_size_sum{RATE})) / sum by (job, batcher) (rate(batch_size_count{RATE}))",
            "{{job}} {{batcher}}")]),
    ]),
    ("Stores", [
        ("PostgreSQL: 99 of 100 answers within", "s", [(
            f"histogram_quantile(0.99, sum by (job, pool, le) (rate(postgres_answer_seconds_bucket{RATE})))", "{{job}} {{pool}}")]),
        ("PostgreSQL: statements that wait", "short", [("max by (job, pool) (postgres_waiting_statements)", "{{job}} {{pool}}")]),
        ("PostgreSQL: connections", "short", [("sum by (job, pool) (postgres_connections)", "{{job}} {{pool}}")]),
        ("PostgreSQL: errors, connections that fail", "ops", [
            (f"sum by (job, code) (rate(postgres_errors_total{RATE}))", "{{job}} {{code}}"),
            (f"sum by (job) (rate(postgres_connection_failures_total{RATE}))", "{{job}} no connection"),
        ]),
        ("Redis: hints that were not published", "ops", [(f"sum by (job) (rate(redis_publications_lost_total{RATE}))", "{{job}}")]),
        ("Age of what is known of other services", "s", [("max by (job, feed) (feed_age_seconds)", "{{job}} of {{feed}}")]),
    ]),
    ("Accounts and processes", [
        ("Wrong passwords, names locked", "ops", [
            (f"sum(rate(auth_failed_logins_total{RATE}))", "wrong"), (f"sum(rate(auth_locked_logins_total{RATE}))", "locked"),
        ]),
        ("Mail", "ops", [
            (f"sum(rate(auth_mails_sent_total{RATE}))", "sent"), (f"sum(rate(auth_mails_lost_total{RATE}))", "lost"),
        ]),
        ("Ready", "short", [("min by (job, instance) (service_ready)", "{{job}} {{instance}}")]),
        ("CPU", "percentunit", [(f"sum by (job, instance) (rate(process_cpu_seconds_total{RATE}))", "{{job}} {{instance}}")]),
        ("Memory", "bytes", [("process_resident_memory_bytes", "{{job}} {{instance}}")]),
        ("Open files, of those allowed", "percentunit", [("process_open_fds / process_max_fds", "{{job}} {{instance}}")]),
        ("Running for", "s", [("time() - process_start_time_seconds", "{{job}} {{instance}}")]),
    ]),
]


def dashboard() -> dict:
    panels: list[dict] = []
    y = 0
    for title, row in ROWS:
        panels.append({"type": "row", "title": title, "id": len(panels) + 1, "collapsed": False, "panels": [],
                       "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}})
        y += 1
        for place, (name, unit, queries) in enumerate(row):
            panels.append({
                "type": "timeseries", "title": name, "id": len(panels) + 1,
                "datasource": {"type": "prometheus", "uid": "${source}"},
                "gridPos": {"h": 8, "w": 8, "x": place % 3 * 8, "y": y + place // 3 * 8},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
                "targets": [
                    {"refId": chr(65 + number), "expr": query, "legendFormat": legend}
                    for number, (query, legend) in enumerate(queries)
                ],
            })
        y += (len(row) + 2) // 3 * 8
    return {
        "title": "Teahouse", "uid": "teahouse", "schemaVersion": 39, "version": 1, "refresh": "15s", "editable": True,
        "tags": ["teahouse"], "time": {"from": "now-1h", "to": "now"}, "timezone": "browser",
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}]},
        "annotations": {"list": []}, "panels": panels,
    }


if __name__ == "__main__":
    text = json.dumps(dashboard(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        if FILE.read_text() != text:
            sys.exit("dashboard.json is not what dashboard.py writes")
    else:
        FILE.write_text(text)
