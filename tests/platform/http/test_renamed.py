"""What people keep by names of documents is still theirs when a publication calls these otherwise."""

from __future__ import annotations

from typing import Any

from clinic import SYSTEM, Clinic
from dougong_platform import apps, public_forms
from dougong_platform.studio import Studio
from dougong_runtime.documents.references import Target
from dougong_runtime.publish import plan_publish

APP = "/api/v1/apps/clinic"
RENAMED = (
    (Target("field", "spent", "patient"), "paid_so_far"),
    (Target("field", "name", "patient"), "full_name"),
    (Target("inverse", "visits", "patient"), "consultations"),
    (Target("entity", "patient"), "client"),
    (Target("view", "patients"), "clients"),
    (Target("form", "registration"), "intake"),
    (Target("role", "doctor"), "physician"),
    # Exchanged: what one was called, the other is.
    (Target("option", "low", "client.risk"), "calm"),
    (Target("option", "high", "client.risk"), "low"),
    (Target("option", "calm", "client.risk"), "high"),
    (Target("option", "active", "client.stage"), "in care"),
    (Target("option", "severe", "allergy.severity"), "grave"),
    (Target("setting", "frequent_spent"), "often_spent"),
)


def rename_all(clinic: Clinic) -> None:
    for target, name in RENAMED:
        with clinic.site.database.write() as connection:
            Studio(clinic.site, connection, clinic.viewer("admin"), "clinic", True).rename(target, name)
    with clinic.site.database.read() as connection:
        app = Studio(clinic.site, connection, clinic.viewer("admin"), "clinic").app
    apps.publish_version(clinic.site, lambda connection: plan_publish(connection, app), SYSTEM)


def test_it_follows_to_the_new_names(clinic: Clinic) -> None:
    lin, bai = clinic.client("dr_lin"), clinic.client("nurse_bai")
    mine = clinic.make("patient", name="王敏", owner=clinic.users["dr_lin"])["id"]
    other = clinic.make("patient", name="赵时", owner=clinic.users["dr_mao"])["id"]
    state = {
        "filter": "spent >= 0 AND name <> 'name' AND COUNT(visits) = 0 AND risk IN ('low', \"medium\") "
        "AND stage <> 'active' AND COUNT(allergies, severity = 'severe') = 0 AND SETTING('frequent_spent') > 0",
        "sort": "-spent,name",
        "columns": "name:180,spent,owner.name",
        "group": "owner",
        "totals": "spent:sum",
    }
    body: dict[str, Any] = {"name": "我的", "state": state, "base": "patients"}
    saved = lin.post(f"{APP}/patient/views", json=body)
    assert saved.status_code == 201, saved.text
    assert lin.put(f"/api/v1/me/starred/clinic/patient/{mine}").status_code == 204
    assert clinic.browser("dr_lin").post(f"/apps/clinic/patient/{mine}/opened").status_code == 204
    with clinic.site.database.write() as connection:
        records = clinic.site.records(connection, SYSTEM, "clinic")
        records.share("patient", other, user=clinic.users["dr_lin"])
        admin = clinic.viewer("admin")
        link = public_forms.make(clinic.site, connection, admin, "clinic", "registration", role="doctor")
    assert lin.get(f"{APP}/patient/{other}").status_code == 200
    clinic.remove("patient", mine)

    rename_all(clinic)

    assert lin.get(f"{APP}/client/{other}").status_code == 200, "still shared with them"
    with clinic.site.database.write() as connection:
        clinic.site.records(connection, SYSTEM, "clinic").restore("client", mine)
    found = lin.get(f"{APP}/client/views/{saved.json()['id']}").json()
    assert found["state"] == {
        "filter": "paid_so_far >= 0 AND full_name <> 'name' AND COUNT(consultations) = 0 "
        "AND risk IN ('high', \"medium\") AND stage <> 'in care' "
        "AND COUNT(allergies, severity = 'grave') = 0 AND SETTING('often_spent') > 0",
        "sort": "-paid_so_far,full_name",
        "columns": "full_name:180,paid_so_far,owner.name",
        "group": "owner",
        "totals": "paid_so_far:sum",
    }
    listed = clinic.browser("dr_lin").get(f"/apps/clinic/views/clients?saved={saved.json()['id']}")
    assert listed.status_code == 200
    assert "王敏" in listed.text, "as before: its risk is called otherwise, and so is what the view asks for"
    assert [i["title"] for i in lin.get("/api/v1/me/starred").json()["items"]] == ["王敏"]
    assert [i["entity"] for i in lin.get("/api/v1/me/recent").json()["items"]] == ["client"]
    assert bai.get(f"{APP}/client/{other}").status_code == 404
    with clinic.site.database.read() as connection:
        (kept,) = public_forms.all_links(connection, clinic.viewer("admin"))
    assert (kept.id, kept.form, kept.role) == (link.id, "intake", "physician")
    assert "clinic.physician" in clinic.viewer("dr_lin").roles
