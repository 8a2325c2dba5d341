// A record that has been in sight for a moment counts as opened: told to the server, which keeps the last few for the
// person. Nothing of it stays in the browser.
import { behaviour } from "../behaviour";

const SEEN_MS = 400;

behaviour("opened", (page) => {
  const address = page.dataset.opened;
  if (!address) return;
  let told = false;
  const tell = (): void => {
    if (told) return;
    told = true;
    void fetch(address, {
      method: "POST",
      keepalive: true,
      headers: { "X-CSRF-Token": document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "" },
    });
  };
  const timer = window.setTimeout(tell, SEEN_MS);
  return () => clearTimeout(timer);
});
