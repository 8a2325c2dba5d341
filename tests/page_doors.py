"""The doors of the pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from api_doors import scans
from ward import OWNERS, Door, Ward

APP = "/apps/{app}"
VIEW = "/apps/{app}/views/{view}"
NEW = "/apps/{app}/{entity}/new"
ONE = "/apps/{app}/{entity}/{id}"
VIEWS = ("patients", "visits", "visits_by_stage", "visit_calendar", "allergies")


def _whole(answer: Any) -> str:
    """Body and headers; what was not meant to happen fails."""
    assert answer.status_code < 500, answer.text
    return f"{answer.headers}\n{answer.text}"


def _get(ward: Ward, username: str, *paths: str, **headers: str) -> str:
    browser = ward.clinic.browser(username, **headers)
    return "\n".join(_whole(browser.get(path)) for path in paths)


def _each(ward: Ward, path: str = "") -> list[str]:
    return [f"/apps/clinic/{entity}/{id}{path}" for (entity, _), id in ward.ids.items()]


def files(ward: Ward, username: str) -> str:
    """Contents of files by the addresses that pages give them."""
    browser = ward.clinic.browser(username)
    seen = []
    for record, file in scans(ward):
        where = f"/files/clinic/consent_record/{record}"
        for path in (
            f"{where}/scan",
            f"{where}/scan?file={file}",
            f"{where}/subject",
            f"/files/clinic/{file}",
        ):
            seen.append(_whole(browser.get(path)))
        seen.append(_whole(browser.get(f"/apps/clinic/consent_record/{record}")))
        seen.append(_whole(browser.get("/apps/clinic/patient/tags/name")))
    return "\n".join(seen)


def homes(ward: Ward, username: str) -> str:
    """One's home, and that of the app."""
    return _get(ward, username, "/", "/apps/clinic", "/apps/nonsense")


def lists(ward: Ward, username: str) -> str:
    """Views: whole, as a fragment, grouped, with every field as a condition."""
    pages = [f"/apps/clinic/views/{view}" for view in VIEWS]
    more = [
        f"/apps/clinic/views/patients?{query}"
        for query in (
            "as=kanban",
            "group=risk",
            "sort=phone",
            "sort=spent",
            "filter=" + quote("phone <> NULL"),
        )
    ]
    fragment = _get(ward, username, *pages, **{"HX-Request": "true", "HX-Request-Type": "partial"})
    return _get(ward, username, *pages, *more) + fragment


def searched_lists(ward: Ward, username: str) -> str:
    """Views searched and filtered by each text of the ward, which is taken out of the answer's words."""
    browser = ward.clinic.browser(username)
    seen = []
    for text, (entity, _, name) in ward.telling():
        view = "patients" if entity == "patient" else "visits"
        condition = quote(f"{name} = '{text}'")
        for path in (
            f"/apps/clinic/views/{view}?search={quote(text)}",
            f"/apps/clinic/views/{view}?filter={condition}",
            f"/search?q={quote(text)}",
            f"/search/palette?q={quote(text)}",
            f"/apps/clinic/{entity}/choices?q={quote(text)}",
        ):
            seen.append(_without(_whole(browser.get(path)), text))
    return "\n".join(seen)


def _without(answer: str, text: str) -> str:
    """The answer but for the words of the question."""
    return answer.replace(text, "…").replace(quote(text), "…")


def conditions(ward: Ward, username: str) -> str:
    """The popover in which a condition is made, for each field."""
    fields = ("name", "phone", "id_number", "spent", "risk", "owner", "stage")
    asked = [f"/apps/clinic/views/patients/condition?field={name}" for name in fields]
    made = [f"/apps/clinic/views/patients/filtered?field={name}&op=is&value=1" for name in fields]
    return _get(ward, username, *asked, *made)


def choices(ward: Ward, username: str) -> str:
    """What pickers offer, also of forms that say what stands on them."""
    browser = ward.clinic.browser(username)
    asked = [
        browser.post(f"/apps/clinic/visit/options/{field}", data={"_ask": path, "patient.id": path[-36:]})
        for path in _each(ward)
        for field in ("patient/patient", "doctor/user")
    ]
    return "\n".join(_whole(answer) for answer in asked) + _get(
        ward,
        username,
        "/apps/clinic/visit/options/patient/patient",
        "/apps/clinic/visit/options/doctor/user",
        "/apps/clinic/patient/choices",
        "/apps/clinic/visit/choices",
        "/apps/clinic/patient/choices?q=138",
    )


