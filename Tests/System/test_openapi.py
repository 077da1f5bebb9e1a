"""Each service's own description of its calls: it is one, and what is answered to all kinds of requests is in it."""

import uuid
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from requests.adapters import HTTPAdapter
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance, response_headers_conformance, response_schema_conformance, status_code_conformance,
)  # fmt: skip

# The bytes of an upload's part, as tus names them.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

SERVICES = ["auth", "social", "history", "media"]
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
#: They would end the account or the session of whoever asks.
LAST = {"logout", "deleteMe"}


class From(HTTPAdapter):
    """Calls from an address of its own: what is done wrong there counts for nobody else."""

    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        super().init_poolmanager(*arguments, source_address=("127.0.0.77", 0), **options)


@pytest.fixture(scope="module")
def somebody(edge: str) -> Iterator[requests.Session]:
    """Signed in, with a friend, a group, and a message's worth of everything else to come upon."""
    with requests.Session() as session, requests.Session() as other:
        session.mount("http://", From())
        tokens = []
        for one in (session, other):
            name = f"api-{uuid.uuid4().hex[:12]}"
            body = {"username": name, "password": "correct horse battery"}
            answer = one.post(f"{edge}/api/auth/register", json=body, timeout=30).json()
            # The cookie would be taken for the page of another origin.
            one.cookies.clear()
            one.headers["authorization"] = f"Bearer {answer['token']}"
            tokens.append(answer["user"]["id"])
        asked = session.post(f"{edge}/api/social/friend-requests", json={"userId": tokens[1]}, timeout=30).json()
        other.post(f"{edge}/api/social/friend-requests/{asked['id']}/agree", timeout=30).raise_for_status()
        made = session.post(f"{edge}/api/social/chatrooms", json={"name": "x", "memberIds": [tokens[1]]}, timeout=30)
        made.raise_for_status()
        yield session


def document(edge: str, service: str) -> dict:
    answer = requests.get(f"{edge}/api/{service}/openapi.json", timeout=30)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
    return answer.json()


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_one(edge: str, service: str) -> None:
    found = document(edge, service)
    assert found["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(found).validate()
    ids = [call["operationId"] for path in found["paths"].values() for call in path.values()]
    assert len(ids) == len(set(ids))
    assert all(path.startswith(f"/api/{service}/") for path in found["paths"])


@pytest.mark.parametrize("service", SERVICES)
def test_answers_are_as_described(edge: str, service: str, somebody: requests.Session) -> None:
    schema = schemathesis.openapi.from_dict(document(edge, service))
    schema.config.update(base_url=edge)
    failures: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] in LAST:
            continue

        @settings(
            max_examples=12, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            # With the cookie, what a stranger's page sends is refused: that is another test's.
            case.cookies.clear()
            case.headers["Authorization"] = somebody.headers["authorization"]
            case.call_and_validate(session=somebody, checks=CHECKS, timeout=30)

        try:
            ask()
        except BaseExceptionGroup as group:
            failures += [f"{operation.label}: {error}" for error in group.exceptions]
        except Exception as error:  # noqa: BLE001 all that is wrong is told at once
            failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)
    assert somebody.get(f"{edge}/api/auth/me", timeout=30).status_code == 200, "the session has ended"
