// Tabs over panels of one page: click, arrows, Home, End, and the digits 1–9; the address keeps which one is open.
import { behaviour, isTyping } from "../behaviour";

behaviour("tabs", (list) => {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const panel = (tab: HTMLElement): HTMLElement | null => document.getElementById(tab.getAttribute("aria-controls") ?? "");
  const select = (tab: HTMLElement, focus: boolean): void => {
    for (const t of tabs) {
      const on = t === tab;
      t.setAttribute("aria-selected", String(on));
      t.tabIndex = on ? 0 : -1;
      const shown = panel(t);
      if (shown) shown.hidden = !on;
    }
    if (focus) tab.focus();
    if (list.dataset.keep) {
      const url = new URL(location.href);
      if (tab === tabs[0]) url.searchParams.delete(list.dataset.keep);
      else url.searchParams.set(list.dataset.keep, tab.dataset.tab ?? "");
      history.replaceState(history.state, "", url);
    }
    panel(tab)?.dispatchEvent(new CustomEvent("dougong:shown", { bubbles: true }));
  };
  /** The server renders panels as they first stand: what it has just sent follows the tab that is open here. */
  const onSwap = (): void => {
    if (!list.isConnected) return;
    for (const t of tabs) {
      const shown = panel(t);
      if (shown) shown.hidden = t.getAttribute("aria-selected") !== "true";
    }
  };
  const onClick = (event: Event): void => {
    const tab = (event.target as HTMLElement).closest<HTMLElement>("[role=tab]");
    if (tab) select(tab, false);
  };
  const onKey = (event: KeyboardEvent): void => {
    const at = tabs.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(tabs[(to + tabs.length) % tabs.length]!, true);
  };
  const onDigit = (event: KeyboardEvent): void => {
    if (!list.dataset.keep || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const tab = /^[1-9]$/.test(event.key) ? tabs[Number(event.key) - 1] : undefined;
    if (tab) select(tab, true);
  };
  const onShow = (event: Event): void => {
    const shown = event.target as HTMLElement;
    const tab = tabs.find((t) => panel(t) === shown);
    if (tab) select(tab, false);
  };
  list.addEventListener("click", onClick);
  list.addEventListener("keydown", onKey);
  document.addEventListener("keydown", onDigit);
  document.addEventListener("dougong:show", onShow);
  document.addEventListener("htmx:after:swap", onSwap);
  return () => {
    document.removeEventListener("keydown", onDigit);
    document.removeEventListener("dougong:show", onShow);
    document.removeEventListener("htmx:after:swap", onSwap);
  };
});
