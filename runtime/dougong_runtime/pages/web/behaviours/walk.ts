// A record opened from a list takes the list along, so that its page leads to the next one there: the view and what
// its address says, in letters that an address takes as they are. It is written when the link is followed, not into
// every row.
function carried(view: string): string {
  const bytes = new TextEncoder().encode(view + location.search);
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function mark(event: Event): void {
  const link = (event.target as HTMLElement).closest<HTMLAnchorElement>("a[data-opens-record]");
  const view = link?.closest<HTMLElement>("[data-view]")?.dataset.view;
  if (!link || !view) return;
  const url = new URL(link.href);
  url.searchParams.set("from", carried(view));
  link.href = url.href;
}

for (const kind of ["click", "auxclick"]) document.addEventListener(kind, mark, true);
