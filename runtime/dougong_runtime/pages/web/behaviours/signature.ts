// A signature drawn with mouse, finger or pen, or a name typed and drawn; handed in as a picture when the hand rests.
import { announce } from "../behaviour";
import { handIn, holdBack } from "./handing";

const INK = "#1d1c1a";
const PAPER = "#ffffff";
const REST_MS = 900;

export function connect(box: HTMLElement): (() => void) | undefined {
  if (box.dataset.off !== undefined) return undefined;
  const pad = box.querySelector<HTMLCanvasElement>("[data-pad]")!;
  const typed = box.querySelector<HTMLInputElement>("[data-typed]")!;
  const value = box.querySelector<HTMLInputElement>("[data-value]")!;
  const way = box.querySelector<HTMLButtonElement>("[data-way]")!;
  const wrong = box.querySelector<HTMLElement>("[data-wrong]")!;
  const pen = pad.getContext("2d")!;
  let marked = false;
  let drawing = false;
  let from = { x: 0, y: 0 };
  let timer: number | undefined;
  let sending: Promise<void> | undefined;

  const blank = (): void => {
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, pad.width, pad.height);
    pen.strokeStyle = pen.fillStyle = INK;
    pen.lineCap = pen.lineJoin = "round";
    marked = false;
  };
  const at = (event: PointerEvent): { x: number; y: number } => {
    const edge = pad.getBoundingClientRect();
    return { x: ((event.clientX - edge.left) * pad.width) / edge.width, y: ((event.clientY - edge.top) * pad.height) / edge.height };
  };
  const down = (event: PointerEvent): void => {
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    drawing = true;
    from = at(event);
    clearTimeout(timer);
  };
  const move = (event: PointerEvent): void => {
    if (!drawing) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) {
      const to = at(part);
      pen.lineWidth = part.pressure > 0 && part.pointerType === "pen" ? 2 + part.pressure * 5 : 4.5;
      pen.beginPath();
      pen.moveTo(from.x, from.y);
      pen.lineTo(to.x, to.y);
      pen.stroke();
      from = to;
    }
    marked = true;
  };
  const up = (): void => {
    if (!drawing) return;
    drawing = false;
    rest();
  };
  const write = (): void => {
    blank();
    const name = typed.value.trim();
    if (name) {
      let size = 120;
      do pen.font = `italic ${(size -= 4)}px "Segoe Script", "Snell Roundhand", "Brush Script MT", KaiTi, STKaiti, "AR PL UKai CN", cursive`;
      while (pen.measureText(name).width > pad.width - 80 && size > 24);
      pen.textBaseline = "middle";
      pen.textAlign = "center";
      pen.fillText(name, pad.width / 2, pad.height / 2);
      marked = true;
    }
    rest();
  };
  const rest = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void send().catch(() => {}), REST_MS);
  };
  const told = (): void => {
    value.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const send = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    wrong.hidden = true;
    if (!marked) {
      value.value = "";
      told();
      return Promise.resolve();
    }
    const mine = new Promise<Blob>((resolve, reject) => pad.toBlob((b) => (b ? resolve(b) : reject(new Error(""))), "image/png"))
      .then((picture) => handIn(box.dataset.url ?? "", picture, "signature.png", box.dataset.wFailed ?? ""))
      .then(
        (facts) => {
          value.value = facts.id;
          told();
        },
        (error: Error) => {
          wrong.textContent = error.message;
          wrong.hidden = false;
          announce(error.message);
          throw error;
        },
      );
    const settled = mine.finally(() => {
      if (sending === settled) sending = undefined;
    });
    sending = settled;
    return settled;
  };
  const onWay = (): void => {
    const byName = typed.hidden;
    typed.hidden = !byName;
    pad.hidden = byName;
    way.setAttribute("aria-pressed", String(byName));
    way.querySelector("span")!.textContent = (byName ? box.dataset.wDraw : box.dataset.wType) ?? "";
    clear();
    (byName ? typed : way).focus();
  };
  const clear = (): void => {
    blank();
    typed.value = "";
    void send();
  };
  const onAgain = (): void => {
    box.querySelector<HTMLElement>("[data-is]")!.hidden = true;
    box.querySelector<HTMLElement>("[data-new]")!.hidden = false;
    clear();
    way.focus();
  };
  blank();
  pad.addEventListener("pointerdown", down);
  pad.addEventListener("pointermove", move);
  pad.addEventListener("pointerup", up);
  pad.addEventListener("pointercancel", up);
  typed.addEventListener("input", (event) => {
    event.stopPropagation();
    write();
  });
  way.addEventListener("click", onWay);
  box.querySelector("[data-clear]")!.addEventListener("click", clear);
  box.querySelector("[data-again]")?.addEventListener("click", onAgain);
  const free = holdBack(box, () => (timer !== undefined ? send() : sending), () => {});
  return () => {
    clearTimeout(timer);
    free();
  };
}
