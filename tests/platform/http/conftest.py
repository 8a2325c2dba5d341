"""A clinic for each module of tests, on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clinic import SYSTEM, Clinic, open_clinic
from dougong_platform import apps
from dougong_runtime import publish
from dougong_runtime.model.link import link_stored


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def clinic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The site with its people and no records."""
    with open_clinic(request.param, tmp_path_factory.mktemp("clinic")) as made:
        yield made


@pytest.fixture(scope="module")
def building(clinic: Clinic) -> None:
    """The head of the clinic may build and publish, doctors may build."""
    with clinic.site.database.write() as connection:
        source = dict(clinic.site.running(connection, "clinic").app.source)
        source["role/head"] = {**source["role/head"], "build": True, "publish": True}
        source["role/doctor"] = {**source["role/doctor"], "build": True}
        apps.apply(clinic.site, connection, publish.plan_publish(connection, link_stored(source)), SYSTEM)
