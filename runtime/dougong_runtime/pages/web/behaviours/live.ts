// What is new, as it happens: server-sent events while the page is seen. A hidden page closes its connection, for a
// browser holds only few to one site, and asks anew when it is seen again.
import { announce } from "../behaviour";

const AGAIN_MS = 60_000;

export function connect(element: HTMLElement): () => void {
  let source: EventSource | undefined;
  let timer = 0;
  const title = document.title;

  const unread = (count: number): void => {
    const shown = count > 99 ? "99+" : String(count);
    document.querySelectorAll<HTMLElement>("[data-unread]").forEach((badge) => {
      const before = Number(badge.dataset.unread);
      badge.dataset.unread = String(count);
      badge.hidden = count === 0;
      badge.textContent = shown;
      if (count > before && badge.dataset.words) announce(badge.dataset.words.replace("{n}", shown));
    });
    document.title = count ? `(${shown}) ${title}` : title;
  };
  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const open = (): void => {
    if (source || document.visibilityState !== "visible") return;
    source = new EventSource(element.dataset.events!);
    source.addEventListener("unread", (event) => unread(Number(JSON.parse((event as MessageEvent<string>).data).unread)));
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      timer = window.setTimeout(open, AGAIN_MS);
    });
  };
  const onSeen = (): void => (document.visibilityState === "visible" ? open() : close());
  document.addEventListener("visibilitychange", onSeen);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
  return () => {
    document.removeEventListener("visibilitychange", onSeen);
    window.removeEventListener("pagehide", close);
    window.removeEventListener("pageshow", open);
    close();
  };
}
