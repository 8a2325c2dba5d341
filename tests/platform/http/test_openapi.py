"""OpenAPI of an app is valid, typed, and shows no more than its reader may know."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from clinic import PATH, Clinic

EVERYBODY = ("dr_lin", "nurse_bai", "head_yu", "desk_tao", "stat_gu", "admin")


def document(clinic: Clinic, username: str) -> dict[str, Any]:
    answer = clinic.client(username).get(f"{PATH}/openapi.json")
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


@pytest.mark.parametrize("username", EVERYBODY)
def test_it_is_valid(clinic: Clinic, username: str) -> None:
    OpenAPIV31SpecValidator(document(clinic, username)).validate()


@pytest.mark.parametrize("username", EVERYBODY)
def test_every_operation_may_answer_a_problem_and_has_a_name_of_its_own(
    clinic: Clinic, username: str
) -> None:
    names = []
    for path, item in document(clinic, username)["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            names.append(operation["operationId"])
            assert {"4XX", "5XX"} <= set(operation["responses"]), (path, method)
    assert len(names) == len(set(names))


def test_fields_are_typed(clinic: Clinic) -> None:
    visit = document(clinic, "dr_lin")["components"]["schemas"]["visit"]["properties"]
    assert visit["fee"]["type"] == ["string", "null"]
    assert visit["visited_at"]["format"] == "date-time"
    assert visit["patient"]["format"] == "uuid"
    assert visit["stage"]["enum"][:4] == ["planned", "open", "signed", "cancelled"]
    new = document(clinic, "dr_lin")["components"]["schemas"]["visit.new"]
    assert "cost" not in new["properties"]
    assert new["required"] == ["patient"]


def test_what_is_hidden_is_not_in_it(clinic: Clinic) -> None:
    desk = clinic.client("desk_tao").get(f"{PATH}/openapi.json").text
    for hidden in ("spent", "segment", "severe_allergies", "fever"):
        assert hidden not in desk
    assert "fever" in clinic.client("dr_lin").get(f"{PATH}/openapi.json").text


def test_only_what_one_may_do_is_in_it(clinic: Clinic) -> None:
    nurse = document(clinic, "nurse_bai")["paths"]
    assert "post" not in nurse[f"{PATH}/patient"]
    assert "patch" in nurse[f"{PATH}/patient/{{id}}"]
    assert f"{PATH}/patient/export" not in nurse
    assert f"{PATH}/medicine" not in nurse
    analyst = document(clinic, "stat_gu")["paths"]
    assert f"{PATH}/patient/aggregate" in analyst
    assert clinic.client("nobody").get(f"{PATH}/openapi.json").status_code == 404


def test_every_route_of_the_interface_for_records_is_in_it(clinic: Clinic) -> None:
    """What a client may call and the document does not tell would be found by reading the source only."""
    entities = "|".join(("patient", "visit", "prescription", "consent_record", "allergy", "medicine"))
    told = {
        re.sub(rf"^{PATH}/({entities})\b", "/api/v1/apps/{app}/{entity}", path).replace(
            PATH, "/api/v1/apps/{app}"
        )
        for username in ("head_yu", "dr_lin")
        for path in document(clinic, username)["paths"]
    }
    unsaid = {
        "/api/v1/tokens",
        "/api/v1/tokens/{id}",
        "/api/v1/apps",
        "/api/v1/apps/{app}",
        "/api/v1/jobs/{id}/result",
    }
    for route in clinic.app.routes:
        path = getattr(route, "path", "")
        if path.startswith("/api/") and not path.endswith("openapi.json") and path not in unsaid:
            assert path in told
