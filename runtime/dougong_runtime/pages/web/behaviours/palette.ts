// The command palette: arrows walk the answers, Enter opens, Ctrl Enter opens in a new tab. What can be done on this very
// page comes from the page itself, at once; the server adds records, places and acts.
import { behaviour } from "../behaviour";

const HERE_MOST = 4;

/** Acts of the page: whatever has a key of its own, by the words it shows. */
function actsHere(text: string): [string, string, HTMLElement][] {
  const typed = text.replace(/^>/, "").trim().toLowerCase();
  if (!typed) return [];
  const found: [string, string, HTMLElement][] = [];
  for (const element of document.querySelectorAll<HTMLElement>("main [data-key]")) {
    const words = (element.getAttribute("aria-label") ?? element.innerText).trim();
    if (words && element.checkVisibility?.() !== false && words.toLowerCase().includes(typed)) found.push([words, element.dataset.key ?? "", element]);
  }
  return found.slice(0, HERE_MOST);
}

behaviour("palette", (dialog) => {
  const input = dialog.querySelector<HTMLInputElement>("input[role=combobox]");
  const list = dialog.querySelector<HTMLElement>("[role=listbox]");
  const here = dialog.querySelector<HTMLElement>("#palette-here");
  if (!input || !list || !here) return;
  const options = (): HTMLAnchorElement[] => [...list.querySelectorAll<HTMLAnchorElement>("a[role=option]")];
  const current = (): number => options().findIndex((o) => o.getAttribute("aria-selected") === "true");
  const select = (at: number): void => {
    const all = options();
    all.forEach((o, n) => o.setAttribute("aria-selected", String(n === at)));
    const chosen = all[at];
    if (chosen) {
      input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const pressed = new Map<string, HTMLElement>();
  const drawHere = (): void => {
    pressed.clear();
    const acts = actsHere(input.value);
    const rows = acts.map(([words, key, element], n) => {
      const row = document.createElement("a");
      row.className = "mi";
      row.role = "option";
      row.id = `pal-here-${n}`;
      row.href = "#";
      row.append(Object.assign(document.createElement("span"), { className: "grow cut", textContent: words }));
      if (key) row.append(Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() }));
      pressed.set(row.id, element);
      return row;
    });
    const heading = Object.assign(document.createElement("div"), { className: "cmd-h", textContent: here.dataset.heading ?? "" });
    heading.setAttribute("aria-hidden", "true");
    here.replaceChildren(...(rows.length ? [heading, ...rows] : []));
  };
  const take = (chosen: HTMLAnchorElement, apart: boolean): void => {
    const selector = chosen.dataset.presses;
    const target = pressed.get(chosen.id) ?? (selector ? document.querySelector<HTMLElement>(selector) : null);
    if (target) {
      (dialog as HTMLDialogElement).close();
      if (target.matches("input,textarea")) target.focus();
      else target.click();
    } else if (apart) window.open(chosen.href, "_blank");
    else location.href = chosen.href;
  };
  const onKey = (event: KeyboardEvent): void => {
    const count = options().length;
    if (event.key === "ArrowDown") select((current() + 1) % Math.max(count, 1));
    else if (event.key === "ArrowUp") select((current() + count - 1) % Math.max(count, 1));
    else if (event.key === "Enter" && current() >= 0) take(options()[current()]!, event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent): void => {
    const chosen = (event.target as HTMLElement).closest<HTMLAnchorElement>("a[role=option]");
    if (!chosen || (!chosen.dataset.presses && !pressed.has(chosen.id))) return;
    event.preventDefault();
    take(chosen, false);
  };
  const first = new MutationObserver(() => select(options().length ? 0 : -1));
  first.observe(list, { childList: true, subtree: true });
  input.addEventListener("input", drawHere);
  input.addEventListener("keydown", onKey);
  list.addEventListener("click", onClick);
  return () => {
    first.disconnect();
    input.removeEventListener("input", drawHere);
    input.removeEventListener("keydown", onKey);
    list.removeEventListener("click", onClick);
  };
});
