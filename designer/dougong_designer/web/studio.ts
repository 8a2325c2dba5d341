// The studio's script: behaviours that only its pages have, beside those of all pages.
import { lazily } from "../../../runtime/dougong_runtime/pages/web/behaviour";

lazily("documents", () => import("./behaviours/documents"));
lazily("held", () => import("./behaviours/held"));
lazily("layout", () => import("./behaviours/layout"));
lazily("layout-shown", () => import("./behaviours/layout_shown"));
lazily("layout-side", () => import("./behaviours/layout_side"));
lazily("matrix", () => import("./behaviours/matrix"));
lazily("relations", () => import("./behaviours/relations"));
lazily("label-table", () => import("./behaviours/labels"));
lazily("sheet", () => import("./behaviours/sheet"));
lazily("studio", () => import("./behaviours/studio"));
lazily("merging", () => import("./behaviours/merging"));
lazily("menu-canvas", () => import("./behaviours/menuing"));
lazily("studio-grid", () => import("./behaviours/grid"));
lazily("studio-outline", () => import("./behaviours/outline"));
lazily("studio-panel", () => import("./behaviours/panel"));
lazily("view-canvas", () => import("./behaviours/viewing"));
lazily("entity", () => import("./behaviours/entity"));
lazily("formula-dialog", () => import("./behaviours/formula_dialog"));

// All over the studio, for whatever input there is: the name of an icon offers the icons, a formula gets its editor, a text
// with formulas in braces offers what may stand in these.
lazily("icons", () => import("./behaviours/icons"));
lazily("formulas", () => import("./behaviours/formula"));
lazily("braces", () => import("./behaviours/braces"));