def records(ward: Ward, username: str) -> str:
    """Each record's page, its tabs, which are asked for when opened, and how it was."""
    named = ("overview", "t0", "t1", "t2", "history", "page", "nonsense")
    tabs = [path for name in named for path in _each(ward, f"/tab/{name}")]
    return _get(
        ward, username, *_each(ward), *_each(ward, "?tab=history"), *_each(ward, "?as_of=2199-01-01"), *tabs
    )


def forms(ward: Ward, username: str) -> str:
    """Forms: new, prefilled from another record, and of each record."""
    prefilled = [f"/apps/clinic/visit/new?patient={ward.id('patient', name)}" for name in OWNERS]
    return _get(
        ward,
        username,
        "/apps/clinic/patient/new",
        "/apps/clinic/visit/new",
        *prefilled,
        *_each(ward, "/edit"),
    )


def trash(ward: Ward, username: str) -> str:
    """What was deleted."""
    browser = ward.clinic.browser(username)
    searched = [
        _without(_whole(browser.get(f"/apps/clinic/trash?search={quote(text)}")), text)
        for text, _ in ward.telling()
    ]
    chosen = [f"{entity}/{id}" for (entity, _), id in ward.ids.items()]
    forged = browser.post(
        "/apps/clinic/trash/restore", data={"record": chosen}, headers={"X-CSRF-Token": "forged"}
    )
    pages = ("/apps/clinic/patient/trash", "/apps/clinic/visit/trash", "/apps/clinic/trash")
    return "\n".join([_get(ward, username, *pages), _whole(forged), *searched])


def documents(ward: Ward, username: str) -> str:
    """Pages, dashboards, reports."""
    overview = [f"/apps/clinic/pages/patient_overview?record={ward.id('patient', name)}" for name in OWNERS]
    return _get(
        ward,
        username,
        "/apps/clinic/pages/patient_overview",
        *overview,
        "/apps/clinic/dashboards/overview",
        "/apps/clinic/reports/visits_by_doctor",
    )


def refused_forms(ward: Ward, username: str) -> str:
    """What is answered to forms that are wrong, stale or forged."""
    browser = ward.clinic.browser(username)
    wrong = {"born_on": "2999-01-01", "fee": "-1", "mail": "no mail", "version": "1", "to": "nonsense"}
    seen = [_whole(browser.post(f"/apps/clinic/{entity}/new", data=wrong)) for entity in ("patient", "visit")]
    seen += [
        _whole(browser.post(f"/apps/clinic/{entity}/{part}", data={**wrong, "_touched": list(wrong)}))
        for entity in ("patient", "visit")
        for part in ("conditions", "check", "new/draft")
    ]
    seen.append(_get(ward, username, "/apps/clinic/visit/new?draft=1", "/apps/clinic/patient/new?draft=1"))
    for path in _each(ward):
        for part in ("/edit", "/conditions", "/check", "/edit/draft", "/stage"):
            seen.append(_whole(browser.post(path + part, data=wrong)))
        for part in ("/delete", "/restore"):
            seen.append(_whole(browser.post(path + part, headers={"X-CSRF-Token": "forged"})))
    return "\n".join(seen)


def revealed(ward: Ward, username: str) -> str:
    """A masked value asked for on its page."""
    browser = ward.clinic.browser(username)
    return "\n".join(
        _whole(browser.post(f"/apps/clinic/patient/{ward.id('patient', name)}/reveal", data={"field": field}))
        for name in OWNERS
        for field in ("phone", "id_number", "spent")
    )


def personal(ward: Ward, username: str) -> str:
    """Stars, what was opened, and tasks: asked of every record, then shown at home and in the palette."""
    browser = ward.clinic.browser(username)
    seen = []
    for name in OWNERS:
        one = f"/apps/clinic/patient/{ward.id('patient', name)}"
        for part, data in (("opened", {}), ("star", {"on": "1"}), ("tick", {"to": "nowhere"})):
            seen.append(_whole(browser.post(f"{one}/{part}", data=data, follow_redirects=False)))
    seen.append(_get(ward, username, "/", "/apps/clinic", "/search/palette?app=clinic"))
    return "\n".join(seen)


