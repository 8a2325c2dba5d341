// A record that has been in sight for a second counts as opened: told to the server, which keeps the last few for the
// person. Nothing of it stays in the browser.
import { behaviour } from "../behaviour";

const SEEN_MS = 1_000;

behaviour("opened", (page) => {
  const address = page.dataset.opened;
  if (!address) return;
  const timer = window.setTimeout(() => {
    void fetch(address, {
      method: "POST",
      keepalive: true,
      headers: { "X-CSRF-Token": document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "" },
    });
  }, SEEN_MS);
  return () => clearTimeout(timer);
});
