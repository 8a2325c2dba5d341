// Words above a line of time that show one kind of what happened alone; days without any of it go too.
export function connect(words: HTMLElement): () => void {
  const list = words.nextElementSibling as HTMLElement | null;
  const onClick = (event: Event): void => {
    const word = (event.target as HTMLElement).closest<HTMLElement>("button[data-kind]");
    if (!word || !list) return;
    words.querySelectorAll("button").forEach((w) => w.setAttribute("aria-pressed", String(w === word)));
    let day: HTMLElement | undefined;
    for (const item of list.children as HTMLCollectionOf<HTMLElement>) {
      if (item.dataset.kind === undefined) {
        day = item;
        day.hidden = true;
        continue;
      }
      item.hidden = !!word.dataset.kind && item.dataset.kind !== word.dataset.kind;
      if (day && !item.hidden) day.hidden = false;
    }
  };
  words.addEventListener("click", onClick);
  return () => words.removeEventListener("click", onClick);
}