def about_oneself(ward: Ward, username: str) -> str:
    """One's own page, and its forms, forged."""
    browser = ward.clinic.browser(username)
    forged = {"X-CSRF-Token": "forged"}
    posts = (
        "preferences",
        "password",
        "totp",
        "totp/confirm",
        "totp/remove",
        "tokens",
        "tokens/revoke",
        "sessions/end",
    )
    return _get(ward, username, "/me") + "\n".join(
        _whole(browser.post(f"/me/{p}", headers=forged)) for p in posts
    )


def signing(ward: Ward, username: str) -> str:
    """Signing in and out."""
    browser = ward.clinic.browser(username)
    return "\n".join(
        _whole(answer)
        for answer in (
            browser.get("/login", follow_redirects=False),
            browser.post("/login", data={"username": username, "password": "wrong"}, follow_redirects=False),
            browser.post("/login/preferences", data={"language": "en"}, follow_redirects=False),
            browser.get("/login/factor?next=/me", follow_redirects=False),
            browser.post("/login/factor", follow_redirects=False),
            browser.post("/login/factor/confirm", data={"code": "000000"}, follow_redirects=False),
            browser.get("/logout", follow_redirects=False),
            browser.post("/logout", follow_redirects=False),
        )
    )


def looks(ward: Ward, username: str) -> str:
    """The logo, the manifest, and the page of components, which this site does not show."""
    return _get(ward, username, "/brand/0123456789abcdef", "/manifest.webmanifest", "/dev/components")


def _erasing(ward: Ward) -> dict[str, str]:
    record = ward.id("patient", next(iter(OWNERS)))
    return {"place": "clinic.patient", "record": record, "reason": "asked", "step": "preview"}


def administration(ward: Ward, username: str) -> str:
    """People, teams, audit, settings, health: what administrators see, and what others are answered."""
    browser = ward.clinic.browser(username)
    pages = (
        "",
        "/people",
        "/people/dr_lin",
        "/teams",
        "/audit",
        "/audit?entity=clinic.patient",
        f"/audit?record={ward.id('patient', next(iter(OWNERS)))}",
        "/audit/erase?app=clinic&entity=patient",
        "/settings",
        "/jobs",
        "/links",
        "/health",
        "/storage",
        "/trash",
        "/roles",
        "/roles/clinic.doctor",
    )
    posts = (
        "/people", "/people/dr_lin/active", "/people/dr_lin/roles", "/people/dr_lin/password", "/people/dr_lin/totp",
        "/people/dr_lin/details", "/people/dr_lin/until", "/people/dr_lin/sessions", "/people/dr_lin/tokens",
        "/teams/change", "/teams/move", "/teams/remove",
        "/teams", "/settings", "/settings/logo", "/settings/mail-test", "/settings/clinic", "/jobs/none/cancel", "/view-as", "/view-as/end",
        "/storage/files",
    )  # fmt: skip
    seen = [
        _get(ward, username, *(f"/admin{page}" for page in pages)),
        _whole(browser.post("/admin/audit/verify")),
        *(_whole(browser.post("/admin/audit/export", data={"format": f})) for f in ("ndjson", "csv")),
        _whole(browser.post("/admin/audit/erase", data=_erasing(ward))),
    ]
    for path in posts:
        seen.append(_whole(browser.post(f"/admin{path}", headers={"X-CSRF-Token": "forged"})))
    return "\n".join(seen)


def public_forms(ward: Ward, username: str) -> str:
    """A form that strangers fill in, with a role that reads; what it shows, offers, and says of what is there."""
    answer = ward.clinic.client("admin").post(
        "/api/v1/public-forms", json={"app": "clinic", "form": "registration", "role": "head"}
    )
    path = answer.json()["path"]
    browser = ward.clinic.browser(username)
    seen = [browser.get(path), browser.get(f"{path}/options/allergies/allergy")]
    for _, (entity, name, _) in ward.telling():
        given = {
            "name": "x",
            "id": ward.id(entity, name),
            "patient.id": ward.id(entity, name),
            "_touched": "name",
        }
        seen += [browser.post(path + part, data=given) for part in ("", "/conditions", "/check")]
    seen.append(browser.post(f"{path}/options/allergies/allergy", data={"q": "x"}))
    return "\n".join(_whole(answer) for answer in seen)


