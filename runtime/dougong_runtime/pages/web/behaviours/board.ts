// Cards in lanes: dragged with the mouse, or lifted by Space and moved by the arrows. Lanes that the card may not go to
// dim and say why; what is refused glides back. The server's answer is what stands at the end.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import htmx from "htmx.org";
import { announce, isTyping } from "../behaviour";
import { glide, picture, post, renewed, say } from "./lift";

type Shut = Record<string, Record<string, string>>;
const ASK = "#board-ask";

export function connect(board: HTMLElement, signal: AbortSignal): () => void {
  const shut = (): Shut => JSON.parse(board.dataset.shut || "{}") as Shut;
  const lanes = (): HTMLElement[] => [...board.querySelectorAll<HTMLElement>(".lane")];
  const laneOf = (e: Element | null): HTMLElement | null => e?.closest<HTMLElement>(".lane") ?? null;
  const key = (lane: HTMLElement | null): string => lane?.dataset.lane ?? "";
  const label = (lane: HTMLElement | null): string => lane?.dataset.laneLabel ?? "";
  const address = (act: string): string => `${board.dataset.base}/${act}?${board.dataset.query}`;
  const name = (card: HTMLElement): string => card.dataset.title ?? "";

  // --- what is lifted ------------------------------------------------------------------------------------------
  let lifted: { card: HTMLElement; over: HTMLElement; byKey: boolean } | undefined;

  const mark = (from: string, reasons: Record<string, string>): void => {
    for (const lane of lanes()) {
      const why = key(lane) === from ? "" : (reasons[key(lane)] ?? "");
      lane.classList.toggle("shut", why !== "");
      const said = lane.querySelector<HTMLElement>("[data-why]");
      if (said) {
        said.textContent = why;
        said.hidden = why === "";
      }
    }
  };
  const lift = (card: HTMLElement, byKey: boolean): void => {
    const lane = laneOf(card);
    if (!lane) return;
    const from = key(lane);
    lifted = { card, over: lane, byKey };
    board.classList.add("lifting");
    card.classList.add(byKey ? "lifted" : "ghost");
    mark(from, shut()[from] ?? {});
    if (byKey) announce(say(board.dataset.lifted, { name: name(card), lane: label(lane) }));
    // Whether a way's own condition holds for this record is known to the server alone.
    void fetch(`${address("ways")}&record=${card.dataset.record}`, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } })
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then((html) => {
        if (!html || lifted?.card !== card) return;
        const menu = new DOMParser().parseFromString(html, "text/html");
        const reasons = { ...shut()[from] };
        menu.querySelectorAll<HTMLElement>("[data-to][data-why]").forEach((b) => (reasons[b.dataset.to!] = b.dataset.why!));
        mark(from, reasons);
      })
      .catch(() => undefined);
  };
  const hover = (lane: HTMLElement | null): void => {
    lanes().forEach((l) => l.classList.toggle("over", l === lane && l !== laneOf(lifted?.card ?? null)));
  };
  const settle = (): void => {
    lifted?.card.classList.remove("lifted", "ghost");
    lifted = undefined;
    board.classList.remove("lifting");
    hover(null);
    mark("", {});
  };

  // --- what is dropped -----------------------------------------------------------------------------------------
  const drop = async (card: HTMLElement, to: HTMLElement): Promise<void> => {
    const home = card.parentElement!;
    const next = card.nextSibling;
    const list = to.querySelector("ol");
    if (!list || list === home) return;
    const seen = card.getBoundingClientRect();
    const focused = card.contains(document.activeElement);
    list.prepend(card);
    list.scrollTop = 0;
    glide(card, seen);
    const values = { record: card.dataset.record ?? "", version: card.dataset.version ?? "", to: key(to) };
    if (await post(card, address("move"), values, ASK)) return;
    const there = card.getBoundingClientRect();
    home.insertBefore(card, next?.parentNode === home ? next : null);
    glide(card, there);
    if (focused && !document.querySelector(`${ASK} .ask`)) card.querySelector<HTMLElement>("a[href]")?.focus();
  };

  // --- the mouse -----------------------------------------------------------------------------------------------
  // Fragments that are put into the page take the marks of what was registered away: then all is registered anew.
  let ends: (() => void)[] = [];
  const forget = (): void => ends.splice(0).forEach((end) => end());
  const register = (): void => {
    if (board.dataset.movable === undefined || lifted) return;
    forget();
    for (const card of board.querySelectorAll<HTMLElement>(".kc")) {
      ends.push(
        draggable({
          element: card,
          canDrag: () => !lifted,
          onGenerateDragPreview: (args) => picture(args, "kc-picture"),
          onDragStart: () => lift(card, false),
          onDrop: ({ location }) => {
            const to = (location.current.dropTargets[0]?.element as HTMLElement | undefined) ?? null;
            const from = laneOf(card);
            settle();
            if (to && to !== from) void drop(card, to);
          },
        }),
      );
    }
    for (const lane of lanes()) {
      ends.push(
        dropTargetForElements({
          element: lane,
          canDrop: ({ source }) => board.contains(source.element),
          onDragEnter: () => hover(lane),
          onDragLeave: () => hover(null),
        }),
      );
    }
  };

  // --- the keyboard --------------------------------------------------------------------------------------------
  const walk = (card: HTMLElement, step: "up" | "down" | "left" | "right"): void => {
    const lane = laneOf(card);
    if (!lane) return;
    const cards = (l: HTMLElement): HTMLElement[] => [...l.querySelectorAll<HTMLElement>(".kc")];
    const at = cards(lane).indexOf(card);
    let to: HTMLElement | undefined;
    if (step === "up" || step === "down") to = cards(lane)[at + (step === "down" ? 1 : -1)];
    else {
      const all = lanes();
      for (let n = all.indexOf(lane) + (step === "right" ? 1 : -1); all[n] && !to; n += step === "right" ? 1 : -1) {
        to = cards(all[n]!)[Math.min(at, cards(all[n]!).length - 1)];
      }
    }
    to?.querySelector<HTMLElement>("a[href]")?.focus();
    to?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const carry = (step: -1 | 1): void => {
    if (!lifted) return;
    const all = lanes();
    const to = all[Math.min(Math.max(all.indexOf(lifted.over) + step, 0), all.length - 1)]!;
    lifted.over = to;
    hover(to);
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
    const why = to.querySelector<HTMLElement>("[data-why]")?.textContent ?? "";
    announce(say(why ? board.dataset.overShut : board.dataset.over, { lane: label(to), why }));
  };
  const onKey = (event: KeyboardEvent): void => {
    const card = lifted?.byKey ? lifted.card : (event.target as HTMLElement).closest<HTMLElement>(".kc");
    if (!card || !board.contains(card) || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" }[event.key] as
      | "up" | "down" | "left" | "right" | undefined;
    if (lifted?.byKey) {
      if (arrow === "left" || arrow === "right") carry(arrow === "left" ? -1 : 1);
      else if (event.key === " " || event.key === "Enter") {
        const { over } = lifted;
        const from = laneOf(card);
        settle();
        if (over !== from) void drop(card, over).then(() => undefined);
      } else if (event.key === "Escape") {
        announce(say(board.dataset.cancelled, { name: name(card), lane: label(laneOf(card)) }));
        settle();
      } else if (!arrow) return;
    } else if (event.key === " " && board.dataset.movable !== undefined && !(event.target as HTMLElement).closest("button")) lift(card, true);
    else if (event.key === "m" && board.dataset.movable !== undefined) menu(card);
    else if (arrow) walk(card, arrow);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // --- the menu, and what comes back ---------------------------------------------------------------------------
  const menu = (card: HTMLElement): void => {
    void htmx.ajax("GET", `${address("ways")}&record=${card.dataset.record}`, { source: card, target: ASK, swap: "innerHTML" });
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const card = target.closest<HTMLElement>(".kc");
    if (card && target.closest("[data-moves]")) menu(card);
    else if (card && !target.closest("a,button,input,label") && !getSelection()?.toString()) {
      card.querySelector<HTMLAnchorElement>("a[data-opens-record]")?.click();
    }
  };
  // What is shown already is shown again: the page's state says how many cards that is.
  const remember = (): void => {
    const most = Math.max(...lanes().map((l) => l.querySelectorAll(".kc").length), 0);
    const form = document.querySelector<HTMLFormElement>("#state");
    let box = form?.querySelector<HTMLInputElement>("[name=cards]");
    if (form && !box) {
      box = document.createElement("input");
      box.type = "hidden";
      box.name = "cards";
      form.append(box);
    }
    if (box) box.value = String(most);
  };
  const renew = (): void => {
    register();
    remember();
  };
  let focused: string | undefined;
  const end = renewed(
    board,
    renew,
    () => (focused = document.activeElement?.closest<HTMLElement>(".kc")?.dataset.record),
    () => {
      if (focused && !lifted) document.querySelector<HTMLElement>(`#c-${focused} a[href]`)?.focus({ preventScroll: true });
    },
  );
  document.addEventListener("keydown", onKey, { signal, capture: true });
  board.addEventListener("click", onClick, { signal });
  renew();
  return () => {
    forget();
    end();
  };
}
