// The pages' script: htmx for fragments, and small behaviours that attach to markup by `data-behaviour`.
import "htmx.org";
import { connectAll, disconnectAll, lazily } from "./behaviour";
import "./behaviours/combobox";
import "./behaviours/dialog";
import "./behaviours/disclosure";
import "./behaviours/keys";
import "./behaviours/list";
import "./behaviours/menu";
import "./behaviours/opened";
import "./behaviours/palette";
import "./behaviours/password";
import "./behaviours/reveal";
import "./behaviours/submit";
import "./behaviours/tabs";
import "./behaviours/toast";
import "./behaviours/walk";

lazily("teams", () => import("./behaviours/teams"));
lazily("record-form", () => import("./behaviours/form"));
lazily("conflict", () => import("./behaviours/conflict"));
lazily("rows", () => import("./behaviours/rows"));
lazily("amount", () => import("./behaviours/amount"));
lazily("color", () => import("./behaviours/color"));
lazily("tags", () => import("./behaviours/tags"));
lazily("date", () => import("./behaviours/date"));
lazily("look", () => import("./behaviours/look"));
lazily("rich", () => import("./behaviours/rich"));
lazily("signature", () => import("./behaviours/signature"));
lazily("upload", () => import("./behaviours/upload"));
lazily("bulk", () => import("./behaviours/bulk"));
lazily("bulk-dialog", () => import("./behaviours/bulk_dialog"));
lazily("cells", () => import("./behaviours/cells"));
lazily("board", () => import("./behaviours/board"));
lazily("calendar", () => import("./behaviours/calendar"));
lazily("tree", () => import("./behaviours/tree"));
lazily("gantt", () => import("./behaviours/gantt"));
lazily("asked", () => import("./behaviours/asked"));

const token = (): string => document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";

lazily("listing", () => import("./behaviours/listing"));
lazily("reorder", () => import("./behaviours/reorder"));
lazily("finding", () => import("./behaviours/finding"));
lazily("composer", () => import("./behaviours/composer"));
lazily("facts", () => import("./behaviours/facts"));
lazily("live", () => import("./behaviours/live"));
lazily("notices", () => import("./behaviours/notices"));
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = (event as CustomEvent).detail;
  ctx.request.headers["X-CSRF-Token"] = token();
});
document.addEventListener("htmx:after:process", (event) => connectAll(event.target as Element));
document.addEventListener("htmx:before:cleanup", (event) => disconnectAll(event.target as Element));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => connectAll(document.body));
else connectAll(document.body);
