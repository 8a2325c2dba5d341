"""Routes of the studio that show documents, which hold no records, and who is there."""

from __future__ import annotations

ONE = "/api/v1/studio/{app}"
PAGE = "/studio/{app}"
_DRAFT = "documents of a draft"

WITHOUT_DATA_STUDIO: dict[str, str] = {
    "GET /api/v1/studio": "apps that one may build",
    **dict.fromkeys(
        (
            f"GET {ONE}", f"PATCH {ONE}", f"POST {ONE}/undo", f"POST {ONE}/redo", f"POST {ONE}/jump",
            f"POST {ONE}/rename", f"GET {ONE}/steps", f"GET {ONE}/problems", f"GET {ONE}/uses",
            f"GET {ONE}/search", f"GET {ONE}/builders", f"GET {ONE}/remarks", f"POST {ONE}/remarks",
            f"PATCH {ONE}/remarks/{{remark}}", f"GET {ONE}/documents/{{kind}}/{{name}}",
            f"PUT {ONE}/documents/{{kind}}/{{name}}", f"DELETE {ONE}/documents/{{kind}}/{{name}}",
            f"GET {PAGE}", f"GET {PAGE}/parts/top", f"GET {PAGE}/parts/tree", f"GET {PAGE}/parts/problems",
            f"GET {PAGE}/parts/overview", f"GET {PAGE}/steps", f"GET {PAGE}/search", f"GET {PAGE}/uses",
            f"GET {PAGE}/remarks", f"POST {PAGE}/remarks", f"POST {PAGE}/remarks/{{remark}}",
            f"POST {PAGE}/act", f"POST {PAGE}/undo", f"POST {PAGE}/redo", f"POST {PAGE}/jump",
            f"POST {PAGE}/mend", f"POST {PAGE}/state", f"POST {PAGE}/fold", f"GET {PAGE}/{{kind}}/{{name}}",
            *(
                f"{method} {PAGE}/document/{what}"
                for what in ("new", "rename", "remove", "yaml")
                for method in ("GET", "POST")
            ),
            f"POST {PAGE}/document/duplicate", f"POST {PAGE}/document/restore",
            f"GET {PAGE}/panel", f"POST {PAGE}/panel", f"POST {PAGE}/grid", f"GET {PAGE}/outline",
            f"GET {PAGE}/member-menu", f"GET {PAGE}/insert-menu",
        ),
        _DRAFT,
    ),
}  # fmt: skip