PAGE_DOORS: tuple[Door, ...] = (
    Door(
        "public forms",
        (
            "GET /f/{token}",
            "POST /f/{token}",
            "POST /f/{token}/conditions",
            "POST /f/{token}/check",
            "GET /f/{token}/options/{field}/{target}",
            "POST /f/{token}/options/{field}/{target}",
        ),
        public_forms,
    ),
    Door("homes", ("GET /", f"GET {APP}"), homes),
    Door("views", (f"GET {VIEW}",), lists, {"patient": frozenset({"name"})}),
    Door("searched views", ("GET /search", "GET /search/palette"), searched_lists),
    Door("conditions", (f"GET {VIEW}/condition", f"GET {VIEW}/filtered"), conditions),
    Door(
        "pickers",
        (
            "GET /apps/{app}/{entity}/options/{field}/{target}",
            "POST /apps/{app}/{entity}/options/{field}/{target}",
            "GET /apps/{app}/{target}/choices",
        ),
        choices,
    ),
    Door(
        "record pages",
        (f"GET {ONE}", f"GET {ONE}/tab/{{tab}}"),
        records,
        {"patient": frozenset({"name", "mail"})},
    ),
    Door("forms", (f"GET {NEW}", f"GET {ONE}/edit"), forms),
    Door(
        "trash pages",
        (
            "GET /apps/{app}/{entity}/trash",
            "GET /apps/{app}/trash",
            "POST /apps/{app}/trash/restore",
        ),
        trash,
    ),
    Door(
        "documents",
        (f"GET {APP}/pages/{{name}}", f"GET {APP}/dashboards/{{name}}", f"GET {APP}/reports/{{name}}"),
        documents,
    ),
    Door(
        "refused forms",
        (
            f"POST {NEW}",
            *(f"POST /apps/{{app}}/{{entity}}/{part}" for part in ("conditions", "check", "new/draft")),
            *(f"POST {ONE}/{part}" for part in ("edit", "conditions", "check", "edit/draft", "stage")),
            *(f"POST {ONE}/{part}" for part in ("delete", "restore")),
        ),
        refused_forms,
    ),
    Door("personal", tuple(f"POST {ONE}/{part}" for part in ("opened", "star", "tick")), personal),
    Door("revealing pages", (f"POST {ONE}/reveal",), revealed),
    Door(
        "one's own page",
        (
            "GET /me",
            "POST /me/preferences",
            "POST /me/password",
            "POST /me/totp",
            "POST /me/totp/confirm",
            "POST /me/totp/remove",
            "POST /me/tokens",
            "POST /me/tokens/revoke",
            "POST /me/sessions/end",
        ),
        about_oneself,
    ),
    Door(
        "files",
        (
            "GET /files/{app}/{file}",
            "GET /files/{app}/{entity}/{id}/{field}",
            "GET /apps/{app}/{entity}/tags/{field}",
        ),
        files,
    ),
    Door("looks", ("GET /brand/{mark}", "GET /manifest.webmanifest", "GET /dev/components"), looks),
    Door(
        "signing in",
        (
            "GET /login",
            "POST /login",
            "POST /login/preferences",
            "GET /login/factor",
            "POST /login/factor",
            "POST /login/factor/confirm",
            "GET /logout",
            "POST /logout",
        ),
        signing,
    ),
    Door(
        "administration",
        (
            "GET /admin",
            "GET /admin/people",
            "POST /admin/people",
            "GET /admin/people/{username}",
            "POST /admin/people/{username}/active",
            "POST /admin/people/{username}/roles",
            "POST /admin/people/{username}/password",
            "POST /admin/people/{username}/totp",
            "POST /admin/people/{username}/details",
            "POST /admin/people/{username}/until",
            "POST /admin/people/{username}/sessions",
            "POST /admin/people/{username}/tokens",
            "POST /admin/teams/change",
            "POST /admin/teams/move",
            "POST /admin/teams/remove",
            "GET /admin/teams",
            "POST /admin/teams",
            "GET /admin/audit",
            "POST /admin/audit/verify",
            "POST /admin/audit/export",
            "GET /admin/audit/erase",
            "POST /admin/audit/erase",
            "GET /admin/settings",
            "POST /admin/settings",
            "POST /admin/settings/logo",
            "POST /admin/settings/mail-test",
            "POST /admin/settings/{app}",
            "GET /admin/jobs",
            "GET /admin/links",
            "POST /admin/links",
            "POST /admin/links/{id}/close",
            "POST /admin/jobs/{id}/cancel",
            "GET /admin/health",
            "GET /admin/storage",
            "POST /admin/storage/files",
            "GET /admin/trash",
            "GET /admin/roles",
            "GET /admin/roles/{role}",
            "POST /admin/view-as",
            "POST /admin/view-as/end",
        ),
        administration,
    ),
)
