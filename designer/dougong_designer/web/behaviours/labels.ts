// The table of all labels: each is saved as it is changed, Enter and the arrows go from row to row.
import { send } from "../act";

type Words = HTMLInputElement | HTMLTextAreaElement;

export function connect(root: HTMLElement, signal: AbortSignal): void {
  // What was sent and not answered yet, in order: answers are events that do not say for whom they are.
  const sent: Words[] = [];
  const isWords = (target: EventTarget | null): target is Words => target instanceof HTMLElement && target.matches("[data-words]");

  const onChange = (event: Event): void => {
    const { target } = event;
    if (!isWords(target)) return;
    const row = target.closest("tr");
    const { of: document = "", place = "" } = row?.dataset ?? {};
    sent.push(target);
    void send("labels/set", { document, place, language: target.dataset.words ?? "", words: target.value, was: target.defaultValue }).then(() => {
      // An act that changed nothing says nothing.
      const at = sent.indexOf(target);
      if (at >= 0) sent.splice(at, 1);
    });
  };
  const onSaved = (): void => {
    const one = sent.shift();
    if (!one) return;
    one.defaultValue = one.value;
    one.removeAttribute("aria-invalid");
    one.closest("td")?.classList.toggle("lacks", one.value.trim() === "");
    one.closest("td")?.classList.add("saved");
  };
  const onRefused = (): void => sent.shift()?.setAttribute("aria-invalid", "true");
  const onKey = (event: KeyboardEvent): void => {
    const { target, key } = event;
    if (!isWords(target) || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (target instanceof HTMLTextAreaElement || !["Enter", "ArrowDown", "ArrowUp"].includes(key)) return;
    const back = key === "ArrowUp" || (key === "Enter" && event.shiftKey);
    const all = [...root.querySelectorAll<Words>(`[data-words="${target.dataset.words}"]`)];
    const next = all[all.indexOf(target) + (back ? -1 : 1)];
    event.preventDefault();
    if (!next) return target.blur();
    next.focus();
    next.select();
  };
  // The file holds what the table shows.
  const onFound = (): void => {
    const link = root.querySelector<HTMLAnchorElement>("#lb-file");
    const form = root.querySelector<HTMLFormElement>("#lb-f");
    if (!link || !form) return;
    const given = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]).filter(([, value]) => value));
    link.href = `${link.href.split("?")[0]}?${given}`;
  };
  root.addEventListener("change", onChange, { signal });
  root.addEventListener("keydown", onKey, { signal });
  root.addEventListener("htmx:after:swap", onFound, { signal });
  document.body.addEventListener("draft-changed", onSaved, { signal });
  document.body.addEventListener("draft-refused", onRefused, { signal });
}
