"""The rule about sessions that were ended from elsewhere."""

from collections.abc import Iterator

from .evidence import RECOVERY, Evidence, Violation, calms


def revoked(evidence: Evidence) -> Iterator[Violation]:
    """A session that was ended lets nobody in, stores nothing and hears nothing, once there were 5 s of calm after it."""
    calm = calms(evidence)
    over: dict[str, float] = {}
    answers = {line["login"]: line for line in reversed(evidence.by["revoked"])}
    for login, answer in answers.items():
        ends = (
            max(start, answer["t"]) + RECOVERY for start, end in calm if end - max(start, answer["t"]) >= RECOVERY
        )
        over[login] = next(ends, float("inf"))
    logins = {(line["device"], line["session"]): line["login"] for line in evidence.by["ready"] if "login" in line}
    for line in evidence.lines:
        if line["op"] in ("ready", "entry", "ack"):
            login = logins.get((line.get("device", ""), line.get("session", 0)))
            if login in over and line["t"] > over[login]:
                yield Violation("revoked", f"{line['op']} in a session that was ended", (answers[login], line))
