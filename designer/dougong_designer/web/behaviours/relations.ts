// The relation diagram: boxes are chosen, moved and walked between; a line from a box's dot to another box asks for a
// new reference. The server draws it; here is only what hands and keys do.
import htmx from "htmx.org";
import { announce, type Connect, isTyping } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { send } from "../act";

const STEP = 20;
const ZOOM = { least: 0.1, most: 2, by: 1.2 };
/** Nearer than this at first, however large the diagram: names can be read, and the rest is a scroll away. */
const READABLE = 0.55;
const FAR_ENOUGH = 4;
/** Left free around the boxes. */
const AROUND = 40;
const KEPT = "dougong-relations-zoom ";

interface Spot {
  x: number;
  y: number;
}

export const connect: Connect = (root, signal) => {
  const svg = (): SVGSVGElement | null => root.querySelector<SVGSVGElement>("#erd");
  const desk = (): HTMLElement | null => root.querySelector<HTMLElement>("[data-desk]");
  const boxes = (): SVGGElement[] => [...root.querySelectorAll<SVGGElement>("[data-box]")];
  const lines = (): SVGGElement[] => [...root.querySelectorAll<SVGGElement>(".wires [data-relation]")];
  const boxOf = (name: string | undefined): SVGGElement | undefined => boxes().find((b) => b.dataset.box === name);
  const spot = (box: SVGGElement): Spot => ({ x: Number(box.dataset.x), y: Number(box.dataset.y) });
  const middle = (box: SVGGElement): Spot => {
    const { width, height } = box.querySelector("rect")!.getBBox();
    return { x: spot(box).x + width / 2, y: spot(box).y + height / 2 };
  };

  // --- how near it is looked at -----------------------------------------------------------------------------------
  const kept = KEPT + location.pathname + (new URLSearchParams(location.search).get("of") ?? "");
  let zoom = Number(sessionStorage.getItem(kept)) || 1;
  const natural = (): Spot => {
    const box = svg()?.viewBox.baseVal;
    return { x: box?.width ?? 0, y: box?.height ?? 0 };
  };
  const show = (): void => {
    const size = natural();
    svg()?.setAttribute("width", String(Math.round(size.x * zoom)));
    svg()?.setAttribute("height", String(Math.round(size.y * zoom)));
  };
  const look = (to: number): void => {
    const around = desk();
    if (!around) return;
    const before = zoom;
    const at = { x: around.scrollLeft + around.clientWidth / 2, y: around.scrollTop + around.clientHeight / 2 };
    zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, to));
    sessionStorage.setItem(kept, String(zoom));
    show();
    around.scrollLeft = (at.x * zoom) / before - around.clientWidth / 2;
    around.scrollTop = (at.y * zoom) / before - around.clientHeight / 2;
  };
  const fit = (least = ZOOM.least): void => {
    const [size, around] = [natural(), desk()];
    if (!around || !size.x) return;
    look(Math.max(least, Math.min(1, around.clientWidth / size.x, around.clientHeight / size.y)));
  };
  const point = (event: PointerEvent): Spot => {
    const drawn = svg()!.getBoundingClientRect();
    return { x: (event.clientX - drawn.left) / zoom, y: (event.clientY - drawn.top) / zoom };
  };

  // --- choosing -----------------------------------------------------------------------------------------------------
  const mark = (chosen: string): void => {
    const line = lines().find((l) => l.dataset.relation === chosen);
    const near = new Set<string>();
    for (const one of lines()) {
      const { from = "", to = "", relation } = one.dataset;
      const meant = line ? relation === chosen : from === chosen || to === chosen;
      if (meant) [from, to].forEach((name) => near.add(name));
      state(one, !chosen ? "" : relation === chosen ? "on" : meant ? "near" : "far");
    }
    for (const label of root.querySelectorAll<SVGGElement>("[data-relation-label]")) {
      const one = lines().find((l) => l.dataset.relation === label.dataset.relationLabel);
      state(label, ["on", "near", "far"].find((name) => one?.classList.contains(name)) ?? "");
    }
    for (const box of boxes()) {
      const name = box.dataset.box ?? "";
      state(box, !chosen ? "" : name === chosen ? "on" : near.has(name) ? "near" : "far");
    }
  };
  const state = (element: Element, name: string): void => {
    element.classList.remove("on", "near", "far");
    if (name) element.classList.add(name);
  };
  // What is chosen stands in the address: it outlives the markup, which the server sends anew after each act.
  const current = (): string => new URLSearchParams(location.search).get("at") ?? "";
  const choose = (chosen: string): void => {
    mark(chosen);
    const query = new URLSearchParams(location.search);
    if (chosen) query.set("at", chosen);
    else query.delete("at");
    history.replaceState(history.state, "", `${root.dataset.address}${query.size ? `?${query}` : ""}`);
    const of = query.get("of") ?? "";
    const address = `${root.dataset.address}/panel?at=${encodeURIComponent(chosen)}&of=${encodeURIComponent(of)}`;
    void htmx.ajax("GET", address, { target: "#s-prop", swap: "innerHTML", source: "#s-prop" });
  };
  const focus = (element: SVGGElement | undefined): void => {
    if (!element) return;
    boxes().forEach((b) => b.setAttribute("tabindex", "-1"));
    element.setAttribute("tabindex", "0");
    element.focus();
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  // --- a new reference ----------------------------------------------------------------------------------------------
  const ask = (from: string, to = ""): void => {
    const dialog = document.getElementById("relation-new") as HTMLDialogElement | null;
    const form = dialog?.querySelector("form");
    if (!dialog || !form) return;
    form.reset();
    form.querySelector("[data-refused]")?.setAttribute("hidden", "");
    (form.elements.namedItem("from") as HTMLSelectElement).value = from;
    if (to) (form.elements.namedItem("to") as HTMLSelectElement).value = to;
    dialog.showModal();
    (form.elements.namedItem(to ? "label" : "to") as HTMLElement).focus();
  };
  const made = (event: Event): void => {
    const { at } = (event as CustomEvent<{ at?: string }>).detail ?? {};
    (document.getElementById("relation-new") as HTMLDialogElement | null)?.close();
    if (at) choose(at);
  };

  // What refuses it is said in a toast, which a dialog covers: there it stands in the dialog as well.
  const refused = (): void => {
    const dialog = document.getElementById("relation-new") as HTMLDialogElement | null;
    const said = dialog?.querySelector<HTMLElement>("[data-refused]");
    if (!dialog?.open || !said) return;
    requestAnimationFrame(() => {
      said.textContent = document.querySelector("#toasts .toast:last-child")?.textContent?.trim() ?? "";
      said.hidden = !said.textContent;
    });
  };

  // --- hands --------------------------------------------------------------------------------------------------------
  let held:
    | { kind: "box"; box: SVGGElement; from: Spot; at: Spot; moved: boolean }
    | { kind: "draw"; box: SVGGElement; at: Spot; over?: SVGGElement }
    | { kind: "pan"; at: Spot; scroll: Spot; moved: boolean }
    | undefined;
  /** The drawing grows with what is put beyond its edge: what stands outside is neither seen nor taken hold of. */
  const reach = (box: SVGGElement): void => {
    const size = natural();
    const { width, height } = box.querySelector("rect")!.getBBox();
    const to = { x: Math.max(size.x, spot(box).x + width + AROUND), y: Math.max(size.y, spot(box).y + height + AROUND) };
    if (to.x === size.x && to.y === size.y) return;
    svg()?.setAttribute("viewBox", `0 0 ${to.x} ${to.y}`);
    show();
  };
  const place = (box: SVGGElement, to: Spot): void => {
    const { x, y } = { x: Math.max(0, Math.round(to.x)), y: Math.max(0, Math.round(to.y)) };
    box.dataset.x = String(x);
    box.dataset.y = String(y);
    box.setAttribute("transform", `translate(${x} ${y})`);
    reach(box);
    for (const line of lines()) {
      if (line.dataset.from === box.dataset.box || line.dataset.to === box.dataset.box) state(line, "far");
    }
  };
  const keep = async (box: SVGGElement): Promise<void> => {
    const places = { [box.dataset.id ?? ""]: [Number(box.dataset.x), Number(box.dataset.y)] };
    await send("relations/place", { places: JSON.stringify(places) });
    announce((root.dataset.moved ?? "").replace("{label}", box.dataset.label ?? ""));
  };
  const under = (event: PointerEvent): SVGGElement | undefined =>
    document.elementFromPoint(event.clientX, event.clientY)?.closest<SVGGElement>("[data-box]") ?? undefined;
  const onDown = (event: PointerEvent): void => {
    const target = event.target as Element;
    if (event.button !== 0 || !svg() || !desk()?.contains(target)) return;
    const box = target.closest<SVGGElement>("[data-box]");
    if (box && target.closest("[data-handle]")) held = { kind: "draw", box, at: point(event) };
    else if (box) held = { kind: "box", box, from: spot(box), at: point(event), moved: false };
    else if (!target.closest("[data-relation], [data-relation-label]") && event.pointerType === "mouse") {
      const around = desk()!;
      held = {
        kind: "pan",
        at: { x: event.clientX, y: event.clientY },
        scroll: { x: around.scrollLeft, y: around.scrollTop },
        moved: false,
      };
    } else return;
    if (held.kind !== "pan") event.preventDefault();
  };
  // Browsers do not hold to `touch-action` within a drawing: a finger on a box would scroll in the middle of its way.
  const onTouch = (event: TouchEvent): void => {
    if (held && held.kind !== "pan") event.preventDefault();
  };
  const onMove = (event: PointerEvent): void => {
    if (!held) return;
    if (held.kind === "pan") {
      const around = desk()!;
      held.moved ||= Math.hypot(event.clientX - held.at.x, event.clientY - held.at.y) > FAR_ENOUGH;
      around.classList.toggle("pans", held.moved);
      around.scrollLeft = held.scroll.x - (event.clientX - held.at.x);
      around.scrollTop = held.scroll.y - (event.clientY - held.at.y);
      return;
    }
    const now = point(event);
    if (held.kind === "box") {
      held.moved ||= Math.hypot(now.x - held.at.x, now.y - held.at.y) > FAR_ENOUGH;
      if (!held.moved) return;
      held.box.classList.add("lifts");
      place(held.box, { x: held.from.x + now.x - held.at.x, y: held.from.y + now.y - held.at.y });
      return;
    }
    const draws = root.querySelector<SVGPathElement>("[data-draws]")!;
    const bend = (held.at.x + now.x) / 2;
    draws.removeAttribute("hidden");
    draws.setAttribute("d", `M${held.at.x} ${held.at.y}C${bend} ${held.at.y} ${bend} ${now.y} ${now.x} ${now.y}`);
    const over = under(event);
    if (over !== held.over) {
      held.over?.classList.remove("over");
      over?.classList.add("over");
      held.over = over;
    }
  };
  const onUp = (event: PointerEvent): void => {
    const was = held;
    held = undefined;
    if (!was) return;
    if (was.kind === "pan") {
      desk()?.classList.remove("pans");
      if (!was.moved && event.type === "pointerup") choose("");
    } else if (was.kind === "draw") {
      root.querySelector("[data-draws]")?.setAttribute("hidden", "");
      was.over?.classList.remove("over");
      const to = event.type === "pointerup" ? under(event) : undefined;
      if (to) ask(was.box.dataset.box ?? "", to.dataset.box);
    } else {
      was.box.classList.remove("lifts");
      if (was.moved) void keep(was.box);
      else if (event.type === "pointerup") {
        focus(was.box);
        choose(was.box.dataset.box ?? "");
      }
    }
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as Element;
    const line = target.closest<SVGGElement>("[data-relation], [data-relation-label]");
    if (line && svg()?.contains(line)) choose(line.dataset.relation ?? line.dataset.relationLabel ?? "");
    const step = target.closest<HTMLElement>("[data-zoom]")?.dataset.zoom;
    if (step === "fit") fit();
    else if (step) look(step === "in" ? zoom * ZOOM.by : zoom / ZOOM.by);
    if (target.closest("[data-arrange]")) void send("relations/arrange", {});
  };
  const onChange = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    if (input.dataset.submits !== undefined) input.form?.requestSubmit();
  };
  const onPanel = (event: MouseEvent): void => {
    const target = event.target as Element;
    const chosen = target.closest<HTMLElement>("[data-choose]");
    const from = target.closest<HTMLElement>("[data-new-from]");
    if (from) ask(from.dataset.newFrom ?? "");
    else if (chosen || target.closest("[data-unchoose]")) {
      if (!svg()) return;
      event.preventDefault();
      choose(chosen?.dataset.choose ?? "");
    }
  };
  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey || !desk()?.contains(event.target as Node)) return;
    event.preventDefault();
    look(event.deltaY < 0 ? zoom * 1.1 : zoom / 1.1);
  };

  // --- keys ---------------------------------------------------------------------------------------------------------
  /** The box that an arrow leads to: among those related to it, else among all; the nearest that way. */
  const beside = (box: SVGGElement, key: string): SVGGElement | undefined => {
    const name = box.dataset.box;
    const related = new Set<string | undefined>();
    for (const { dataset } of lines()) {
      if (dataset.from === name) related.add(dataset.to);
      if (dataset.to === name) related.add(dataset.from);
    }
    const here = middle(box);
    const across = key === "ArrowLeft" || key === "ArrowRight";
    const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    const ahead = boxes()
      .filter((b) => b !== box)
      .map((b) => ({ b, dx: middle(b).x - here.x, dy: middle(b).y - here.y }))
      .filter(({ dx, dy }) => (across ? dx * sign > 20 : dy * sign > 10 && Math.abs(dx) < 120))
      .map((one) => ({ ...one, cost: across ? Math.abs(one.dx) + 2 * Math.abs(one.dy) : Math.abs(one.dy) }))
      .sort((a, b) => a.cost - b.cost);
    return (ahead.find(({ b }) => across && related.has(b.dataset.box)) ?? ahead[0])?.b;
  };
  const onKey = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey) return;
    const box = (event.target as Element).closest<SVGGElement>("[data-box]");
    const line = (event.target as Element).closest<SVGGElement>(".wires [data-relation]");
    const arrow = event.key.startsWith("Arrow");
    if (arrow && event.altKey && box) {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      place(box, { x: spot(box).x + STEP * by[0]!, y: spot(box).y + STEP * by[1]! });
      void keep(box);
    } else if (arrow && box) focus(beside(box, event.key));
    else if ((event.key === "Enter" || event.key === " ") && (box || line)) {
      choose(box?.dataset.box ?? line?.dataset.relation ?? "");
    } else if (event.key === "Escape" && (box || line)) choose("");
    else if (event.key === "r" && box && box.dataset.system === undefined) ask(box.dataset.box ?? "");
    else if (event.key === "+" || event.key === "=") look(zoom * ZOOM.by);
    else if (event.key === "-") look(zoom / ZOOM.by);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const drawn = (): void => {
    show();
    mark(current());
    if (boxOf(document.activeElement?.getAttribute("data-box") ?? undefined) === undefined) return;
    boxes().forEach((b) => b.setAttribute("tabindex", b === document.activeElement ? "0" : "-1"));
  };

  const panel = document.getElementById("s-prop");
  show();
  if (!sessionStorage.getItem(kept)) fit(READABLE);
  boxOf(current())?.scrollIntoView({ block: "center", inline: "center" });
  root.addEventListener("pointerdown", onDown, { signal });
  root.addEventListener("touchstart", onTouch, { signal, passive: false });
  window.addEventListener("pointermove", onMove, { signal });
  window.addEventListener("pointerup", onUp, { signal });
  window.addEventListener("pointercancel", onUp, { signal });
  root.addEventListener("click", onClick, { signal });
  root.addEventListener("change", onChange, { signal });
  root.addEventListener("keydown", onKey, { signal });
  root.addEventListener("wheel", onWheel, { signal, passive: false });
  document.addEventListener("htmx:after:swap", drawn, { signal });
  panel?.addEventListener("click", onPanel, { signal });
  document.body.addEventListener("relation-made", made, { signal });
  document.body.addEventListener("draft-refused", refused, { signal });
};
