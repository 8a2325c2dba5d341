// The switches above a canvas: building or filling in, at a desk's or a phone's width.
import htmx from "htmx.org";

export function preview(desk: HTMLElement): () => void {
  const bar = desk.parentElement!;
  const frame = desk.querySelector<HTMLIFrameElement>("[data-frame]")!;
  const press = (name: string, value: string): void => {
    for (const b of bar.querySelectorAll<HTMLElement>(`[data-${name}]`)) {
      if (b instanceof HTMLButtonElement) b.setAttribute("aria-pressed", String(b.dataset[name] === value));
    }
  };
  const load = (): void => {
    const tools = bar.querySelector<HTMLElement>("[data-preview-tools]");
    const query = new URLSearchParams();
    for (const box of tools?.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[name]") ?? []) if (box.value) query.set(box.name, box.value);
    const person = query.get("person");
    query.delete("person");
    if (person) query.set("as", `person:${person}`);
    frame.src = `${desk.dataset.preview}?${query}`;
  };
  const apply = (): void => {
    const filling = desk.dataset.mode === "fill";
    const paper = desk.querySelector<HTMLElement>("#paper");
    if (paper) paper.hidden = filling;
    frame.hidden = !filling;
    const tools = bar.querySelector<HTMLElement>("[data-preview-tools]");
    if (tools) tools.hidden = !filling;
    desk.classList.toggle("at-phone", desk.dataset.device === "phone");
    if (filling) load();
  };
  const onClick = (event: Event): void => {
    const button = (event.target as HTMLElement).closest<HTMLButtonElement>("button[data-mode], button[data-device]");
    if (!button || !bar.contains(button)) return;
    if (button.dataset.mode) {
      desk.dataset.mode = button.dataset.mode;
      press("mode", button.dataset.mode);
      apply();
    } else if (button.dataset.device) {
      desk.dataset.device = button.dataset.device;
      press("device", button.dataset.device);
      desk.classList.toggle("at-phone", desk.dataset.device === "phone");
    }
  };
  const onTool = (event: Event): void => {
    const box = event.target as HTMLInputElement | HTMLSelectElement;
    const tools = box.closest<HTMLElement>("[data-preview-tools]");
    if (!tools || desk.dataset.mode !== "fill") return;
    if (box.name !== "as" && box.name !== "person") {
      load();
      return;
    }
    // Who looks on decides which records there are to choose from.
    const as = box.name === "person" && box.value ? `person:${box.value}` : (box.name === "as" ? box.value : "");
    const address = `${tools.getAttribute("hx-get")}?${new URLSearchParams({ as })}`;
    void htmx.ajax("GET", address, { source: tools, target: tools, swap: "innerHTML" }).then(load);
  };
  const onChanged = (): void => {
    if (desk.dataset.mode === "fill") load();
  };
  bar.addEventListener("click", onClick);
  bar.addEventListener("change", onTool);
  document.body.addEventListener("draft-changed", onChanged);
  return () => {
    bar.removeEventListener("click", onClick);
    bar.removeEventListener("change", onTool);
    document.body.removeEventListener("draft-changed", onChanged);
  };
}
