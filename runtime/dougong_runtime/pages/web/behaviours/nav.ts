// The sidebar: the place one is at stands in sight, and it folds to icons, which the server remembers.
document.querySelector(".nav-scroll [aria-current]")?.scrollIntoView({ block: "nearest" });
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("click", (event) => {
  if (!(event.target as HTMLElement).closest("[data-folds-nav]")) return;
  const root = document.documentElement;
  const folded = root.dataset.nav === "rail" ? "full" : "rail";
  root.dataset.nav = folded;
  const body = new FormData();
  body.set("nav", folded);
  void fetch("/me/preferences", {
    method: "POST",
    body,
    headers: { "X-CSRF-Token": document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "" },
  });
});
