// Keys that work everywhere: g then a letter goes, c creates, / searches here, ? lists the keys, Ctrl K jumps. Single letters are off while typing, and where a person switched them off.
import { isTyping } from "../behaviour";

let pending = 0;

function press(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) return false;
  if (found.matches("input,textarea")) found.focus();
  else found.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    if (press("[data-key='ctrl+k']")) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.documentElement.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
  const key = event.key;
  if (pending && Date.now() - pending < 1200) {
    pending = 0;
    if (press(`[data-key="g ${CSS.escape(key)}"]`)) event.preventDefault();
    return;
  }
  if (key === "g") {
    pending = Date.now();
    return;
  }
  if (key.length === 1 && press(`[data-key="${CSS.escape(key)}"]`)) event.preventDefault();
});

/** The sheet of keys also lists those of the page that is open: what has a key says so itself. */
function keysHere(): void {
  const list = document.querySelector<HTMLElement>("[data-keys-here]");
  if (!list) return;
  const seen = new Set<string>();
  const rows: HTMLElement[] = [];
  for (const element of document.querySelectorAll<HTMLElement>("main [data-key]")) {
    const key = element.dataset.key ?? "";
    const words = (element.getAttribute("aria-label") ?? (element.innerText || element.title)).trim();
    if (!words || seen.has(key)) continue;
    seen.add(key);
    const row = document.createElement("div");
    const term = document.createElement("dt");
    term.append(...key.split(" ").map((one) => Object.assign(document.createElement("kbd"), { textContent: one })));
    row.append(term, Object.assign(document.createElement("dd"), { textContent: words }));
    rows.push(row);
  }
  list.replaceChildren(...rows);
  list.previousElementSibling?.toggleAttribute("hidden", rows.length === 0);
}

document.addEventListener("click", (event) => {
  if ((event.target as HTMLElement).closest("[data-opens=keys]")) keysHere();
});
