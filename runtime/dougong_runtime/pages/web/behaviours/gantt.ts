// Bars on a time line: pulled to other days, or at an edge; lifted by Space, moved by the arrows, with Shift at the end.
import { announce, isTyping } from "../behaviour";
import { post, renewed, say } from "./lift";
import { pull } from "./pull";

const DAY_MS = 86_400_000;

export function connect(root: HTMLElement, signal: AbortSignal): () => void {
  const movable = root.dataset.movable !== undefined;
  const total = Number(root.dataset.days);
  const address = (act: string): string => `${root.dataset.base}/${act}?${root.dataset.query}`;
  const bars = (): SVGAElement[] => [...root.querySelectorAll<SVGAElement>("a.gt")];

  const shift = async (bar: SVGAElement, days: number, edge: string): Promise<boolean> => {
    if (days === 0) return false;
    const values = { record: bar.dataset.record ?? "", version: bar.dataset.version ?? "", days: String(days), minutes: "0", edge };
    return post(bar as unknown as HTMLElement, address("shift"), values, "#board-ask");
  };

  // --- the pointer -------------------------------------------------------------------------------------------------
  const drawn = (bar: SVGAElement): { box: SVGSVGElement; x: number; width: number; words: SVGTextElement | null } => {
    const box = bar.querySelector<SVGSVGElement>(".gt-bar")!;
    return {
      box,
      x: parseFloat(box.getAttribute("x") ?? "0"),
      width: parseFloat(box.getAttribute("width") ?? "0"),
      words: bar.querySelector<SVGTextElement>("text.out"),
    };
  };
  const draw = (bar: SVGAElement, at: ReturnType<typeof drawn>, days: number, edge: string): void => {
    const by = (days * 100) / total;
    const least = 100 / total;
    const x = edge === "end" ? at.x : edge === "start" ? Math.min(at.x + by, at.x + at.width - least) : at.x + by;
    const width = edge === "end" ? Math.max(at.width + by, least) : edge === "start" ? Math.max(at.width - by, least) : at.width;
    at.box.setAttribute("x", `${x}%`);
    at.box.setAttribute("width", `${width}%`);
    at.words?.setAttribute("x", `${x + width}%`);
    bar.classList.toggle("lifted", days !== 0);
  };
  let ends: (() => void)[] = [];
  const forget = (): void => ends.splice(0).forEach((end) => end());
  const register = (): void => {
    forget();
    if (!movable) return;
    for (const bar of bars()) {
      const at = drawn(bar);
      const daysOf = (dx: number): number => Math.round((dx / (bar.ownerSVGElement?.clientWidth || 1)) * total);
      ends.push(
        pull(bar, {
          move: (dx, _, edge) => draw(bar, at, daysOf(dx), edge),
          end: (dx, _, edge, cancelled) => {
            const back = (): void => draw(bar, at, 0, "");
            if (cancelled) back();
            else void shift(bar, daysOf(dx), edge || "both").then((done) => (done ? undefined : back()));
          },
        }),
      );
    }
  };

  // --- keys --------------------------------------------------------------------------------------------------------
  let lifted: { bar: SVGAElement; at: ReturnType<typeof drawn>; days: number; edge: string } | undefined;
  const onKey = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const bar = (event.target as Element).closest<SVGAElement>("a.gt");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (lifted) {
      const { bar: of, at } = lifted;
      if (step) {
        const edge = event.shiftKey ? "end" : "both";
        lifted.days = edge === lifted.edge ? lifted.days + step : step;
        lifted.edge = edge;
        draw(of, at, lifted.days, edge);
        const from = edge === "end" ? of.dataset.last : of.dataset.first;
        const day = new Date(Date.parse(from ?? "") + lifted.days * DAY_MS).toISOString().slice(0, 10);
        announce(say(edge === "end" ? root.dataset.overEnd : root.dataset.over, { day }));
      } else if (event.key === " " || event.key === "Enter") {
        const { days, edge } = lifted;
        lifted = undefined;
        void shift(of, days, edge).then((done) => (done ? undefined : draw(of, at, 0, "")));
      } else if (event.key === "Escape") {
        announce(say(root.dataset.cancelled, { name: of.dataset.title ?? "" }));
        lifted = undefined;
        draw(of, at, 0, "");
      } else return;
    } else if (bar && event.key === " " && movable) {
      lifted = { bar, at: drawn(bar), days: 0, edge: "both" };
      bar.classList.add("lifted");
      announce(say(root.dataset.lifted, { name: bar.dataset.title ?? "" }));
    } else if (bar && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const all = bars();
      all[all.indexOf(bar) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    } else if (step && !(event.target as Element).closest("[role=menu],.tools")) {
      document.querySelector<HTMLElement>(step < 0 ? "[data-earlier]" : "[data-later]")?.click();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  let focused: string | undefined;
  const done = renewed(
    root,
    () => {
      if (!lifted) register();
    },
    () => (focused = document.activeElement?.id),
    () => {
      bars().forEach((b) => b.classList.remove("lifted"));
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    },
  );
  register();
  document.addEventListener("keydown", onKey, { signal, capture: true });
  return () => {
    forget();
    done();
  };
}
