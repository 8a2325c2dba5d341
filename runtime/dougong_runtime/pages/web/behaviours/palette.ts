// The command palette: arrows walk the answers, Enter opens, Ctrl Enter opens in a new tab.
import { behaviour } from "../behaviour";

behaviour("palette", (dialog) => {
  const input = dialog.querySelector<HTMLInputElement>("input[role=combobox]");
  const results = dialog.querySelector<HTMLElement>("[role=listbox]");
  if (!input || !results) return;
  const options = (): HTMLAnchorElement[] => [...results.querySelectorAll<HTMLAnchorElement>("a[role=option]")];
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
  const onKey = (event: KeyboardEvent): void => {
    const count = options().length;
    if (event.key === "ArrowDown") select((current() + 1) % Math.max(count, 1));
    else if (event.key === "ArrowUp") select((current() + count - 1) % Math.max(count, 1));
    else if (event.key === "Enter" && current() >= 0) {
      const chosen = options()[current()]!;
      if (event.ctrlKey || event.metaKey) window.open(chosen.href, "_blank");
      else location.href = chosen.href;
    } else return;
    event.preventDefault();
  };
  const first = new MutationObserver(() => select(options().length ? 0 : -1));
  first.observe(results, { childList: true });
  input.addEventListener("keydown", onKey);
  return () => {
    first.disconnect();
    input.removeEventListener("keydown", onKey);
  };
});
