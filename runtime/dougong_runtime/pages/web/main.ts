// The pages' script: htmx for fragments, and small behaviours that attach to markup by `data-behaviour`.
import "htmx.org";
import { connectAll, disconnectAll, lazily } from "./behaviour";
import "./behaviours/combobox";
import "./behaviours/dialog";
import "./behaviours/disclosure";
import "./behaviours/keys";
import "./behaviours/list";
import "./behaviours/menu";
import "./behaviours/nav";
import "./behaviours/opened";
import "./behaviours/palette";
import "./behaviours/password";
import "./behaviours/reveal";
import "./behaviours/submit";
import "./behaviours/tabs";
import "./behaviours/toast";
import "./behaviours/walk";

lazily("record-form", () => import("./behaviours/form"));
lazily("conflict", () => import("./behaviours/conflict"));
lazily("copy", () => import("./behaviours/copy"));
lazily("rows", () => import("./behaviours/rows"));
lazily("amount", () => import("./behaviours/amount"));
lazily("asked", () => import("./behaviours/asked"));
lazily("board", () => import("./behaviours/board"));
lazily("bulk", () => import("./behaviours/bulk"));
lazily("bulk-dialog", () => import("./behaviours/bulk_dialog"));
lazily("calendar", () => import("./behaviours/calendar"));
lazily("cells", () => import("./behaviours/cells"));
lazily("color", () => import("./behaviours/color"));
lazily("composer", () => import("./behaviours/composer"));
lazily("date", () => import("./behaviours/date"));
lazily("facts", () => import("./behaviours/facts"));
lazily("finding", () => import("./behaviours/finding"));
lazily("gantt", () => import("./behaviours/gantt"));
lazily("listing", () => import("./behaviours/listing"));
lazily("live", () => import("./behaviours/live"));
lazily("look", () => import("./behaviours/look"));
lazily("notices", () => import("./behaviours/notices"));
lazily("print", () => import("./behaviours/print"));
lazily("reorder", () => import("./behaviours/reorder"));
lazily("rich", () => import("./behaviours/rich"));
lazily("signature", () => import("./behaviours/signature"));
lazily("tags", () => import("./behaviours/tags"));
lazily("teams", () => import("./behaviours/teams"));
lazily("tree", () => import("./behaviours/tree"));
lazily("upload", () => import("./behaviours/upload"));

const token = (): string => document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = (event as CustomEvent).detail;
  ctx.request.headers["X-CSRF-Token"] = token();
});
document.addEventListener("htmx:after:process", (event) => connectAll(event.target as Element));
document.addEventListener("htmx:before:cleanup", (event) => disconnectAll(event.target as Element));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => connectAll(document.body));
else connectAll(document.body);
