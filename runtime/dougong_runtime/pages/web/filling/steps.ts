// How far one has come in a long form: each section done once what it needs is filled in.
const BOX = "input:not([type=hidden]),select,textarea";

function isFilled(field: Element): boolean {
  const boxes = [...field.querySelectorAll<HTMLInputElement>(BOX)];
  return boxes.length === 0 || boxes.some((b) => (b.type === "checkbox" ? b.checked : b.value !== "")) || field.querySelector("[data-chip]") !== null;
}

/** Follow a form's sections in its list of them, until the returned function is called. */
export function steps(form: HTMLElement): () => void {
  const nav = form.querySelector<HTMLElement>("[data-steps]");
  if (!nav) return () => undefined;
  const links = [...nav.querySelectorAll<HTMLElement>("[data-step]")];
  const sections = links.map((link) => document.getElementById(link.dataset.step ?? ""));
  const visited = new Set<Element>();
  const look = (): void => {
    links.forEach((link, n) => {
      const section = sections[n];
      if (!section) return;
      link.closest("li")!.hidden = section.hidden;
      const fields = [...section.querySelectorAll("[data-placed]:not([hidden])")];
      const wrong = fields.some((f) => f.querySelector("[data-error-for]:not([hidden])"));
      const needed = fields.filter((f) => f.querySelector("[aria-required=true]"));
      const done = !wrong && needed.every(isFilled) && (needed.length > 0 ? true : visited.has(section));
      link.toggleAttribute("data-wrong", wrong);
      link.toggleAttribute("data-done", done);
      link.querySelector(".pt")!.textContent = done ? "✓" : wrong ? "!" : String(n + 1);
    });
  };
  const onFocus = (event: Event): void => {
    const here = (event.target as HTMLElement).closest("fieldset.sec");
    if (here) visited.add(here);
    links.forEach((link, n) => {
      if (sections[n] === here) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    look();
  };
  form.addEventListener("focusin", onFocus);
  form.addEventListener("change", look);
  form.addEventListener("dougong:conditions", look);
  look();
  return () => {
    form.removeEventListener("focusin", onFocus);
    form.removeEventListener("change", look);
    form.removeEventListener("dougong:conditions", look);
  };
}
