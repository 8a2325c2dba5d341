"""A form as an item of the menu opens a new record in it: for who may create one, in both languages."""

from __future__ import annotations

import re
from typing import Any

from clinic import SYSTEM, Clinic
from dougong_platform import apps
from dougong_platform.studio import Studio
from dougong_runtime.publish import plan_publish


def publish_menu(clinic: Clinic, items: list[dict[str, Any]]) -> None:
    """The clinic with one group more in its menu."""
    with clinic.site.database.write() as connection:
        studio = Studio(clinic.site, connection, clinic.viewer("admin"), "clinic", True)
        data = studio.draft.documents["app/clinic"]
        group = {"label": {"zh": "登记", "en": "Register"}, "items": items}
        studio.take({**studio.draft.documents, "app/clinic": {**data, "menu": [*data["menu"], group]}})
    with clinic.site.database.read() as connection:
        app = Studio(clinic.site, connection, clinic.viewer("admin"), "clinic").app
    apps.publish_version(clinic.site, lambda connection: plan_publish(connection, app), SYSTEM)


def linked(page: str, href: str) -> list[str]:
    """Words of the links to an address in the sidebar, the phone's bar and its drawer."""
    found = re.findall(rf'<a [^>]*href="{re.escape(href)}"[^>]*>(.*?)</a>', page, re.S)
    return [re.sub(r"<[^>]+>|\s+", " ", words).strip() for words in found]


def test_a_form_in_the_menu_opens_a_new_record_for_who_may_create_one(clinic: Clinic) -> None:
    publish_menu(
        clinic,
        [
            {"form": "registration"},
            {"form": "visit_form"},
            {"form": "patient_form", "label": {"zh": "收病人", "en": "Admit"}, "roles": ["head"]},
        ],
    )
    doctor = clinic.browser("dr_lin")
    for language, words, visit in (("zh", "就诊登记", "新建就诊"), ("en", "Registration", "New Visit")):
        page = doctor.get(f"/apps/clinic?lang={language}").text
        # Beside the page, and in the drawer of a phone.
        assert linked(page, "/apps/clinic/patient/new?form=registration")[:2] == [words, words]
        assert visit in linked(page, "/apps/clinic/visit/new?form=visit_form")
    assert linked(page, "/apps/clinic/patient/new?form=patient_form") == []
    opened = doctor.get("/apps/clinic/patient/new?form=registration").text
    assert re.search(r'href="/apps/clinic/patient/new\?form=registration"[^>]*aria-current="page"', opened)
    assert "About you" in opened or "你的信息" in opened
    assert 'name="risk"' not in opened, "the form that was chosen, not the usual one"
    # Who may only look has no such item; neither has who may build.
    nurse = clinic.browser("nurse_bai")
    assert nurse.get("/apps/clinic/patient/new?form=registration").status_code == 403
    page = nurse.get("/apps/clinic").text
    assert "/apps/clinic/views/" in page
    assert linked(page, "/apps/clinic/patient/new?form=registration") == []
