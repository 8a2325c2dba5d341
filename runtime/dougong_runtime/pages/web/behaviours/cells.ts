// Cells of a list: arrows move between them, Enter, F2 or a double click opens one with the field's own input, Tab saves
// and moves on, Esc restores. The server decides what can be filled in, and says why where it cannot.
import htmx from "htmx.org";
import { announce, disconnectAll, isTyping } from "../behaviour";
import { float } from "./menu";

type Move = "stay" | "next" | "back" | "down";

export function connect(root: HTMLElement): () => void {
  const edits = new Set((root.dataset.edits ?? "").split(" ").filter(Boolean));
  const list = (): HTMLElement | null => document.getElementById("list");
  const rows = (): HTMLElement[] => [...(list()?.querySelectorAll<HTMLElement>("tbody tr[data-record]") ?? [])].filter((r) => r.offsetParent);
  const cellsOf = (row: HTMLElement): HTMLElement[] => [...row.querySelectorAll<HTMLElement>("[data-field]")];
  const cellOf = (target: EventTarget | null): HTMLElement | null =>
    (target as HTMLElement | null)?.closest?.<HTMLElement>("#list tbody tr[data-record] > [data-field]") ?? null;
  const narrow = (): boolean => matchMedia("(max-width: 640px)").matches;
  let open: { cell: HTMLElement; before: DocumentFragment; end: () => void } | undefined;
  let from: HTMLElement | undefined;
  let to: HTMLElement | undefined;
  let busy = false;
  /** What is typed while a cell is being opened: it goes into its input. */
  let ahead: { text: string; move?: Move } | undefined;

  // --- where one is ----------------------------------------------------------------------------------------------
  const focus = (cell: HTMLElement | undefined | null): void => {
    if (!cell) return;
    list()?.querySelectorAll<HTMLElement>("tbody [data-field][tabindex='0']").forEach((c) => (c.tabIndex = -1));
    cell.tabIndex = 0;
    cell.focus();
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const beside = (cell: HTMLElement, right: number, down: number): HTMLElement | undefined => {
    const row = cell.closest<HTMLElement>("tr")!;
    const across = cellsOf(row).indexOf(cell);
    const target = down ? rows()[rows().indexOf(row) + down] : row;
    return target && cellsOf(target)[Math.max(0, across + right)];
  };
  const range = (): HTMLElement[][] => {
    if (!from || !to || !from.isConnected || !to.isConnected) return [];
    const all = rows();
    const [top, bottom] = [from, to].map((c) => all.indexOf(c.closest("tr")!)).sort((a, b) => a - b);
    const [left, right] = [from, to].map((c) => cellsOf(c.closest("tr")!).indexOf(c)).sort((a, b) => a - b);
    return all.slice(top, bottom! + 1).map((r) => cellsOf(r).slice(left, right! + 1));
  };
  const mark = (): void => {
    list()?.querySelectorAll(".in-range").forEach((c) => c.classList.remove("in-range"));
    const block = range();
    if (block.length > 1 || (block[0]?.length ?? 0) > 1) block.flat().forEach((c) => c.classList.add("in-range"));
  };
  const go = (cell: HTMLElement | undefined, extend: boolean): void => {
    if (!cell) return;
    if (!extend || !from) from = cell;
    to = cell;
    focus(cell);
    mark();
  };

  // --- asking the server -------------------------------------------------------------------------------------------
  const ask = async (address: string, body?: FormData): Promise<{ status: number; html: string } | undefined> => {
    const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": location.href, "X-CSRF-Token": token, Accept: "text/html" };
    const answer = await fetch(address, { method: body ? "POST" : "GET", body, headers }).catch(() => undefined);
    const away = answer?.headers.get("HX-Redirect");
    if (away) location.href = away;
    if (!answer || away) return undefined;
    return { status: answer.status, html: await answer.text() };
  };
  const put = (place: HTMLElement, html: string): HTMLElement | null => {
    const made = document.createElement("template");
    made.innerHTML = html;
    place.replaceChildren(made.content);
    htmx.process(place);
    return place.firstElementChild as HTMLElement | null;
  };

  // --- one cell ------------------------------------------------------------------------------------------------------
  const address = (cell: HTMLElement): string =>
    `${root.dataset.href}/${cell.closest<HTMLElement>("tr")!.dataset.record}/cells/${encodeURIComponent(cell.dataset.field ?? "")}`;
  /** Columns keep their widths while an input stands in one of them; gives what lets go of them. */
  let thaw: (() => void) | undefined;
  const freeze = (table: HTMLTableElement): (() => void) => {
    const heads = [...table.querySelectorAll<HTMLElement>("thead th")].map((h) => h.getBoundingClientRect().width);
    const columns = [...table.querySelectorAll<HTMLElement>("col")];
    const before = columns.map((c) => c.getAttribute("width"));
    table.style.setProperty("inline-size", `${table.getBoundingClientRect().width}px`);
    columns.forEach((c, n) => c.setAttribute("width", String(heads[n] ?? "")));
    table.style.setProperty("table-layout", "fixed");
    return () => {
      thaw = undefined;
      for (const name of ["inline-size", "table-layout"]) table.style.removeProperty(name);
      columns.forEach((c, n) => (before[n] === null ? c.removeAttribute("width") : c.setAttribute("width", before[n]!)));
    };
  };
  const restore = (): void => {
    if (!open) return;
    const { cell, before, end } = open;
    open = undefined;
    end();
    disconnectAll(cell);
    cell.classList.remove("edit", "saving", "no");
    thaw?.();
    cell.replaceChildren(before);
  };
  const show = (cell: HTMLElement, html: string): void => {
    const form = put(cell, html) as HTMLFormElement | null;
    const refused = !!form?.matches(".refused");
    cell.classList.toggle("no", refused);
    cell.classList.remove("saving");
    let end = (): void => undefined;
    if (form?.matches(".tall")) end = float(cell, form);
    else {
      const err = form?.querySelector<HTMLElement>(".cell-err:not([hidden])");
      if (err) end = float(cell, err);
    }
    if (open) open.end = end;
    const input =
      form?.querySelector<HTMLElement>("[autofocus]") ??
      form?.querySelector<HTMLElement>("input:not([type=hidden]):not([readonly]),select,textarea");
    input?.focus();
    if (input instanceof HTMLInputElement && /^(text|email|tel|url)$/.test(input.type)) input.select();
  };
  const edit = async (cell: HTMLElement): Promise<void> => {
    if (open || busy) return;
    busy = true;
    ahead = { text: "" };
    const answer = await ask(address(cell));
    const typed = ahead;
    ahead = undefined;
    busy = false;
    if (!answer || answer.status !== 200 || !cell.isConnected) return;
    if (!answer.html.includes("cell-ed")) return explain(cell, answer.html);
    thaw = freeze(cell.closest("table")!);
    const before = document.createDocumentFragment();
    before.append(...cell.childNodes);
    open = { cell, before, end: () => undefined };
    cell.classList.add("edit");
    show(cell, answer.html);
    const input = document.activeElement;
    if (typed?.text && cell.contains(input) && isTyping(input) && !(input instanceof HTMLSelectElement)) {
      (input as HTMLInputElement).value = typed.text;
      input!.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (typed?.move) void save(typed.move);
  };
  const explain = (cell: HTMLElement, html: string): void => {
    const note = document.createElement("div");
    note.className = "menu fixed cell-note";
    put(note, html);
    cell.append(note);
    const end = float(cell, note);
    announce(note.textContent?.trim() ?? "");
    const away = (event: Event): void => {
      if (event.type === "keydown" && (event as KeyboardEvent).key === "Escape") event.preventDefault();
      end();
      note.remove();
      for (const name of ["keydown", "pointerdown"]) document.removeEventListener(name, away, true);
    };
    for (const name of ["keydown", "pointerdown"]) document.addEventListener(name, away, true);
  };
  const after = (cell: HTMLElement, move: Move): HTMLElement | undefined => {
    const row = cellsOf(cell.closest<HTMLElement>("tr")!);
    if (move === "down") return beside(cell, 0, 1) ?? cell;
    if (move === "stay") return cell;
    const step = move === "next" ? 1 : -1;
    for (let at = row.indexOf(cell) + step; at >= 0 && at < row.length; at += step) if (edits.has(row[at]!.dataset.field ?? "")) return row[at];
    return cell;
  };
  const save = async (move: Move, submitter?: HTMLElement | null): Promise<void> => {
    if (!open || busy) return;
    const { cell } = open;
    const form = cell.querySelector("form")!;
    const row = cell.closest<HTMLElement>("tr")!;
    const data = new FormData(form, submitter);
    data.set("_columns", cellsOf(row).map((c) => c.dataset.field).join(","));
    busy = true;
    cell.classList.add("saving");
    const answer = await ask(address(cell), data);
    busy = false;
    if (!open || open.cell !== cell) return;
    if (!answer || !answer.html.includes("data-cells")) {
      if (answer?.html.includes("cell-ed")) {
        open.end();
        show(cell, answer.html);
      } else {
        cell.classList.remove("saving");
        cell.classList.add("no");
      }
      return;
    }
    const made = document.createElement("template");
    made.innerHTML = answer.html;
    const found = made.content.querySelector<HTMLElement>("[data-cells]")!;
    restore();
    if (found.dataset.gone !== undefined) {
      const next = beside(cell, 0, 1) ?? beside(cell, 0, -1);
      row.remove();
      const told = made.content.querySelector("[data-toast]");
      if (told) document.getElementById("toasts")?.append(told);
      if (told) htmx.process(told);
      focus(next);
      return;
    }
    for (const fresh of found.querySelectorAll<HTMLElement>("[data-cell]")) {
      const place = cellsOf(row).find((c) => c.dataset.field === fresh.dataset.cell);
      if (!place) continue;
      const link = place.querySelector<HTMLElement>("[data-opens-record]");
      if (link) link.textContent = found.dataset.title ?? "";
      else place.replaceChildren(...fresh.childNodes);
    }
    const next = after(cell, move);
    go(next, false);
    if (next && next !== cell && (move === "next" || move === "back")) void edit(next);
  };

  // --- keys and the pointer ------------------------------------------------------------------------------------------
  const onKey = (event: KeyboardEvent): void => {
    if (document.querySelector("dialog[open]") || event.altKey) return;
    if (ahead && !event.ctrlKey && !event.metaKey && (event.key.length === 1 || event.key === "Tab" || event.key === "Enter")) {
      if (event.key === "Tab") ahead.move = event.shiftKey ? "back" : "next";
      else if (event.key === "Enter") ahead.move = "stay";
      else ahead.text += event.key;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (open?.cell.contains(event.target as Node)) return inside(event);
    if (isTyping(event.target)) return;
    const active = cellOf(document.activeElement);
    const plain = !event.ctrlKey && !event.metaKey;
    if (!active) return;
    const onCell = document.activeElement === active;
    const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step && plain && (onCell || step[0] === 1)) go(beside(active, step[0], step[1]) ?? active, event.shiftKey);
    else if ((event.key === "F2" || (event.key === "Enter" && onCell)) && plain && !event.shiftKey) void edit(active);
    else if (event.key === "Home" && plain && onCell) go(cellsOf(active.closest("tr")!)[0], event.shiftKey);
    else if (event.key === "End" && plain && onCell) go(cellsOf(active.closest("tr")!).at(-1), event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const inside = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const area = (event.target as HTMLElement).tagName === "TEXTAREA";
    if (event.key === "Escape") {
      const cell = open!.cell;
      restore();
      focus(cell);
    } else if (event.key === "Tab") void save(event.shiftKey ? "back" : "next");
    else if (event.key === "Enter" && !event.defaultPrevented && (!area || event.ctrlKey) && !(event.target as HTMLElement).closest("button")) void save("stay");
    else return void event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
  };
  const onSubmit = (event: SubmitEvent): void => {
    if (!(event.target as HTMLElement).matches(".cell-ed")) return;
    event.preventDefault();
    event.stopPropagation();
    void save("stay", event.submitter);
  };
  const onPointer = (event: PointerEvent): void => {
    const target = event.target as HTMLElement;
    if (open && !open.cell.contains(target) && !target.closest(".menu")) void save("stay");
    const cell = cellOf(target);
    if (!cell || narrow() || target.closest("a,button,input,label,select,textarea,form") || event.button !== 0) return;
    go(cell, event.shiftKey);
    event.preventDefault();
    list()?.setPointerCapture(event.pointerId);
    const drag = (moved: PointerEvent): void => {
      const over = cellOf(document.elementFromPoint(moved.clientX, moved.clientY));
      if (over && over !== to) {
        to = over;
        mark();
      }
    };
    const drop = (): void => {
      list()?.removeEventListener("pointermove", drag);
      list()?.removeEventListener("pointerup", drop);
    };
    list()?.addEventListener("pointermove", drag);
    list()?.addEventListener("pointerup", drop);
  };
  /** A click in a cell is for the cell; the name's link opens the record. On a phone the row opens it. */
  const onClick = (event: MouseEvent): void => {
    if (!narrow() && cellOf(event.target) && !(event.target as HTMLElement).closest("a,button,input,label,form")) event.stopPropagation();
  };
  const onDouble = (event: MouseEvent): void => {
    const cell = cellOf(document.elementFromPoint(event.clientX, event.clientY));
    if (cell && !narrow() && !(event.target as HTMLElement).closest("a,input,label,form")) void edit(cell);
  };

  // --- copy and paste ------------------------------------------------------------------------------------------------
  const text = (cell: HTMLElement): string => {
    const copy = cell.cloneNode(true) as HTMLElement;
    const time = copy.querySelector<HTMLElement>("time[datetime]");
    if (time) return time.getAttribute("datetime") ?? "";
    copy.querySelectorAll(".av,.vh,svg,input,.cell-note").forEach((e) => e.remove());
    const parts = [...copy.querySelectorAll(".chip")].map((c) => c.textContent?.trim() ?? "");
    const said = (parts.length > 1 ? parts.join(";") : (copy.textContent ?? "")).replace(/\s+/g, " ").trim();
    return said === "—" ? "" : said;
  };
  const onCopy = (event: ClipboardEvent): void => {
    if (isTyping(event.target) || getSelection()?.toString()) return;
    const block = range();
    if (!block.length || !block[0]!.length) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", block.map((row) => row.map(text).join("\t")).join("\n"));
    announce((root.dataset.copied ?? "").replace("{n}", String(block.flat().length)));
  };
  const onPaste = (event: ClipboardEvent): void => {
    const at = cellOf(document.activeElement);
    const block = event.clipboardData?.getData("text/plain") ?? "";
    if (isTyping(event.target) || open || !root.dataset.pastes || !at || !block.trim()) return;
    event.preventDefault();
    const row = at.closest<HTMLElement>("tr")!;
    const all = rows();
    const below = all.slice(all.indexOf(row));
    const fields = cellsOf(row).slice(cellsOf(row).indexOf(at)).map((c) => c.dataset.field ?? "");
    const values = { _block: block, _rows: below.slice(0, 1000).map((r) => r.dataset.record).join(","), _fields: fields.join(",") };
    void htmx.ajax("POST", root.dataset.pastes, { source: root, target: "#bulk-place", swap: "innerHTML", values });
  };

  const place = list();
  document.addEventListener("keydown", onKey, true);
  place?.addEventListener("submit", onSubmit, true);
  place?.addEventListener("pointerdown", onPointer);
  place?.addEventListener("click", onClick, true);
  place?.addEventListener("dblclick", onDouble);
  document.addEventListener("copy", onCopy);
  document.addEventListener("paste", onPaste);
  return () => {
    open?.end();
    document.removeEventListener("keydown", onKey, true);
    place?.removeEventListener("submit", onSubmit, true);
    place?.removeEventListener("pointerdown", onPointer);
    place?.removeEventListener("click", onClick, true);
    place?.removeEventListener("dblclick", onDouble);
    document.removeEventListener("copy", onCopy);
    document.removeEventListener("paste", onPaste);
  };
}
